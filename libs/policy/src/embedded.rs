//! The policies shipped with the project, embedded so that one binary is enough.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

/// The embedded documents, as file name and text, in order of name.
pub fn embedded() -> &'static [(&'static str, &'static str)] {
    static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/policies");
    static FILES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| yizhan_documents::texts(&FOLDER));
    &FILES
}
