//! What is withheld from institutions is what the answers say of what credit said and audit found.

use yizhan_proto::settlement::v1::Settlement;

use super::Check;
use crate::books::messages::parts::header;
use crate::books::messages::withheld::withheld_by;

impl Check<'_> {
    /// Compares what an answer withholds with what follows from it; a reversal is compared with what it reverses.
    pub(super) fn withheld(&mut self, answer: &Settlement) {
        let info = header(answer);
        if !info.reverses_setl_id.is_empty() {
            return;
        }
        let of_postings = answer.postings.iter().filter(|booked| booked.account.starts_with("withheld/"));
        let booked: i64 = of_postings.map(|booked| booked.amount_fen).sum();
        let told = answer.audit.as_ref().map_or(0, |audit| audit.withheld_fen);
        let refused = answer.credit.as_ref().map_or(0, |credit| credit.withheld_fen);
        let due = withheld_by(answer);
        if booked != refused + told || (refused, told) != (due.by_credit.0, due.by_audit.0) {
            let setl_id = &info.setl_id;
            self.report(format!(
                "settlement {setl_id}: {booked} fen are withheld, {refused} and {told} are told, {} and {} follow from what credit said \
                 and audit found",
                due.by_credit.0, due.by_audit.0
            ));
        }
    }
}
