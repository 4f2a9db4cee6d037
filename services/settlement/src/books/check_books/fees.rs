//! Lines that were brought before: held by a settlement that stands, and counted.

use sea_orm::DbErr;

use super::Check;

/// Lines of an institution that a settlement of the area holds though it is reversed.
const REVERSED: &str = "SELECT u.setl_id AS name, COUNT(*) AS value FROM uploaded_fees u \
    JOIN settlements r ON r.poolarea_no = $1 AND r.reverses_setl_id = u.setl_id AND r.reverses_setl_id <> '' \
    WHERE u.fixmedins_code = $2 GROUP BY u.setl_id LIMIT 100";

const GONE: &str = "SELECT u.setl_id AS name, COUNT(*) AS value FROM uploaded_fees u \
    WHERE u.fixmedins_code = $2 AND u.setl_id <> '' AND $1 <> '' AND NOT EXISTS \
    (SELECT 1 FROM settlements s WHERE s.setl_id = u.setl_id) GROUP BY u.setl_id LIMIT 100";

const MISCOUNTED: &str = "SELECT v.mdtrt_id AS name, v.lines AS value FROM visit_fees v \
    WHERE v.fixmedins_code = $2 AND $1 <> '' AND v.lines <> (SELECT COUNT(*) FROM uploaded_fees u \
    WHERE u.fixmedins_code = v.fixmedins_code AND u.mdtrt_id = v.mdtrt_id) LIMIT 100";

impl Check<'_> {
    /// Of one institution.
    pub(super) async fn fees(&mut self, institution: &str) -> Result<(), DbErr> {
        for (setl_id, lines) in self.found(REVERSED, &[institution]).await? {
            self.report(format!("settlement {setl_id}: is reversed and holds {lines} uploaded lines still"));
        }
        for (setl_id, lines) in self.found(GONE, &[institution]).await? {
            self.report(format!("settlement {setl_id}: holds {lines} uploaded lines and is gone"));
        }
        for (mdtrt_id, lines) in self.found(MISCOUNTED, &[institution]).await? {
            self.report(format!(
                "visit {mdtrt_id} of institution {institution}: has not {lines} uploaded lines"
            ));
        }
        Ok(())
    }
}
