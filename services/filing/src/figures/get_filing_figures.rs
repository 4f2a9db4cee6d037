//! Figures by area and month: read, and kept short.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use yizhan_proto::filing::v1::{FilingFigures, GetFilingFiguresRequest, GetFilingFiguresResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, task};
use yizhan_terms::{Area, FilingKind};

use super::domain::{CROSS_PROVINCE, IN_PROVINCE};
use super::messages::{kind_figures, remote_figures};
use super::store::{KINDS, VISITS, Wanted};
use crate::app::Register;

/// Months of one question at most.
const MAX_MONTHS: i32 = 36;
/// How often many addends are replaced by one.
const FOLD_EVERY: Duration = Duration::from_secs(60);

/// Keeps the figures short, until the server stops. They are right all the same where it fails.
pub fn keep_short(register: &Register, stopping: &CancellationToken) {
    let db = register.db.patient();
    task::every("figures", stopping, FOLD_EVERY, move || {
        let db = db.clone();
        async move { KINDS.fold(&db).await.and(VISITS.fold(&db).await) }
    });
}

/// A page of figures, by pooling area and month.
pub async fn get_filing_figures(
    register: &Register,
    caller: &Caller,
    request: GetFilingFiguresRequest,
) -> Result<GetFilingFiguresResponse, ServiceError> {
    let area = check(&request)?;
    caller.check_reads(&request.area)?;
    let asked = register.pages.asked(caller, &request);
    let GetFilingFiguresRequest { begin_month, end_month, .. } = request;
    let behind = |after: Option<[String; 2]>, limit| {
        let wanted = Wanted {
            areas: area.codes(),
            months: (begin_month, end_month),
            after: after.unwrap_or_default().into(),
            limit,
        };
        read(register, wanted)
    };
    let key = |last: &FilingFigures| [last.poolarea_no.clone(), last.month.clone()];
    let (figures, next_page_token) = asked.page(behind, key).await?;
    Ok(GetFilingFiguresResponse { figures, next_page_token })
}

/// The figures of both kinds, put together by area and month.
async fn read(register: &Register, wanted: Wanted) -> Result<Vec<FilingFigures>, DbErr> {
    let db = register.db.reading();
    let of = |subjects: usize| Wanted { limit: wanted.limit * subjects as u64, ..wanted.clone() };
    let mut rows: BTreeMap<(String, String), FilingFigures> = BTreeMap::new();
    let mut row = |poolarea_no: String, month: String, put: &dyn Fn(&mut FilingFigures)| {
        let key = (poolarea_no.clone(), month.clone());
        let empty = FilingFigures { poolarea_no, month, ..FilingFigures::default() };
        put(rows.entry(key).or_insert(empty));
    };
    for kind in KINDS.read(&db, &of(FilingKind::ALL.len())).await? {
        row(kind.poolarea_no, kind.month, &|row| row.kinds.push(kind_figures(&kind.subject, kind.sums)));
    }
    for visits in VISITS.read(&db, &of([IN_PROVINCE, CROSS_PROVINCE].len())).await? {
        let figures = Some(remote_figures(visits.sums));
        row(visits.poolarea_no, visits.month, &|row| match visits.subject.as_str() {
            IN_PROVINCE => row.in_province = figures.clone(),
            _ => row.cross_province = figures.clone(),
        });
    }
    Ok(rows.into_values().collect())
}

fn check(request: &GetFilingFiguresRequest) -> Result<Area, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("area", &request.area);
    let mut month = |text: &str, field: &str| {
        wrong.some(months_since_zero(text), field, Reason::MonthInvalid.saying("月份格式应为 YYYY-MM"))
    };
    let begin = month(&request.begin_month, "begin_month");
    let end = month(&request.end_month, "end_month");
    if let (Some(begin), Some(end)) = (begin, end) {
        let text = "截止月份早于起始月份";
        wrong.require(begin <= end, "end_month", Reason::DatesReversed.saying(text));
        if end - begin >= MAX_MONTHS {
            let text = format!("最多 {MAX_MONTHS} 个月");
            wrong.push("end_month", Reason::TooManyMonths.saying(text)).with("limit", MAX_MONTHS);
        }
    }
    wrong.finish(area)
}

fn months_since_zero(month: &str) -> Option<i32> {
    let (year, number) = month.split_once('-')?;
    let plain =
        year.len() == 4 && number.len() == 2 && [year, number].concat().bytes().all(|b| b.is_ascii_digit());
    let (year, number): (i32, i32) = (year.parse().ok()?, number.parse().ok()?);
    (plain && (1..=12).contains(&number)).then_some(year * 12 + number)
}
