//! Notes that a visit away from home was reimbursed by hand (零星报销).

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use yizhan_proto::filing::v1::{RecordManualReimbursementRequest, RecordManualReimbursementResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, MedType, is_fixmedins_code};

use super::domain::{OF_VISITS, month_of, of_visit, reach};
use super::store::entities::{Entity, Model};
use super::store::{Addend, VISITS};
use crate::app::{Done, Register, Write};

/// Longest 就诊ID.
const MAX_MDTRT_ID: usize = 30;

/// Notes it, and counts it in the month of discharge.
pub async fn record_manual_reimbursement(
    register: &Register,
    caller: &Caller,
    mut request: RecordManualReimbursementRequest,
) -> Result<RecordManualReimbursementResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if Area::parse(&request.poolarea_no).is_some() {
        caller.check_manages(&request.poolarea_no)?;
    }
    let bill = check(register, caller, request, &mut wrong);
    let bill = wrong.finish(bill)?;
    once::once(register, &key, |write| Box::pin(bill.write(write))).await
}

fn check(
    register: &Register,
    caller: &Caller,
    request: RecordManualReimbursementRequest,
    wrong: &mut Violations,
) -> Option<Noted> {
    let mut fields = Fields::of(wrong);
    let home = fields.area("poolarea_no", &request.poolarea_no);
    fields.psn_no("psn_no", &request.psn_no);
    let place = fields.some(Area::parse(&request.mdtrtarea_admvs), "mdtrtarea_admvs", Reason::PlaceInvalid);
    let away = home.zip(place).is_none_or(|(home, place)| !home.is_at_home(place));
    let text = "就医地在参保地统筹区内，不属于异地就医";
    fields.require(away, "mdtrtarea_admvs", Reason::PlaceAtHome.saying(text));
    let id = &request.mdtrt_id;
    let fits = (1..=MAX_MDTRT_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    fields.require(fits, "mdtrt_id", Reason::MdtrtIdInvalid);
    let code = &request.fixmedins_code;
    let fits = code.is_empty() || is_fixmedins_code(code);
    fields.require(fits, "fixmedins_code", Reason::InstitutionInvalid);
    let med_type = fields.coded("med_type", &request.med_type, MedType::from_code);
    let enddate = fields.past_date("enddate", &request.enddate, register.clock.today());
    let fits = request.medfee_sumamt_fen > 0;
    fields.require(fits, "medfee_sumamt_fen", Reason::AmountInvalid.saying("医疗费总额应大于零"));
    let (home, place, enddate, stay) = (home?, place?, enddate?, med_type?.is_stay());
    let visit = Addend {
        poolarea_no: home.into(),
        month: month_of(enddate),
        subject: reach(home, place).to_owned(),
        sums: of_visit(false, stay, 1, request.medfee_sumamt_fen),
    };
    let row = Model {
        poolarea_no: request.poolarea_no,
        psn_no: request.psn_no,
        fixmedins_code: request.fixmedins_code,
        mdtrt_id: request.mdtrt_id,
        mdtrtarea_admvs: request.mdtrtarea_admvs,
        med_type: request.med_type,
        enddate: enddate.to_string(),
        medfee_sumamt_fen: request.medfee_sumamt_fen,
        recorded_by: caller.to_string(),
        recorded_at: register.clock.now(),
    };
    Some(Noted { row, visit })
}

/// A bill to be noted.
struct Noted {
    row: Model,
    /// What it adds to the figures.
    visit: Addend<OF_VISITS>,
}

impl Noted {
    async fn write(
        &self,
        Write { tx, .. }: Write<'_>,
    ) -> Result<Done<RecordManualReimbursementResponse>, ServiceError> {
        let Model { poolarea_no, psn_no, fixmedins_code, mdtrt_id, .. } = self.row.clone();
        // Two at once: the key lets one through, and the other runs again and finds it here.
        let known =
            Entity::find_by_id((poolarea_no, psn_no, fixmedins_code, mdtrt_id.clone())).one(tx).await?;
        if known.is_some() {
            return Err(ServiceError::new(Reason::ReimbursementKnown, "this bill was noted before")
                .with("mdtrt_id", mdtrt_id));
        }
        VISITS.add(tx, std::slice::from_ref(&self.visit)).await?;
        self.row.clone().into_active_model().insert(tx).await?;
        Ok(Done { answer: RecordManualReimbursementResponse { replayed: false }, changed: Vec::new() })
    }
}
