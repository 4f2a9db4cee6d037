//! 户籍家庭: recorded by the police, read by household.

use yizhan_proto::enrollment::v1::{
    GetHouseholdRequest, GetHouseholdResponse, HouseholdRow, RecordHouseholdsRequest,
    RecordHouseholdsResponse,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, is_psn_no};

use crate::app::Register;
use crate::person::domain::entry::Entry;
use crate::person::domain::household::{HouseholdMember, Relation};
use crate::person::domain::period::Period;
use crate::person::domain::timeline::Timeline;
use crate::person::store::households;
use crate::register::import::{DatedRow, Row, import_reported};
use crate::register::messages;
use crate::rules::Fact;

/// All rows or none.
pub async fn record_households(
    register: &Register,
    caller: &Caller,
    mut request: RecordHouseholdsRequest,
) -> Result<RecordHouseholdsResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let outcome = import_reported(register, caller, opened, &request.rows, Some(Fact::Households)).await?;
    Ok(RecordHouseholdsResponse { outcome: Some(outcome) })
}

impl Row for HouseholdRow {
    type Entry = HouseholdMember;

    fn key(&self) -> impl Ord {
        (&self.psn_no, &self.household_no, &self.begndate)
    }

    fn read(&self, mut fields: Fields) -> Option<DatedRow<HouseholdMember>> {
        let psn_no = fields.psn_no("psn_no", &self.psn_no);
        let named = fields.require(is_psn_no(&self.household_no), "household_no", Reason::HouseholdNoInvalid);
        // What goes needs no more than its key.
        let relation = Relation::from_code(self.relation).or(self.withdrawn.then_some(Relation::Other));
        let relation = fields.some(relation, "relation", Reason::CodeUnknown);
        let period = fields.period(&self.begndate, &self.enddate).map(Period::from);
        fields.require(self.poolarea_no.is_empty(), "poolarea_no", Reason::ToldOnly);
        let household_no = named.then(|| self.household_no.clone());
        let entry = HouseholdMember {
            poolarea_no: Area::NATION,
            household_no: household_no?,
            relation: relation?,
            period: period?,
        };
        Some(DatedRow { psn_no: psn_no?, entry, withdrawn: self.withdrawn })
    }

    /// A household is of the area that keeps the person's register; one that is known keeps its area when the person has moved.
    fn over(told: &HouseholdMember, held: &HouseholdMember) -> HouseholdMember {
        HouseholdMember { poolarea_no: held.poolarea_no, ..told.clone() }
    }

    fn of_area(told: &HouseholdMember, poolarea_no: Area) -> HouseholdMember {
        HouseholdMember { poolarea_no, ..told.clone() }
    }

    fn check(entry: &HouseholdMember, person: &Timeline, fields: &mut Fields) {
        let others = person.households.iter().filter(|held| !held.same_key(entry));
        if let Some(other) = others.into_iter().find(|held| held.period.overlaps(&entry.period)) {
            let text = format!("与自 {} 起所在的户重叠", other.period.begndate);
            fields.wrong("begndate", Reason::HouseholdOverlap.saying(text));
        }
    }
}

/// Who is in a household on a day.
pub async fn get_household(
    register: &Register,
    caller: &Caller,
    request: GetHouseholdRequest,
) -> Result<GetHouseholdResponse, ServiceError> {
    let mut violations = Violations::new();
    let mut fields = Fields::of(&mut violations);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let as_of = fields.optional("as_of", &request.as_of, Fields::date);
    let (area, as_of) = violations.finish(area.zip(as_of))?;
    if !caller.may_read_area(area) {
        return Err(ServiceError::area_not_owned(area));
    }
    let as_of = as_of.unwrap_or_else(|| register.clock.today());
    let members = households::members(&register.db, area, &request.household_no, as_of).await?;
    Ok(GetHouseholdResponse {
        members: members.iter().map(|(psn_no, held)| messages::household_row(psn_no, held)).collect(),
    })
}
