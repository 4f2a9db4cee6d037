//! What the database finds by itself.

use sea_orm::DbErr;

use super::Check;
use super::deferrals::DEFERRALS;
use super::recoveries::RECOVERIES;
use super::reimbursements::REIMBURSEMENTS;

/// A query for `name` and `value` of what does not agree, and how that is told.
pub(super) type Finding = (&'static str, fn(&str, i64) -> String);

/// Of settlements and openings.
const BOOKED: [Finding; 6] = [
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
    // An institution is owed for settlements, and owes what is recovered; whatever else is booked is a deposit.
    (
        "SELECT p.setl_id AS name, p.amount_fen AS value FROM postings p \
         WHERE p.poolarea_no = $1 AND p.account LIKE 'institution/%' AND NOT EXISTS \
         (SELECT 1 FROM settlements s WHERE s.poolarea_no = p.poolarea_no AND s.psn_no = p.psn_no \
         AND s.setl_id = p.setl_id) AND NOT EXISTS (SELECT 1 FROM recoveries r WHERE r.poolarea_no = p.poolarea_no \
         AND r.psn_no = p.psn_no AND r.recovery_id = p.setl_id) LIMIT 100",
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
    // Numbers of a merged person all count with the one that stays.
    (
        "SELECT a.psn_no AS name, MAX(a.version) AS value FROM accumulated a \
         JOIN merged_person m ON m.psn_no = a.psn_no JOIN merged_person n ON n.psn_no = m.stays_psn_no \
         WHERE a.poolarea_no = $1 GROUP BY a.psn_no LIMIT 100",
        |psn_no, _| format!("person {psn_no}: counts with a number that was merged itself"),
    ),
];

/// Of personal accounts, and of what areas owe each other. A posting under a number that was merged later was made under the old one; what
/// takes it back may be under the one that stays, and owed to the area that keeps the account now.
const ACCOUNTS: [Finding; 7] = [
    // Sums of large amounts in two parts, as in yizhan_runtime::db::sum_of.
    (
        "SELECT account AS name, CAST(0 AS bigint) AS value FROM (\
         SELECT account, amount_fen / 1000000000 AS parts, amount_fen % 1000000000 AS rest FROM postings \
         WHERE poolarea_no = $1 AND account LIKE 'account/%' UNION ALL \
         SELECT 'account/' || psn_no, -(balance_fen / 1000000000), -(balance_fen % 1000000000) FROM accounts \
         WHERE poolarea_no = $1) AS booked \
         GROUP BY account HAVING CAST(SUM(parts) AS numeric) * 1000000000 + SUM(rest) <> 0 LIMIT 100",
        |account, _| format!("{account}: the balance is not the sum of its postings"),
    ),
    (
        "SELECT psn_no AS name, balance_fen AS value FROM accounts WHERE poolarea_no = $1 AND balance_fen < 0 LIMIT 100",
        |psn_no, fen| format!("account/{psn_no}: is overdrawn, {fen} fen"),
    ),
    (
        "SELECT a.psn_no AS name, a.balance_fen AS value FROM accounts a JOIN merged_person m ON m.psn_no = a.psn_no \
         WHERE a.poolarea_no = $1 AND a.balance_fen <> 0 LIMIT 100",
        |psn_no, fen| format!("account/{psn_no}: {fen} fen stay under a number that was merged"),
    ),
    (
        "SELECT b.booking_id AS name, b.amount_fen AS value FROM account_bookings b \
         WHERE b.poolarea_no = $1 AND b.amount_fen <> 0 AND NOT EXISTS \
         (SELECT 1 FROM postings p WHERE p.poolarea_no = b.poolarea_no AND p.psn_no = b.psn_no AND p.setl_id = b.booking_id \
         AND p.account = 'account/' || b.psn_no AND p.amount_fen = b.amount_fen) LIMIT 100",
        |booking_id, fen| format!("booking {booking_id}: {fen} fen are not booked on the account"),
    ),
    (
        "SELECT b.booking_id AS name, b.amount_fen AS value FROM account_bookings b \
         LEFT JOIN merged_person m ON m.psn_no = b.psn_no \
         WHERE b.poolarea_no = $1 AND b.cancelled_by <> '' AND b.amount_fen <> 0 AND NOT EXISTS (SELECT 1 FROM postings p \
         WHERE p.poolarea_no = b.poolarea_no AND (p.psn_no IN (b.psn_no, m.stays_psn_no) OR p.psn_no IN (SELECT k.kept_psn_no FROM parted_person k WHERE k.psn_no = b.psn_no)) \
         AND p.setl_id = b.cancelled_by \
         AND (p.account = 'account/' || p.psn_no OR p.account LIKE 'clearing/%') AND p.amount_fen = -b.amount_fen) LIMIT 100",
        |booking_id, fen| {
            format!("booking {booking_id}: is cancelled, and {fen} fen are not taken off the account")
        },
    ),
    (
        "SELECT b.booking_id AS name, -b.amount_fen AS value FROM account_bookings b \
         WHERE b.poolarea_no = $1 AND b.for_psn_no <> '' AND NOT EXISTS (SELECT 1 FROM postings p \
         WHERE p.poolarea_no = b.for_poolarea_no AND p.psn_no = b.psn_no AND p.setl_id = b.booking_id \
         AND p.account LIKE 'contribution/%' AND p.amount_fen = -b.amount_fen) LIMIT 100",
        |booking_id, fen| {
            format!("booking {booking_id}: {fen} fen of a contribution are in no books of its area")
        },
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
];

impl Check<'_> {
    pub(super) async fn findings(&mut self) -> Result<(), DbErr> {
        let count = "SELECT '' AS name, COUNT(*) AS value FROM postings WHERE poolarea_no = $1";
        self.answer.postings = self.found(count, &[]).await?.first().map_or(0, |(_, value)| *value);
        let booked = ACCOUNTS.into_iter().chain(BOOKED).chain(RECOVERIES);
        for (sql, told) in booked.chain(REIMBURSEMENTS).chain(DEFERRALS) {
            self.found(sql, &[]).await?.iter().for_each(|(name, value)| self.report(told(name, *value)));
        }
        Ok(())
    }

    /// Rows of `name` and `value`.
    pub(super) async fn found(&self, sql: &str, more: &[&str]) -> Result<Vec<(String, i64)>, DbErr> {
        let rows = self.rows(sql, more).await?;
        rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "value")?))).collect()
    }
}
