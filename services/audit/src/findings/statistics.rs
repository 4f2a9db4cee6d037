//! 统计指标 of institutions. What changes an institution's month notes that it is due; once the month is over it is added up, and what that raises is
//! compared with what was found before. A month that visits or reversals come to late is added up again, whoever asks how often: what is
//! found follows from what stands, and from the sums of others only what is told beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{Datelike, Months, NaiveDate};
use tokio_util::sync::CancellationToken;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::{DatabaseTransaction, begin_write, lock, retry_transient};
use yizhan_runtime::{ServiceError, task};
use yizhan_terms::Area;

use super::domain::{Origin, Raised};
use super::screen::{settle_statistics, turn};
use super::store::figures::{self, Due, Figure};
use crate::app::Audit;
use crate::rules::{self, Life, Rulebook, Statistic};
use crate::visits::{store as visits, together};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(600);
/// Settlements read at once.
const PAGE: u64 = 500;

/// Adds up now and every ten minutes, until the server stops.
pub fn keep_adding_up(audit: &Audit, stopping: &CancellationToken) {
    let audit = audit.clone();
    task::every("statistics", stopping, EVERY, move || {
        let audit = audit.clone();
        async move { add_up(&audit).await.map(drop) }
    });
}

/// Adds up what is due of months that are over, and tells how many months of areas that were. Any number of processes may do it at once.
pub async fn add_up(audit: &Audit) -> Result<usize, ServiceError> {
    let this_month = month_of(audit.clock.today());
    let mut count = 0;
    loop {
        let due = figures::next_due(&audit.db, &this_month).await?;
        let Some(first) = due.first() else { return Ok(count) };
        let area = Area::parse(&first.poolarea_no);
        let rulebook = area.map(|area| rules::rulebook(&audit.rules.current(), area));
        retry_transient(|| add_up_month(audit, rulebook.as_deref(), &due)).await?;
        count += 1;
    }
}

/// `2026-05`
pub fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// The months of these days.
pub fn months(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = String> {
    let begin = first.with_day(1).unwrap_or(first);
    let months = (0..).map_while(move |count| begin.checked_add_months(Months::new(count)));
    months.take_while(move |month| *month <= last).map(month_of)
}

/// Institutions of one area and month.
async fn add_up_month(audit: &Audit, rulebook: Option<&Rulebook>, due: &[Due]) -> Result<(), ServiceError> {
    let tx = begin_write(&audit.db).await?;
    lock(&tx, "statistics").await?;
    for one in due {
        let sums = match rulebook {
            Some(rulebook) => figures_of(&tx, rulebook, one).await?,
            None => Vec::new(),
        };
        figures::replace(&tx, one, sums).await?;
    }
    turn(&tx).await?;
    if let (Some(rulebook), Some(first)) = (rulebook, due.first()) {
        let year = first.month.get(..4).unwrap_or_default();
        let known = figures::of_year(&tx, &first.poolarea_no, year).await?;
        let periods = [first.month.as_str(), year];
        let raised = rulebook.statistics().flat_map(|statistic| {
            let period = periods[usize::from(statistic.is_of_year())];
            raised(&statistic, &first.poolarea_no, period, &known)
        });
        let institutions = known.iter().map(|figure| &figure.fixmedins_code);
        let institutions: BTreeSet<&String> =
            institutions.chain(due.iter().map(|one| &one.fixmedins_code)).collect();
        let key = |code: &String| periods.map(|period| [code.clone(), place(&first.poolarea_no, period)]);
        settle_statistics(&tx, audit, institutions.into_iter().flat_map(key), raised.collect()).await?;
    }
    figures::done(&tx, due).await?;
    Ok(tx.commit().await?)
}

/// What stands in the place of a visit's number.
fn place(poolarea_no: &str, period: &str) -> String {
    format!("{poolarea_no} {period}")
}

/// What an institution billed in a month: of a visit that was settled in parts, all of it in the month of its last day.
async fn figures_of(
    tx: &DatabaseTransaction,
    rulebook: &Rulebook,
    due: &Due,
) -> Result<Vec<Figure>, ServiceError> {
    let statistics: Vec<Statistic> = rulebook.statistics().collect();
    let Some(first) = parse_date(&format!("{}-01", due.month)).filter(|_| !statistics.is_empty()) else {
        return Ok(Vec::new());
    };
    let (mut sums, mut level) = (vec![[0_i64; 2]; statistics.len()], String::new());
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let of = (due.poolarea_no.as_str(), due.fixmedins_code.as_str());
        let page = visits::of_institution(tx, of, (first, last_day(first)), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some([last.enddate.clone(), last.setl_id.clone()]);
        let new = page.iter().filter(|row| seen.insert(row.mdtrt_id.clone()));
        let keys = new.map(|row| [row.fixmedins_code.clone(), row.mdtrt_id.clone()]).collect();
        for one in together(visits::of_visits(tx, keys).await?)? {
            let visit = &one.visit;
            if month_of(visit.end) != due.month || visit.area.as_str() != due.poolarea_no {
                continue;
            }
            level = visit.level.map_or("", |level| level.code()).to_owned();
            for (sum, statistic) in sums.iter_mut().zip(&statistics) {
                let [part, total] = statistic.addends(visit).unwrap_or_default();
                *sum = [sum[0].saturating_add(part), sum[1].saturating_add(total)];
            }
        }
    }
    let figure = |([part_fen, total_fen], statistic): ([i64; 2], &Statistic)| Figure {
        poolarea_no: due.poolarea_no.clone(),
        month: due.month.clone(),
        fixmedins_code: due.fixmedins_code.clone(),
        statistic: statistic.id(),
        level: level.clone(),
        part_fen,
        total_fen,
    };
    Ok(sums.into_iter().zip(&statistics).filter(|(sum, _)| sum[1] != 0).map(figure).collect())
}

fn last_day(first: NaiveDate) -> NaiveDate {
    first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(first)
}

/// What a statistic raises of a month or a year, by the sums of all institutions.
fn raised(statistic: &Statistic, poolarea_no: &str, period: &str, known: &[Figure]) -> Vec<Raised> {
    let id = statistic.id();
    let mut sums: BTreeMap<(&str, &str), [i64; 2]> = BTreeMap::new();
    for figure in known.iter().filter(|figure| figure.statistic == id && figure.month.starts_with(period)) {
        let sum = sums.entry((&figure.level, &figure.fixmedins_code)).or_default();
        *sum = added(*sum, [figure.part_fen, figure.total_fen]);
    }
    let raised = |(&(level, institution), &sum): (&(&str, &str), &[i64; 2])| {
        let peers = sums.iter().filter(|((other, code), _)| *other == level && *code != institution);
        let (count, together) =
            peers.fold((0, [0; 2]), |(count, sums), (_, sum)| (count + 1, added(sums, *sum)));
        let found = statistic.found(sum, (count, together))?;
        let key = [institution.to_owned(), place(poolarea_no, period)];
        let mut violation = rules::violation_of(&found, &key);
        let shadow = statistic.rule.life == Life::Shadow;
        if shadow {
            violation.jr_id.push_str("-shadow");
        }
        let month = if period.len() == 4 { format!("{period}-12") } else { period.to_owned() };
        let enddate = parse_date(&format!("{month}-01")).map(|first| last_day(first).to_string());
        Some(Raised {
            origin: Origin::Statistic,
            shadow,
            poolarea_no: poolarea_no.to_owned(),
            key,
            setl_id: String::new(),
            enddate: enddate.unwrap_or_default(),
            violation,
        })
    };
    sums.iter().filter_map(raised).collect()
}

fn added(one: [i64; 2], other: [i64; 2]) -> [i64; 2] {
    [one[0].saturating_add(other[0]), one[1].saturating_add(other[1])]
}
