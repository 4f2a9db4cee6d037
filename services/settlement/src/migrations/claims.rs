//! What stands is claimed, and what stood before there were claims too: else a visit that was settled before the upgrade would be paid
//! again after it.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::books::messages::claims::claims_of;
use crate::books::store::claims::{self, Claims};
use crate::books::store::settlements::decode_answer;

/// Settlements read at a time, each a whole answer.
const PAGE: i64 = 100;

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

#[cfg(test)]
mod tests {
    use prost::Message;
    use sea_orm::{EntityTrait, PaginatorTrait};
    use sea_orm_migration::MigratorTrait;
    use yizhan_proto::settlement::v1::{FeeLineResult, Settlement, SettlementInfo};
    use yizhan_runtime::config::DatabaseConfig;
    use yizhan_runtime::db::{self, DatabaseConnection, insert};
    use yizhan_testkit::both_databases;

    use super::*;
    use crate::books::store::entities::{claim, claimed_line, settlement};
    use crate::migrations::Migrator;

    /// Several pages of them.
    const SETTLEMENTS: i64 = 3 * PAGE + 7;

    /// A visit that was settled, or a reversal of one.
    fn row(number: i64, mdtrt_id: &str, reverses: &str) -> settlement::Model {
        let (setl_id, psn_no) = (format!("S{number:05}"), format!("P{}", number % 7));
        let line = FeeLineResult { feedetl_sn: format!("{mdtrt_id}F1"), ..FeeLineResult::default() };
        let info = SettlementInfo {
            setl_id: setl_id.clone(),
            psn_no: psn_no.clone(),
            poolarea_no: "430200".to_owned(),
            fixmedins_code: "H43020000003".to_owned(),
            mdtrt_id: mdtrt_id.to_owned(),
            med_type: "11".to_owned(),
            begndate: "2024-03-01".to_owned(),
            enddate: "2024-03-01".to_owned(),
            insutype: "310".to_owned(),
            acct_pay_fen: number,
            reverses_setl_id: reverses.to_owned(),
            ..SettlementInfo::default()
        };
        let answer = Settlement { setlinfo: Some(info), feedetail: vec![line], ..Settlement::default() };
        settlement::Model {
            poolarea_no: "430200".to_owned(),
            psn_no,
            setl_id,
            fixmedins_code: "H43020000003".to_owned(),
            med_type: "11".to_owned(),
            enddate: "2024-03-01".to_owned(),
            reverses_setl_id: reverses.to_owned(),
            setl_time_us: 0,
            medfee_sumamt_fen: 0,
            fund_pay_sumamt_fen: 0,
            psn_part_amt_fen: 0,
            acct_pay_fen: 0,
            insutype: String::new(),
            clr_type: String::new(),
            setl_type: String::new(),
            policy_id: String::new(),
            policy_version: String::new(),
            case_json: String::new(),
            answer: answer.encode_to_vec(),
        }
    }

    /// Settled before there were claims: one reversed, one paid a second time as if it were the first.
    async fn settled_before(db: &DatabaseConnection) {
        let before = Migrator::migrations();
        let before = before.iter().position(|one| one.name() == CreateClaims.name()).unwrap();
        Migrator::up(db, Some(u32::try_from(before).unwrap())).await.unwrap();
        let mut rows: Vec<_> =
            (0..SETTLEMENTS).map(|number| row(number, &format!("M{number}-"), "")).collect();
        rows.push(row(70_000, "M0-", "S00000"));
        rows.push(row(70_001, "M1-", ""));
        insert::<settlement::Entity>(db, rows).await.unwrap();
    }

    both_databases! {
        /// Page by page, all or nothing, and only once however often a process starts.
        async fn what_stood_before_is_claimed(test: TestDatabase) {
            let db = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
            settled_before(&db).await;
            let applied = Migrator::get_applied_migrations(&db).await.unwrap().len();
            // A process that is killed in the middle leaves its transaction, of which nothing stays.
            let tx = db::begin_write(&db).await.unwrap();
            Migrator::up(&tx, None).await.unwrap();
            drop(tx);
            assert_eq!(Migrator::get_applied_migrations(&db).await.unwrap().len(), applied);
            for _ in 0..2 {
                db::migrate::<Migrator>(&db).await.unwrap();
                let claims = claim::Entity::find().all(&db).await.unwrap();
                assert_eq!(claims.len() as i64, SETTLEMENTS - 1, "all but what is reversed, and each once");
                let held = |number: &str| {
                    let claim = claims.iter().find(|claim| claim.number == number);
                    claim.map(|claim| claim.held_by.as_str())
                };
                assert_eq!((held("M0-"), held("M1-")), (None, Some("S00001")), "the first has it");
                assert_eq!(held(&format!("M{}-", SETTLEMENTS - 1)), Some(format!("S{:05}", SETTLEMENTS - 1).as_str()));
                let lines = claimed_line::Entity::find().count(&db).await.unwrap();
                assert_eq!(lines as i64, SETTLEMENTS - 1);
                let filled = settlement::Entity::find_by_id(("430200".to_owned(), "P3".to_owned(), "S00150".to_owned()));
                let filled = filled.one(&db).await.unwrap().unwrap();
                assert_eq!((filled.insutype.as_str(), filled.acct_pay_fen), ("310", 150));
            }
        }
    }
}
