//! Submits a filing: by the person, at any agency's window (异地受理), or by the referring hospital.

use sea_orm::DatabaseTransaction;
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::filing::v1::{SubmitFilingRequest, SubmitFilingResponse};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};
use yizhan_terms::{FilingKind, FilingMaterial, Insutype, Status, is_psn_no};

use crate::app::{Done, Register, Write};
use crate::filings::actors::{actor, check_opter, filing_unknown, may_not_submit, may_submit};
use crate::filings::changes::{self, Held, Taken};
use crate::filings::domain::completion::{Occasion, complete};
use crate::filings::domain::conflicts;
use crate::filings::domain::filing::{Actor, Filing, Material, State};
use crate::filings::domain::step::Action;
use crate::filings::domain::submission::{Filer, RulesOfKind, Submission, judge, read_materials};
use crate::filings::messages::{filing_message, papers};
use crate::filings::store;
use crate::rules::{Handling, InProvince, KindRule, Kinds, Places, Rules, RulesOf};

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
        return Err(may_not_submit());
    }
    if let Some(answer) = once::answered(register, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    let kind = check_codes(&request, &mut wrong);
    let materials =
        read_materials(&papers(&request.materials), |material| is_seen(caller, material), &mut wrong);
    if !is_psn_no(&request.psn_no) || Insutype::settled(&request.insutype).is_none() {
        return Err(wrong.none().err().unwrap_or_else(no_violation));
    }
    let insured = insured(register, &request).await?;
    let rules = register.rules.current();
    let drawn = Drawn { register, rules: &rules, caller, request: &request, insured: &insured };
    let submit = drawn.up(kind, materials, wrong)?;
    once::once(register, &key, |write| Box::pin(submit.write(write))).await
}

/// The hospital that refers, of a referral.
fn referring(request: &SubmitFilingRequest) -> Option<&str> {
    let referral = request.referral.as_ref().filter(|_| request.out_fil_type == FilingKind::Referral.code());
    referral.map(|referral| referral.fixmedins_code.as_str())
}

/// Whether a paper counts as seen when this caller hands it in: at a window the officer sees it; who logs in has shown who they are, and
/// what is filed online is its own form; a hospital vouches for its own certificate.
pub fn is_seen(caller: &Caller, material: FilingMaterial) -> bool {
    let online = matches!(material, FilingMaterial::Certificate | FilingMaterial::FilingForm);
    match caller {
        Caller::Person { .. } => online,
        Caller::Institution { .. } => online || material == FilingMaterial::ReferralCertificate,
        _ => true,
    }
}

fn check_codes(request: &SubmitFilingRequest, wrong: &mut Violations) -> Option<FilingKind> {
    wrong.require(is_psn_no(&request.psn_no), "psn_no", Reason::PsnNoInvalid);
    let insutype = Insutype::settled(&request.insutype);
    wrong.require(insutype.is_some(), "insutype", Reason::CodeUnknown);
    let kind = FilingKind::from_code(&request.out_fil_type);
    wrong.require(kind.is_some(), "out_fil_type", Reason::CodeUnknown);
    wrong.require(SOURCES.contains(&request.dcla_souc.as_str()), "dcla_souc", Reason::CodeUnknown);
    kind
}

/// Where the person is insured today. Somebody who is not cannot file.
async fn insured(register: &Register, request: &SubmitFilingRequest) -> Result<Eligibility, ServiceError> {
    let question = GetEligibilityRequest {
        psn_no: request.psn_no.clone(),
        as_of: register.clock.today().to_string(),
        insutype: request.insutype.clone(),
        ..GetEligibilityRequest::default()
    };
    let eligibility = register.enrollment.eligibility(question).await?;
    if eligibility.entitled {
        return Ok(eligibility);
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

/// A filing being drawn up.
struct Drawn<'d> {
    register: &'d Register,
    rules: &'d Rules,
    caller: &'d Caller,
    request: &'d SubmitFilingRequest,
    insured: &'d Eligibility,
}

impl<'d> Drawn<'d> {
    /// By the rules of the home area as they are today; everything wrong at once.
    fn up(
        &self,
        kind: Option<FilingKind>,
        materials: Vec<Material>,
        mut wrong: Violations,
    ) -> Result<Submit<'d>, ServiceError> {
        let today = self.register.clock.today();
        let area = self.insured.poolarea_no.as_str();
        let rules = RulesOf { rules: self.rules, area, day: today };
        let kinds = rules.find::<Kinds>()?;
        let places = rules.find::<Places>()?;
        let handling = rules.find::<Handling>()?;
        let in_province = rules.find::<InProvince>()?;
        let rule = kind.and_then(|kind| kinds.rule.find(kind));
        if kind.is_some() {
            wrong.require(rule.is_some(), "out_fil_type", Reason::KindNotOffered);
        }
        let Some(rule) = rule else {
            return Err(wrong.none().err().unwrap_or_else(no_violation));
        };
        let of_kind = RulesOfKind {
            kind: rule,
            places: &places.rule,
            handling: &handling.rule,
            in_province: &in_province.rule,
        };
        let filer = Filer { poolarea_no: area, status: Status::from_psn_type(&self.insured.psn_type), today };
        let submission = judge(&self.request.into(), &materials, filer, of_kind, &mut wrong);
        wrong.none()?;
        let filing = self.filing((rule, &kinds.id, &kinds.citation), &handling.rule, submission, materials);
        let self_service = rule.self_service
            && matches!(self.caller, Caller::Person { .. })
            && filing.unverified().all(|requirement| requirement.may_be_promised && filing.is_committed());
        Ok(Submit { caller: self.caller, rules: self.rules, places: &places.rule, filing, self_service })
    }

    fn filing(
        &self,
        (rule, id, citation): (&KindRule, &str, &str),
        handling: &Handling,
        submission: Submission,
        materials: Vec<Material>,
    ) -> Filing {
        let (request, clock) = (self.request, &self.register.clock);
        Filing {
            filing_id: new_id(),
            psn_no: request.psn_no.clone(),
            poolarea_no: self.insured.poolarea_no.clone(),
            insutype: request.insutype.clone(),
            kind: rule.kind,
            place: submission.place,
            begndate: submission.begndate,
            enddate: submission.enddate,
            state: State::Submitted,
            requirements: rule.requirements.clone(),
            materials,
            supply_by: None,
            referral: submission.referral,
            replaces: Some(request.replaces_filing_id.clone()).filter(|id| !id.is_empty()),
            replaced_by: None,
            ended_on: None,
            locked_until: submission.locked_until,
            handling_area: self.insured.poolarea_no.clone(),
            clock_from: clock.today(),
            working_days: handling.working_days,
            supply_days: handling.supply_days,
            submitted_at: clock.now(),
            submitted_by: actor(self.caller, &request.opter),
            decided_at: None,
            dcla_souc: request.dcla_souc.clone(),
            rule: format!("{id}#{}", rule.kind.code()),
            citation: citation.to_owned(),
            foreign_id: None,
            version: 0,
        }
    }
}

fn no_violation() -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("a violation was not noted"))
}

/// A filing to be submitted.
struct Submit<'s> {
    caller: &'s Caller,
    rules: &'s Rules,
    places: &'s Places,
    filing: Filing,
    /// Served at once, by the rules.
    self_service: bool,
}

impl Submit<'_> {
    async fn write(
        &self,
        Write { tx, service: register, .. }: Write<'_>,
    ) -> Result<Done<SubmitFilingResponse>, ServiceError> {
        let today = register.clock.today();
        let held = Held::lock(tx, vec![self.filing.psn_no.clone()]).await?;
        let replaced = self.replaced(tx, today).await?;
        if let Some(person) = held.of(&self.filing.psn_no) {
            conflicts::check(&self.filing, &person.standings, self.places, today)?;
        }
        let taken = self.steps(replaced, register);
        let after = taken.iter().rev().find(|step| step.after.filing_id == self.filing.filing_id);
        let mut filing = after.map_or_else(|| self.filing.clone(), |step| step.after.clone());
        filing.version = taken.iter().filter(|step| step.after.filing_id == filing.filing_id).count() as i32;
        let changed = changes::record(tx, register, held, taken).await?;
        let filing = Some(filing_message(&filing, self.rules, today));
        Ok(Done { answer: SubmitFilingResponse { filing, replayed: false }, changed })
    }

    /// The filing whose place it takes, as it is now.
    async fn replaced(
        &self,
        tx: &DatabaseTransaction,
        today: chrono::NaiveDate,
    ) -> Result<Option<Filing>, ServiceError> {
        let Some(filing_id) = &self.filing.replaces else { return Ok(None) };
        let old = store::find(tx, filing_id).await?.filter(|old| old.psn_no == self.filing.psn_no);
        let old = old.ok_or_else(|| filing_unknown(filing_id))?;
        conflicts::check_replaced(&old, &self.filing, today)?;
        Ok(Some(old))
    }

    /// Submitting it, and what follows at once: an agency accepts what it submits, and the rules complete what needs nobody to look at it.
    fn steps(&self, replaced: Option<Filing>, register: &Register) -> Vec<Taken> {
        let actor = self.filing.submitted_by.clone();
        let step = |filing: Filing, from, action| Taken {
            after: filing,
            from,
            action,
            actor: actor.clone(),
            reason: String::new(),
        };
        let mut taken = vec![step(self.filing.clone(), None, Action::Submit)];
        if self.self_service {
            let rule = Actor { who: "rule".to_owned(), opter: String::new() };
            let clock = &register.clock;
            let occasion = Occasion { today: clock.today(), now: clock.now(), actor: rule };
            taken.extend(complete(self.filing.clone(), replaced, &occasion));
        } else if !matches!(self.caller, Caller::Person { .. } | Caller::Institution { .. }) {
            let accepted = Filing { state: State::Accepted, ..self.filing.clone() };
            taken.push(step(accepted, Some(State::Submitted), Action::Accept));
        }
        taken
    }
}
