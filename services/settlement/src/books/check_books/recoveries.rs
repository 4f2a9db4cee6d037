//! Recoveries against postings, against the settlements they are of, and against each other.

use sea_orm::DbErr;
use yizhan_proto::settlement::v1::Settlement;

use super::Check;
use super::findings::Finding;
use crate::books::messages::parts::header;
use crate::books::messages::withheld::{withheld_by, withheld_for_practitioners};
use crate::books::store::recoveries::{lifted, standing};

/// What the database finds by itself.
pub(super) const RECOVERIES: [Finding; 6] = [
    (
        "SELECT r.recovery_id AS name, r.recovered_fen AS value FROM recoveries r WHERE r.poolarea_no = $1 \
         AND r.recovered_fen <> (SELECT CAST(COALESCE(SUM(p.amount_fen), 0) AS bigint) FROM postings p \
         WHERE p.poolarea_no = r.poolarea_no AND p.psn_no = r.psn_no AND p.setl_id = r.recovery_id \
         AND p.account LIKE 'fund/%') LIMIT 100",
        |recovery_id, fen| format!("recovery {recovery_id}: {fen} fen are not what is booked on the funds"),
    ),
    (
        "SELECT r.recovery_id AS name, r.recovered_fen AS value FROM recoveries r WHERE r.poolarea_no = $1 AND r.kind IN (1, 4) \
         AND NOT EXISTS (SELECT 1 FROM recoveries u WHERE u.undoes_recovery_id = r.recovery_id) \
         AND EXISTS (SELECT 1 FROM settlements s WHERE s.poolarea_no = r.poolarea_no AND s.reverses_setl_id = r.setl_id \
         AND s.reverses_setl_id <> '') LIMIT 100",
        |recovery_id, fen| format!("recovery {recovery_id}: {fen} fen of a settlement that was reversed"),
    ),
    (
        "SELECT r.recovery_id AS name, r.recovered_fen AS value FROM recoveries r WHERE r.poolarea_no = $1 AND r.kind IN (1, 4) \
         AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.poolarea_no = r.poolarea_no AND s.psn_no = r.psn_no \
         AND s.setl_id = r.setl_id) LIMIT 100",
        |recovery_id, fen| format!("recovery {recovery_id}: {fen} fen of a settlement that there is not"),
    ),
    (
        "SELECT u.recovery_id AS name, u.recovered_fen AS value FROM recoveries u WHERE u.poolarea_no = $1 \
         AND u.undoes_recovery_id <> '' AND NOT EXISTS (SELECT 1 FROM recoveries r WHERE r.recovery_id = u.undoes_recovery_id \
         AND r.setl_id = u.setl_id AND r.kind IN (1, 2, 4) AND r.recovered_fen = -u.recovered_fen \
         AND r.given_back_fen = -u.given_back_fen) LIMIT 100",
        |recovery_id, fen| format!("recovery {recovery_id}: {fen} fen are not what it undoes"),
    ),
    (
        "SELECT l.recovery_id AS name, COUNT(*) AS value FROM recovered_lines l JOIN recoveries r ON r.recovery_id = l.recovery_id \
         WHERE r.poolarea_no = $1 AND (r.kind <> 1 OR r.setl_id <> l.setl_id OR EXISTS \
         (SELECT 1 FROM recoveries u WHERE u.undoes_recovery_id = r.recovery_id)) GROUP BY l.recovery_id LIMIT 100",
        |recovery_id, count| format!("recovery {recovery_id}: holds {count} lines and does not stand"),
    ),
    (
        "SELECT r.recovery_id AS name, r.given_back_fen AS value FROM recoveries r WHERE r.poolarea_no = $1 AND r.case_id = '' \
         AND r.given_back_fen <> (SELECT CAST(COALESCE(SUM(p.amount_fen), 0) AS bigint) FROM postings p \
         WHERE p.poolarea_no = r.poolarea_no AND p.psn_no = r.psn_no AND p.setl_id = r.recovery_id \
         AND p.account = 'institution/' || r.fixmedins_code) LIMIT 100",
        |recovery_id, fen| format!("recovery {recovery_id}: {fen} fen given back are not what is booked"),
    ),
];

impl Check<'_> {
    /// Of no settlement more is recovered than the funds paid for it; of a part of a stay that is what all its parts came to.
    pub(super) async fn recovered(&mut self, answers: &[Settlement]) -> Result<(), DbErr> {
        let ids: Vec<&str> = answers.iter().map(|answer| header(answer).setl_id.as_str()).collect();
        let rows = standing(self.db, &ids).await?;
        for info in answers.iter().map(header).filter(|info| info.setl_part == 0) {
            let of_it = rows.iter().filter(|row| row.setl_id == info.setl_id);
            let recovered: i64 = of_it.map(|row| row.recovered_fen).sum();
            if recovered > info.fund_pay_sumamt_fen.max(0) {
                let (setl_id, paid) = (&info.setl_id, info.fund_pay_sumamt_fen);
                self.report(format!(
                    "settlement {setl_id}: {recovered} fen are recovered of {paid} that the funds paid"
                ));
            }
        }
        self.given_back(answers, &ids).await
    }

    /// What went back to institutions is what had been withheld for the lines of which it is told.
    async fn given_back(&mut self, answers: &[Settlement], ids: &[&str]) -> Result<(), DbErr> {
        let all = lifted(self.db, ids).await?;
        for answer in answers {
            let setl_id = &header(answer).setl_id;
            let Some(lifted) = all.get(setl_id) else { continue };
            let due = withheld_by(answer).by_credit - withheld_for_practitioners(answer, &lifted.lines);
            if due.0 != lifted.given_back_fen {
                let (told, due) = (lifted.given_back_fen, due.0);
                self.report(format!(
                    "settlement {setl_id}: {told} fen are given back of {due} to be given back"
                ));
            }
        }
        Ok(())
    }
}
