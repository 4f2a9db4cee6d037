//! Whose own share passes a line: looked at with every visit that is settled, reversed, or counts as another's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tonic::async_trait;
use yizhan_documents::Dated;
use yizhan_proto::audit::v1::PersonItem;
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::ids::base32hex;
use yizhan_terms::Area;

use super::domain::{Kind, Month, Passed, passed};
use super::follow::follow;
use super::next::{Next, Raised, next};
use super::store;
use crate::app::Audit;
use crate::findings::Watches;
use crate::plan_rules::OwnShare;
use crate::visits::store::merged;
use crate::visits::store::shares::{self, Share};

#[async_trait]
impl Watches for Audit {
    /// Three reads for all of them, however many visits they have, and what changes in two writes.
    async fn visits_changed(
        &self,
        tx: &DatabaseTransaction,
        psn_nos: BTreeSet<&str>,
    ) -> Result<(), ServiceError> {
        if psn_nos.is_empty() {
            return Ok(());
        }
        let stays = merged::among(tx, psn_nos.clone()).await?;
        let stays = psn_nos.iter().map(|psn_no| stays.get(*psn_no).map_or(*psn_no, String::as_str));
        // The number that went, too: nothing stands under it.
        let people: BTreeSet<String> = stays.chain(psn_nos.iter().copied()).map(str::to_owned).collect();
        let months = shares::of_persons(tx, &people).await?;
        let held = store::own_shares(tx, &people).await?;
        let raised = raised(self, &months);
        let at = self.clock.now();
        let ids: BTreeMap<&str, &store::Model> = held.iter().map(|row| (row.item_id.as_str(), row)).collect();
        let gone = held.iter().filter(|row| !raised.contains_key(&row.item_id));
        let changes: Vec<Next> = gone
            .filter_map(|row| next(Some(row), None, at))
            .chain(
                raised.values().filter_map(|one| next(ids.get(one.item_id.as_str()).copied(), Some(one), at)),
            )
            .collect();
        follow(tx, changes, at).await
    }
}

/// Every item that there is to be of these.
fn raised(audit: &Audit, months: &BTreeMap<String, Vec<Share>>) -> BTreeMap<String, Raised> {
    let rules = audit.plan_rules.current();
    let find = |area: Area, day: NaiveDate| -> Option<Dated<OwnShare>> {
        rules.find::<OwnShare>(area, day).ok().cloned()
    };
    let of_person = |(psn_no, shares): (&String, &Vec<Share>)| {
        let months: Vec<Month> = shares.iter().filter_map(month).collect();
        passed(&months, &find).into_iter().map(|passed| of(psn_no, passed)).collect::<Vec<Raised>>()
    };
    months.iter().flat_map(of_person).map(|raised| (raised.item_id.clone(), raised)).collect()
}

/// Everything that is stored was understood when it came.
fn month(share: &Share) -> Option<Month> {
    Some(Month {
        first: parse_date(&format!("{}-01", share.month))?,
        area: Area::parse(&share.poolarea_no)?,
        last: share.last.clone(),
        paid_fen: share.paid_fen,
    })
}

fn of(psn_no: &str, passed: Passed) -> Raised {
    let [psn_part_amt_fen, own_expense_fen, preselfpay_amt_fen] = passed.paid_fen;
    let (begin, end) = passed.days;
    let item = PersonItem {
        psn_no: psn_no.to_owned(),
        begndate: begin.to_string(),
        enddate: end.to_string(),
        own_share_fen: passed.own.0,
        psn_part_amt_fen,
        own_expense_fen,
        preselfpay_amt_fen,
        line_fen: passed.line.0,
        next_line_fen: passed.next_line.map_or(0, |line| line.0),
        rule: passed.rule,
        citation: passed.citation,
        ..PersonItem::default()
    };
    Raised {
        item_id: item_id(&[Kind::OwnShare.name(), psn_no, &passed.period]),
        kind: Kind::OwnShare,
        poolarea_no: passed.area.into(),
        last: passed.last,
        item,
    }
}

/// Names an item by what it is about.
pub fn item_id(about: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in about {
        digest.update(part);
        digest.update([0x1f]);
    }
    base32hex(&digest.finalize()[..16])
}
