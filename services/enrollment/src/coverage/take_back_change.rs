//! Takes back what was recorded of one person by mistake: the change of a version, with the contributions recorded with it, or one
//! contribution.

use yizhan_proto::enrollment::v1::{TakeBackChangeRequest, TakeBackChangeResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::{Done, Register, Write};
use crate::coverage::domain::contributions::{self, Accrued, Kind};
use crate::coverage::domain::refunds::unpaid;
use crate::coverage::domain::take_back::{NotTakenBack, take_back};
use crate::coverage::enrolment::check_entries;
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::coverage::store::entities::contribution;
use crate::person::domain::timeline::Timeline;
use crate::person::store::edit::Edit;
use crate::person::store::{persons, timelines};
use crate::register::changes;
use crate::register::keeper::lock_one;
use yizhan_terms::Insutype;

/// What is a procedure of its own, with another way back: a transfer the other way, UnmergePersons.
pub const OTHERWISE: [&str; 4] = ["AdvanceTransfer", "EnrolMover", "MergePersons", "UnmergePersons"];

/// By the agency that keeps the person's register.
pub async fn take_back_change(
    register: &Register,
    caller: &Caller,
    mut request: TakeBackChangeRequest,
) -> Result<TakeBackChangeResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let mut fields = Fields::of(&mut violations);
    let psn_no = fields.psn_no("psn_no", &request.psn_no);
    let by_version = request.contribution_id.is_empty();
    let one = by_version == (request.person_version > 0) && request.person_version >= 0;
    let said = Reason::CountInvalid.saying("应给出 person_version 或 contribution_id 其中一项");
    fields.require(one, "person_version", said);
    let what =
        if by_version { What::Version(request.person_version) } else { What::Row(request.contribution_id) };
    let mistake = Mistake { psn_no: violations.finish(psn_no)?, what };
    once::once(register, &key, |write| Box::pin(mistake.take_back(write, caller))).await
}

/// What was recorded by mistake.
struct Mistake {
    psn_no: String,
    what: What,
}

enum What {
    Version(i64),
    /// One contribution, with what came of it.
    Row(String),
}

impl Mistake {
    async fn take_back(
        &self,
        write: Write<'_>,
        caller: &Caller,
    ) -> Result<Done<TakeBackChangeResponse>, ServiceError> {
        let Write { tx, service: register, cause } = write;
        let mut edit = lock_one(tx, caller, &self.psn_no).await?;
        let before = edit.after.timeline.clone();
        let mut rows = stored::all_of(tx, &self.psn_no).await?;
        let wrong = self.undo(tx, &mut edit, &contributions::active(&rows)).await?;
        let recorded_at = register.clock.now();
        let reversal = |row: &contribution::Model| contribution::Model {
            poolarea_no: edit.after.poolarea_no.to_string(),
            contribution_id: new_id(),
            caller: cause.caller.clone(),
            request_id: cause.request_id.clone(),
            recorded_at,
            reverses: row.contribution_id.clone(),
            ..row.clone()
        };
        let reversals: Vec<_> = wrong.iter().map(reversal).collect();
        rows.extend(reversals.iter().cloned());
        nothing_unpaid_stands(&edit.after.timeline, &rows, &wrong)?;
        stored::insert(tx, reversals).await?;
        check_entries(&edit.after.timeline)?;
        let after = &edit.after.timeline;
        if before.person.die_date != after.person.die_date {
            persons::set_die_date(tx, edit.after.poolarea_no, &self.psn_no, after.person.die_date).await?;
        }
        let changed = after.coverages.iter().filter(|held| !before.coverages.contains(held));
        let coverages = changed.map(|held| decided(&self.psn_no, held)).collect();
        edit.touch();
        let contribution_count = wrong.len() as i32;
        let (person_version, changed) = changes::record_one(write, edit).await?;
        let answer =
            TakeBackChangeResponse { person_version, coverages, contribution_count, replayed: false };
        Ok(Done { answer, changed })
    }

    /// Undoes what it did to the timeline; gives the contributions that go with it.
    async fn undo(
        &self,
        tx: &DatabaseTransaction,
        edit: &mut Edit,
        rows: &[contribution::Model],
    ) -> Result<Vec<contribution::Model>, ServiceError> {
        let (version, alone) = match &self.what {
            What::Version(version) => (Some(*version), None),
            What::Row(id) => {
                let row = rows.iter().find(|row| row.contribution_id == *id).ok_or_else(change_unknown)?;
                let made = timelines::made_by(tx, &self.psn_no, (&row.caller, &row.request_id)).await?;
                (made, Some(row))
            }
        };
        let Some(version) = version else { return Ok(alone.into_iter().cloned().collect()) };
        let (after, cause) =
            timelines::version(tx, &self.psn_no, version).await?.ok_or_else(change_unknown)?;
        let words: Vec<&str> = cause.split(' ').collect();
        let (method, by) = match words[..] {
            [method, caller, request_id] if !OTHERWISE.contains(&method) => (method, (caller, request_id)),
            _ => return Err(refused(NotTakenBack::Nothing)),
        };
        let before = timelines::version(tx, &self.psn_no, version - 1).await?;
        let before =
            before.map_or_else(|| Timeline::of(after.timeline.person.clone()), |(held, _)| held.timeline);
        let with_it = rows.iter().filter(|row| (row.caller.as_str(), row.request_id.as_str()) == by);
        let with_it: Vec<_> = with_it.cloned().collect();
        match take_back(&mut edit.after.timeline, &before, &after.timeline) {
            // Contributions that changed nothing else: recorded with a person that was touched.
            Err(NotTakenBack::Nothing) if !with_it.is_empty() => {}
            Err(why) => {
                tracing::debug!(method, "a change is not taken back");
                return Err(refused(why));
            }
            Ok(()) => {}
        }
        Ok(with_it)
    }
}

/// Nobody stays covered for a period of which nothing paid is left: that coverage is ended or taken back first.
fn nothing_unpaid_stands(
    person: &Timeline,
    rows: &[contribution::Model],
    wrong: &[contribution::Model],
) -> Result<(), ServiceError> {
    let standing = contributions::standing(rows);
    let mut left = standing.iter().map(stored::accrued).collect::<Result<Vec<_>, _>>()?;
    // As if each payment that goes had been paid back: a period that was never paid for would be covered otherwise.
    let paid = |row: &&contribution::Model| {
        row.reverses.is_empty() && Kind::of(&row.clct_flag, &row.clct_type) == Kind::Paid
    };
    for row in wrong.iter().filter(paid) {
        let accrued = stored::accrued(row)?;
        left.push(Accrued { kind: Kind::Refund, ..accrued.clone() });
        left.push(accrued);
    }
    for row in wrong {
        let insutype = Insutype::from_code(&row.insutype);
        let period = insutype.and_then(|code| Some((code, contributions::first_day(code, &row.accrym)?)));
        let Some((insutype, first_day)) = period else { continue };
        if let Some(held) = unpaid(person, insutype, first_day, &left).first() {
            return Err(refused(NotTakenBack::BuiltUpon(Some(held.period.begndate))));
        }
    }
    Ok(())
}

/// Nothing stands that could be meant.
pub fn change_unknown() -> ServiceError {
    ServiceError::new(Reason::ChangeUnknown, "the person has no such change or contribution that stands")
}

/// As the caller is told.
pub fn refused(why: NotTakenBack) -> ServiceError {
    match why {
        NotTakenBack::Nothing => ServiceError::new(
            Reason::NothingToTakeBack,
            "this change is corrected in another way: by importing the person anew, or by a transfer back",
        ),
        NotTakenBack::BuiltUpon(first_day) => {
            let message = "what came later stands on this change: take that back or end it first";
            let error = ServiceError::new(Reason::ChangeBuiltUpon, message);
            match first_day {
                Some(day) => error.with("begndate", day),
                None => error,
            }
        }
        NotTakenBack::Contradicts(broken) => {
            ServiceError::new(Reason::ChangeBuiltUpon, "what it took no longer fits beside what came since")
                .with("contradiction", format!("{broken:?}"))
        }
    }
}
