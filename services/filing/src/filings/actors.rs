//! Who acts on a filing, and as what.

use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::Register;
use crate::filings::domain::filing::{Actor, Filing, is_id};
use crate::filings::domain::step::Occasion;
use crate::filings::domain::steps::Relation;
use crate::filings::domain::steps::table::Role;

/// Longest 经办人编号.
const MAX_OPTER: usize = 30;

/// The caller as it is recorded: a person without the number.
pub fn actor(caller: &Caller, opter: &str) -> Actor {
    let who = match caller {
        Caller::Person { .. } => "person".to_owned(),
        other => other.to_string(),
    };
    Actor { who, opter: opter.to_owned() }
}

/// Now, by somebody.
pub fn occasion(register: &Register, actor: Actor) -> Occasion {
    Occasion { today: register.clock.today(), now: register.clock.now(), actor }
}

/// Agencies name their officer.
pub fn check_opter(caller: &Caller, opter: &str, wrong: &mut Violations) {
    let needed = matches!(caller, Caller::Agency { .. });
    wrong.require(!needed || !opter.is_empty(), "opter", Reason::Required.saying("缺少经办人编号"));
    let fits = opter.len() <= MAX_OPTER && opter.bytes().all(|b| b.is_ascii_graphic());
    wrong.require(fits, "opter", Reason::OpterInvalid);
}

/// Whether a person, window or hospital may hand in filings, and what belongs to them, of this person.
pub fn may_submit(caller: &Caller, psn_no: &str, referring: Option<&str>) -> bool {
    match caller {
        Caller::Person { psn_no: own } => own == psn_no,
        Caller::Institution { code } => referring == Some(code),
        Caller::Agency { .. } | Caller::LocalAdministrator => true,
        _ => false,
    }
}

/// Whether the caller may see a filing: the person, the areas that pay and handle it, and whoever submitted it.
pub fn may_see(caller: &Caller, filing: &Filing) -> bool {
    [filing.poolarea_no, filing.handling_area].iter().any(|area| caller.may_read_area(*area))
        || submitted(caller, filing)
}

/// Whether it was the caller who submitted it, whichever officer.
pub fn submitted(caller: &Caller, filing: &Filing) -> bool {
    is_person(caller, filing) || caller.to_string() == filing.submitted_by.who
}

/// What the caller, acting as this officer, is to a filing.
pub fn relation(caller: &Caller, opter: &str, filing: &Filing) -> Relation {
    let referring = filing.referral.as_ref().map(|referral| referral.fixmedins_code.as_str());
    let has_it = caller.may_manage_area(filing.handling_area);
    let within_home = filing.poolarea_no.covers(filing.handling_area);
    let submitted = submitted(caller, filing);
    let roles = [
        (is_person(caller, filing), Role::Person),
        (submitted, Role::Submitter),
        (may_submit(caller, &filing.psn_no, referring), Role::Filer),
        (has_it, Role::Office),
        (caller.may_manage_area(filing.poolarea_no) || (has_it && within_home), Role::Home),
    ];
    Relation {
        roles: roles.into_iter().filter(|(held, _)| *held).map(|(_, role)| role).collect(),
        same_officer: is_officer(caller, opter, filing, submitted),
        window: matches!(caller, Caller::Agency { .. } | Caller::LocalAdministrator),
    }
}

fn is_person(caller: &Caller, filing: &Filing) -> bool {
    matches!(caller, Caller::Person { psn_no } if *psn_no == filing.psn_no)
}

/// Whether it is the officer who submitted it, also where they act for an office above or below.
fn is_officer(caller: &Caller, opter: &str, filing: &Filing, submitted: bool) -> bool {
    let kin = |own: Area| {
        let other = filing.submitted_by.who.strip_prefix("agency:").and_then(Area::parse);
        other.is_some_and(|other| own.overlaps(other))
    };
    opter == filing.submitted_by.opter && (submitted || caller.owned_area().is_some_and(kin))
}

/// Nobody has this filing, or the caller may not know of it.
pub fn filing_unknown(filing_id: &str) -> ServiceError {
    let shown = Some(filing_id).filter(|id| is_id(id)).unwrap_or_default();
    ServiceError::new(Reason::FilingUnknown, "no such filing").with("filing_id", shown)
}
