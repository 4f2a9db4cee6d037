//! 受理: an application is taken in once it is well formed; what lacks is told all at once.

use chrono::NaiveDate;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::settlement::v1::{
    Reimbursement, ReimbursementApplication, SubmitReimbursementRequest, SubmitReimbursementResponse, Visit,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::application::{self, area_of, check_opter, lacking, paid_visit};
use super::domain::clock;
use super::domain::steps::{Actor, Said, take};
use super::domain::table::{Action, State};
use super::store;
use crate::app::App;
use crate::books::messages::claims::owner_of;
use crate::rules::Rules;
use crate::settlements::paid_visit::{prepare_paid, rule_of};
use crate::settlements::standing;

/// What does not keep an application from being taken in: it may be otherwise by the time it is decided.
const DOUBTS: [Reason; 4] = [
    Reason::NotEntitled,
    Reason::ManualRateMissing,
    Reason::InstitutionNotSigned,
    Reason::InstitutionSuspended,
];

/// Takes an application in.
pub async fn submit_reimbursement(
    app: &App,
    caller: &Caller,
    mut request: SubmitReimbursementRequest,
) -> Result<SubmitReimbursementResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    let asked = wrong.some(request.application, "application", Reason::Required);
    let asked = match asked {
        Some(asked) => asked,
        None => return wrong.none().and(Err(application::unknown(""))),
    };
    let today = app.clock.today();
    let Checked { area, doubt } = check(app, caller, &asked, (None, today), wrong).await?;
    let mut of = Reimbursement {
        reimbursement_id: new_id(),
        poolarea_no: area,
        psn_no: asked.visit.as_ref().map(|visit| visit.psn_no.clone()).unwrap_or_default(),
        received_date: today.to_string(),
        application: Some(asked),
        ..Reimbursement::default()
    };
    (of.doubt, of.doubt_text) = doubt;
    let rules = app.rules.current();
    receive(&mut of, &rules, (&Actor::of(caller, &request.opter), today), app)?;
    let received = Received { of, rules: &rules, today };
    once::once(app, &key, |write| Box::pin(received.write(write))).await
}

fn receive(
    of: &mut Reimbursement,
    rules: &Rules,
    (actor, today): (&Actor, NaiveDate),
    app: &App,
) -> Result<(), ServiceError> {
    let area = area_of(of)?;
    let rule = &rule_of(rules, area, today)?.rule;
    let days = &WorkingDays::of(rules, area);
    of.lacking = lacking(of, rule);
    clock::begin(of, rule, days, today);
    let state = if of.lacking.is_empty() {
        State::FirstReview
    } else {
        clock::wait(of, rule, days, today);
        State::Waiting
    };
    take(of, (Action::Submit, state), actor, Said::default(), app.clock.now());
    Ok(())
}

struct Received<'r> {
    of: Reimbursement,
    rules: &'r Rules,
    today: NaiveDate,
}

impl Received<'_> {
    async fn write(
        &self,
        Write { tx, .. }: Write<'_, '_, App>,
    ) -> Result<Done<SubmitReimbursementResponse, ()>, ServiceError> {
        let of = &self.of;
        let bills = of.application.iter().flat_map(|asked| asked.bills.clone()).collect::<Vec<_>>();
        store::hold_bills(tx, &of.reimbursement_id, &bills).await?;
        store::write(tx, of, &rule_of(self.rules, area_of(of)?, self.today)?.rule).await?;
        let answer = SubmitReimbursementResponse { reimbursement: Some(of.clone()), replayed: false };
        Ok(Done { answer, changed: () })
    }
}

/// An application that is well formed.
pub struct Checked {
    /// 统筹区 that pays.
    pub area: String,
    /// Why it could not be approved as known now, and its text.
    pub doubt: (String, String),
}

/// Checks an application; `known` is the area of one that takes the place of another, with the day that one was taken in.
///
/// # Errors
/// Everything that is wrong at once; who may not; VISIT_SETTLED where the visit stands in another settlement.
pub async fn check(
    app: &App,
    caller: &Caller,
    asked: &ReimbursementApplication,
    (known, received): (Option<&str>, NaiveDate),
    mut wrong: Violations,
) -> Result<Checked, ServiceError> {
    let visit = asked.visit.clone().unwrap_or_default();
    application::check(asked, &mut wrong);
    let found = area(app, caller, &visit).await?;
    let paid = paid_visit(app, asked, ("", None, received), &mut wrong).await?;
    let (settled_in, doubt) = match prepare_paid(app, caller, paid, wrong).await {
        Ok(prepared) => (Some(prepared.known.stay.eligibility.poolarea_no), Default::default()),
        Err(refused) if DOUBTS.contains(&refused.reason()) => {
            (None, (refused.reason().code().to_owned(), refused.text().to_owned()))
        }
        Err(refused) => return Err(refused),
    };
    let area = settled_in.or(found).ok_or_else(|| application::unknown(""))?;
    if known.is_some_and(|known| known != area) {
        return Err(ServiceError::invalid_field("application.visit.psn_no", Reason::PersonInAnotherArea));
    }
    let claimed = Visit {
        fixmedins_code: owner_of(&visit.fixmedins_code, (&area, &visit.psn_no)).into_owned(),
        feedetail: Vec::new(),
        ..visit
    };
    match standing::refusal(app, &claimed, &[]).await? {
        Some(settled) => Err(settled),
        None => Ok(Checked { area, doubt }),
    }
}

/// The area that insures the person on the last day of the visit, for who may apply there; `None` where the form does not tell.
async fn area(app: &App, caller: &Caller, visit: &Visit) -> Result<Option<String>, ServiceError> {
    let own = matches!(caller, Caller::Person { psn_no } if *psn_no == visit.psn_no);
    let officer = matches!(caller, Caller::Agency { .. } | Caller::LocalAdministrator);
    if !own && !officer {
        return Err(ServiceError::area_not_owned(""));
    }
    let mut wrong = Violations::new();
    let psn_no = Fields::of(&mut wrong).psn_no("psn_no", &visit.psn_no);
    let Some((psn_no, day)) = psn_no.zip(parse_date(&visit.enddate)) else { return Ok(None) };
    let area = app.poolarea_of(&psn_no, day).await?;
    if own || caller.may_manage_area(Area::parse(&area)) {
        return Ok(Some(area));
    }
    Err(ServiceError::area_not_owned(area))
}
