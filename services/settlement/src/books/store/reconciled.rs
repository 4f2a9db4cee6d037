//! What an institution settled in a period: totals and lines. Manual payments are no part of it.

use std::ops::Range;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};
use yizhan_runtime::db::{DatabaseConnection, read_sum, sum_of};

/// Which settlements of an institution.
#[derive(Clone, Debug)]
pub struct Statements<'s> {
    /// 定点医药机构编号
    pub fixmedins_code: &'s str,
    /// When it was settled, microseconds since 1970 UTC.
    pub settled: Range<i64>,
    /// First and last 统筹区 that paid.
    pub areas: (String, String),
    /// 险种类型; empty: of all.
    pub insutype: &'s str,
    /// 清算类别; empty: of all.
    pub clr_type: &'s str,
}

/// A settlement or reversal, as far as it is reconciled.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Settled {
    /// 结算ID
    pub setl_id: String,
    /// When it was settled.
    pub setl_time_us: i64,
    /// 医疗费总额
    pub medfee_sumamt_fen: i64,
    /// 基金支付总额
    pub fund_pay_sumamt_fen: i64,
    /// 个人账户支出
    pub acct_pay_fen: i64,
    /// In a reversal the setl_id it reverses; otherwise empty.
    pub reverses_setl_id: String,
    /// Its reversal; empty where it has none.
    pub reversal_setl_id: String,
}

/// Totals of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// 医疗费总额, 基金支付总额, 个人账户支出.
    pub fen: [i128; 3],
    /// Settlements and reversals.
    pub count: i64,
}

/// A reversal may be under another number of its person, whose records were merged between.
const COLUMNS: &str = "s.setl_id, s.setl_time_us, s.medfee_sumamt_fen, s.fund_pay_sumamt_fen, s.acct_pay_fen, s.reverses_setl_id, \
    COALESCE((SELECT r.setl_id FROM settlements r WHERE r.poolarea_no = s.poolarea_no \
    AND r.reverses_setl_id = s.setl_id AND r.reverses_setl_id <> ''), '') AS reversal_setl_id";

const SUMMED: [&str; 3] = ["medfee_sumamt_fen", "fund_pay_sumamt_fen", "acct_pay_fen"];

impl Statements<'_> {
    /// The condition, and its values.
    fn condition(&self) -> (String, Vec<Value>) {
        let condition = "s.fixmedins_code = $1 AND s.setl_time_us >= $2 AND s.setl_time_us < $3 AND s.setl_type = '' \
             AND s.poolarea_no BETWEEN $4 AND $5 AND ($6 = '' OR s.insutype = $6) AND ($7 = '' OR s.clr_type = $7)";
        let values = [self.areas.0.as_str(), &self.areas.1, self.insutype, self.clr_type].map(Value::from);
        let times = [self.settled.start, self.settled.end].map(Value::from);
        let first = [Value::from(self.fixmedins_code)].into_iter();
        (condition.to_owned(), first.chain(times).chain(values).collect())
    }

    /// What they add up to: settlements, and reversals.
    pub async fn totals(&self, db: &DatabaseConnection) -> Result<[Totals; 2], DbErr> {
        let (condition, values) = self.condition();
        let sums = SUMMED.map(sum_of).join(", ");
        let sql = format!(
            "SELECT CAST(s.reverses_setl_id <> '' AS integer) AS reversals, COUNT(*) AS settled, {sums} \
             FROM settlements s WHERE {condition} GROUP BY 1"
        );
        let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
        let mut both = [Totals::default(); 2];
        for row in rows.await? {
            let of = &mut both[usize::from(row.try_get::<i32>("", "reversals")? != 0)];
            of.count = row.try_get("", "settled")?;
            for (sum, name) in of.fen.iter_mut().zip(SUMMED) {
                *sum = read_sum(&row, name)?;
            }
        }
        Ok(both)
    }

    /// So many of them behind one, up to one if given, in the order of setl_id.
    pub async fn lines(
        &self,
        db: &DatabaseConnection,
        (after, up_to): (&str, Option<&str>),
        limit: usize,
    ) -> Result<Vec<Settled>, DbErr> {
        let (condition, mut values) = self.condition();
        values.extend([after, up_to.unwrap_or_default()].map(Value::from));
        let sql = format!(
            "SELECT {COLUMNS} FROM settlements s WHERE {condition} AND s.setl_id > $8 AND ($9 = '' OR s.setl_id <= $9) \
             ORDER BY s.setl_id LIMIT {limit}"
        );
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        Settled::find_by_statement(statement).all(db).await
    }
}

/// Those of an institution among some ids, of any period.
pub async fn among(
    db: &DatabaseConnection,
    fixmedins_code: &str,
    areas: &(String, String),
    setl_ids: &[&str],
) -> Result<Vec<Settled>, DbErr> {
    if setl_ids.is_empty() {
        return Ok(Vec::new());
    }
    // Only months that may have one of them are asked.
    let [least, most] =
        [setl_ids.iter().min(), setl_ids.iter().max()].map(|id| id.copied().unwrap_or_default());
    let places: Vec<String> = (6..).take(setl_ids.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM settlements s WHERE s.setl_id IN ({}) AND s.fixmedins_code = $1 \
         AND s.poolarea_no BETWEEN $2 AND $3 AND s.setl_id BETWEEN $4 AND $5 AND s.setl_type = ''",
        places.join(", ")
    );
    let first = [fixmedins_code, &areas.0, &areas.1, least, most].into_iter().map(Value::from);
    let values = first.chain(setl_ids.iter().map(|id| Value::from(*id)));
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Settled::find_by_statement(statement).all(db).await
}
