//! A step in the life of a filing.

use yizhan_proto::filing::v1::FilingAction;

use super::filing::{Actor, Filing, State};

/// A step: the filing as it becomes, and how.
#[derive(Clone, Debug)]
pub struct Taken {
    /// As it becomes. [`record`](crate::changes::record) sets the version.
    pub filing: Filing,
    /// Where it stood; `None` for a new one.
    pub from: Option<State>,
    /// What was done.
    pub action: FilingAction,
    /// By whom.
    pub actor: Actor,
    /// Why, as given.
    pub reason: String,
}
