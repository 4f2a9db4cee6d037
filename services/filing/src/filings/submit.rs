//! Submits a filing: by the person, at any agency's window (异地受理), or by the referring hospital.

use yizhan_clients::require_entitled;
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::filing::v1::{SubmitFilingRequest, SubmitFilingResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, FilingKind, Insutype, Status};

use crate::app::{Done, Register, Write};
use crate::filings::actors::{actor, check_opter, filing_unknown, may_submit, occasion};
use crate::filings::changes::{self, Held};
use crate::filings::domain::completion::complete;
use crate::filings::domain::conflicts;
use crate::filings::domain::filing::{Actor, Filing, State};
use crate::filings::domain::home_rules::HomeRules;
use crate::filings::domain::step::{Action, Occasion, Taken};
use crate::filings::messages::filing_message;
use crate::filings::store;
use crate::filings::submission::{Read, draw_up, is_served_at_once, read_materials};
use crate::rules::{Rules, RulesOf};

/// 申报来源 `dcla_souc`.
const SOURCES: [&str; 6] = ["01", "02", "03", "04", "05", "99"];

/// Checks it by the home area's rules, and submits it.
pub async fn submit_filing(
    register: &Register,
    caller: &Caller,
    mut request: SubmitFilingRequest,
) -> Result<SubmitFilingResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if !may_submit(caller, &request.psn_no, referring(&request)) {
        let told = "filings are submitted by the person, an agency, or the referring hospital";
        return Err(ServiceError::new(Reason::CallerMayNotFile, told));
    }
    if let Some(answer) = once::answered(register, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    // Of a person or scheme that cannot be, enrollment is not asked.
    let Some(read) = read(&request, caller, &mut wrong) else { return wrong.finish(None) };
    let (insured, area) = insured(register, &request).await?;
    let rules = register.rules.current();
    let submitted = occasion(register, actor(caller, &request.opter));
    let home = HomeRules::of(RulesOf { rules: &rules, area, day: submitted.today })?;
    let status = Status::from_psn_type(&insured.psn_type);
    let filing = draw_up(&request, read, &home, status, &submitted, &mut wrong);
    let filing = wrong.finish(filing)?;
    let submit = Submit { caller, rules: &rules, home, filing, submitted };
    once::once(register, &key, |write| Box::pin(submit.write(write))).await
}

/// The hospital that refers, of a referral.
fn referring(request: &SubmitFilingRequest) -> Option<&str> {
    let referral = request.referral.as_ref().filter(|_| request.out_fil_type == FilingKind::Referral.code());
    referral.map(|referral| referral.fixmedins_code.as_str())
}

/// What can be read without the rules, if it is of a person and scheme that can be.
fn read(request: &SubmitFilingRequest, caller: &Caller, wrong: &mut Violations) -> Option<Read> {
    let mut fields = Fields::of(wrong);
    let psn_no = fields.psn_no("psn_no", &request.psn_no);
    let insutype = fields.coded("insutype", &request.insutype, Insutype::settled);
    let kind = fields.coded("out_fil_type", &request.out_fil_type, FilingKind::from_code);
    fields.require(SOURCES.contains(&request.dcla_souc.as_str()), "dcla_souc", Reason::CodeUnknown);
    let materials = read_materials(&request.materials, caller, wrong);
    Some(Read { psn_no: psn_no?, insutype: insutype?, kind, materials })
}

/// Where the person is insured today. Somebody who is not cannot file.
async fn insured(
    register: &Register,
    request: &SubmitFilingRequest,
) -> Result<(Eligibility, Area), ServiceError> {
    let question = GetEligibilityRequest {
        psn_no: request.psn_no.clone(),
        as_of: register.clock.today().to_string(),
        insutype: request.insutype.clone(),
        ..GetEligibilityRequest::default()
    };
    let eligibility = register.enrollment.eligibility(question).await?;
    require_entitled(&eligibility)?;
    let area = eligibility.poolarea_no.parse().map_err(ServiceError::internal)?;
    Ok((eligibility, area))
}

/// A filing to be submitted.
struct Submit<'s> {
    caller: &'s Caller,
    rules: &'s Rules,
    home: HomeRules<'s>,
    filing: Filing,
    submitted: Occasion,
}

impl Submit<'_> {
    async fn write(
        &self,
        Write { tx, service: register, .. }: Write<'_>,
    ) -> Result<Done<SubmitFilingResponse>, ServiceError> {
        let today = self.submitted.today;
        let held = Held::lock(tx, vec![self.filing.psn_no.clone()]).await?;
        let replaced = self.replaced(tx).await?;
        if let Some(person) = held.of(&self.filing.psn_no) {
            conflicts::check(&self.filing, &person.standings, &self.home.places.rule, today)?;
        }
        let taken = self.steps(replaced);
        let own: Vec<&Taken> =
            taken.iter().filter(|step| step.after.filing_id == self.filing.filing_id).collect();
        let after = own.last().map_or(&self.filing, |step| &step.after);
        let filing = Filing { version: own.len() as i32, ..after.clone() };
        let changed = changes::record(tx, register, held, taken).await?;
        let filing = Some(filing_message(&filing, self.rules, today));
        Ok(Done { answer: SubmitFilingResponse { filing, replayed: false }, changed })
    }

    /// The filing whose place it takes, as it is now.
    async fn replaced(&self, tx: &DatabaseTransaction) -> Result<Option<Filing>, ServiceError> {
        let Some(filing_id) = &self.filing.replaces else { return Ok(None) };
        let old = store::find(tx, filing_id).await?.filter(|old| old.psn_no == self.filing.psn_no);
        let old = old.ok_or_else(|| filing_unknown(filing_id))?;
        conflicts::check_replaced(&old, &self.filing, self.submitted.today)?;
        Ok(Some(old))
    }

    /// Submitting it, and what follows at once: an agency accepts what it submits, and the rules complete what needs nobody to look at it.
    fn steps(&self, replaced: Option<Filing>) -> Vec<Taken> {
        let mut taken = vec![self.submitted.step(None, Action::Submit, self.filing.clone())];
        match self.caller {
            Caller::Person { .. } if is_served_at_once(&self.filing, &self.home) => {
                let by_rule = Occasion { actor: Actor::of_no_office("rule"), ..self.submitted.clone() };
                taken.extend(complete(self.filing.clone(), replaced, &by_rule));
            }
            Caller::Person { .. } | Caller::Institution { .. } => {}
            _ => {
                let accepted = Filing { state: State::Accepted, ..self.filing.clone() };
                taken.push(self.submitted.step(Some(State::Submitted), Action::Accept, accepted));
            }
        }
        taken
    }
}
