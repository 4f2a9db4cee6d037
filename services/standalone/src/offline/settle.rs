//! `yizhan settle --policy FILE… --case FILE [--json]`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Settles one case.
pub fn settle(_policies: &[PathBuf], _case: &Path, _json: bool) -> ExitCode {
    super::finish(Err("not yet".to_owned()))
}
