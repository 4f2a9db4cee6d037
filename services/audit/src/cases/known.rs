//! What audit holds of the visits that the lines of a case are of.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use sea_orm::{ConnectionTrait, DbErr};
use yizhan_proto::audit::v1::{CaseLine, Encounter, EncounterLine};

use crate::visits::store;

/// Visits of settlements that audit has heard of: whose each is, and as it was settled.
pub struct Known(BTreeMap<String, (String, Encounter)>);

impl Known {
    /// Those of some lines.
    pub async fn of<'l, C: ConnectionTrait>(
        db: &C,
        lines: impl IntoIterator<Item = &'l CaseLine>,
    ) -> Result<Known, DbErr> {
        let setl_ids: BTreeSet<&str> = lines.into_iter().map(|line| line.setl_id.as_str()).collect();
        let read = |row: store::Model| {
            let encounter = Encounter::decode(row.encounter.as_slice());
            let encounter =
                encounter.map_err(|error| DbErr::Type(format!("visit {}: {error}", row.setl_id)))?;
            Ok((row.setl_id, (row.psn_no, encounter)))
        };
        let rows = store::of_settlements(db, setl_ids).await?;
        rows.into_iter().map(read).collect::<Result<_, DbErr>>().map(Known)
    }

    /// 人员编号 of whose settlement it is, by the number that stays; empty where that is not known.
    pub fn psn_no(&self, setl_id: &str) -> &str {
        self.0.get(setl_id).map_or("", |(psn_no, _)| psn_no)
    }

    /// The line as a case has it: with who ordered it; and what a finding says of what funds may pay is that share of the line's fee.
    pub fn complete(&self, line: CaseLine) -> CaseLine {
        let Some((_, visit)) = self.0.get(&line.setl_id) else { return line };
        let own = visit.lines.iter().find(|own| own.feedetl_sn == line.feedetl_sn);
        let doctor = own.map(|own| own.bilg_dr_codg.as_str()).filter(|doctor| !doctor.is_empty());
        let doctor = doctor.unwrap_or(&visit.dr_codg);
        let found = !line.jr_id.is_empty();
        let fee = |own: &EncounterLine| {
            of_fee(line.vola_amt_fen, own.inscp_scp_amt_fen, own.det_item_fee_sumamt_fen)
        };
        CaseLine {
            vola_amt_fen: own.filter(|_| found).map_or(line.vola_amt_fen, fee),
            bilg_dr_codg: if line.bilg_dr_codg.is_empty() {
                doctor.to_owned()
            } else {
                line.bilg_dr_codg.clone()
            },
            ..line
        }
    }
}

/// An amount of what is in scope as one of the fee, half up.
fn of_fee(amount_fen: i64, in_scope_fen: i64, fee_fen: i64) -> i64 {
    if in_scope_fen <= 0 || fee_fen <= in_scope_fen {
        return amount_fen;
    }
    let [amount, scope, fee] = [amount_fen.min(in_scope_fen), in_scope_fen, fee_fen].map(i128::from);
    // At most the fee, which is an i64.
    ((2 * amount * fee + scope) / (2 * scope)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finding_says_of_a_line_becomes_that_share_of_its_fee() {
        assert_eq!(
            of_fee(15_000, 45_000, 49_500),
            16_500,
            "three beds of nine, five of each above the ceiling"
        );
        assert_eq!(of_fee(45_000, 45_000, 49_500), 49_500, "all of it");
        assert_eq!(of_fee(100, 0, 49_500), 100, "nothing is in scope: what was found is the fee");
        assert_eq!(of_fee(50, 100, 100), 50);
        assert_eq!(of_fee(1, 3, 5), 2, "half up");
    }
}
