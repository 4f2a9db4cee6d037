//! The policies shipped with the project, embedded so that one binary is enough.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// The embedded documents, as file name and text, in order of name.
pub fn embedded() -> &'static [(&'static str, &'static str)] {
    static FILES: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
        let yaml = FOLDER.files().filter(|file| file.path().extension().is_some_and(|end| end == "yaml"));
        let named = yaml.filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents_utf8()?)));
        let mut files: Vec<_> = named.collect();
        files.sort_unstable();
        files
    });
    &FILES
}
