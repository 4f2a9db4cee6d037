//! A reversal takes back what it names, to the fen, and names one settlement that there is.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::DbErr;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::db::find_rows_where;

use super::Check;
use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
use crate::books::store::settlements::answer_of;

impl Check<'_> {
    /// Compares the reversals among some answers with what they reverse.
    pub(super) async fn reversals(&mut self, answers: &[Settlement]) -> Result<(), DbErr> {
        let reversals = || answers.iter().filter(|answer| !header(answer).reverses_setl_id.is_empty());
        let named: BTreeSet<&str> = reversals().map(|one| header(one).reverses_setl_id.as_str()).collect();
        if named.is_empty() {
            return Ok(());
        }
        let keys =
            named.into_iter().map(|setl_id| [self.poolarea_no.to_owned(), setl_id.to_owned()]).collect();
        let columns = [settlement::Column::PoolareaNo, settlement::Column::SetlId];
        let stands = "settlements.reverses_setl_id = ''";
        let rows = find_rows_where::<settlement::Entity, 2>(self.db, columns, keys, stands).await?;
        let originals = rows.iter().map(|row| Ok((row.setl_id.clone(), answer_of(row)?)));
        let originals: BTreeMap<String, Settlement> = originals.collect::<Result<_, DbErr>>()?;
        for reversal in reversals() {
            let info = header(reversal);
            let fault = match originals.get(&info.reverses_setl_id) {
                None => "reverses a settlement that there is not",
                Some(original) if !takes_back(reversal, original) => "does not take back what it reverses",
                Some(_) => continue,
            };
            self.report(format!("settlement {}: {fault}", info.setl_id));
        }
        Ok(())
    }
}

/// Amounts by kind of account in all books together, since records may have been merged and an account kept elsewhere since; and what is
/// added up.
fn takes_back(reversal: &Settlement, original: &Settlement) -> bool {
    let amounts = |of: &Settlement, sign: i128| {
        let mut amounts: BTreeMap<(String, String), i128> = BTreeMap::new();
        for booked in &of.postings {
            let kind = booked.account.split('/').next().unwrap_or_default().to_owned();
            *amounts.entry((String::new(), kind)).or_default() += sign * i128::from(booked.amount_fen);
        }
        for change in of.trace.iter().flat_map(|trace| &trace.accumulators) {
            *amounts.entry((change.policy_year.clone(), change.accumulator.clone())).or_default() +=
                sign * i128::from(change.added);
        }
        amounts.retain(|_, amount| *amount != 0);
        amounts
    };
    amounts(reversal, -1) == amounts(original, 1)
}
