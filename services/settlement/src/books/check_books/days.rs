//! Visits of one person that other areas paid, on the days of this area's.

use sea_orm::{DbErr, FromQueryResult, Statement, Value};

use super::claims::Visited;
use super::{Check, PAGE};
use crate::books::domain::claims::meeting;
use crate::books::messages::claims::days;
use crate::books::store::settlements;

/// Two visits of which days may be the same.
#[derive(FromQueryResult)]
struct Pair {
    own: String,
    other: String,
    med_type: String,
    begndate: String,
    enddate: String,
    other_med_type: String,
    other_begndate: String,
    other_enddate: String,
}

const PAIRS: &str = "SELECT c.held_by AS own, d.held_by AS other, c.med_type, c.begndate, c.enddate, \
    d.med_type AS other_med_type, d.begndate AS other_begndate, d.enddate AS other_enddate \
    FROM claims c JOIN claims d ON d.psn_no = c.psn_no AND d.kind = 'V' AND d.poolarea_no <> c.poolarea_no \
    AND d.enddate >= c.begndate AND d.begndate <= c.enddate \
    WHERE c.kind = 'V' AND c.poolarea_no = $1 AND (c.held_by, d.held_by) > ($2, $3) \
    ORDER BY c.held_by, d.held_by LIMIT $4";

impl Check<'_> {
    /// Whoever moves from one area to another is in one hospital at a time all the same.
    pub(super) async fn elsewhere(&mut self) -> Result<(), DbErr> {
        let mut after = [String::new(), String::new()];
        loop {
            let mut values = vec![Value::from(self.poolarea_no)];
            values.extend(after.clone().map(Value::from));
            values.push(Value::from(i64::try_from(PAGE).unwrap_or(i64::MAX)));
            let statement = Statement::from_sql_and_values(self.db.get_database_backend(), PAIRS, values);
            let pairs = Pair::find_by_statement(statement).all(self.db).await?;
            let Some(last) = pairs.last() else { return Ok(()) };
            after = [last.own.clone(), last.other.clone()];
            for pair in &pairs {
                if pair.meets() && !self.marked(pair).await? {
                    let Pair { own, other, .. } = pair;
                    self.report(format!("settlement {own}: shares days with {other}, and no mark says so"));
                }
            }
        }
    }

    async fn marked(&self, pair: &Pair) -> Result<bool, DbErr> {
        for (one, other) in [(&pair.own, &pair.other), (&pair.other, &pair.own)] {
            let Some(row) = settlements::by_id(self.db, one).await? else { continue };
            let visited = Visited::of(&settlements::answer_of(&row)?, true);
            if visited.is_some_and(|visited| visited.marks(other)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Pair {
    fn meets(&self) -> bool {
        let own = days(&self.med_type, &self.begndate, &self.enddate);
        let other = days(&self.other_med_type, &self.other_begndate, &self.other_enddate);
        own.zip(other).is_some_and(|(own, other)| meeting(own, other).is_some())
    }
}
