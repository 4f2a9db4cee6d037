//! Enrols a person whose register another area keeps (医保办发〔2021〕43号: insured in the new area first, the transfer follows). The register
//! moves with them; what was insured before names the area that paid.

use yizhan_proto::enrollment::v1::{EnrolMoverRequest, EnrolMoverResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::Insutype;

use super::finish::{not_finished, retired};
use super::parties::transfer_open;
use crate::app::{Done, Register, Write, person_unknown};
use crate::coverage::contribution_check::{self, NewContribution};
use crate::coverage::domain::contributions::{Kind, accrym_of};
use crate::coverage::enrolment::check_entries;
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::codes;
use crate::person::store::edit::{Edit, PERSON_MOVED};
use crate::person::store::personal_data::PersonalData;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::changes;
use crate::register::find_person::document;
use crate::register::import_persons::is_resd_code;
use crate::transfers::domain::codes::Direction;
use crate::transfers::domain::finish::is_retired;
use crate::transfers::domain::mover::{Enrolment, enrol};
use crate::transfers::store::{moves, transfers};

/// By the agency of the new area.
pub async fn enrol_mover(
    register: &Register,
    caller: &Caller,
    mut request: EnrolMoverRequest,
) -> Result<EnrolMoverResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let mover = checked(register, &request, &mut violations);
    let mover = violations.finish(mover)?;
    caller.check_manages(mover.terms.to_area.as_str())?;
    once::once(register, &key, |write| Box::pin(mover.write(write))).await
}

/// Who is to be insured here, found by a document.
struct Mover {
    certno_digest: String,
    psn_name: String,
    /// `from_area` is the new area until the person is found.
    terms: Enrolment,
    payment: NewContribution,
    resd_code: String,
}

fn checked(register: &Register, request: &EnrolMoverRequest, violations: &mut Violations) -> Option<Mover> {
    let today = register.clock.today();
    let mut fields = Fields::of(violations);
    let found = document(&request.psn_cert_type, &request.certno, &mut fields);
    let psn_name = fields.text("psn_name", &request.psn_name, true);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let basic = |code: &str| {
        Insutype::from_code(code).filter(|code| [Insutype::Employee, Insutype::Resident].contains(code))
    };
    let insutype = fields.coded("insutype", &request.insutype, basic);
    let begndate = fields.date("begndate", &request.begndate);
    let direction = match insutype {
        Some(Insutype::Resident) => Direction::ResidentToResident,
        _ => Direction::EmployeeToEmployee,
    };
    let known = codes::is_psn_type(&request.psn_type) && direction.takes(&request.psn_type);
    let working = insutype != Some(Insutype::Employee) || request.psn_type.starts_with("11");
    fields.require(known && working, "psn_type", Reason::PsnTypeNotOfScheme);
    let known = request.hi_type.is_empty() || codes::is_hi_type(&request.hi_type);
    fields.require(known, "hi_type", Reason::CodeUnknown);
    fields.require(is_resd_code(&request.resd_code), "resd_code", Reason::ResdCodeInvalid);
    let told = request.payment.clone().unwrap_or_default();
    let mut fields = Fields::within("payment.", violations);
    fields.require(told.psn_no.is_empty() && told.insutype.is_empty(), "psn_no", Reason::PaymentOfAnother);
    fields.require(told.psn_type.is_empty(), "psn_type", Reason::FieldNotExpected);
    // Whose it is comes with the person; a number that could be one stands in until they are found.
    let told = yizhan_proto::enrollment::v1::Contribution {
        psn_no: "0".to_owned(),
        insutype: request.insutype.clone(),
        psn_type: if insutype == Some(Insutype::Resident) { request.psn_type.clone() } else { String::new() },
        ..told
    };
    let payment = contribution_check::checked(&told, today, &mut fields)?;
    let (insutype, begndate, area) = (insutype?, begndate?, area?);
    let of_period = payment.accrym == accrym_of(insutype, begndate);
    fields.require(of_period, "accrym", Reason::PaymentOfAnotherPeriod);
    let paid_on = payment.paid_date.filter(|_| payment.kind == Kind::Paid);
    let paid_on = fields.some(paid_on, "clct_flag", Reason::PaymentExpected)?;
    found?;
    Some(Mover {
        certno_digest: register.certificate_key.digest(&request.psn_cert_type, &request.certno),
        psn_name: psn_name?,
        terms: Enrolment {
            from_area: area,
            to_area: area,
            insutype,
            begndate,
            paid_on,
            psn_type: request.psn_type.clone(),
            hi_type: request.hi_type.clone(),
            enters: payment.enters,
        },
        payment,
        resd_code: request.resd_code.clone(),
    })
}

impl Mover {
    async fn write(&self, write: Write<'_>) -> Result<Done<EnrolMoverResponse>, ServiceError> {
        let Write { tx, service: register, cause } = write;
        let held = self.find(tx, register).await?;
        let (psn_no, from_area, to_area) = (held.psn_no.clone(), held.poolarea_no, self.terms.to_area);
        if let Some(open) = transfers::find_open(tx, &[&psn_no]).await? {
            return Err(transfer_open(&open));
        }
        if is_retired(&held.timeline, Direction::EmployeeToEmployee) {
            return Err(retired());
        }
        let rules = register.rules.load(tx).await?;
        let mut edit = Edit::of(held);
        let terms = Enrolment { from_area, ..self.terms.clone() };
        let begun = enrol(&mut edit.after.timeline, &terms, &rules).map_err(not_finished)?;
        check_entries(&edit.after.timeline)?;
        let (from, to) = (from_area.as_str(), to_area.as_str());
        moves::to_area(tx, &psn_no, from, to, &self.resd_code).await?;
        let payment = NewContribution { psn_no: psn_no.clone(), ..self.payment.clone() };
        stored::insert(tx, vec![payment.row(to_area, cause, register.clock.now())]).await?;
        edit.after.poolarea_no = to_area;
        edit.kind = PERSON_MOVED;
        let (person_version, changed) = changes::record_one(write, edit).await?;
        let answer = EnrolMoverResponse {
            coverage: Some(decided(&psn_no, &begun)),
            psn_no,
            from_poolarea_no: from.to_owned(),
            person_version,
            replayed: false,
        };
        Ok(Done { answer, changed })
    }

    /// The person of the certificate and the name, whose register another area keeps.
    async fn find(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
    ) -> Result<StoredTimeline, ServiceError> {
        let unknown = || person_unknown("");
        let psn_no =
            persons::find_psn_no_by_certificate(tx, &self.certno_digest).await?.ok_or_else(unknown)?;
        let held = timelines::lock(tx, [psn_no.clone()]).await?.remove(&psn_no).ok_or_else(unknown)?;
        let row = persons::find(tx, held.poolarea_no, &psn_no).await?.ok_or_else(unknown)?;
        let personal = PersonalData::open(&row, &register.vault).map_err(ServiceError::internal)?;
        let is_named = personal.psn_name.expose() == self.psn_name.as_str();
        if !is_named || held.timeline.merged_into.is_some() {
            return Err(unknown());
        }
        if held.poolarea_no == self.terms.to_area {
            let said = Reason::PersonRegistered.saying("该人员的登记已在本统筹区，请直接办理参保变动");
            return Err(ServiceError::invalid_field("poolarea_no", said));
        }
        Ok(held)
    }
}
