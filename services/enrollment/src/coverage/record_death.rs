//! A person died: every coverage ends the day after.

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{RecordDeathRequest, RecordDeathResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, once};

use crate::app::{Done, Register, Write};
use crate::coverage::domain::coverage_changes::end_by_death;
use crate::coverage::enrolment::lock_one;
use crate::person::store::entities::person;
use crate::person::store::{persons, rows};
use crate::register::changes;
use crate::register::row_check::RowCheck;

/// Writes the day of death and ends what is behind it.
pub async fn record_death(
    register: &Register,
    caller: &Caller,
    mut request: RecordDeathRequest,
) -> Result<RecordDeathResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let mut check = RowCheck::within("", &mut violations);
    check.psn_no("psn_no", &request.psn_no);
    let died = check.date("die_date", &request.die_date);
    if died.is_some_and(|died| died > register.clock.today()) {
        check.wrong("die_date", Reason::InTheFuture);
    }
    violations.none()?;
    let death = Death { caller, psn_no: request.psn_no, died: died.unwrap_or_default() };
    once::once(register, &key, |write| Box::pin(death.write(write))).await
}

struct Death<'a> {
    caller: &'a Caller,
    psn_no: String,
    died: NaiveDate,
}

impl Death<'_> {
    async fn write(
        &self,
        write @ Write { tx, .. }: Write<'_>,
    ) -> Result<Done<RecordDeathResponse>, ServiceError> {
        let mut edit = lock_one(tx, self.caller, &self.psn_no).await?;
        self.check(&edit.after.timeline.person)?;
        let before = edit.after.timeline.coverages.clone();
        end_by_death(&mut edit.after.timeline, self.died);
        let after = &edit.after.timeline.coverages;
        let ended_count = before.iter().filter(|held| !after.contains(held)).count() as i32;
        let area = edit.after.poolarea_no;
        if let Some(model) = persons::find(tx, area, &self.psn_no).await? {
            let model = person::Model { die_date: Some(self.died), ..model };
            rows::upsert::<person::Entity, _>(tx, vec![model]).await?;
        }
        edit.touch();
        let changed = changes::record(write, vec![edit]).await?;
        let person_version = changed.first().map(|person| person.version).unwrap_or_default();
        Ok(Done { answer: RecordDeathResponse { ended_count, person_version, replayed: false }, changed })
    }

    fn check(&self, person: &crate::person::domain::timeline::PersonFacts) -> Result<(), ServiceError> {
        if self.died < person.brdy {
            return Err(ServiceError::invalid_field(
                "die_date",
                Reason::DatesReversed.saying("死亡日期不能早于出生日期"),
            ));
        }
        match person.die_date {
            Some(recorded) if recorded != self.died => {
                Err(ServiceError::new(Reason::AlreadyDeceased, "another day of death is recorded")
                    .with("die_date", recorded))
            }
            _ => Ok(()),
        }
    }
}
