//! Items that were looked at again: what changed of them, and why.

use chrono::{DateTime, Utc};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::DatabaseTransaction;

use super::domain::Action;
use super::next::Next;
use super::store::{self, steps};

/// Who writes steps that nobody takes.
const ACTOR: &str = "service:audit";

/// Writes them, each with the step that says why.
///
/// # Errors
/// CONCURRENT_CHANGE where somebody else changed one meanwhile: to be read again.
pub async fn follow(
    tx: &DatabaseTransaction,
    changes: Vec<Next>,
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let step = |next: &Next| {
        let why = next.why?;
        Some(steps::Model {
            action: Action::Follow.number(),
            why: why.code().to_owned(),
            note: why.text().to_owned(),
            actor: ACTOR.to_owned(),
            ..steps::Model::behind(&next.row, at)
        })
    };
    steps::append(tx, changes.iter().filter_map(step).collect()).await?;
    store::write(tx, changes.into_iter().map(|next| next.row).collect()).await
}
