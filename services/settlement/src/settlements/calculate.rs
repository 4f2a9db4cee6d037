//! What preview and settle share: from a reported visit to a case, from a case to an answer.

use std::sync::Arc;

use yizhan_documents::Documents;
use yizhan_money::Fen;
use yizhan_policy::case::Case;
use yizhan_policy::load::NoPolicy;
use yizhan_policy::{Policy, Refusal, find};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::settlement::v1::{Settlement, Visit};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::messages::answer::{self, Identity, LookedUp};
use super::messages::case;
use super::messages::filing::{self, Filed};
use super::messages::visit::{self, CheckedVisit};
use crate::app::App;
use crate::books::store::load::{PersonState, Wanted};
use crate::reference::domain::{Institution, Item};
use crate::reference::store::Place;

/// A visit with everything that was looked up about it, before the person's state is read.
pub struct Prepared {
    /// The visit, and what was looked up.
    pub known: LookedUp,
    case: Case,
    book: Arc<Documents<Policy>>,
}

/// A visit that was calculated.
pub struct Calculated {
    /// The case the engine settled.
    pub case: Case,
    /// The answer.
    pub settlement: Settlement,
}

/// Checks a visit and looks up institution, catalogue, person and policy. `wrong` is what is wrong with the rest of the
/// request: the caller learns all of it at once.
pub async fn prepare(
    app: &App,
    caller: &Caller,
    visit: Option<Visit>,
    mut wrong: Violations,
) -> Result<Prepared, ServiceError> {
    let visit = own_institution(caller, visit);
    let known = look_up(app, visit.as_ref(), &mut wrong).await?;
    let visit = visit::check(visit, app.clock.today(), wrong)?;
    let Known { institution, items } =
        known.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a violation was not noted")))?;
    if !caller.may_act_for_institution(&visit.reported.fixmedins_code) {
        return Err(ServiceError::new(Reason::InstitutionNotOwn, "the visit is another institution's")
            .with_text("只能结算本机构的就诊"));
    }
    let eligibility = ask_enrollment(app, &visit).await?;
    require_entitled(&eligibility)?;
    require_relative_near(app, &visit, &eligibility).await?;
    case::check_against_register(&visit, &eligibility, &institution)?;
    let book = app.policies.current();
    let filed = ask_filing(app, &book, &visit, &eligibility, &institution).await?;
    let known = LookedUp { visit, eligibility, filed, institution, items };
    let case = case::build(&known)?;
    Ok(Prepared { known, case, book })
}

/// How the visit is filed: asked for care outside the pooling area, and at home where the policy treats those
/// who are filed elsewhere otherwise.
async fn ask_filing(
    app: &App,
    book: &Documents<Policy>,
    visit: &CheckedVisit,
    eligibility: &Eligibility,
    institution: &Institution,
) -> Result<Option<Filed>, ServiceError> {
    let asked_at_home = || {
        let policy = find(book, &eligibility.poolarea_no, visit.insutype, visit.end);
        policy.is_ok_and(|policy| policy.filing_at_home)
    };
    let areas = Area::parse(&eligibility.poolarea_no).zip(Area::parse(&institution.admdvs));
    let at_home = areas.is_some_and(|(home, place)| home.is_at_home(place));
    if at_home && !asked_at_home() {
        return Ok(None);
    }
    let answer = app.filing.find(filing::question(visit, eligibility, institution)).await?;
    filing::read(answer).map(Some)
}

/// A relative's account can help inside one pooling area: its balance is kept there.
async fn require_relative_near(
    app: &App,
    visit: &CheckedVisit,
    eligibility: &Eligibility,
) -> Result<(), ServiceError> {
    if visit.reported.mulaid_psn_no.is_empty() {
        return Ok(());
    }
    let area = app.poolarea_of(&visit.reported.mulaid_psn_no, visit.end).await?;
    let mut wrong = Violations::new();
    let near = area == eligibility.poolarea_no;
    wrong.require(
        near,
        "visit.mulaid_psn_no",
        Reason::AccountInAnotherArea.saying("该亲属的个人账户不在同一统筹区，暂不能共济"),
    );
    wrong.none()
}

/// An institution need not name itself.
fn own_institution(caller: &Caller, visit: Option<Visit>) -> Option<Visit> {
    let mut visit = visit?;
    if let (Some(code), true) = (caller.institution_code(), visit.fixmedins_code.is_empty()) {
        visit.fixmedins_code = code.to_owned();
    }
    Some(visit)
}

async fn ask_enrollment(app: &App, visit: &CheckedVisit) -> Result<Eligibility, ServiceError> {
    let question = GetEligibilityRequest {
        psn_no: visit.reported.psn_no.clone(),
        as_of: visit.end.to_string(),
        insutype: visit.insutype.code().to_owned(),
        med_type: visit.med_type.code().to_owned(),
        dise_codg: visit.reported.opsp_dise_code.clone(),
        ..GetEligibilityRequest::default()
    };
    app.enrollment.eligibility(question).await
}

fn require_entitled(eligibility: &Eligibility) -> Result<(), ServiceError> {
    if eligibility.entitled {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::NotEntitled,
        format!("not entitled on {}: {}", eligibility.as_of, eligibility.reason),
    )
    .with_text(format!("{}；{}", eligibility.reason_text, eligibility.way_out))
    .with("why", &eligibility.reason)
    .with("as_of", &eligibility.as_of)
    .with("way_out", &eligibility.way_out))
}

/// What the register of institutions and the catalogue know about a visit.
struct Known {
    institution: Arc<Institution>,
    items: Vec<Arc<Item>>,
}

/// Institution and items of a visit that may be malformed still, so that what is unknown is told
/// together with what is malformed. `None` only with a violation noted here or by [`visit::check`].
/// The catalogue is that of the place of care (就医地目录, 医保发〔2022〕22号).
async fn look_up(
    app: &App,
    visit: Option<&Visit>,
    wrong: &mut Violations,
) -> Result<Option<Known>, ServiceError> {
    let Some(visit) = visit.filter(|visit| visit.feedetail.len() <= visit::MAX_LINES) else {
        return Ok(None);
    };
    let Some(institution) = app.reference.institution(&visit.fixmedins_code).await? else {
        let named = !visit.fixmedins_code.is_empty();
        wrong.require(
            !named,
            "visit.fixmedins_code",
            Reason::InstitutionUnknown.saying("定点医药机构未登记"),
        );
        return Ok(None);
    };
    let day = parse_date(&visit.enddate).unwrap_or_else(|| app.clock.today());
    let codes: Vec<&str> = visit.feedetail.iter().map(|line| line.hilist_code.as_str()).collect();
    let place = Place { admdvs: &institution.admdvs, level: institution.level.code() };
    let found = app.reference.items(&codes, &place, day).await?;
    for (index, (item, code)) in found.iter().zip(&codes).enumerate() {
        let field = || format!("visit.feedetail[{index}].hilist_code");
        wrong.require(item.is_some() || code.is_empty(), field(), Reason::ItemUnknown);
        let classed = item.as_ref().is_none_or(|item| !item.class.is_empty());
        wrong.require(classed, field(), Reason::ItemClassUnknown);
    }
    Ok(Some(Known { institution, items: found.into_iter().flatten().collect() }))
}

/// Whose state a visit needs.
pub fn wanted(prepared: &Prepared, request: Option<(String, String)>) -> Wanted {
    let visit = &prepared.known.visit.reported;
    Wanted {
        poolarea_no: prepared.known.eligibility.poolarea_no.clone(),
        psn_no: visit.psn_no.clone(),
        mulaid_psn_no: visit.mulaid_psn_no.clone(),
        request,
    }
}

/// Settles the case on a person's state.
pub fn calculate(
    prepared: &Prepared,
    state: &PersonState,
    identity: Option<&Identity>,
) -> Result<Calculated, ServiceError> {
    let mut case = prepared.case.clone();
    let years = state.years.iter().map(|(year, (_, totals))| (*year, totals.clone())).collect();
    let used = prepared.known.visit.reported.acct_used_flag;
    case::with_state(&mut case, years, used, Fen(state.own.fen), Fen(state.shared.fen));
    let settlement = {
        let policy = find(&prepared.book, &case.area, case.scheme, case.visit.end).map_err(no_policy)?;
        let outcome = yizhan_policy::settle(policy, &case).map_err(refused)?;
        answer::build(&prepared.known, &case, policy, &outcome, identity)?
    };
    Ok(Calculated { case, settlement })
}

fn no_policy(error: NoPolicy) -> ServiceError {
    ServiceError::new(Reason::PolicyNotInForce, error.to_string())
        .with("poolarea_no", &error.area)
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
        Refusal::BadCase { field, .. } => error.with("field", field),
        Refusal::RemoteNotPlaced { treatment, rule, .. } => {
            error.with("treatment", treatment).with("rule", rule)
        }
        Refusal::RemoteRuleMissing { filing, .. } => error.with("filing", filing.code()),
        _ => error,
    }
}
