//! Notes that a visit away from home was reimbursed by hand (零星报销).

use chrono::NaiveDate;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use yizhan_proto::filing::v1::{RecordManualReimbursementRequest, RecordManualReimbursementResponse};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::once::{self, Cause};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::{Area, MedType, is_fixmedins_code, is_psn_no};

use super::domain::{month_of, of_visit, reach};
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
    let bill = check(&request, register.clock.today(), &mut wrong);
    wrong.none()?;
    let bill = bill.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("checked before")))?;
    once::once(register, &key, |write| Box::pin(bill.write(write))).await
}

fn check<'b>(
    request: &'b RecordManualReimbursementRequest,
    today: NaiveDate,
    wrong: &mut Violations,
) -> Option<Bill<'b>> {
    let home = Area::parse(&request.poolarea_no);
    wrong.require(home.is_some(), "poolarea_no", Reason::AreaInvalid);
    wrong.require(is_psn_no(&request.psn_no), "psn_no", Reason::PsnNoInvalid);
    let place = Area::parse(&request.mdtrtarea_admvs);
    wrong.require(place.is_some(), "mdtrtarea_admvs", Reason::PlaceInvalid);
    let away = home.zip(place).is_none_or(|(home, place)| !home.is_at_home(place));
    let text = "就医地在参保地统筹区内，不属于异地就医";
    wrong.require(away, "mdtrtarea_admvs", Reason::PlaceAtHome.saying(text));
    let id = &request.mdtrt_id;
    let fits = (1..=MAX_MDTRT_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    wrong.require(fits, "mdtrt_id", Reason::MdtrtIdInvalid);
    let code = &request.fixmedins_code;
    let fits = code.is_empty() || is_fixmedins_code(code);
    wrong.require(fits, "fixmedins_code", Reason::InstitutionInvalid);
    let med_type = MedType::from_code(&request.med_type);
    wrong.require(med_type.is_some(), "med_type", Reason::CodeUnknown);
    let enddate = parse_date(&request.enddate);
    wrong.require(enddate.is_some(), "enddate", Reason::DateInvalid);
    let past = enddate.is_none_or(|enddate| enddate <= today);
    wrong.require(past, "enddate", Reason::InTheFuture);
    let fits = request.medfee_sumamt_fen > 0;
    wrong.require(fits, "medfee_sumamt_fen", Reason::AmountInvalid.saying("医疗费总额应大于零"));
    Some(Bill { request, home: home?, place: place?, med_type: med_type?, enddate: enddate? })
}

/// A bill to be noted.
struct Bill<'b> {
    request: &'b RecordManualReimbursementRequest,
    home: Area,
    place: Area,
    med_type: MedType,
    enddate: NaiveDate,
}

impl Bill<'_> {
    async fn write(
        &self,
        Write { tx, service: register, cause }: Write<'_>,
    ) -> Result<Done<RecordManualReimbursementResponse>, ServiceError> {
        let row = self.row(register, cause);
        let id =
            (row.poolarea_no.clone(), row.psn_no.clone(), row.fixmedins_code.clone(), row.mdtrt_id.clone());
        // Two at once: the key lets one through, and the other runs again and finds it here.
        if Entity::find_by_id(id).one(tx).await?.is_some() {
            return Err(known(&row.mdtrt_id));
        }
        let addend = Addend {
            poolarea_no: row.poolarea_no.clone(),
            month: month_of(self.enddate),
            subject: reach(self.home, self.place).to_owned(),
            sums: of_visit(false, self.med_type.is_stay(), 1, row.medfee_sumamt_fen),
        };
        VISITS.add(tx, &[addend]).await?;
        row.into_active_model().insert(tx).await?;
        Ok(Done { answer: RecordManualReimbursementResponse { replayed: false }, changed: Vec::new() })
    }

    fn row(&self, register: &Register, cause: &Cause) -> Model {
        let request = self.request;
        Model {
            poolarea_no: request.poolarea_no.clone(),
            psn_no: request.psn_no.clone(),
            fixmedins_code: request.fixmedins_code.clone(),
            mdtrt_id: request.mdtrt_id.clone(),
            mdtrtarea_admvs: request.mdtrtarea_admvs.clone(),
            med_type: request.med_type.clone(),
            enddate: self.enddate.to_string(),
            medfee_sumamt_fen: request.medfee_sumamt_fen,
            recorded_by: cause.caller.clone(),
            recorded_at: register.clock.now(),
        }
    }
}

fn known(mdtrt_id: &str) -> ServiceError {
    ServiceError::new(Reason::ReimbursementKnown, "this bill was noted before").with("mdtrt_id", mdtrt_id)
}
