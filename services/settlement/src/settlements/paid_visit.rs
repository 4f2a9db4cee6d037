//! A visit that the person paid and brings to the agency (零星报销): looked up and calculated as any other, by the rules of reimbursements where
//! those differ.

use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_policy::case::RemoteRule;
use yizhan_policy::model::VisitRules;
use yizhan_proto::enrollment::v1::Eligibility;
use yizhan_proto::settlement::v1::Visit;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::bill::Bill;
use super::domain::{is_emergency, is_offered};
use super::messages::answer::{Applied, LookedUp};
use super::messages::filing::{self, Filed};
use super::messages::marks::mark;
use super::messages::visit::{self, CheckedVisit};
use super::messages::{case, stay};
use super::place;
use super::prepare::{Prepared, ask_enrollment, ask_filing, items_at, prepared, rules_of};
use crate::app::App;
use crate::reference::domain::{Institution, Standing};
use crate::rules::{Catalogue, Handling, Reimbursements, Rules};

/// What an application says of a visit.
pub struct PaidVisit {
    /// The visit, whose form is checked here.
    pub visit: Visit,
    /// Where, if that is not registered here.
    pub unregistered: Option<Institution>,
    /// The day it was brought: the rule of that day counts.
    pub received: NaiveDate,
    /// The application.
    pub application: Applied,
}

/// Checks such a visit and looks up what the engine asks for. `wrong` is what is wrong with the rest of the application.
///
/// # Errors
/// As of Settle, and where the rules of reimbursements refuse it.
pub async fn prepare_paid(
    app: &App,
    caller: &Caller,
    paid: PaidVisit,
    mut wrong: Violations,
) -> Result<Prepared, ServiceError> {
    let PaidVisit { visit, unregistered, received, application } = paid;
    require_whole(&visit, &mut wrong);
    let Bill { visit, names, refunds, .. } = Bill::read(app, caller, Some(visit), &mut wrong).await?;
    let mut of_visit = Violations::new();
    let registered = match &visit {
        Some(visit) => app.reference.institution(&visit.fixmedins_code).await?,
        None => None,
    };
    let is_registered = registered.is_some();
    let institution = registered.or(unregistered.map(Arc::new));
    let unknown = Reason::InstitutionUnknown;
    of_visit.require(institution.is_some(), "visit.fixmedins_code", unknown);
    let visit = visit.and_then(|visit| visit::check_anywhere(visit, app.clock.today(), &mut of_visit));
    wrong.extend(names.told(of_visit));
    let (visit, institution) = wrong.finish(visit.zip(institution))?;
    let days = stay::read(&visit, ask_enrollment(app, &visit).await?)?;
    let book = app.policies.current();
    let rules = rules_of(&book, &days, &visit, &institution)?;
    let stay = days.counted(&visit, &rules)?;
    let eligibility = &stay.eligibility;
    app.bring_together(eligibility).await?;
    let home = case::poolarea(eligibility)?;
    let settling = app.rules.current();
    let rule = rule_of(&settling, home, received)?;
    let mut wrong = Violations::new();
    wrong.require(is_offered(institution.kind, visit.med_type), "visit.med_type", Reason::NotOfferedHere);
    let rules = VisitRules { settle_within_days: i64::MAX, ..rules };
    visit::check_bounds((&visit, visit.begin), &stay, &rules, app.clock.today(), &mut wrong);
    check_brought(&visit, received, rule.rule.bring_within_days, &mut wrong);
    let admdvs = match rule.rule.catalogue {
        Catalogue::Home => home.as_str(),
        Catalogue::Care => &institution.admdvs,
    };
    let items = items_at(app, &visit.reported, &institution, admdvs, &mut wrong).await?;
    names.told(wrong).none()?;
    let contract =
        without_contract(&visit, (&institution, is_registered), rule.rule.emergency_without_contract);
    let contract = contract?.map(|said| mark(("PAID_WITHOUT_CONTRACT", said), [], &rule.id));
    let (marks, repeated) = place::check_paid(&settling, &visit, &institution, (&items, &names), contract)?;
    let rate = rule.rule.not_direct.map(|treatment| RemoteRule {
        treatment,
        rule: rule.id.clone(),
        citation: rule.citation.clone(),
    });
    let filed = ask(app, &book, (&visit, eligibility, &institution), rate).await?;
    let application = Some(application);
    let known = LookedUp { visit, stay, relative: None, filed, institution, items, marks, application };
    prepared(app, known, book, (repeated, None, refunds))
}

/// The rule of reimbursements of an area on a day.
///
/// # Errors
/// RULES_NOT_IN_FORCE.
pub fn rule_of(
    rules: &Rules,
    area: Area,
    day: NaiveDate,
) -> Result<&yizhan_documents::Dated<Reimbursements>, ServiceError> {
    rules.find::<Reimbursements>(area, day).map_err(|missing| {
        ServiceError::new(Reason::RulesNotInForce, "no rule of reimbursements holds there on that day")
            .with_text("该统筹区当日没有生效的零星报销规则")
            .with("family", missing.family)
            .with("area", missing.area)
            .with("day", missing.day)
    })
}

async fn ask(
    app: &App,
    book: &yizhan_documents::Documents<yizhan_policy::Policy>,
    (visit, eligibility, institution): (&CheckedVisit, &Eligibility, &Institution),
    rate: Option<RemoteRule>,
) -> Result<Option<Filed>, ServiceError> {
    let answer = ask_filing(app, book, visit, eligibility, institution).await?;
    answer.map(|answer| filing::read_paid(answer, rate)).transpose()
}

/// The person has paid the whole visit in cash.
fn require_whole(visit: &Visit, wrong: &mut Violations) {
    for (field, given) in [
        ("visit.acct_used_flag", visit.acct_used_flag),
        ("visit.mulaid_psn_no", !visit.mulaid_psn_no.is_empty()),
        ("visit.fees_uploaded", visit.fees_uploaded),
        ("visit.mid_setl_flag", visit.mid_setl_flag),
    ] {
        wrong.require(!given, field, Reason::FieldNotExpected);
    }
}

fn check_brought(visit: &CheckedVisit, received: NaiveDate, within: u32, wrong: &mut Violations) {
    if (received - visit.end).num_days() > i64::from(within) {
        let text = format!("就诊结束已超过 {within} 天，超过本统筹区零星报销的受理期限");
        wrong.push("visit.enddate", Reason::SettledTooLate.saying(text)).with("limit", within);
    }
}

/// What is told of an institution whose contract does not stand on all days; `None` where it does.
///
/// # Errors
/// INSTITUTION_SUSPENDED, INSTITUTION_NOT_SIGNED where the rule does not take such a visit.
fn without_contract(
    visit: &CheckedVisit,
    (institution, registered): (&Institution, bool),
    emergency: Handling,
) -> Result<Option<String>, ServiceError> {
    let found = institution.contract.first_without(visit.begin, visit.end).map(|(_, standing)| standing);
    let told = match found {
        Some(standing) => standing.told(),
        None if !registered => "未在本系统登记".to_owned(),
        None => return Ok(None),
    };
    let handling = match is_emergency(visit.reported.emergency, visit.med_type) {
        true => emergency,
        false => Handling::Refuse,
    };
    let said = format!("{}：医保协议{told}", institution.name);
    if handling != Handling::Refuse {
        return Ok((handling == Handling::Mark).then_some(said));
    }
    let reason = match found {
        Some(Standing::Suspended(_)) => Reason::InstitutionSuspended,
        _ => Reason::InstitutionNotSigned,
    };
    let way_out =
        "非定点医药机构的费用只有急诊抢救可以报销：属于急诊抢救的，请补充病历等材料，按急诊抢救申请";
    let error =
        ServiceError::new(reason, "the institution has no contract in force on the days of the visit");
    Err(error.with_text(format!("{said}。{way_out}")).with("way_out", way_out))
}
