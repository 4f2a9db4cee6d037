//! A person died: every coverage ends the day after.

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{RecordDeathRequest, RecordDeathResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::{Done, Register, Write};
use crate::coverage::domain::coverage_changes::end_by_death;
use crate::person::domain::timeline::PersonFacts;
use crate::person::store::persons;
use crate::register::changes;
use crate::register::keeper::{Reported, lock_reported};
use crate::rules::Fact;

/// Writes the day of death and ends what is behind it.
pub async fn record_death(
    register: &Register,
    caller: &Caller,
    mut request: RecordDeathRequest,
) -> Result<RecordDeathResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let death = checked(&request, register.clock.today(), Fields::of(&mut violations));
    let death = violations.finish(death)?;
    once::once(register, &key, |write| Box::pin(death.record(write, caller))).await
}

/// Who died when.
struct Death {
    psn_no: String,
    died: NaiveDate,
}

fn checked(request: &RecordDeathRequest, today: NaiveDate, mut fields: Fields) -> Option<Death> {
    let psn_no = fields.psn_no("psn_no", &request.psn_no);
    let died = fields.past_date("die_date", &request.die_date, today);
    Some(Death { psn_no: psn_no?, died: died? })
}

impl Death {
    async fn record(
        &self,
        write: Write<'_>,
        caller: &Caller,
    ) -> Result<Done<RecordDeathResponse>, ServiceError> {
        let register = write.service;
        let rules = register.rules.load(write.tx).await?;
        let reported = Reported { fact: Fact::Deaths, rules: &rules, today: register.clock.today() };
        let mut edit = lock_reported(write.tx, caller, &self.psn_no, reported).await?;
        self.check(&edit.after.timeline.person)?;
        let before = edit.after.timeline.coverages.clone();
        end_by_death(&mut edit.after.timeline, self.died);
        let after = &edit.after.timeline.coverages;
        let ended_count = before.iter().filter(|held| !after.contains(held)).count() as i32;
        persons::set_die_date(write.tx, edit.after.poolarea_no, &self.psn_no, Some(self.died)).await?;
        edit.touch();
        let (person_version, changed) = changes::record_one(write, edit).await?;
        Ok(Done { answer: RecordDeathResponse { ended_count, person_version, replayed: false }, changed })
    }

    fn check(&self, person: &PersonFacts) -> Result<(), ServiceError> {
        if self.died < person.brdy {
            let said = Reason::DatesReversed.saying("死亡日期不能早于出生日期");
            return Err(ServiceError::invalid_field("die_date", said));
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
