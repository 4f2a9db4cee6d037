//! The one way something is entered about a practitioner: entries, and how they stand by all of them, in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbErr};
use yizhan_proto::credit::v1::{Entry, SubjectKind};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_terms::Area;

use super::domain::timeline::Timeline;
use super::messages::{matter_row, timeline};
use super::store;
use crate::app::Credit;
use crate::ledger::{self, Known};
use crate::schemes::Schemes;

/// A practitioner who is held, with everything that was entered.
#[derive(Debug)]
pub struct Held {
    /// The subject.
    pub known: Known,
    /// All entries.
    pub entries: Vec<Entry>,
    /// The schemes they are read by.
    pub schemes: Arc<Schemes>,
}

impl Held {
    /// Reads what was entered about a practitioner who is held.
    pub async fn read(tx: &DatabaseTransaction, credit: &Credit, known: Known) -> Result<Held, ServiceError> {
        let subject = ledger::subject(SubjectKind::Practitioner, &known.subject_code);
        let entries = ledger::of_subject(tx, &subject).await?;
        Ok(Held { known, entries, schemes: credit.schemes.current() })
    }

    /// How they stand by that.
    pub fn timeline(&self) -> Result<Timeline, ServiceError> {
        timeline(&self.entries, &self.schemes)
    }

    /// Enters something more.
    pub async fn record(
        &mut self,
        tx: &DatabaseTransaction,
        credit: &Credit,
        entries: Vec<Entry>,
    ) -> Result<Timeline, ServiceError> {
        let written = ledger::append(tx, credit, &mut self.known, entries).await?;
        let touched: BTreeSet<String> = written.iter().map(|entry| entry.matter_id.clone()).collect();
        self.entries.extend(written);
        let timeline = self.timeline()?;
        store::write(tx, &self.known.subject_code, self.known.version, &timeline).await?;
        store::matters::write(tx, touched.iter().filter_map(|id| matter_row(&self.entries, id)).collect())
            .await?;
        Ok(timeline)
    }
}

/// Subjects whose matters are listed together.
const AT_ONCE: u64 = 200;

/// Lists the points matters of everybody as their entries leave them: for a ledger that was written before there was a worklist.
///
/// # Errors
/// Those of the database.
pub async fn list_all(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let mut after = None;
    loop {
        let everybody = (SubjectKind::Practitioner, Area::NATION);
        let rows = ledger::with_entries(db, everybody, after, AT_ONCE).await?;
        let codes = rows.iter().map(|row| row.subject_code.clone());
        let found = ledger::of_subjects(db, SubjectKind::Practitioner, codes).await?;
        let matters = found.values().flat_map(|entries| {
            let first = |entry: &&Entry| entry.entry_id == entry.matter_id;
            entries.iter().filter(first).filter_map(|entry| matter_row(entries, &entry.matter_id))
        });
        store::matters::write(db, matters.collect()).await?;
        let Some(last) = rows.into_iter().next_back() else { return Ok(()) };
        after = Some([last.subject_code]);
    }
}
