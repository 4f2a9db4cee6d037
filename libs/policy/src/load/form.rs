//! The reader behind policy documents, for other dated documents of the project: whoever has a form of their own reads it
//! with [`read`], and their authors get the same problems, all at once, with line and column.

use super::sink::Sink;
use super::{problem::Problems, yaml};

pub use super::condition::OF_CASE as CONDITIONS;
pub use super::decision::{DecisionRows, source};
pub use super::node::{At, Map};
pub use super::problem::Kind;
pub use super::table::Values;
pub use super::treatment::TREATMENT;
pub use super::value::{amount, date, digits, month_and_day, name, period, ratio, version, whole};

/// Reads a document of any form. `file_name` only names it in problems; `form` reads the root, and answers `None` only after
/// it has reported why.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn read<T>(
    file_name: &str,
    text: &str,
    form: impl for<'a> FnOnce(At<'a>) -> Option<T>,
) -> Result<T, Problems> {
    let sink = Sink::new(file_name);
    let document = yaml::read(text, &sink).and_then(|root| form(At::root(&root, &sink)));
    sink.finish(document)
}
