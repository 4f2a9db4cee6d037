//! Postings, a row each before, become rows of the journal.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::create;
use crate::books::store::entities::journal;

/// The migration.
pub struct CreateJournal;

impl MigrationName for CreateJournal {
    fn name(&self) -> &str {
        "m20261130_000060_journal"
    }
}

/// The table of before.
pub const POSTINGS: &str = "CREATE TABLE postings (poolarea_no varchar NOT NULL, psn_no varchar NOT NULL, setl_id varchar NOT NULL, \
    seq bigint NOT NULL, account varchar NOT NULL, amount_fen bigint NOT NULL, PRIMARY KEY (poolarea_no, psn_no, setl_id, seq))";

const MOVE: &str = "INSERT INTO journal (poolarea_no, psn_no, setl_id, lines) SELECT poolarea_no, psn_no, setl_id, \
    CAST(json_agg(json_build_object('n', seq, 'a', account, 'f', amount_fen) ORDER BY seq) AS text) \
    FROM postings GROUP BY poolarea_no, psn_no, setl_id";

const MOVE_SQLITE: &str = "INSERT INTO journal (poolarea_no, psn_no, setl_id, lines) SELECT poolarea_no, psn_no, setl_id, \
    json_group_array(json_object('n', seq, 'a', account, 'f', amount_fen)) \
    FROM (SELECT * FROM postings ORDER BY seq) GROUP BY poolarea_no, psn_no, setl_id";

/// The postings one by one; over the table that has the name when it is made.
pub const VIEW: &str = "CREATE OR REPLACE VIEW postings AS SELECT j.poolarea_no, j.psn_no, j.setl_id, \
    CAST(line ->> 'n' AS bigint) AS seq, line ->> 'a' AS account, CAST(line ->> 'f' AS bigint) AS amount_fen \
    FROM journal j CROSS JOIN LATERAL json_array_elements(CAST(j.lines AS json)) AS line";

const VIEW_SQLITE: &str = "CREATE VIEW postings AS SELECT j.poolarea_no, j.psn_no, j.setl_id, \
    line.value ->> 'n' AS seq, line.value ->> 'a' AS account, line.value ->> 'f' AS amount_fen \
    FROM journal j, json_each(j.lines) AS line";

#[async_trait::async_trait]
impl MigrationTrait for CreateJournal {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, journal::Entity).await?;
        let [moved, view] = match manager.get_database_backend() {
            DbBackend::Postgres => [MOVE, VIEW],
            _ => [MOVE_SQLITE, VIEW_SQLITE],
        };
        for statement in [moved, "DROP TABLE postings", view] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{FromQueryResult, Statement};
    use sea_orm_migration::MigratorTrait;
    use yizhan_runtime::config::DatabaseConfig;
    use yizhan_runtime::db;
    use yizhan_testkit::both_databases;

    use super::*;
    use crate::books::store::journal::postings_of;
    use crate::migrations::Migrator;

    #[derive(Debug, FromQueryResult, PartialEq)]
    struct Row {
        poolarea_no: String,
        setl_id: String,
        seq: i64,
        account: String,
        amount_fen: i64,
    }

    both_databases! {
        async fn what_was_posted_before_is_in_the_journal(test: TestDatabase) {
            let connection = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
            let before = Migrator::migrations().iter().position(|one| one.name() == CreateJournal.name()).unwrap();
            Migrator::up(&connection, Some(u32::try_from(before).unwrap())).await.unwrap();
            connection
                .execute_unprepared(
                    "INSERT INTO postings (poolarea_no, psn_no, setl_id, seq, account, amount_fen) VALUES \
                     ('430200', 'P1', 'S1', 1, 'cash/P1', -40), ('430200', 'P1', 'S1', 0, 'institution/\"H\"', 40), \
                     ('430100', 'P1', 'S1', 2, 'account/P2', 0), ('430200', 'P2', 'S2', 0, 'cash/P2', 7)",
                )
                .await
                .unwrap();
            Migrator::up(&connection, None).await.unwrap();
            let all = Statement::from_string(
                connection.get_database_backend(),
                "SELECT poolarea_no, setl_id, seq, account, amount_fen FROM postings ORDER BY setl_id, seq",
            );
            let rows = Row::find_by_statement(all).all(&connection).await.unwrap();
            let row = |poolarea_no: &str, setl_id: &str, seq, account: &str, amount_fen| Row {
                poolarea_no: poolarea_no.to_owned(),
                setl_id: setl_id.to_owned(),
                seq,
                account: account.to_owned(),
                amount_fen,
            };
            assert_eq!(rows, [
                row("430200", "S1", 0, "institution/\"H\"", 40),
                row("430200", "S1", 1, "cash/P1", -40),
                row("430100", "S1", 2, "account/P2", 0),
                row("430200", "S2", 0, "cash/P2", 7),
            ]);
            let read = postings_of(&connection, ["430200", "430100"], [("P1", "S1"), ("P1", "S2")].into_iter()).await.unwrap();
            let accounts: Vec<&str> = read["S1"].iter().map(|(_, line)| line.account.as_str()).collect();
            assert_eq!((accounts, read.len()), (vec!["institution/\"H\"", "cash/P1", "account/P2"], 1));
        }
    }
}
