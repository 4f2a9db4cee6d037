//! From a reported visit to a case: checked, and everything looked up that it asks for.

use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_documents::Documents;
use yizhan_policy::case::Case;
use yizhan_policy::model::VisitRules;
use yizhan_policy::{Policy, find, visit_rules};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::filing::v1::FilingAnswer;
use yizhan_proto::settlement::v1::{FeeLine, Visit};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::bill::Bill;
use super::calculate::refused;
use super::domain::is_offered;
use super::messages::answer::LookedUp;
use super::messages::case;
use super::messages::filing;
use super::messages::part::{Part, SoFar};
use super::messages::refunds::Refunds;
use super::messages::stay::{self, Days};
use super::messages::visit::{self, CheckedVisit};
use super::moved::Moved;
use super::part;
use super::place::{self, Repeated};
use crate::accounts::domain::Relative;
use crate::accounts::relative;
use crate::app::App;
use crate::books::store::uploaded::FeesChange;
use crate::fields::require_own_institution;
use crate::reference::domain::{Institution, Item};
use crate::reference::store::Place;

/// A visit with everything that was looked up about it, before the person's state is read.
pub struct Prepared {
    /// The visit, and what was looked up.
    pub known: LookedUp,
    /// What the policies ask about it.
    pub case: Case,
    /// Takes lines that were brought before; none for those of the visit itself.
    pub fees: Option<FeesChange>,
    /// What was taken off its lines, and what is to be taken off earlier parts of the stay.
    pub refunds: Refunds,
    /// The policies as they are now.
    pub book: Arc<Documents<Policy>>,
    /// Of somebody who moved: what their area's rule says of the other areas' books.
    pub moved: Option<Moved>,
    /// Days before the admission in which the policy looks for the stay before; `None`: it does not, or this is no stay.
    pub looks_back: Option<i64>,
    /// What the rule says of trace codes that stand already; `None` where there are none.
    pub repeated: Option<Repeated>,
}

impl Prepared {
    /// What makes it a part of a stay, behind these; `None` where the visit is settled in one.
    pub fn part<'p>(&'p self, so_far: Option<&'p SoFar>) -> Option<Part<'p>> {
        let mid = self.known.visit.reported.mid_setl_flag;
        (mid || so_far.is_some()).then_some(Part { mid, so_far, refunds: &self.refunds })
    }
}

/// Checks a visit and looks up institution, catalogue, person and policy. `wrong` is what is wrong with the rest of the
/// request: the caller learns all of it at once.
pub async fn prepare(
    app: &App,
    caller: &Caller,
    visit: Option<Visit>,
    mut wrong: Violations,
) -> Result<Prepared, ServiceError> {
    let Bill { visit, fees, names, refunds } =
        Bill::read(app, caller, own_institution(caller, visit), &mut wrong).await?;
    let mut of_visit = Violations::new();
    let known = look_up(app, visit.as_ref(), &mut of_visit).await?;
    let visit = visit::check(visit, app.clock.today(), &mut of_visit);
    wrong.extend(names.told(of_visit));
    let (visit, (institution, items)) = wrong.finish(visit.zip(known))?;
    require_own_institution(caller, &visit.reported.fixmedins_code)?;
    let days = stay::read(&visit, ask_enrollment(app, &visit).await?)?;
    let book = app.policies.current();
    let rules = rules_of(&book, &days, &visit, &institution)?;
    let stay = days.counted(&visit, &rules)?;
    let eligibility = &stay.eligibility;
    app.bring_together(eligibility).await?;
    let mut wrong = Violations::new();
    let offered = is_offered(institution.kind, visit.med_type);
    wrong.require(offered, "visit.med_type", Reason::NotOfferedHere);
    let relative = ask_relative(app, &book, &visit, eligibility, &mut wrong).await?;
    let since = part::length_since(app, &visit, &rules).await?;
    visit::check_bounds((&visit, since), &stay, &rules, app.clock.today(), &mut wrong);
    names.told(wrong).none()?;
    let (mut marks, repeated) = place::check(&app.rules.current(), &visit, &institution, (&items, &names))?;
    marks.extend(relative.as_ref().and_then(|relative| relative.mark.clone()));
    let filed = match ask_filing(app, &book, &visit, eligibility, &institution).await? {
        Some(answer) => Some(filing::read(answer)?),
        None => None,
    };
    let known = LookedUp { visit, stay, relative, filed, institution, items, marks, application: None };
    prepared(app, known, book, (repeated, fees, refunds))
}

/// The case of a visit of which everything is known.
pub(super) fn prepared(
    app: &App,
    known: LookedUp,
    book: Arc<Documents<Policy>>,
    (repeated, fees, refunds): (Option<Repeated>, Option<FeesChange>, Refunds),
) -> Result<Prepared, ServiceError> {
    let moved = Moved::of(&app.rules.current(), &known.stay.eligibility, known.visit.end);
    let case = case::build(&known)?;
    let policy = find(&book, case.area, case.scheme, case.visit.values_day()).ok();
    let looks_back = policy.filter(|_| known.visit.med_type.is_stay()).and_then(|policy| policy.looks_back);
    Ok(Prepared { known, case, book, moved, looks_back, repeated, fees, refunds })
}

/// What the policy of the area that pays says of such visits; where none is in force the visit is refused for that later.
pub(super) fn rules_of(
    book: &Documents<Policy>,
    days: &Days,
    visit: &CheckedVisit,
    institution: &Institution,
) -> Result<VisitRules, ServiceError> {
    let area = Area::parse(&days.admitted().poolarea_no);
    let policy = area.and_then(|area| find(book, area, visit.insutype, visit.end).ok());
    policy.map_or_else(
        || Ok(VisitRules::default()),
        |policy| visit_rules(policy, visit.med_type.care(), institution.level, visit.end).map_err(refused),
    )
}

/// An institution need not name itself.
fn own_institution(caller: &Caller, visit: Option<Visit>) -> Option<Visit> {
    let mut visit = visit?;
    if let (Some(code), true) = (caller.institution_code(), visit.fixmedins_code.is_empty()) {
        visit.fixmedins_code = code.to_owned();
    }
    Some(visit)
}

pub(super) async fn ask_enrollment(app: &App, visit: &CheckedVisit) -> Result<Eligibility, ServiceError> {
    let question = GetEligibilityRequest {
        psn_no: visit.reported.psn_no.clone(),
        as_of: visit.end.to_string(),
        begndate: if visit.begin < visit.end { visit.begin.to_string() } else { String::new() },
        insutype: visit.insutype.code().to_owned(),
        med_type: visit.med_type.code().to_owned(),
        dise_codg: visit.reported.opsp_dise_code.clone(),
        ..GetEligibilityRequest::default()
    };
    app.enrollment.eligibility(question).await
}

/// Institution and items of a visit that may be malformed still, so that what is unknown is told
/// together with what is malformed. `None` only with a violation noted here or by [`visit::check`].
/// The catalogue is that of the place of care (就医地目录, 医保发〔2022〕22号), as it was on the day of each line.
async fn look_up(
    app: &App,
    visit: Option<&Visit>,
    wrong: &mut Violations,
) -> Result<Option<(Arc<Institution>, Vec<Arc<Item>>)>, ServiceError> {
    let Some(visit) = visit.filter(|visit| visit.feedetail.len() <= visit::most_lines(visit)) else {
        return Ok(None);
    };
    let Some(institution) = app.reference.institution(&visit.fixmedins_code).await? else {
        let unknown = Reason::InstitutionUnknown.saying("定点医药机构未登记");
        wrong.require(visit.fixmedins_code.is_empty(), "visit.fixmedins_code", unknown);
        return Ok(None);
    };
    let items = items_at(app, visit, &institution, &institution.admdvs, wrong).await?;
    Ok(Some((institution, items)))
}

/// The entry of each line in the catalogue of an area, as it was on the day of the line; fewer only with a violation noted.
pub(super) async fn items_at(
    app: &App,
    visit: &Visit,
    institution: &Institution,
    admdvs: &str,
    wrong: &mut Violations,
) -> Result<Vec<Arc<Item>>, ServiceError> {
    let last_day = parse_date(&visit.enddate).unwrap_or_else(|| app.clock.today());
    let of_line = |line: &FeeLine| parse_date(&line.fee_ocur_date).unwrap_or(last_day);
    let charged: Vec<(&str, NaiveDate)> =
        visit.feedetail.iter().map(|line| (line.hilist_code.as_str(), of_line(line))).collect();
    let place = Place { admdvs, level: institution.level.code() };
    let found = app.reference.items(&charged, &place).await?;
    for (index, (item, (code, _))) in found.iter().zip(&charged).enumerate() {
        let wrong_with = match item {
            None if !code.is_empty() => Reason::ItemUnknown,
            Some(item) if item.class.is_empty() => Reason::ItemClassUnknown,
            _ => continue,
        };
        wrong.push(format!("visit.feedetail[{index}].hilist_code"), wrong_with);
    }
    Ok(found.into_iter().flatten().collect())
}

/// The relative whose account helps; `None` where none is named, or may not, which is noted.
async fn ask_relative(
    app: &App,
    book: &Documents<Policy>,
    visit: &CheckedVisit,
    eligibility: &Eligibility,
    wrong: &mut Violations,
) -> Result<Option<Relative>, ServiceError> {
    let (owner, scheme, day) = (visit.reported.mulaid_psn_no.as_str(), visit.insutype, visit.end);
    if owner.is_empty() {
        return Ok(None);
    }
    let asked = relative::Asked { owner, field: "visit.mulaid_psn_no", user: eligibility, scheme, day };
    relative::find(app, book, asked, wrong).await
}

/// How the visit is filed: asked for care outside the pooling area, and at home where the policy treats those
/// who are filed elsewhere otherwise.
pub(super) async fn ask_filing(
    app: &App,
    book: &Documents<Policy>,
    visit: &CheckedVisit,
    eligibility: &Eligibility,
    institution: &Institution,
) -> Result<Option<FilingAnswer>, ServiceError> {
    let home = case::poolarea(eligibility)?;
    let asked_at_home = || {
        let policy = find(book, home, visit.insutype, visit.end);
        policy.is_ok_and(|policy| policy.filing_at_home)
    };
    let at_home = Area::parse(&institution.admdvs).is_some_and(|place| home.is_at_home(place));
    if at_home && !asked_at_home() {
        return Ok(None);
    }
    app.filing.find(filing::question(visit, eligibility, institution)).await.map(Some)
}
