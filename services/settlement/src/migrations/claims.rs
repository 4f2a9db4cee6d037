//! What stands is claimed, and what stood before there were claims too: else a visit that was settled before the upgrade would be paid
//! again after it.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::books::messages::claims::claims_of;
use crate::books::store::claims::{self, Claims};
use crate::books::store::settlements::decode_answer;

/// Settlements read at a time.
const PAGE: i64 = 500;

/// Makes the table, and the claims of all settlements that stand.
pub struct CreateClaims;

impl MigrationName for CreateClaims {
    fn name(&self) -> &str {
        "m20261129_000010_claims"
    }
}

/// Keys are compared by their bytes: they are written on the way of every settlement, and nobody sorts them for people.
const TABLE: &str = "CREATE TABLE claims (\
    kind varchar COLLATE \"C\" NOT NULL, owner varchar COLLATE \"C\" NOT NULL, number varchar COLLATE \"C\" NOT NULL, \
    held_by varchar NOT NULL, poolarea_no varchar NOT NULL, psn_no varchar COLLATE \"C\" NOT NULL, med_type varchar NOT NULL, \
    begndate varchar COLLATE \"C\" NOT NULL, enddate varchar COLLATE \"C\" NOT NULL, PRIMARY KEY (kind, owner, number))";

/// Lines of bills, ten in a row.
const LINES: &str = "CREATE TABLE claimed_lines (\
    owner varchar COLLATE \"C\" NOT NULL, ten varchar COLLATE \"C\" NOT NULL, digits bigint NOT NULL, \
    held_by varchar NOT NULL, PRIMARY KEY (owner, ten))";

const BY_PERSON: &str = "CREATE INDEX claims_by_person ON claims (psn_no, enddate) WHERE kind = 'V'";

/// Settlements that stand, behind one.
const STANDING: &str = "SELECT poolarea_no, psn_no, setl_id, answer FROM settlements s WHERE reverses_setl_id = '' \
    AND (poolarea_no, psn_no, setl_id) > ($1, $2, $3) AND NOT EXISTS (SELECT 1 FROM settlements r \
    WHERE r.poolarea_no = s.poolarea_no AND r.psn_no = s.psn_no AND r.reverses_setl_id = s.setl_id AND r.reverses_setl_id <> '') \
    ORDER BY poolarea_no, psn_no, setl_id LIMIT $4";

#[derive(FromQueryResult)]
struct Standing {
    poolarea_no: String,
    psn_no: String,
    setl_id: String,
    answer: Vec<u8>,
}

#[async_trait::async_trait]
impl MigrationTrait for CreateClaims {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (db, backend) = (manager.get_connection(), manager.get_database_backend());
        for table in [TABLE, LINES] {
            let table = match backend {
                DbBackend::Postgres => table.to_owned(),
                _ => table.replace(" COLLATE \"C\"", "") + " WITHOUT ROWID",
            };
            db.execute_unprepared(&table).await?;
        }
        let mut after = [String::new(), String::new(), String::new()];
        loop {
            let mut values: Vec<sea_orm::Value> = after.map(Into::into).into();
            values.push(PAGE.into());
            let statement = Statement::from_sql_and_values(backend, STANDING, values);
            let rows = Standing::find_by_statement(statement).all(db).await?;
            let answers = rows.iter().map(|row| Ok(claims_of(&decode_answer(&row.answer)?)));
            let claims: Vec<Claims> = answers.collect::<Result<_, DbErr>>()?;
            // What was paid twice before is claimed once, by the first; CheckBooks tells of the other.
            claims::claim_what_is_free(db, &claims).await?;
            let Some(last) = rows.into_iter().next_back() else { break };
            after = [last.poolarea_no, last.psn_no, last.setl_id];
        }
        db.execute_unprepared(BY_PERSON).await.map(drop)
    }
}
