//! The profile of a company, for whom it consented to. The look is entered before the answer leaves.

use chrono::{Datelike, Months, NaiveDate};
use yizhan_proto::credit::v1::{
    CompanyConduct, CompanyMonth, Entry, EntryKind, GetCompanyProfileRequest, GetCompanyProfileResponse,
};
use yizhan_runtime::db::{begin_write, retry_transient};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::store::{self, MonthSum};
use super::{check_code, company};
use crate::app::Credit;
use crate::ledger;

/// Months that a profile tells at most.
pub const MAX_PROFILE_MONTHS: i32 = 36;
/// Months that it tells unless asked otherwise.
const PROFILE_MONTHS: i32 = 12;

/// Looks, by a consent that holds today. The company is held: a consent that is withdrawn is withdrawn before or after the look.
pub async fn get_company_profile(
    credit: &Credit,
    caller: &Caller,
    request: GetCompanyProfileRequest,
) -> Result<GetCompanyProfileResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_code(&request.company_code, &mut wrong);
    let fits = (0..=MAX_PROFILE_MONTHS).contains(&request.months);
    wrong.require(fits, "months", Reason::TooManyMonths);
    wrong.none()?;
    let answer = retry_transient(|| look(credit, caller, &request)).await?;
    credit.feed.wake();
    Ok(answer)
}

async fn look(
    credit: &Credit,
    caller: &Caller,
    request: &GetCompanyProfileRequest,
) -> Result<GetCompanyProfileResponse, ServiceError> {
    let refused =
        || ServiceError::new(Reason::NoConsent, "no consent of the company for this caller holds today");
    let tx = begin_write(&credit.db).await?;
    let subject = company(&request.company_code);
    ledger::known(&tx, &subject).await?.ok_or_else(refused)?;
    let mut known = ledger::hold(&tx, &subject).await?;
    let (reader, today) = (caller.to_string(), credit.clock.today());
    let consent =
        store::consent_for(&tx, &request.company_code, &reader, today).await?.ok_or_else(refused)?;
    let since = first_day(today, request.months).to_string();
    let sums = store::months(&tx, &request.company_code, &since).await?;
    let conduct = store::conduct(&tx, &request.company_code, &since).await?;
    let shown = Entry {
        poolarea_no: consent.poolarea_no.clone(),
        kind: EntryKind::CompanyProfileShown.into(),
        matter_id: consent.consent_id.clone(),
        item: reader.clone(),
        occurred_on: today.to_string(),
        actor: reader,
        ..Entry::default()
    };
    ledger::append(&tx, credit, &mut known, vec![shown]).await?;
    tx.commit().await?;
    Ok(GetCompanyProfileResponse {
        company_code: request.company_code.clone(),
        consent_id: consent.consent_id,
        until_date: consent.until_date,
        months: by_month(sums),
        conduct: conduct
            .into_iter()
            .map(|row| CompanyConduct {
                poolarea_no: row.poolarea_no,
                number: row.number,
                occurred_on: row.occurred_on,
                entry_id: row.entry_id,
            })
            .collect(),
    })
}

/// The first day of so many months that end with this one.
fn first_day(today: NaiveDate, months: i32) -> NaiveDate {
    let months = if months == 0 { PROFILE_MONTHS } else { months };
    let first = today.with_day(1).unwrap_or(today);
    first.checked_sub_months(Months::new(months.unsigned_abs() - 1)).unwrap_or(first)
}

fn by_month(sums: Vec<MonthSum>) -> Vec<CompanyMonth> {
    let mut months: Vec<CompanyMonth> = Vec::new();
    for MonthSum { month, kind, entries, amount_fen } in sums {
        if months.last().is_none_or(|last| last.month != month) {
            months.push(CompanyMonth { month, ..CompanyMonth::default() });
        }
        let Some(last) = months.last_mut() else { continue };
        match EntryKind::try_from(kind) {
            Ok(EntryKind::CompanyDelivered) => (last.delivered, last.delivered_fen) = (entries, amount_fen),
            Ok(EntryKind::CompanyDeliveryFailed) => (last.failed, last.failed_fen) = (entries, amount_fen),
            Ok(EntryKind::CompanyPaid) => (last.paid, last.paid_fen) = (entries, amount_fen),
            Ok(EntryKind::CompanyConduct) => last.conduct = entries,
            _ => {}
        }
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_with_this_one_across_a_year() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (today, months, first) in [
            ("2026-03-31", 1, "2026-03-01"),
            ("2026-01-31", 0, "2025-02-01"),
            ("2026-02-01", 36, "2023-03-01"),
        ] {
            assert_eq!(first_day(day(today), months), day(first), "{today} {months}");
        }
    }
}
