//! The owner of a personal account lets a near relative use it (家庭共济), or withdraws that.

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1 as pb;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::{Done, Register, Write, person_merged, person_unknown};
use crate::person::domain::entry::Entry;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{AccountShare, Consent, Kinship, MAX_ENTRIES, Timeline};
use crate::person::store::edit::Edit;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::domain::kinship::Seen;
use crate::register::keeper::{check_keeper, is_self};
use crate::register::{changes, messages};

/// By the owner, or by the agency that keeps the owner's register. One that was withdrawn is given again so.
pub async fn grant_account_share(
    register: &Register,
    caller: &Caller,
    mut request: pb::GrantAccountShareRequest,
) -> Result<pb::GrantAccountShareResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let share = checked(&request, caller, register.clock.today(), Fields::of(&mut violations));
    let share = violations.finish(share)?;
    let psn_no = request.psn_no.as_str();
    once::once(register, &key, |write| Box::pin(grant(write, caller, psn_no, &share))).await
}

fn checked(
    request: &pb::GrantAccountShareRequest,
    caller: &Caller,
    today: NaiveDate,
    mut fields: Fields,
) -> Option<AccountShare> {
    let psn_no = fields.psn_no("psn_no", &request.psn_no);
    let sharer_psn_no = fields.psn_no("sharer_psn_no", &request.sharer_psn_no);
    fields.require(request.psn_no != request.sharer_psn_no, "sharer_psn_no", Reason::SharerIsSelf);
    let kinship = fields.some(Kinship::from_code(request.kinship), "kinship", Reason::CodeUnknown);
    let today_text = today.to_string();
    let from = if request.begndate.is_empty() { &today_text } else { &request.begndate };
    let period = fields.period(from, &request.enddate).map(Period::from);
    let said = fields.optional("consent_date", &request.consent_date, |fields, name, day| {
        fields.past_date(name, day, today)
    });
    let consent = Consent { granted_by: caller.to_string(), day: said?.unwrap_or(today) };
    psn_no?;
    Some(AccountShare {
        sharer_psn_no: sharer_psn_no?,
        period: period?,
        kinship: Some(kinship?),
        consent: Some(consent),
        withdrawn: None,
    })
}

async fn grant(
    write: Write<'_>,
    caller: &Caller,
    psn_no: &str,
    share: &AccountShare,
) -> Result<Done<pb::GrantAccountShareResponse>, ServiceError> {
    let (mut edit, owner) = lock_user(write.tx, caller, psn_no, &share.sharer_psn_no).await?;
    let today = write.service.clock.today();
    let day = if share.period.contains(today) { today } else { share.period.begndate };
    let rules = write.service.rules.load(write.tx).await?;
    let seen = Seen::of(share, &edit.after.timeline, &owner, &rules, day);
    if let Some(refusal) = seen.as_ref().and_then(Seen::refusal) {
        return Err(ServiceError::invalid_field("kinship", refusal));
    }
    edit.after.timeline.put(share.clone());
    if AccountShare::list(&edit.after.timeline).len() > MAX_ENTRIES {
        return Err(ServiceError::invalid_field("psn_no", Reason::TooManyEntries));
    }
    let (_, changed) = changes::record_one(write, edit).await?;
    let mut share = messages::share_row(psn_no, share.clone());
    messages::put_kinship(&mut share, seen.as_ref());
    Ok(Done { answer: pb::GrantAccountShareResponse { share: Some(share), replayed: false }, changed })
}

/// Ends every share of one owner's account that one person has.
pub async fn withdraw_account_share(
    register: &Register,
    caller: &Caller,
    mut request: pb::WithdrawAccountShareRequest,
) -> Result<pb::WithdrawAccountShareResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let mut fields = Fields::of(&mut violations);
    fields.psn_no("psn_no", &request.psn_no);
    fields.psn_no("sharer_psn_no", &request.sharer_psn_no);
    violations.none()?;
    once::once(register, &key, |write| Box::pin(withdraw(write, caller, &request))).await
}

async fn withdraw(
    write: Write<'_>,
    caller: &Caller,
    request: &pb::WithdrawAccountShareRequest,
) -> Result<Done<pb::WithdrawAccountShareResponse>, ServiceError> {
    let pb::WithdrawAccountShareRequest { psn_no, sharer_psn_no, mistaken, .. } = request;
    let (mut edit, _) = lock_user(write.tx, caller, psn_no, sharer_psn_no).await?;
    let today = write.service.clock.today();
    let ended_count = take_back(&mut edit.after.timeline, sharer_psn_no, *mistaken, today);
    let (_, changed) = changes::record_one(write, edit).await?;
    Ok(Done { answer: pb::WithdrawAccountShareResponse { ended_count, replayed: false }, changed })
}

/// Withdraws what stands of one owner; what was `mistaken`, and what has not begun, was never there.
fn take_back(person: &mut Timeline, sharer_psn_no: &str, mistaken: bool, today: NaiveDate) -> i32 {
    let mut ended_count = 0;
    let never =
        |share: &AccountShare| mistaken || (share.withdrawn.is_none() && today < share.period.begndate);
    person.account_shares.retain_mut(|share| {
        if share.sharer_psn_no != sharer_psn_no {
            return true;
        }
        if never(share) {
            ended_count += 1;
            return false;
        }
        if share.withdrawn.is_none() {
            ended_count += 1;
            share.withdrawn = Some(today);
            share.period.enddate = Some(share.period.enddate.map_or(today, |end| end.min(today)));
        }
        true
    });
    ended_count
}

/// Who uses an account, locked together with its owner, and the owner, for those who decide about the owner: others learn no more than of an owner who
/// does not exist.
async fn lock_user(
    tx: &DatabaseTransaction,
    caller: &Caller,
    psn_no: &str,
    sharer_psn_no: &str,
) -> Result<(Edit, StoredTimeline), ServiceError> {
    let own = is_self(caller, sharer_psn_no);
    if !matches!(caller, Caller::Person { .. }) {
        check_keeper(caller)?;
    }
    let mut held = timelines::lock(tx, [psn_no.to_owned(), sharer_psn_no.to_owned()]).await?;
    let owner = held.get(sharer_psn_no).filter(|owner| own || caller.may_manage_area(owner.poolarea_no));
    let owner = owner.ok_or_else(|| person_unknown(sharer_psn_no))?;
    let merged = |number: &str, into: &Option<String>| match into {
        Some(into) => Err(person_merged(number, into)),
        None => Ok(()),
    };
    merged(sharer_psn_no, &owner.timeline.merged_into)?;
    let owner = owner.clone();
    let user = held.remove(psn_no).ok_or_else(|| person_unknown(psn_no))?;
    merged(psn_no, &user.timeline.merged_into)?;
    Ok((Edit::of(user), owner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::domain::timeline::examples::{period, person};

    fn share(sharer: &str, begndate: &str, enddate: &str) -> AccountShare {
        AccountShare {
            sharer_psn_no: sharer.to_owned(),
            period: period(begndate, enddate),
            kinship: Some(Kinship::Child),
            consent: None,
            withdrawn: None,
        }
    }

    #[test]
    fn a_withdrawn_share_pays_no_more_and_a_mistaken_one_was_never_there() {
        let day = |text: &str| text.parse().unwrap();
        let mut held = person("1980-01-01");
        let shares = [
            share("R", "2024-01-01", "2024-12-31"),
            share("R", "2026-01-01", ""),
            share("R", "2027-01-01", ""),
        ];
        for share in shares.into_iter().chain([share("K", "2026-01-01", "")]) {
            held.put(share);
        }
        let mut cancelled = held.clone();
        assert_eq!(take_back(&mut held, "R", false, day("2026-06-15")), 3);
        let told: Vec<_> =
            held.account_shares.iter().map(|share| (share.withdrawn, share.period.enddate)).collect();
        let today = Some(day("2026-06-15"));
        assert_eq!(told, [(today, Some(day("2024-12-31"))), (None, None), (today, today)]);
        let used = |share: &AccountShare| share.holds(day("2024-05-01")) || share.holds(day("2026-06-14"));
        assert!(held.account_shares.iter().all(|share| share.sharer_psn_no == "K" || !used(share)));
        assert_eq!(take_back(&mut held, "R", false, day("2026-06-16")), 0, "once");
        assert_eq!(take_back(&mut cancelled, "R", true, day("2026-06-15")), 3);
        assert_eq!(cancelled.account_shares.len(), 1);
    }
}
