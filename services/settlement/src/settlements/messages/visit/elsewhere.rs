//! 他处已付: what others than this platform's payers paid of the bill already, as it is reported, asked of and told.

use std::collections::BTreeSet;

use yizhan_money::{Fen, MAX_FEN};
use yizhan_policy::case::PaidElsewhere as OfCase;
use yizhan_proto::settlement::v1::{PaidElsewhere, Visit};
use yizhan_runtime::{Fields, Reason, Violations};
use yizhan_terms::{MedType, Payer};

use crate::fields::reference;

/// Papers of what was paid elsewhere at most.
pub const MAX_PAID_ELSEWHERE: usize = 20;
/// Where what is wrong with them is told.
pub const FIELD: &str = "visit.paid_elsewhere";

/// Notes what is wrong with what was paid elsewhere. That a stay's is not more than its bill is seen when it is settled: parts of it may stand.
pub fn check(visit: &Visit, med_type: Option<MedType>, wrong: &mut Violations) {
    let all = &visit.paid_elsewhere;
    if all.len() > MAX_PAID_ELSEWHERE {
        let text = format!("最多 {MAX_PAID_ELSEWHERE} 项");
        wrong.push(FIELD, Reason::TooMany.saying(text)).with("limit", MAX_PAID_ELSEWHERE);
    }
    let mut papers = BTreeSet::new();
    for (index, paid) in all.iter().take(MAX_PAID_ELSEWHERE).enumerate() {
        let at = format!("{FIELD}[{index}].");
        let mut fields = Fields::within(&at, wrong);
        fields.coded("payer", &paid.payer, payer);
        fields.require(paid.paid_fen > 0, "paid_fen", Reason::AmountInvalid);
        fields.require(paid.paid_fen <= MAX_FEN, "paid_fen", Reason::AmountTooLarge);
        reference(&mut fields, "reference", &paid.reference, true);
        let said = Reason::Duplicate.saying("同一支付方的同一凭据重复");
        fields.require(papers.insert((&paid.payer, &paid.reference)), "reference", said);
    }
    let sum: i128 = all.iter().map(|paid| i128::from(paid.paid_fen)).sum();
    let charged: i128 = visit.feedetail.iter().map(|line| i128::from(line.det_item_fee_sumamt_fen)).sum();
    let whole = !med_type.is_some_and(MedType::is_stay);
    wrong.require(!whole || sum <= charged, FIELD, Reason::PaidElsewhereTooMuch);
}

/// Who may have paid elsewhere: anybody but an institution that bears its own cost.
fn payer(code: &str) -> Option<Payer> {
    Payer::from_code(code).filter(|payer| *payer != Payer::Hospital)
}

/// What the payer is called; its code where nobody knows it.
pub fn name(paid: &PaidElsewhere) -> &str {
    Payer::from_code(&paid.payer).map_or(paid.payer.as_str(), |payer| payer.label())
}

/// As the engine is told it.
pub fn of_case(visit: &Visit) -> Vec<OfCase> {
    let told = |paid: &PaidElsewhere| OfCase { by: name(paid).to_owned(), paid_fen: Fen(paid.paid_fen) };
    visit.paid_elsewhere.iter().map(told).collect()
}

/// What an earlier part of the stay told (`then`) is told again, whatever it comes to now.
pub fn require_again(visit: &Visit, then: &[PaidElsewhere], wrong: &mut Violations) {
    let told: BTreeSet<_> = visit.paid_elsewhere.iter().map(|paid| (&paid.payer, &paid.reference)).collect();
    for paid in then.iter().filter(|paid| !told.contains(&(&paid.payer, &paid.reference))) {
        let missing = wrong.push(FIELD, Reason::PaidElsewhereMissing);
        missing.with("payer", &paid.payer).with("reference", &paid.reference);
    }
}
