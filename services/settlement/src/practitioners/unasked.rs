//! What credit did not answer at the counter, and what is to be asked about anew: asked once it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use yizhan_clients::Credit;
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{begin_write, lock, retry_transient};
use yizhan_runtime::task::surviving;

use super::look::look;
use super::{Said, TURN, ask};
use crate::app::App;
use crate::books::store::practitioner_days::{self, Asked, Model};

/// Rows asked about at a time.
const AT_ONCE: u64 = 200;
/// At least so long between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// At most so long while credit is away.
const LONGEST: Duration = Duration::from_secs(60);

/// Asks, now and then, until the server stops.
pub fn keep_asking(app: Arc<App>, credit: Arc<dyn Credit>, every: Duration) {
    let stopping = app.stopping.clone();
    tokio::spawn(stopping.run_until_cancelled_owned(async move {
        let mut pause = every.max(PAUSE);
        loop {
            tokio::time::sleep(pause).await;
            let asked = surviving("settlement.practitioners", ask_all(&app, &*credit)).await;
            pause = match asked {
                Some(Ok(())) => every.max(PAUSE),
                Some(Err(error)) => {
                    tracing::warn!(%error, "credit is asked again later about what was settled without it");
                    (pause * 2).min(LONGEST)
                }
                None => (pause * 2).min(LONGEST),
            };
        }
    }));
}

/// Until nothing is left that was there.
async fn ask_all(app: &App, credit: &dyn Credit) -> Result<(), ServiceError> {
    loop {
        let rows = practitioner_days::unasked(&app.db, AT_ONCE).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let asked: BTreeSet<Asked> = rows.iter().map(Model::asked).collect();
        let said = ask(credit, asked.into_iter().collect()).await?;
        retry_transient(|| take_account(app, &rows, &said)).await?;
        app.feed.wake();
    }
}

/// Those of which somebody else took account meanwhile, who may know more, are left.
async fn take_account(app: &App, rows: &[Model], said: &Said) -> Result<(), ServiceError> {
    let tx = begin_write(&app.db).await?;
    lock(&tx, TURN).await?;
    let mut settlements: BTreeMap<String, Said> = BTreeMap::new();
    for row in practitioner_days::still_unasked(&tx, rows).await? {
        let Some((asked, now)) = said.get_key_value(&row.asked()) else { continue };
        settlements.entry(row.setl_id).or_default().insert(asked.clone(), now.clone());
    }
    let (rules, at) = (app.rules.current(), app.clock.now());
    for (setl_id, said) in &settlements {
        look(&tx, &rules, (setl_id, said), at).await?;
    }
    Ok(tx.commit().await?)
}
