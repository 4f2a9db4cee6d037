//! 待核查清单: settlements that stand and would be paid otherwise as enrollment's register is known now, found by following its feed.

pub mod api;
pub mod domain;
pub mod follow_register;
pub mod messages;
pub mod queries;
pub mod recheck;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use yizhan_runtime::{metrics, task};

use crate::app::App;

/// How often the open items are counted, by every process: one look at an index of nothing but those.
const COUNT_EVERY: Duration = Duration::from_secs(60);

/// Counts what is open, where anything is counted, until the server stops.
pub fn keep_counting(app: &Arc<App>) {
    if !metrics::installed() {
        return;
    }
    let db = app.db.clone();
    task::every("worklist, counted", &app.stopping, COUNT_EVERY, move || {
        let db = db.clone();
        async move {
            let open = store::count_open(&db).await?;
            open.into_iter().for_each(|(list, items)| metrics::worklist_open(list, items));
            Ok::<(), sea_orm::DbErr>(())
        }
    });
}
