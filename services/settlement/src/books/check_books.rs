//! Checks the books of a pooling area against themselves: everything that is stored twice for
//! speed is folded again from the settlements and compared.

mod claims;
mod taken_back;
mod trace_codes;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    Statement,
};
use yizhan_money::Fen;
use yizhan_policy::identities::Amounts;
use yizhan_proto::settlement::v1::{CheckBooksResponse, Posting, Settlement};
use yizhan_runtime::db::{DatabaseConnection, read_sum, sum_of};

use super::messages::parts::amounts_of;
use super::store::entities::{account, posting, settlement};
use super::store::settlements::{self, answer_of};
use super::store::{merged, openings};

/// Discrepancies reported at most.
const MAX_REPORTED: usize = 100;
/// Settlements read at a time.
const PAGE: u64 = 500;

/// Checks one pooling area. Meant for quiet hours: settlements made meanwhile may be reported.
pub async fn check_books(db: &DatabaseConnection, poolarea_no: &str) -> Result<CheckBooksResponse, DbErr> {
    let merged = merged::all(db).await?;
    let joined = merged.values().map(|stays| (stays.clone(), Totals::new())).collect();
    let (answer, owners) = (CheckBooksResponse::default(), BTreeSet::new());
    let under_another = taken_back::under_another_number(db, poolarea_no).await?;
    let mut check = Check { db, poolarea_no, answer, merged, joined, owners, under_another };
    check.settlements().await?;
    check.opened().await?;
    check.joined().await?;
    check.lines().await?;
    check.findings().await?;
    check.accounts().await?;
    Ok(check.answer)
}

/// Totals by policy year and accumulator.
type Totals = BTreeMap<(String, String), i128>;

/// A query for `name` and `value` of what does not agree, and how that is told.
type Finding = (&'static str, fn(&str, i64) -> String);

const FINDINGS: [Finding; 7] = [
    (
        "SELECT b.booking_id AS name, b.amount_fen AS value FROM account_bookings b WHERE b.poolarea_no = $1 AND NOT EXISTS \
         (SELECT 1 FROM postings p WHERE p.poolarea_no = b.poolarea_no AND p.psn_no = b.psn_no AND p.setl_id = b.booking_id \
         AND p.account = 'account/' || b.psn_no AND p.amount_fen = b.amount_fen) LIMIT 100",
        |booking_id, fen| format!("booking {booking_id}: {fen} fen are not booked on the account"),
    ),
    // What an area owes another stands in the books of both.
    (
        "SELECT p.setl_id AS name, p.amount_fen AS value FROM postings p \
         WHERE p.poolarea_no = $1 AND p.account LIKE 'clearing/%' AND NOT EXISTS \
         (SELECT 1 FROM postings q WHERE q.poolarea_no = SUBSTR(p.account, 10) AND q.psn_no = p.psn_no \
         AND q.setl_id = p.setl_id AND q.account = 'clearing/' || p.poolarea_no AND q.amount_fen = -p.amount_fen) LIMIT 100",
        |setl_id, fen| {
            format!("settlement {setl_id}: {fen} fen of clearing are not in the other area's books")
        },
    ),
    (
        "SELECT c.held_by AS name, COUNT(*) AS value FROM claims c WHERE c.poolarea_no = $1 AND NOT EXISTS \
         (SELECT 1 FROM settlements s WHERE s.setl_id = c.held_by) GROUP BY c.held_by LIMIT 100",
        |setl_id, count| format!("settlement {setl_id}: holds {count} visits and is gone"),
    ),
    (
        "SELECT setl_id AS name, CAST(SUM(amount_fen) AS bigint) AS value FROM postings \
         WHERE poolarea_no = $1 GROUP BY psn_no, setl_id HAVING SUM(amount_fen) <> 0 LIMIT 100",
        |setl_id, sum| format!("settlement {setl_id}: postings sum to {sum} fen, not to zero"),
    ),
    // An institution is owed for settlements only; whatever else is booked is a deposit.
    (
        "SELECT p.setl_id AS name, p.amount_fen AS value FROM postings p \
         WHERE p.poolarea_no = $1 AND p.account LIKE 'institution/%' AND NOT EXISTS \
         (SELECT 1 FROM settlements s WHERE s.poolarea_no = p.poolarea_no AND s.psn_no = p.psn_no \
         AND s.setl_id = p.setl_id) LIMIT 100",
        |setl_id, _| format!("settlement {setl_id}: has postings and is gone"),
    ),
    (
        "SELECT a.psn_no AS name, a.version AS value FROM accumulated a \
         WHERE a.poolarea_no = $1 AND a.totals <> '{}' AND NOT EXISTS \
         (SELECT 1 FROM settlements s WHERE s.poolarea_no = a.poolarea_no AND s.psn_no = a.psn_no) AND NOT EXISTS \
         (SELECT 1 FROM merged_person m WHERE m.stays_psn_no = a.psn_no) AND NOT EXISTS \
         (SELECT 1 FROM openings o WHERE o.poolarea_no = a.poolarea_no AND o.psn_no = a.psn_no) LIMIT 100",
        |psn_no, _| format!("person {psn_no}: has accumulators and no settlements"),
    ),
    (
        "SELECT p.setl_id AS name, p.amount_fen AS value FROM postings p \
         WHERE p.poolarea_no = $1 AND p.account LIKE 'opening/%' AND NOT EXISTS \
         (SELECT 1 FROM openings o WHERE o.poolarea_no = p.poolarea_no AND o.psn_no = p.psn_no \
         AND o.opening_id = p.setl_id) LIMIT 100",
        |opening_id, _| format!("opening {opening_id}: has postings and is gone"),
    ),
];

struct Check<'c> {
    db: &'c DatabaseConnection,
    poolarea_no: &'c str,
    answer: CheckBooksResponse,
    /// Numbers that were merged, with those that stay.
    merged: BTreeMap<String, String>,
    /// What the settlements under all numbers of a person add up to, by the number that stays.
    joined: BTreeMap<String, Totals>,
    /// What is to be added to what stands under a number, because it was recorded under another.
    under_another: BTreeMap<String, Totals>,
    /// Institutions of the settlements that were looked at.
    owners: BTreeSet<String>,
}

impl Check<'_> {
    fn report(&mut self, discrepancy: String) {
        if self.answer.discrepancies.len() < MAX_REPORTED {
            self.answer.discrepancies.push(discrepancy);
        }
    }

    /// Identities of every settlement, and accumulators as the fold of each person's settlements.
    async fn settlements(&mut self) -> Result<(), DbErr> {
        let (mut person, mut folded) = (String::new(), Totals::new());
        let mut visited = Vec::new();
        let mut after = (String::new(), String::new());
        loop {
            let rows = self.page_after(&after).await?;
            let ids: Vec<&str> = rows.iter().map(|row| row.setl_id.as_str()).collect();
            let answers: Vec<Settlement> = rows.iter().map(answer_of).collect::<Result<_, _>>()?;
            let mut booked = self.postings_of(ids, &answers).await?;
            let standing = self.claims(&rows, &answers).await?;
            self.trace_codes(&answers, &standing).await?;
            for (row, answer) in rows.iter().zip(&answers) {
                if row.psn_no != person {
                    self.same_days(&std::mem::take(&mut visited));
                    self.done_with(&person, std::mem::take(&mut folded)).await?;
                    person.clone_from(&row.psn_no);
                }
                if standing.contains(&row.setl_id) {
                    visited.extend(claims::Visited::of(answer));
                }
                self.answer.settlements += 1;
                self.check_identities(row, answer);
                if booked.remove(&row.setl_id).unwrap_or_default() != answer.postings {
                    self.report(format!(
                        "settlement {}: the postings are not those it was answered with",
                        row.setl_id
                    ));
                }
                for change in answer.trace.iter().flat_map(|trace| &trace.accumulators) {
                    let key = (change.policy_year.clone(), change.accumulator.clone());
                    *folded.entry(key).or_insert(0) += i128::from(change.added);
                }
            }
            match rows.last() {
                Some(last) => after = (last.psn_no.clone(), last.setl_id.clone()),
                None => {
                    self.same_days(&visited);
                    return self.done_with(&person, folded).await;
                }
            }
        }
    }

    async fn page_after(&self, after: &(String, String)) -> Result<Vec<settlement::Model>, DbErr> {
        use sea_orm::sea_query::{Expr, ExprTrait};
        let key = Expr::tuple([Expr::col(settlement::Column::PsnNo), Expr::col(settlement::Column::SetlId)]);
        settlement::Entity::find()
            .filter(settlement::Column::PoolareaNo.eq(self.poolarea_no))
            .filter(key.gt(Expr::tuple([Expr::val(after.0.as_str()), Expr::val(after.1.as_str())])))
            .order_by_asc(settlement::Column::PsnNo)
            .order_by_asc(settlement::Column::SetlId)
            .limit(PAGE)
            .all(self.db)
            .await
    }

    /// The postings of settlements and openings, in their order; with the answers of settlements also those in the books of other areas.
    async fn postings_of(
        &self,
        ids: Vec<&str>,
        answers: &[Settlement],
    ) -> Result<BTreeMap<String, Vec<Posting>>, DbErr> {
        let told = answers.iter().flat_map(|answer| &answer.postings);
        let others = told.map(|posting| posting.poolarea_no.as_str()).filter(|area| !area.is_empty());
        let books: BTreeSet<&str> = others.chain([self.poolarea_no]).collect();
        let rows = posting::Entity::find()
            .filter(posting::Column::PoolareaNo.is_in(books))
            .filter(posting::Column::SetlId.is_in(ids))
            .order_by_asc(posting::Column::Seq)
            .all(self.db)
            .await?;
        let mut postings: BTreeMap<String, Vec<Posting>> = BTreeMap::new();
        for row in rows {
            let elsewhere = row.poolarea_no != self.poolarea_no;
            let poolarea_no = if elsewhere { row.poolarea_no } else { String::new() };
            let posting = Posting { account: row.account, amount_fen: row.amount_fen, poolarea_no };
            postings.entry(row.setl_id).or_default().push(posting);
        }
        Ok(postings)
    }

    fn check_identities(&mut self, row: &settlement::Model, answer: &Settlement) {
        let amounts: Amounts = amounts_of(answer);
        for broken in amounts.broken() {
            self.report(format!("settlement {}: {broken} does not hold", row.setl_id));
        }
        if amounts.medfee_sumamt != Fen(row.medfee_sumamt_fen) {
            self.report(format!("settlement {}: the row and the answer differ", row.setl_id));
        }
    }

    /// What a person's settlements add up to: compared, or for one of several numbers of a person kept until all are known.
    async fn done_with(&mut self, psn_no: &str, folded: Totals) -> Result<(), DbErr> {
        let Some(joined) = self.joined.get_mut(self.merged.get(psn_no).map_or(psn_no, String::as_str)) else {
            return self.compare(psn_no, folded).await;
        };
        for (key, total) in folded {
            *joined.entry(key).or_insert(0) += total;
        }
        Ok(())
    }

    /// Persons who have openings and no settlements.
    async fn opened(&mut self) -> Result<(), DbErr> {
        let mut after = String::new();
        loop {
            let sql = format!(
                "SELECT DISTINCT o.psn_no AS name FROM openings o WHERE o.poolarea_no = $1 AND o.psn_no > $2 AND NOT EXISTS \
                 (SELECT 1 FROM settlements s WHERE s.poolarea_no = o.poolarea_no AND s.psn_no = o.psn_no) \
                 ORDER BY o.psn_no LIMIT {PAGE}"
            );
            let values = [self.poolarea_no.into(), after.as_str().into()];
            let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
            let rows = self.db.query_all_raw(statement).await?;
            for row in &rows {
                after = row.try_get("", "name")?;
                self.done_with(&after, Totals::new()).await?;
            }
            if rows.is_empty() {
                return Ok(());
            }
        }
    }

    /// Adds a person's openings, whose postings are compared with what they say.
    async fn fold_openings(&mut self, psn_no: &str, folded: &mut Totals) -> Result<(), DbErr> {
        let rows =
            openings::of_person(self.db, (self.poolarea_no, psn_no), None, u64::from(u32::MAX)).await?;
        let mut booked =
            self.postings_of(rows.iter().map(|row| row.opening_id.as_str()).collect(), &[]).await?;
        for row in &rows {
            let opening = openings::opening_of(row)?;
            self.answer.openings += 1;
            if booked.remove(&row.opening_id).unwrap_or_default() != opening.postings {
                self.report(format!(
                    "opening {}: the postings are not those it was answered with",
                    row.opening_id
                ));
            }
            for change in opening.accumulators {
                *folded.entry((change.policy_year, change.accumulator)).or_insert(0) +=
                    i128::from(change.added);
            }
        }
        Ok(())
    }

    /// Of merged records only the number that stays has accumulators.
    async fn joined(&mut self) -> Result<(), DbErr> {
        let mut joined = std::mem::take(&mut self.joined);
        for (went, stays) in std::mem::take(&mut self.merged) {
            if let Some(folded) = joined.get_mut(&stays) {
                self.fold_openings(&went, folded).await?;
                for (key, total) in self.under_another.remove(&went).into_iter().flatten() {
                    *folded.entry(key).or_insert(0) += total;
                }
            }
            self.compare_stored(&went, &Totals::new()).await?;
        }
        for (psn_no, folded) in joined {
            self.compare(&psn_no, folded).await?;
        }
        Ok(())
    }

    async fn compare(&mut self, psn_no: &str, mut folded: Totals) -> Result<(), DbErr> {
        if psn_no.is_empty() {
            return Ok(());
        }
        self.answer.persons += 1;
        self.fold_openings(psn_no, &mut folded).await?;
        self.compare_stored(psn_no, &folded).await
    }

    async fn compare_stored(&mut self, psn_no: &str, folded: &Totals) -> Result<(), DbErr> {
        let mut stored = Totals::new();
        let mut folded = folded.clone();
        for (key, total) in self.under_another.remove(psn_no).into_iter().flatten() {
            *folded.entry(key).or_insert(0) += total;
        }
        for row in settlements::accumulated_of(self.db, self.poolarea_no, psn_no).await? {
            let totals = row.totals()?.into_iter();
            stored.extend(totals.map(|(name, total)| ((row.policy_year.clone(), name), total.into())));
        }
        let folded: Totals =
            folded.iter().filter(|(_, total)| **total != 0).map(|(k, v)| (k.clone(), *v)).collect();
        if stored != folded {
            self.report(format!("person {psn_no}: accumulators are not the fold of the settlements"));
        }
        Ok(())
    }

    /// What the database finds by itself.
    async fn findings(&mut self) -> Result<(), DbErr> {
        let count = "SELECT COUNT(*) AS value FROM postings WHERE poolarea_no = $1";
        self.answer.postings = self.query(count).await?.first().map_or(0, |(_, value)| *value);
        for (sql, told) in FINDINGS {
            self.query(sql).await?.iter().for_each(|(name, value)| self.report(told(name, *value)));
        }
        Ok(())
    }

    /// Balances of personal accounts are the sums of their postings.
    async fn accounts(&mut self) -> Result<(), DbErr> {
        let sums = format!(
            "SELECT account, {} FROM postings WHERE poolarea_no = $1 AND account LIKE 'account/%' GROUP BY account",
            sum_of("amount_fen")
        );
        let sums = self.rows(&sums).await?;
        let sums = sums.iter().map(|row| Ok((row.try_get("", "account")?, read_sum(row, "amount_fen")?)));
        let sums: BTreeMap<String, i128> = sums.collect::<Result<_, DbErr>>()?;
        let rows = account::Entity::find()
            .filter(account::Column::PoolareaNo.eq(self.poolarea_no))
            .all(self.db)
            .await?;
        let stored: BTreeMap<String, i64> =
            rows.into_iter().map(|row| (format!("account/{}", row.psn_no), row.balance_fen)).collect();
        for (account, sum) in &sums {
            if i128::from(stored.get(account).copied().unwrap_or(0)) != *sum {
                self.report(format!("{account}: the balance is not the sum of its postings, {sum} fen"));
            }
        }
        let unbooked =
            stored.iter().filter(|(account, balance)| **balance != 0 && !sums.contains_key(*account));
        for (account, _) in unbooked {
            self.report(format!("{account}: has a balance and no postings"));
        }
        Ok(())
    }

    async fn rows(&self, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        let backend = self.db.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, [self.poolarea_no.into()]);
        self.db.query_all_raw(statement).await
    }

    /// Rows of `name` (may be absent) and `value`.
    async fn query(&self, sql: &str) -> Result<Vec<(String, i64)>, DbErr> {
        let rows = self.rows(sql).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("", "name").unwrap_or_default(), row.try_get("", "value")?)))
            .collect()
    }
}
