//! Counts by area and month, as addends: whoever counts appends a row, and the figure is their sum. No row is shared, so nobody waits for
//! anybody, and what is counted is counted in the transaction in which it happened. In the background many addends of one figure are replaced
//! by one that is their sum ([`fold`]), so that reading stays short; the figures are the same before, meanwhile and after.

pub mod bills;
pub mod entities;

use std::ops::RangeInclusive;

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use yizhan_runtime::db::{DatabaseConnection, begin_write, insert_values, read_sum, sum_of};
use yizhan_runtime::ids::new_id;
use yizhan_terms::Area;

use super::domain::{OF_KIND, OF_VISITS};

/// So many addends of one figure are worth being replaced by one.
const WORTH_FOLDING: i64 = 50;

/// Filings by 备案类型.
pub const KINDS: Figures<OF_KIND> = Figures {
    table: "kind_figure",
    subject: "out_fil_type",
    sums: [
        "submitted",
        "completed",
        "self_service",
        "provisional",
        "rejected",
        "lapsed",
        "in_time",
        "late",
        "seconds_to_decide",
    ],
};

/// Visits away from home, by [`reach`](super::domain::reach).
pub const VISITS: Figures<OF_VISITS> = Figures {
    table: "visit_figure",
    subject: "reach",
    sums: [
        "stays_direct",
        "stays_manual",
        "visits_direct",
        "visits_manual",
        "direct_medfee_fen",
        "manual_medfee_fen",
    ],
};

/// A table of addends.
#[derive(Clone, Copy, Debug)]
pub struct Figures<const N: usize> {
    /// Its name.
    pub table: &'static str,
    /// The column that says what is counted.
    pub subject: &'static str,
    /// The columns that are added up.
    pub sums: [&'static str; N],
}

/// Some of a figure, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addend<const N: usize> {
    /// 参保地.
    pub poolarea_no: String,
    /// `2025-06`.
    pub month: String,
    /// What is counted.
    pub subject: String,
    /// How many.
    pub sums: [i64; N],
}

/// Which figures: those behind `after` (area and month), in this order.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// First and last pooling area.
    pub areas: RangeInclusive<Area>,
    /// First and last month.
    pub months: (String, String),
    /// Behind these.
    pub after: (String, String),
    /// So many at most.
    pub limit: u64,
}

impl<const N: usize> Figures<N> {
    /// Counts.
    pub async fn add<C: ConnectionTrait>(&self, tx: &C, addends: &[Addend<N>]) -> Result<(), DbErr> {
        let columns = [&["addend_id", "poolarea_no", "month", self.subject][..], &self.sums].concat();
        let row = |addend: &Addend<N>| {
            let Addend { poolarea_no, month, subject, sums } = addend.clone();
            let texts = [new_id(), poolarea_no, month, subject].map(Value::from);
            [&texts[..], &sums.map(Value::from)].concat()
        };
        insert_values(tx, self.table, &columns, addends.iter().map(row).collect()).await
    }

    /// The figures, by area, month and subject.
    pub async fn read<C: ConnectionTrait>(&self, db: &C, wanted: &Wanted) -> Result<Vec<Addend<N>>, DbErr> {
        let Figures { table, subject, .. } = self;
        let sums = self.sums.map(sum_of);
        let sql = format!(
            "SELECT poolarea_no, month, {subject}, {} FROM {table} WHERE poolarea_no BETWEEN $1 AND $2 \
             AND month BETWEEN $3 AND $4 AND (poolarea_no, month) > ($5, $6) \
             GROUP BY poolarea_no, month, {subject} ORDER BY poolarea_no, month, {subject} LIMIT $7",
            sums.join(", ")
        );
        let Wanted { areas, months, after, limit } = wanted;
        let texts = [areas.start().as_str(), areas.end().as_str(), &months.0, &months.1, &after.0, &after.1];
        let mut values: Vec<Value> = texts.into_iter().map(Value::from).collect();
        values.push((*limit as i64).into());
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        db.query_all_raw(statement).await?.iter().map(|row| self.addend(row, told)).collect()
    }

    /// Replaces many addends of a figure by one, figure by figure. Whoever else does so at the same time sums up only what it takes away itself.
    pub async fn fold(&self, db: &DatabaseConnection) -> Result<(), DbErr> {
        let Figures { table, subject, .. } = self;
        let sql = format!(
            "SELECT poolarea_no, month, {subject} FROM {table} GROUP BY poolarea_no, month, {subject} \
             HAVING count(*) >= {WORTH_FOLDING}"
        );
        let many = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        for figure in many {
            let text = |name: &str| figure.try_get::<String>("", name);
            self.fold_one(db, [text("poolarea_no")?, text("month")?, text(subject)?]).await?;
        }
        Ok(())
    }

    async fn fold_one(&self, db: &DatabaseConnection, figure: [String; 3]) -> Result<(), DbErr> {
        let Figures { table, subject, .. } = self;
        let sql = format!(
            "DELETE FROM {table} WHERE poolarea_no = $1 AND month = $2 AND {subject} = $3 \
             RETURNING poolarea_no, month, {subject}, {}",
            self.sums.join(", ")
        );
        let tx = begin_write(db).await?;
        let values = figure.map(Value::from);
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        let rows = tx.query_all_raw(statement).await?;
        let addends: Result<Vec<Addend<N>>, DbErr> =
            rows.iter().map(|row| self.addend(row, |row, name| row.try_get("", name))).collect();
        let addends = addends?;
        let Some((first, others)) = addends.split_first() else { return tx.rollback().await };
        match others.iter().try_fold(first.clone(), |sum, addend| sum.plus(addend)) {
            Some(sum) => self.add(&tx, &[sum]).await?,
            // What does not fit into one stays many.
            None => return tx.rollback().await,
        }
        tx.commit().await
    }

    fn addend(
        &self,
        row: &QueryResult,
        read: fn(&QueryResult, &str) -> Result<i64, DbErr>,
    ) -> Result<Addend<N>, DbErr> {
        let mut sums = [0; N];
        for (sum, name) in sums.iter_mut().zip(self.sums) {
            *sum = read(row, name)?;
        }
        Ok(Addend {
            poolarea_no: row.try_get("", "poolarea_no")?,
            month: row.try_get("", "month")?,
            subject: row.try_get("", self.subject)?,
            sums,
        })
    }
}

impl<const N: usize> Addend<N> {
    /// Of one figure; `None` if it would be too large for the table.
    pub fn plus(&self, other: &Addend<N>) -> Option<Addend<N>> {
        let mut both = self.clone();
        for (sum, more) in both.sums.iter_mut().zip(other.sums) {
            *sum = sum.checked_add(more)?;
        }
        Some(both)
    }
}

/// A figure as the contract tells it: beyond what its fields hold, the most they hold.
fn told(row: &QueryResult, name: &str) -> Result<i64, DbErr> {
    let sum = read_sum(row, name)?;
    Ok(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }))
}
