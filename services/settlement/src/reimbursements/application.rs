//! What an application says, checked: everything that is wrong at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_proto::settlement::v1::{
    ApplicantKind, Reimbursement, ReimbursementApplication, ReimbursementPaper, UnregisteredInstitution,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, InstitutionType, ManualReason, MedType, Tier};

use super::store::bill_no;
use crate::app::App;
use crate::fields::{MAX_REFERENCE, check_id, reference};
use crate::reference::domain::{Contract, Institution};
use crate::rules::Reimbursements;
use crate::settlements::messages::answer::Applied;
use crate::settlements::paid_visit::PaidVisit;

/// Bills of an application at most, and papers.
pub const MAX_PAPERS: usize = 50;
/// Digits in a row from which on a reference looks like the number of a bank account.
const ACCOUNT_DIGITS: usize = 10;

/// Notes what is wrong with an application, but for its visit.
pub fn check(asked: &ReimbursementApplication, wrong: &mut Violations) {
    let mut fields = Fields::within("application.", wrong);
    fields.coded("manl_reim_rea", &asked.manl_reim_rea, ManualReason::from_code);
    fields.require(asked.applicant() != ApplicantKind::Unspecified, "applicant", Reason::Required);
    let agent = asked.applicant() == ApplicantKind::Agent;
    reference(&mut fields, "agent_file_id", &asked.agent_file_id, agent);
    check_account(&mut fields, &asked.payee_account_ref);
    check_bills(asked, &mut fields);
    check_papers("application.papers", &asked.papers, wrong);
}

/// A reference to an account that is kept elsewhere, never its number.
pub fn check_account(fields: &mut Fields<'_>, account: &str) {
    reference(fields, "payee_account_ref", account, true);
    let digits = account.split(|byte: char| !byte.is_ascii_digit()).map(str::len).max();
    fields.require(digits < Some(ACCOUNT_DIGITS), "payee_account_ref", Reason::AccountNumberGiven);
}

fn check_bills(asked: &ReimbursementApplication, fields: &mut Fields<'_>) {
    let count = asked.bills.len();
    fields.require(count > 0, "bills", Reason::Required.saying("至少一张票据"));
    fields.require(count <= MAX_PAPERS, "bills", Reason::TooMany.saying(format!("最多 {MAX_PAPERS} 张")));
    let mut numbers = BTreeSet::new();
    for (at, bill) in asked.bills.iter().take(MAX_PAPERS).enumerate() {
        if !bill.bill_code.is_empty() {
            check_id(fields, &format!("bills[{at}].bill_code"), &bill.bill_code);
        }
        check_id(fields, &format!("bills[{at}].invono"), &bill.invono);
        fields.require(bill.amount_fen > 0, &format!("bills[{at}].amount_fen"), Reason::AmountInvalid);
        reference(fields, &format!("bills[{at}].file_id"), &bill.file_id, true);
        fields.require(numbers.insert(bill_no(bill)), &format!("bills[{at}].invono"), Reason::Duplicate);
    }
    let sum: i128 = asked.bills.iter().map(|bill| i128::from(bill.amount_fen)).sum();
    let lines = asked.visit.iter().flat_map(|visit| &visit.feedetail);
    let charged: i128 = lines.map(|line| i128::from(line.det_item_fee_sumamt_fen)).sum();
    let said = Reason::AmountMismatch.saying("票据金额之和应等于费用明细之和");
    fields.require(sum == charged, "bills", said);
}

/// Papers, by reference.
pub fn check_papers(field: &str, papers: &[ReimbursementPaper], wrong: &mut Violations) {
    let said = Reason::TooMany.saying(format!("最多 {MAX_PAPERS} 份"));
    wrong.require(papers.len() <= MAX_PAPERS, field, said);
    for (at, paper) in papers.iter().take(MAX_PAPERS).enumerate() {
        let prefix = format!("{field}[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        check_id(&mut fields, "kind", &paper.kind);
        reference(&mut fields, "file_id", &paper.file_id, true);
    }
}

/// Where, if that is not registered; `None` where it is not said either.
async fn unregistered(
    app: &App,
    asked: &ReimbursementApplication,
    wrong: &mut Violations,
) -> Result<Option<Institution>, ServiceError> {
    let code = asked.visit.as_ref().map(|visit| visit.fixmedins_code.as_str()).unwrap_or_default();
    let Some(said) = &asked.institution else { return Ok(None) };
    let UnregisteredInstitution { fixmedins_name, mdtrtarea_admvs, medins_lv, medins_type } = said;
    let mut fields = Fields::within("application.institution.", wrong);
    let name = fields.text("fixmedins_name", fixmedins_name, true);
    let area = fields.area("mdtrtarea_admvs", mdtrtarea_admvs);
    let level = fields.coded("medins_lv", medins_lv, Tier::from_code);
    let kind = fields.coded("medins_type", medins_type, InstitutionType::from_code);
    let institution = (|| {
        Some(Institution {
            code: code.to_owned(),
            name: name?,
            level: level?,
            admdvs: area?.as_str().to_owned(),
            kind: kind?,
            contracted: false,
            dual_channel: false,
            contract: Contract::default(),
        })
    })();
    let registered = app.reference.institution(code).await?.is_some();
    Ok(institution.filter(|_| !registered))
}

/// Its visit as the engine is asked about it, under the person's number that stays.
pub async fn paid_visit(
    app: &App,
    asked: &ReimbursementApplication,
    (reimbursement_id, psn_no, received): (&str, Option<String>, NaiveDate),
    wrong: &mut Violations,
) -> Result<PaidVisit, ServiceError> {
    let mut visit = asked.visit.clone().unwrap_or_default();
    if let Some(psn_no) = psn_no {
        visit.psn_no = psn_no;
    }
    let application =
        Applied { reimbursement_id: reimbursement_id.to_owned(), manl_reim_rea: asked.manl_reim_rea.clone() };
    Ok(PaidVisit { visit, unregistered: unregistered(app, asked, wrong).await?, received, application })
}

/// Papers that the rule asks for and nobody brought.
pub fn lacking(of: &Reimbursement, rule: &Reimbursements) -> Vec<String> {
    let application = of.application.as_ref();
    let med_type = application.and_then(|asked| MedType::from_code(&asked.visit.as_ref()?.med_type));
    let brought: BTreeSet<&str> =
        application.iter().flat_map(|asked| &asked.papers).map(|paper| paper.kind.as_str()).collect();
    let of_stay = rule.stay_papers.iter().filter(|_| med_type.is_some_and(MedType::is_stay));
    let needed = rule.papers.iter().chain(of_stay);
    needed.filter(|kind| !brought.contains(kind.as_str())).cloned().collect()
}

/// 经办人编号, which every officer has.
pub fn check_opter(caller: &Caller, opter: &str, wrong: &mut Violations) {
    let needed = !matches!(caller, Caller::Person { .. });
    wrong.require(!needed || !opter.is_empty(), "opter", Reason::Required.saying("缺少经办人编号"));
    let fits = opter.len() <= 30 && opter.bytes().all(|byte| byte.is_ascii_graphic());
    wrong.require(fits, "opter", Reason::OpterInvalid);
}

/// Nobody has it, or the caller may not know of it.
pub fn unknown(reimbursement_id: &str) -> ServiceError {
    let fits = reimbursement_id.len() <= MAX_REFERENCE
        && reimbursement_id.bytes().all(|b| b.is_ascii_alphanumeric());
    let shown = if fits { reimbursement_id } else { "" };
    ServiceError::new(Reason::ReimbursementUnknown, "no such application").with("reimbursement_id", shown)
}

/// The area of an application.
pub fn area_of(of: &Reimbursement) -> Result<Area, ServiceError> {
    Area::parse(&of.poolarea_no)
        .ok_or_else(|| ServiceError::internal(anyhow::anyhow!("an application has no area")))
}
