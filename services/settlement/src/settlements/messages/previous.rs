//! The stay before a stay (转院), as its settlement tells of it.

use std::collections::BTreeMap;

use yizhan_money::Fen;
use yizhan_policy::case::{Case, PreviousStay};
use yizhan_policy::outcome::Outcome;
use yizhan_proto::settlement::v1::{PreviousStay as Told, Settlement, Visit};
use yizhan_terms::{AdmissionWay, DischargeWay, Tier};

use crate::books::messages::parts::header;

/// By setl_id, what would be charged now since the first of stays that follow one another by transfer; `None`: nothing is paid.
pub type Charged = BTreeMap<String, Option<Fen>>;

/// The step of a deductible that takes off what was charged at the stay before.
const LESS_PREVIOUS: &str = "less_previous";

/// What was charged since the first of stays that follow one another by transfer, this one included: what was charged before it counts on
/// where some of it was taken off here, or nothing was charged.
fn charged(case: &Case, this: Fen, taken_off: bool) -> Fen {
    let before = case.visit.previous.as_ref().filter(|before| before.transferred);
    // Of a stay in parts all of them together.
    let this = this + case.earlier.as_ref().map_or(Fen::ZERO, |earlier| earlier.deductible_fen);
    let before = before.filter(|_| taken_off || this == Fen::ZERO);
    this + before.map_or(Fen::ZERO, |before| before.deductible_fen)
}

/// The same as it was settled.
pub fn charged_by(answer: &Settlement, case: &Case) -> Fen {
    let layers = answer.trace.iter().flat_map(|trace| &trace.layers);
    let mut steps = layers.filter_map(|layer| layer.deductible.as_ref()).flat_map(|charged| &charged.steps);
    charged(case, Fen(header(answer).act_pay_dedc_fen), steps.any(|step| step.kind == LESS_PREVIOUS))
}

/// The same by the engine.
pub fn charged_now(outcome: &Outcome<'_>, case: &Case) -> Fen {
    let deductibles = outcome.layers.iter().filter_map(|layer| layer.deductible.as_ref());
    let mut steps = deductibles.flat_map(|charged| &charged.steps);
    charged(case, outcome.basic_deductible_fen(), steps.any(|step| step.kind == LESS_PREVIOUS))
}

/// The stay of a settlement as the one before another; `case` is what was settled, `None` where it was paid by hand.
pub fn before(
    answer: &Settlement,
    case: Option<&Case>,
    level: Tier,
    transferred: bool,
) -> Option<PreviousStay> {
    let info = header(answer);
    let this = Fen(info.act_pay_dedc_fen);
    Some(PreviousStay {
        setl_id: info.setl_id.clone(),
        level,
        end: info.enddate.parse().ok()?,
        transferred,
        deductible_fen: case.map_or(this, |case| charged_by(answer, case)),
    })
}

/// Whether the patient was transferred from the stay of a settlement to this visit: by what was reported at discharge, else at admission.
/// `None` where neither says, or both and not the same.
pub fn transferred(answer: &Settlement, visit: &Visit) -> Option<bool> {
    let info = header(answer);
    if info.fixmedins_code == visit.fixmedins_code {
        return Some(false);
    }
    let left = DischargeWay::from_code(&info.dscg_way).map(DischargeWay::is_transfer);
    let came = AdmissionWay::from_code(&visit.adm_way).map(|way| way == AdmissionWay::TransferredIn);
    match (left, came) {
        (Some(false), Some(true)) => None,
        (Some(left), _) => Some(left),
        (None, came) => came,
    }
}

/// The stay before a stay as it would be paid now. One that is not among them was paid by hand, or lies too far back: it is as it was, while
/// it `stands`.
pub fn follow(case: &mut Case, charged: &Charged, stands: bool) {
    let Some(previous) = &mut case.visit.previous else { return };
    match charged.get(&previous.setl_id) {
        Some(Some(charged)) => previous.deductible_fen = *charged,
        None if stands => {}
        Some(None) | None => case.visit.previous = None,
    }
}

/// As the answer tells it.
pub fn told(previous: &PreviousStay) -> Told {
    Told {
        setl_id: previous.setl_id.clone(),
        enddate: previous.end.to_string(),
        level: previous.level.code().to_owned(),
        transferred: previous.transferred,
        act_pay_dedc_fen: previous.deductible_fen.0,
    }
}

#[cfg(test)]
mod tests {
    use yizhan_proto::settlement::v1::SettlementInfo;

    use super::*;

    #[test]
    fn a_transfer_is_told_at_discharge_or_else_at_admission() {
        let told = |dscg_way: &str, adm_way: &str, fixmedins_code: &str| {
            let (dscg_way, adm_way) = (dscg_way.to_owned(), adm_way.to_owned());
            let info =
                SettlementInfo { fixmedins_code: "H1".to_owned(), dscg_way, ..SettlementInfo::default() };
            let answer = Settlement { setlinfo: Some(info), ..Settlement::default() };
            let fixmedins_code = fixmedins_code.to_owned();
            transferred(&answer, &Visit { fixmedins_code, adm_way, ..Visit::default() })
        };
        for way in ["2", "3"] {
            assert_eq!(told(way, "", "H2"), Some(true));
            assert_eq!(told(way, "1", "H2"), Some(true), "through the emergency room of the other hospital");
            assert_eq!(told(way, "3", "H1"), Some(false), "the same institution");
        }
        assert_eq!(told("1", "2", "H2"), Some(false));
        assert_eq!(told("1", "3", "H2"), None, "both cannot be");
        assert_eq!((told("", "3", "H2"), told("", "2", "H2")), (Some(true), Some(false)));
        assert_eq!(told("", "", "H2"), None);
    }
}
