//! Debts against postings, and against the settlements whose cash they are.

use super::findings::Finding;

/// What the database finds by itself. A debt is less than the cash where somebody else paid a part of it (他处已付), which no posting tells.
pub(super) const DEFERRALS: [Finding; 3] = [
    (
        "SELECT d.deferral_id AS name, d.owed_fen AS value FROM deferrals d WHERE d.poolarea_no = $1 AND d.owed_fen <> \
         (SELECT CAST(-COALESCE(SUM(p.amount_fen), 0) AS bigint) FROM postings p WHERE p.poolarea_no = d.poolarea_no \
         AND p.psn_no = d.psn_no AND p.setl_id LIKE d.deferral_id || '-%' AND p.account LIKE 'deferred/%') LIMIT 100",
        |deferral_id, fen| format!("deferral {deferral_id}: {fen} fen are owed, and others booked"),
    ),
    (
        "SELECT d.deferral_id AS name, d.amount_fen AS value FROM deferrals d WHERE d.poolarea_no = $1 AND d.state IN (1, 2) \
         AND NOT EXISTS (SELECT 1 FROM postings p WHERE p.poolarea_no = d.poolarea_no AND p.psn_no = d.psn_no \
         AND p.setl_id = d.setl_id AND p.account LIKE 'cash/%' AND p.amount_fen <= -d.amount_fen) LIMIT 100",
        |deferral_id, fen| {
            format!("deferral {deferral_id}: {fen} fen are more than the cash of its settlement")
        },
    ),
    (
        "SELECT d.deferral_id AS name, d.amount_fen AS value FROM deferrals d WHERE d.poolarea_no = $1 AND d.state IN (1, 2) \
         AND EXISTS (SELECT 1 FROM settlements s WHERE s.poolarea_no = d.poolarea_no AND s.reverses_setl_id = d.setl_id) LIMIT 100",
        |deferral_id, fen| format!("deferral {deferral_id}: {fen} fen of a settlement that was reversed"),
    ),
];
