//! 零星报销: what is owed, settled, listed and paid agrees.

use super::findings::Finding;

/// What the database finds by itself.
pub(super) const REIMBURSEMENTS: [Finding; 6] = [
    (
        "SELECT b.area AS name, CAST(SUM(b.fen) AS bigint) AS value FROM (\
         SELECT poolarea_no AS area, amount_fen AS fen FROM postings WHERE poolarea_no = $1 AND account LIKE 'reimbursement/%' \
         UNION ALL SELECT poolarea_no, -owed_fen FROM reimbursements WHERE poolarea_no = $1) AS b \
         GROUP BY b.area HAVING SUM(b.fen) <> 0",
        |area, fen| format!("area {area}: {fen} fen are booked as owed for reimbursements beyond what is"),
    ),
    (
        "SELECT r.reimbursement_id AS name, r.approved_fen AS value FROM reimbursements r WHERE r.poolarea_no = $1 \
         AND r.setl_id <> '' AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.poolarea_no = r.poolarea_no \
         AND s.setl_id = r.setl_id AND s.setl_type = '1' AND s.fund_pay_sumamt_fen = r.approved_fen) LIMIT 100",
        |id, fen| format!("reimbursement {id}: {fen} fen are not what its settlement paid"),
    ),
    // 9, 10: reversed.
    (
        "SELECT r.reimbursement_id AS name, r.state AS value FROM reimbursements r WHERE r.poolarea_no = $1 \
         AND r.setl_id <> '' AND r.state IN (9, 10) AND NOT EXISTS (SELECT 1 FROM settlements s \
         WHERE s.poolarea_no = r.poolarea_no AND s.reverses_setl_id = r.setl_id) LIMIT 100",
        |id, _| format!("reimbursement {id}: is reversed, and its settlement stands"),
    ),
    // 1: listed, 2: paid, 3: returned.
    (
        "SELECT u.run_id AS name, u.total_fen AS value FROM payment_runs u WHERE u.poolarea_no = $1 AND u.total_fen <> \
         (SELECT CAST(COALESCE(SUM(p.amount_fen), 0) AS bigint) FROM reimbursement_payments p \
         WHERE p.run_id = u.run_id AND p.state IN (1, 2, 3)) LIMIT 100",
        |run_id, fen| format!("payment run {run_id}: {fen} fen are not what its payments come to"),
    ),
    (
        "SELECT p.payment_id AS name, p.amount_fen AS value FROM reimbursement_payments p WHERE p.poolarea_no = $1 \
         AND CASE WHEN p.state = 2 THEN p.amount_fen ELSE 0 END <> \
         (SELECT CAST(COALESCE(SUM(b.amount_fen), 0) AS bigint) FROM postings b WHERE b.poolarea_no = p.poolarea_no \
         AND b.psn_no = p.psn_no AND b.setl_id IN (p.payment_id, p.payment_id || 'R') AND b.account LIKE 'payout/%') LIMIT 100",
        |payment_id, fen| format!("payment {payment_id}: {fen} fen are not what is booked of it"),
    ),
    (
        "SELECT r.reimbursement_id AS name, r.owed_fen AS value FROM reimbursements r WHERE r.poolarea_no = $1 \
         AND r.run_id <> '' AND NOT EXISTS (SELECT 1 FROM reimbursement_payments p WHERE p.run_id = r.run_id \
         AND p.reimbursement_id = r.reimbursement_id AND p.state = 1 AND p.amount_fen = r.owed_fen) LIMIT 100",
        |id, fen| format!("reimbursement {id}: {fen} fen are in a run that does not have them"),
    ),
];
