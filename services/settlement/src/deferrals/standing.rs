//! What a person may defer on a day.

use chrono::{Days, NaiveDate};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait};
use yizhan_documents::Dated;
use yizhan_proto::settlement::v1::{Deferral, DeferralState as State};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Area;

use super::store;
use crate::books::domain::deferral::{is_overdue, last_paid};
use crate::books::store::deferrals::{self, Column};
use crate::rules::{PayLater, Rules};

/// The area's rule of a day.
pub fn rule_of<'r>(rules: &'r Rules, poolarea_no: &str, day: NaiveDate) -> Option<&'r Dated<PayLater>> {
    rules.find::<PayLater>(Area::parse(poolarea_no)?, day).ok()
}

/// What a person owes, and whether more may be deferred.
#[derive(Debug)]
pub struct Standing {
    /// What is owed, fen.
    pub owed_fen: i64,
    /// Why nothing may be deferred.
    pub refusal: Option<Reason>,
}

/// Read under all numbers of the person, by the area's rule.
pub async fn standing<C: ConnectionTrait>(
    db: &C,
    numbers: &[String],
    rule: Option<&Dated<PayLater>>,
    today: NaiveDate,
) -> Result<Standing, ServiceError> {
    let agreement = store::find(db, numbers).await?.unwrap_or_default();
    // What counts is owed, or was in default.
    let counts =
        Condition::any().add(Column::State.eq(i32::from(State::Open))).add(Column::Defaulted.eq(true));
    let of_person = Condition::all().add(Column::PsnNo.is_in(numbers.iter().map(String::as_str))).add(counts);
    let debts = deferrals::list(db, of_person, None, u64::from(u32::MAX)).await?;
    let refusal = match rule {
        None => Some(Reason::PayLaterNotOffered),
        Some(_) if !agreement.open => Some(Reason::PayLaterNotOpen),
        Some(_) if debts.iter().any(|of| is_overdue(of, today)) => Some(Reason::PayLaterOverdue),
        Some(rule) if debts.iter().any(|of| bars(of, &rule.rule, today)) => Some(Reason::PayLaterBarred),
        Some(_) => None,
    };
    Ok(Standing { owed_fen: debts.iter().map(|of| of.owed_fen).sum(), refusal })
}

/// Whether a default keeps the person out: for some days after it was repaid.
fn bars(of: &Deferral, rule: &PayLater, today: NaiveDate) -> bool {
    let repaid = last_paid(of).and_then(parse_date);
    let until = repaid.and_then(|day| day.checked_add_days(Days::new(rule.barred_days.into())));
    of.defaulted && until.is_none_or(|until| today <= until)
}

/// The refusal as it is told.
pub fn refused(reason: Reason) -> ServiceError {
    ServiceError::new(reason, "nothing may be deferred for this person")
}
