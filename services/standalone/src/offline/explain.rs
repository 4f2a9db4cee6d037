//! `yizhan policy explain FILE`

use std::path::Path;
use std::process::ExitCode;

/// Prints a document in words.
pub fn explain(file: &Path) -> ExitCode {
    super::finish(super::load_file(file).map(|policy| yizhan_policy::explain(&policy)))
}
