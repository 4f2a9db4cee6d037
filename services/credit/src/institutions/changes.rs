//! The one way something is entered about an institution: entries, and how it stands by all of them, in one transaction.

use std::sync::Arc;

use yizhan_proto::credit::v1::{Entry, SubjectKind};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::DatabaseTransaction;

use super::domain::standing::Standing;
use super::store;
use crate::app::Credit;
use crate::ledger::{self, Known};
use crate::schemes::Schemes;

/// An institution that is held, with everything that one area entered.
#[derive(Debug)]
pub struct Held {
    /// The subject.
    pub known: Known,
    /// The area.
    pub poolarea_no: String,
    /// What it entered, in order.
    pub entries: Vec<Entry>,
    /// The schemes they are read by.
    pub schemes: Arc<Schemes>,
}

impl Held {
    /// Reads what an area entered about an institution that is held.
    pub async fn read(
        tx: &DatabaseTransaction,
        credit: &Credit,
        known: Known,
        poolarea_no: &str,
    ) -> Result<Held, ServiceError> {
        let subject = ledger::subject(SubjectKind::Institution, &known.subject_code);
        let mut entries = ledger::of_subject(tx, &subject).await?;
        entries.retain(|entry| entry.poolarea_no == poolarea_no);
        Ok(Held { known, poolarea_no: poolarea_no.to_owned(), entries, schemes: credit.schemes.current() })
    }

    /// How it stands by that.
    pub fn standing(&self) -> Standing {
        Standing::of(&self.entries.iter().collect::<Vec<_>>())
    }

    /// Enters something more; gives the matter of the first of it.
    pub async fn record(
        &mut self,
        tx: &DatabaseTransaction,
        credit: &Credit,
        entries: Vec<Entry>,
    ) -> Result<String, ServiceError> {
        let written = ledger::append(tx, credit, &mut self.known, entries).await?;
        let matter_id = written.first().map(|first| first.matter_id.clone()).unwrap_or_default();
        self.entries.extend(written);
        store::write(tx, &self.poolarea_no, &self.known.subject_code, &self.standing()).await?;
        Ok(matter_id)
    }
}
