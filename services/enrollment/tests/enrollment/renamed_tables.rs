//! A register of the version before keeps its handled requests and published rules under their tables' new names.

use prost::Message;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigratorTrait;
use sha2::{Digest, Sha256};
use yizhan_enrollment::migrations::Migrator;
use yizhan_enrollment::person::domain::certificate::CertificateKey;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_testkit::both_databases;

use crate::support::*;

/// Migrations of the version before.
const BEFORE: u32 = 8;
const RULES: &str = "rules: zhuzhou-newborn\nversion: \"1\"\ntitle: 株洲新生儿\narea: \"430200\"\nsources:\n  doc: { title: 株医保发〔2026〕1号, quality: G }\nnewborn:\n  - { from: 2026-01-01, source: doc, within_days: 180 }\n";

/// A request, and the digest of what it asks for as every version made it.
fn import(request_id: &str) -> (ImportPersonsRequest, String) {
    let request = ImportPersonsRequest { request_id: String::new(), rows: vec![person("P1")] };
    let digest =
        Sha256::new().chain_update("ImportPersons\0").chain_update(request.encode_to_vec()).finalize();
    (
        ImportPersonsRequest { request_id: request_id.to_owned(), ..request },
        data_encoding::HEXLOWER.encode(&digest),
    )
}

both_databases! {
    async fn rows_of_the_version_before_stay(test: TestDatabase) {
        let connection = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
        Migrator::up(&connection, Some(BEFORE)).await.unwrap();
        let insert = async |sql: &str, values: Vec<sea_orm::Value>| {
            let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
            connection.execute_raw(statement).await.unwrap();
        };
        let at = chrono::DateTime::parse_from_rfc3339("2026-01-05T00:00:00Z").unwrap().to_utc();
        let answer = ImportOutcome { row_count: 7, ..ImportOutcome::default() };
        // Noted under the secret, and earlier still without.
        let (keyed, plain_digest) = import("keyed");
        let (plain, _) = import("plain");
        let keyed_digest = CertificateKey::local_default().digest("request", &plain_digest);
        for (id, digest) in [("keyed", keyed_digest), ("plain", plain_digest)] {
            let values =
                vec!["local-administrator".into(), id.into(), digest.into(), answer.encode_to_vec().into(), at.into()];
            insert("INSERT INTO import_request (caller, request_id, digest, outcome, recorded_at) VALUES ($1, $2, $3, $4, $5)", values).await;
        }
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(RULES));
        let values = vec![digest.into(), RULES.into(), at.into()];
        insert(
            "INSERT INTO entitlement_rules (rules_id, version, ordinal, area, digest, document, caller, recorded_at) \
             VALUES ('zhuzhou-newborn', '1', '1', '430200', $1, $2, 'agency:430200', $3)",
            values,
        )
        .await;
        connection.close().await.unwrap();

        let mut service = start(&test).await;
        for request in [keyed, plain] {
            let again = service.import_persons(request.clone()).await.unwrap();
            assert_eq!(again, ImportOutcome { replayed: true, ..answer });
            let other = ImportPersonsRequest { rows: vec![person("P2")], ..request };
            assert_eq!(service.import_persons(other).await.unwrap_err().reason, "REQUEST_ID_REUSED");
        }
        let mut rules = service.coverage().await;
        let request = GetEntitlementRulesRequest { rules_id: "zhuzhou-newborn".into(), version: "1".into() };
        let got = rules.get_entitlement_rules(request).await.unwrap().into_inner().rules.unwrap();
        assert_eq!((got.document.as_str(), got.recorded_at), (RULES, moment("2026-01-05T00:00:00Z")));
        let listed = rules.list_entitlement_rules(ListEntitlementRulesRequest::default()).await.unwrap().into_inner();
        assert_eq!(listed.rules.len(), 7, "it decides again");
    }
}
