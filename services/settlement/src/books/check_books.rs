//! Checks the books of a pooling area against themselves: everything that is stored twice for
//! speed is folded again from the settlements and compared.

mod claims;
mod days;
mod deferrals;
mod fees;
mod findings;
mod policies;
mod recoveries;
mod reimbursements;
mod reversals;
mod taken_back;
mod trace_codes;
mod withheld;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    Statement, Value,
};
use yizhan_documents::Documents;
use yizhan_money::Fen;
use yizhan_policy::Policy;
use yizhan_policy::identities::Amounts;
use yizhan_proto::settlement::v1::{CheckBooksResponse, Posting, Settlement};
use yizhan_runtime::db::{DatabaseConnection, find_rows};

use self::claims::Visited;
use self::policies::Known;
use super::messages::parts::amounts_of;
use super::store::entities::{accumulated, opening, settlement};
use super::store::settlements::answer_of;
use super::store::{journal, merged, openings};

/// Discrepancies reported at most.
const MAX_REPORTED: usize = 100;
/// Small rows read at a time.
const PAGE: u64 = 500;
/// Settlements read at a time: each is a whole answer of up to thousands of lines.
const SETTLEMENTS: u64 = 100;

/// Checks one pooling area by what is stored, and by the policies it was settled by and would be. Meant for quiet hours: settlements made
/// meanwhile may be reported. What is kept at a time is a page, one person's visits, and the numbers of persons whose records were merged.
pub async fn check_books(
    db: &DatabaseConnection,
    policies: &Documents<Policy>,
    poolarea_no: &str,
) -> Result<CheckBooksResponse, DbErr> {
    let merged = merged::all(db).await?;
    let joined = merged.values().map(|stays| (stays.clone(), OfPerson::default())).collect();
    let (answer, owners) = (CheckBooksResponse::default(), BTreeSet::new());
    let under_another = taken_back::under_another_number(db, poolarea_no).await?;
    let policies = Known::of(policies, poolarea_no);
    let beside = BTreeMap::new();
    let mut check =
        Check { db, poolarea_no, policies, answer, merged, joined, owners, under_another, beside };
    check.settlements().await?;
    check.opened().await?;
    check.joined().await?;
    check.elsewhere().await?;
    check.of_institutions().await?;
    check.findings().await?;
    Ok(check.answer)
}

/// Totals by policy year and accumulator.
type Totals = BTreeMap<(String, String), i128>;

/// What the settlements of one person, or under one of several numbers, come to.
#[derive(Default)]
struct OfPerson {
    totals: Totals,
    /// Visits that stand.
    visited: Vec<Visited>,
}

/// What stands of a person beside settlements.
#[derive(Default)]
struct Beside {
    openings: Vec<opening::Model>,
    years: Vec<accumulated::Model>,
}

struct Check<'c> {
    db: &'c DatabaseConnection,
    poolarea_no: &'c str,
    policies: Known<'c>,
    answer: CheckBooksResponse,
    /// Numbers that were merged, with those that stay.
    merged: BTreeMap<String, String>,
    /// What the settlements under all numbers of a person come to, by the number that stays.
    joined: BTreeMap<String, OfPerson>,
    /// What is to be added to what stands under a number, because it was recorded under another.
    under_another: BTreeMap<String, Totals>,
    /// What else stands of the persons of the page, read together.
    beside: BTreeMap<String, Beside>,
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
        let (mut person, mut folded) = (String::new(), OfPerson::default());
        let mut after = (String::new(), String::new());
        loop {
            let rows = self.page_after(&after).await?;
            let answers: Vec<Settlement> = rows.iter().map(answer_of).collect::<Result<_, _>>()?;
            let of = rows.iter().map(|row| (row.psn_no.as_str(), row.setl_id.as_str()));
            let mut booked = self.postings_of(of, &answers).await?;
            let standing = self.claims(&rows, &answers).await?;
            self.trace_codes(&answers, &standing).await?;
            self.reversals(&answers).await?;
            self.recovered(&answers).await?;
            self.read_beside(std::iter::once(&person).chain(rows.iter().map(|row| &row.psn_no))).await?;
            for (row, answer) in rows.iter().zip(&answers) {
                if row.psn_no != person {
                    self.done_with(&person, std::mem::take(&mut folded)).await?;
                    person.clone_from(&row.psn_no);
                }
                if row.reverses_setl_id.is_empty() {
                    folded.visited.extend(Visited::of(answer, standing.contains(&row.setl_id)));
                }
                self.answer.settlements += 1;
                self.check_identities(row, answer);
                self.withheld(answer);
                if booked.remove(&row.setl_id).unwrap_or_default() != answer.postings {
                    self.report(format!(
                        "settlement {}: the postings are not those it was answered with",
                        row.setl_id
                    ));
                }
                for change in answer.trace.iter().flat_map(|trace| &trace.accumulators) {
                    let key = (change.policy_year.clone(), change.accumulator.clone());
                    *folded.totals.entry(key).or_insert(0) += i128::from(change.added);
                }
            }
            match rows.last() {
                Some(last) => after = (last.psn_no.clone(), last.setl_id.clone()),
                None => return self.done_with(&person, folded).await,
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
            .limit(SETTLEMENTS)
            .all(self.db)
            .await
    }

    /// The postings of settlements and openings, person and id, in their order; with the answers of settlements also those in the books of
    /// other areas.
    async fn postings_of<'r>(
        &self,
        of: impl Iterator<Item = (&'r str, &'r str)> + Clone,
        answers: &[Settlement],
    ) -> Result<BTreeMap<String, Vec<Posting>>, DbErr> {
        let told = answers.iter().flat_map(|answer| &answer.postings);
        let others = told.map(|posting| posting.poolarea_no.as_str()).filter(|area| !area.is_empty());
        let books: BTreeSet<&str> = others.chain([self.poolarea_no]).collect();
        let posted = journal::postings_of(self.db, books, of).await?;
        let told = |(area, line): (String, journal::Line)| {
            let poolarea_no = if area == self.poolarea_no { String::new() } else { area };
            Posting { account: line.account, amount_fen: line.amount_fen, poolarea_no }
        };
        Ok(posted.into_iter().map(|(id, lines)| (id, lines.into_iter().map(told).collect())).collect())
    }

    fn check_identities(&mut self, row: &settlement::Model, answer: &Settlement) {
        let amounts: Amounts = amounts_of(answer);
        for broken in amounts.broken() {
            self.report(format!("settlement {}: {broken} does not hold", row.setl_id));
        }
        let of_row = [row.medfee_sumamt_fen, row.fund_pay_sumamt_fen, row.psn_part_amt_fen, row.acct_pay_fen];
        if [amounts.medfee_sumamt, amounts.fund_pay_sumamt, amounts.psn_part_amt, amounts.acct_pay]
            != of_row.map(Fen)
        {
            self.report(format!("settlement {}: the row and the answer differ", row.setl_id));
        }
        for fault in self.policies.faults(row, answer) {
            self.report(format!("settlement {}: {fault}", row.setl_id));
        }
    }

    /// What a person's settlements come to: compared, or for one of several numbers of a person kept until all are known.
    async fn done_with(&mut self, psn_no: &str, folded: OfPerson) -> Result<(), DbErr> {
        let stays = self.merged.get(psn_no).map_or(psn_no, String::as_str);
        let Some(joined) = self.joined.get_mut(stays) else {
            self.same_days(&folded.visited);
            return self.compare(psn_no, folded.totals).await;
        };
        joined.visited.extend(folded.visited);
        for (key, total) in folded.totals {
            *joined.totals.entry(key).or_insert(0) += total;
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
            let rows = self.rows(&sql, &[&after]).await?;
            let persons: Vec<String> =
                rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, _>>()?;
            self.read_beside(persons.iter()).await?;
            for psn_no in &persons {
                self.done_with(psn_no, OfPerson::default()).await?;
            }
            match persons.into_iter().next_back() {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// Reads what stands of persons beside settlements, in place of what was read before.
    async fn read_beside(&mut self, persons: impl Iterator<Item = &String>) -> Result<(), DbErr> {
        let persons: BTreeSet<&String> = persons.collect();
        let keys: Vec<[String; 2]> =
            persons.iter().map(|psn_no| [self.poolarea_no.to_owned(), psn_no.to_string()]).collect();
        self.beside = persons.into_iter().map(|psn_no| (psn_no.clone(), Beside::default())).collect();
        let by_person = [opening::Column::PoolareaNo, opening::Column::PsnNo];
        for row in find_rows::<opening::Entity, 2>(self.db, by_person, keys.clone()).await? {
            self.beside.entry(row.psn_no.clone()).or_default().openings.push(row);
        }
        let by_person = [accumulated::Column::PoolareaNo, accumulated::Column::PsnNo];
        for row in find_rows::<accumulated::Entity, 2>(self.db, by_person, keys).await? {
            self.beside.entry(row.psn_no.clone()).or_default().years.push(row);
        }
        Ok(())
    }

    /// Adds a person's openings, whose postings are compared with what they say.
    async fn fold_openings(&mut self, rows: &[opening::Model], folded: &mut Totals) -> Result<(), DbErr> {
        if rows.is_empty() {
            return Ok(());
        }
        let of = rows.iter().map(|row| (row.psn_no.as_str(), row.opening_id.as_str()));
        let mut booked = self.postings_of(of, &[]).await?;
        for row in rows {
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
            let beside = self.beside(&went).await?;
            if let Some(folded) = joined.get_mut(&stays) {
                self.fold_openings(&beside.openings, &mut folded.totals).await?;
                for (key, total) in self.under_another.remove(&went).into_iter().flatten() {
                    *folded.totals.entry(key).or_insert(0) += total;
                }
            }
            self.compare_stored(&went, beside.years, Totals::new())?;
        }
        for (psn_no, folded) in joined {
            self.same_days(&folded.visited);
            self.compare(&psn_no, folded.totals).await?;
        }
        Ok(())
    }

    /// What stands of a person beside settlements, read with the page or now.
    async fn beside(&mut self, psn_no: &str) -> Result<Beside, DbErr> {
        if !self.beside.contains_key(psn_no) {
            self.read_beside(std::iter::once(&psn_no.to_owned())).await?;
        }
        Ok(self.beside.remove(psn_no).unwrap_or_default())
    }

    async fn compare(&mut self, psn_no: &str, mut folded: Totals) -> Result<(), DbErr> {
        if psn_no.is_empty() {
            return Ok(());
        }
        self.answer.persons += 1;
        let beside = self.beside(psn_no).await?;
        self.fold_openings(&beside.openings, &mut folded).await?;
        self.compare_stored(psn_no, beside.years, folded)
    }

    fn compare_stored(
        &mut self,
        psn_no: &str,
        years: Vec<accumulated::Model>,
        mut folded: Totals,
    ) -> Result<(), DbErr> {
        for (key, total) in self.under_another.remove(psn_no).into_iter().flatten() {
            *folded.entry(key).or_insert(0) += total;
        }
        let mut stored = Totals::new();
        for row in years {
            let totals = row.totals()?;
            for name in self.policies.unread(&row.policy_year, totals.keys()) {
                let year = &row.policy_year;
                self.report(format!("person {psn_no}: no policy in force reads `{name}` of {year}"));
            }
            let totals = totals.into_iter();
            stored.extend(totals.map(|(name, total)| ((row.policy_year.clone(), name), total.into())));
        }
        folded.retain(|_, total| *total != 0);
        if stored != folded {
            self.report(format!("person {psn_no}: accumulators are not the fold of the settlements"));
        }
        Ok(())
    }

    /// Rows of a query about this area, with more values.
    async fn rows(&self, sql: &str, more: &[&str]) -> Result<Vec<QueryResult>, DbErr> {
        let values = std::iter::once(&self.poolarea_no).chain(more).map(|value| Value::from(*value));
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
        self.db.query_all_raw(statement).await
    }
}
