//! `yizhan policy explain FILE…` and `yizhan policy diff OLD NEW`: what documents say, and what one says otherwise.

use std::path::PathBuf;

use yizhan_policy::{Policy, changes, explained, together};

use super::{Answer, Found, Output, files, say};

/// What is asked of `yizhan policy explain`.
#[derive(clap::Args)]
pub struct ExplainArguments {
    /// A policy document (YAML), or several that stand beside each other.
    #[arg(required = true)]
    file: Vec<PathBuf>,
    /// How it answers; the words of the document are Chinese.
    #[command(flatten)]
    pub output: Output,
}

/// What is asked of `yizhan policy diff`.
#[derive(clap::Args)]
pub struct DiffArguments {
    /// The document before (YAML).
    old: PathBuf,
    /// The new one.
    new: PathBuf,
    /// How it answers; what the documents say is Chinese.
    #[command(flatten)]
    pub output: Output,
}

/// A document in words; of a product and documents that it stands beside what they say together.
pub fn explain(arguments: &ExplainArguments) -> Answer {
    let together = together(files::policies(&arguments.file)?)?;
    let of_several = together.joined().iter().flat_map(|joined| &joined.together.of).collect::<Vec<_>>();
    let is_part = |one: &Policy| of_several.iter().any(|of| (&of.id, &of.version) == (&one.id, &one.version));
    let alone = together.documents().iter().filter(|one| !is_part(one));
    let told: Vec<&Policy> = together.joined().iter().chain(alone).map(AsRef::as_ref).collect();
    let structured: Vec<_> = told.iter().map(|policy| explained(policy)).collect();
    let words = || told.iter().map(|policy| yizhan_policy::explain(policy)).collect::<Vec<_>>().join("\n\n");
    Found::told(&arguments.output, &structured, words)
}

/// What changes for whom.
pub fn diff(arguments: &DiffArguments) -> Answer {
    let (old, new) = files::both(files::policy(&arguments.old), files::policy(&arguments.new))?;
    let changes = changes(&old, &new);
    Found::told(&arguments.output, &changes, || say::either(changes.chinese(), changes.to_string()))
}
