//! From a reported visit to a case: checked, and everything looked up that it asks for.

use std::sync::Arc;

use yizhan_clients::require_entitled;
use yizhan_documents::Documents;
use yizhan_policy::case::Case;
use yizhan_policy::{Policy, find};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::settlement::v1::Visit;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::is_offered;
use super::messages::answer::LookedUp;
use super::messages::case;
use super::messages::filing::{self, Filed};
use super::messages::visit::{self, CheckedVisit};
use crate::accounts::domain::Relative;
use crate::accounts::relative;
use crate::app::App;
use crate::reference::domain::{Institution, Item};
use crate::reference::store::Place;

/// A visit with everything that was looked up about it, before the person's state is read.
pub struct Prepared {
    /// The visit, and what was looked up.
    pub known: LookedUp,
    /// What the policies ask about it.
    pub case: Case,
    /// The policies as they are now.
    pub book: Arc<Documents<Policy>>,
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
    let visit = visit::check(visit, app.clock.today(), &mut wrong);
    let (visit, (institution, items)) = wrong.finish(visit.zip(known))?;
    if !caller.may_act_for_institution(&visit.reported.fixmedins_code) {
        return Err(ServiceError::new(Reason::InstitutionNotOwn, "the visit is another institution's")
            .with_text("只能结算本机构的就诊"));
    }
    let eligibility = ask_enrollment(app, &visit).await?;
    require_entitled(&eligibility)?;
    let book = app.policies.current();
    let mut wrong = Violations::new();
    let offered = is_offered(institution.kind, visit.med_type);
    wrong.require(offered, "visit.med_type", Reason::NotOfferedHere);
    let relative = ask_relative(app, &book, &visit, &eligibility, &mut wrong).await?;
    wrong.none()?;
    let filed = ask_filing(app, &book, &visit, &eligibility, &institution).await?;
    let known = LookedUp { visit, eligibility, relative, filed, institution, items };
    let case = case::build(&known)?;
    Ok(Prepared { known, case, book })
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

/// Institution and items of a visit that may be malformed still, so that what is unknown is told
/// together with what is malformed. `None` only with a violation noted here or by [`visit::check`].
/// The catalogue is that of the place of care (就医地目录, 医保发〔2022〕22号).
async fn look_up(
    app: &App,
    visit: Option<&Visit>,
    wrong: &mut Violations,
) -> Result<Option<(Arc<Institution>, Vec<Arc<Item>>)>, ServiceError> {
    let Some(visit) = visit.filter(|visit| visit.feedetail.len() <= visit::MAX_LINES) else {
        return Ok(None);
    };
    let Some(institution) = app.reference.institution(&visit.fixmedins_code).await? else {
        let unknown = Reason::InstitutionUnknown.saying("定点医药机构未登记");
        wrong.require(visit.fixmedins_code.is_empty(), "visit.fixmedins_code", unknown);
        return Ok(None);
    };
    let day = parse_date(&visit.enddate).unwrap_or_else(|| app.clock.today());
    let codes: Vec<&str> = visit.feedetail.iter().map(|line| line.hilist_code.as_str()).collect();
    let place = Place { admdvs: &institution.admdvs, level: institution.level.code() };
    let found = app.reference.items(&codes, &place, day).await?;
    for (index, (item, code)) in found.iter().zip(&codes).enumerate() {
        let wrong_with = match item {
            None if !code.is_empty() => Reason::ItemUnknown,
            Some(item) if item.class.is_empty() => Reason::ItemClassUnknown,
            _ => continue,
        };
        wrong.push(format!("visit.feedetail[{index}].hilist_code"), wrong_with);
    }
    Ok(Some((institution, found.into_iter().flatten().collect())))
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
async fn ask_filing(
    app: &App,
    book: &Documents<Policy>,
    visit: &CheckedVisit,
    eligibility: &Eligibility,
    institution: &Institution,
) -> Result<Option<Filed>, ServiceError> {
    let home = case::poolarea(eligibility)?;
    let asked_at_home = || {
        let policy = find(book, home, visit.insutype, visit.end);
        policy.is_ok_and(|policy| policy.filing_at_home)
    };
    let at_home = Area::parse(&institution.admdvs).is_some_and(|place| home.is_at_home(place));
    if at_home && !asked_at_home() {
        return Ok(None);
    }
    let answer = app.filing.find(filing::question(visit, eligibility, institution)).await?;
    filing::read(answer).map(Some)
}
