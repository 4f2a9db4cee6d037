//! From a case to an answer, on the person's state: what preview and settle share.

use yizhan_money::Fen;
use yizhan_policy::case::{Account, Case};
use yizhan_policy::load::NoPolicy;
use yizhan_policy::outcome::OldValue;
use yizhan_policy::{Refusal, find};
use yizhan_proto::settlement::v1::{Settlement, SettlementMark};
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Area;

use super::messages::answer::{self, Identity};
use super::messages::marks::mark;
use super::messages::part::{Part, gives_back};
use super::messages::reversal;
use super::messages::visit::elsewhere;
use super::moved::Moved;
use super::place::codes_of;
use super::prepare::Prepared;
use super::previous::{self, Before};
use super::standing;
use crate::books::store::claims::Claims;
use crate::books::store::load::{PersonState, Wanted};

/// A visit that was calculated.
pub struct Calculated {
    /// The case the engine settled.
    pub case: Case,
    /// The answer.
    pub settlement: Settlement,
}

/// Whose state a visit needs.
pub fn wanted(prepared: &Prepared, request: Option<(String, String)>) -> Wanted {
    let (visit, relative) = (&prepared.known.visit.reported, prepared.known.relative.as_ref());
    Wanted {
        poolarea_no: prepared.known.stay.eligibility.poolarea_no.clone(),
        psn_no: visit.psn_no.clone(),
        account_in: None,
        relative: relative.map(|relative| (relative.poolarea_no.clone(), relative.psn_no.clone())),
        elsewhere: prepared.moved.as_ref().map(Moved::areas).unwrap_or_default(),
        request,
        days: Some(previous::days_around(prepared).map(|day| day.to_string())),
        claims: Claims::default(),
        codes: codes_of(visit),
    }
}

/// Settles the case on a person's state, and the stay before it.
pub fn calculate(
    prepared: &Prepared,
    part: Option<Part<'_>>,
    (state, before): (&PersonState, Before),
    identity: Option<&Identity>,
) -> Result<Calculated, ServiceError> {
    let mut case = prepared.case.clone();
    case.visit.previous = before.stay;
    case.accumulated = state.years.iter().map(|(year, (_, totals))| (*year, totals.clone())).collect();
    if let Some(so_far) = part.and_then(|part| part.so_far) {
        so_far.put_into(&mut case);
    }
    let used = prepared.known.visit.reported.acct_used_flag;
    let balance = |fen| if used { Fen(fen) } else { Fen::ZERO };
    case.account = Account {
        used,
        own_fen: balance(state.own.fen),
        shared_fen: balance(state.shared.fen),
        kept_fen: Fen::ZERO,
    };
    let settlement = {
        let policy =
            find(&prepared.book, case.area, case.scheme, case.visit.values_day()).map_err(no_policy)?;
        let moved = prepared.moved.as_ref();
        let moved =
            moved.map(|moved| moved.count(&mut case, policy, &state.elsewhere)).transpose()?.flatten();
        let outcome = yizhan_policy::settle(policy, &case).map_err(refused)?;
        let visit = &prepared.known.visit;
        let same_days = standing::compared(visit, &state.visits, policy.same_days, outcome.fund_pay_fen)?;
        let repeated = prepared
            .repeated
            .as_ref()
            .map(|rule| rule.compared(&visit.reported, &state.codes))
            .transpose()?;
        let mut answer =
            answer::build(&prepared.known, &case, policy, &outcome, (identity, same_days, part))?;
        let back = part.and_then(|_| gives_back(&answer));
        if let Some(info) = answer.setlinfo.as_mut() {
            info.marks.extend(repeated.flatten().into_iter().chain(back));
            info.marks.extend(moved);
            let paid_in_cash = used && outcome.cash_fen > Fen::ZERO;
            info.marks.extend(state.own.moved_to.filter(|_| paid_in_cash).map(account_moved));
            info.marks.extend(
                outcome.old.iter().map(|old| mark((OldValue::CODE, old.to_string()), [], &policy.id)),
            );
            info.marks.extend(before.notes.into_iter().map(|note| mark(note, [], &policy.id)));
        }
        let elsewhere = state.own.area.filter(|area| *area != case.area);
        let moved =
            elsewhere.map(|area| ((case.area.to_string(), visit.reported.psn_no.clone()), area.to_string()));
        reversal::where_kept(answer, &moved.into_iter().collect())
    };
    Ok(Calculated { case, settlement })
}

/// The account went with its owner, and nothing says any more where to: a visit of long before is settled without it.
fn account_moved(area: Area) -> SettlementMark {
    SettlementMark {
        kind: "ACCOUNT_MOVED".to_owned(),
        text: format!("个人账户余额已随关系转移接续转至 {area} 统筹区，本次未由个人账户支付"),
        ..SettlementMark::default()
    }
}

fn no_policy(error: NoPolicy) -> ServiceError {
    ServiceError::new(Reason::PolicyNotInForce, error.to_string())
        .with("poolarea_no", error.area)
        .with("insutype", error.scheme.code())
        .with("day", error.day)
}

/// A refusal of the engine: the policy cannot answer this case.
pub fn refused(refusal: Refusal) -> ServiceError {
    let error = ServiceError::new(refusal.reason(), refusal.to_string());
    match refusal {
        Refusal::NoRule { table, .. } | Refusal::UnknownValue { table, .. } => error.with("table", table),
        Refusal::Ambiguous { .. } => ServiceError::internal(refusal),
        Refusal::BadCase { ref field, .. } if field.starts_with("visit.remote") => {
            error.with_text("备案登记核定的异地就医待遇不合规定").with("field", field)
        }
        Refusal::BadCase { field, .. } if field == "accumulated" => ServiceError::invalid_field(
            "visit.feedetail",
            Reason::AmountTooLarge.saying("年度累计将超过 16 位"),
        ),
        Refusal::BadCase { field, .. } if field.starts_with("paid_elsewhere") => {
            ServiceError::invalid_field(elsewhere::FIELD, Reason::PaidElsewhereTooMuch)
        }
        Refusal::BadCase { field, .. } => error.with("field", field),
        Refusal::RemoteNotPlaced { treatment, rule, .. } => {
            error.with("treatment", treatment).with("rule", rule)
        }
        Refusal::CareNotCovered { care, .. } | Refusal::CareNotPublished { care, .. } => {
            error.with("care", care.code())
        }
        Refusal::RemoteRuleMissing { filing, .. } => error.with("filing", filing.code()),
        _ => error,
    }
}
