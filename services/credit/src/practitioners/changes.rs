//! The one way something is entered about a practitioner: entries, and how they stand by all of them, in one transaction.

use std::sync::Arc;

use yizhan_proto::credit::v1::{Entry, SubjectKind};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::DatabaseTransaction;

use super::domain::timeline::Timeline;
use super::messages::timeline;
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
        self.entries.extend(written);
        let timeline = self.timeline()?;
        store::write(tx, &self.known.subject_code, self.known.version, &timeline).await?;
        Ok(timeline)
    }
}
