//! Publication, the list, and what a running service knows.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tokio_util::sync::CancellationToken;
use yizhan_documents::{Rules, RulesDocument};
use yizhan_proto::filing::v1::ListFilingRulesRequest;
use yizhan_rules::{CreatePublishedRules, Publication, Published, RulesBook};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::{CreateServiceSecret, Secret};
use yizhan_runtime::{Caller, ServiceError, Violations, db};
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::{NATION, Newborn, Test, document};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreatePublishedRules), Box::new(CreateServiceSecret)]
    }
}

async fn open(test: &TestDatabase) -> (DatabaseConnection, RulesBook<Test>) {
    let connection = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
    db::migrate::<Migrator>(&connection).await.unwrap();
    let book = RulesBook::open(connection.clone()).await.unwrap();
    (connection, book)
}

async fn publish(
    connection: &DatabaseConnection,
    book: &RulesBook<Test>,
    text: &str,
) -> Result<Published, ServiceError> {
    publish_by("agency:430000", connection, book, text, DateTime::UNIX_EPOCH).await
}

async fn publish_by(
    publisher: &str,
    connection: &DatabaseConnection,
    book: &RulesBook<Test>,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Published, ServiceError> {
    let publication = Publication::<RulesDocument<Test>>::read(text, Violations::new())?;
    let publisher = &Caller::parse(publisher).unwrap();
    publication.check_area(publisher)?;
    let tx = db::begin_write(connection).await?;
    let published = publication.write(&tx, book, publisher, now).await?;
    tx.commit().await?;
    book.refresh().await?;
    Ok(published)
}

fn within(book: &RulesBook<Test>) -> i64 {
    let rules = book.current();
    rules.find::<Newborn>("430203".parse().unwrap(), "2026-05-01".parse().unwrap()).unwrap().rule.within_days
}

both_databases! {
    async fn a_version_is_published_once_and_never_changed(test: TestDatabase) {
        let (db, book) = open(&test).await;
        let other_process = RulesBook::<Test>::open(db.clone()).await.unwrap();
        assert_eq!(within(&book), 120);
        let text = document("zhuzhou", "1", "430200", 180);
        let first = publish(&db, &book, &text).await.unwrap();
        assert!(!first.known && first.summary.recorded_at.is_some());
        assert_eq!((within(&book), within(&other_process)), (180, 120));
        other_process.keep_fresh(&CancellationToken::new());
        let again = publish(&db, &book, &text).await.unwrap();
        assert_eq!(again.summary.digest, first.summary.digest);
        assert!(again.known);
        let changed = publish(&db, &book, &document("zhuzhou", "1", "430200", 181)).await.unwrap_err();
        assert_eq!(changed.reason(), "RULES_VERSION_IMMUTABLE");
        let embedded = publish(&db, &book, &document("hunan", "1", "430000", 1)).await.unwrap_err();
        assert_eq!(embedded.reason(), "RULES_VERSION_IMMUTABLE", "what comes with the service is published too");
        publish(&db, &book, &document("zhuzhou", "2", "430200", 200)).await.unwrap();
        assert_eq!(within(&book), 200);
        for _ in 0..100 {
            if within(&other_process) == 200 { break }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(within(&other_process), 200, "noticed within two seconds or so");
    }

    async fn what_was_known_then_is_known_still(test: TestDatabase) {
        let (db, book) = open(&test).await;
        let published = publish(&db, &book, &document("zhuzhou", "1", "430200", 180)).await.unwrap();
        let at = published.summary.recorded_at.unwrap();
        let known = |rules: Rules<Test>| rules.documents().len();
        assert_eq!(known(book.load_as_known_at(&db, at).await.unwrap()), 3);
        assert_eq!(known(book.load_as_known_at(&db, at - TimeDelta::milliseconds(1)).await.unwrap()), 2);
        assert_eq!(known(book.load(&db).await.unwrap()), 3);
    }

    async fn what_a_clock_behind_published_is_not_known_earlier(test: TestDatabase) {
        let (db, book) = open(&test).await;
        let (five, ten) = (DateTime::UNIX_EPOCH + TimeDelta::minutes(5), DateTime::UNIX_EPOCH + TimeDelta::minutes(10));
        publish_by("agency:430000", &db, &book, &document("zhuzhou", "1", "430200", 180), ten).await.unwrap();
        publish_by("agency:430000", &db, &book, &document("zhuzhou", "2", "430200", 200), five).await.unwrap();
        for (known_at, documents) in [(five, 2), (ten, 4)] {
            assert_eq!(book.load_as_known_at(&db, known_at).await.unwrap().documents().len(), documents);
        }
        assert_eq!(within(&book), 200, "the one published last");
    }

    async fn refusals(test: TestDatabase) {
        let (db, book) = open(&test).await;
        let foreign = publish(&db, &book, &document("x", "1", "360000", 1)).await.unwrap_err();
        assert_eq!((foreign.reason().code(), foreign.text()), ("AREA_NOT_OWNED", "该地区不归本单位管辖，无权办理或查询"));
        publish(&db, &book, &document("changsha", "1", "430100", 170)).await.unwrap();
        for (name, area, publisher) in [
            ("nation", "430000", "agency:430000"), ("hunan", "430200", "agency:430200"), ("changsha", "430200", "agency:430200"),
        ] {
            let taken = publish_by(publisher, &db, &book, &document(name, "9", area, 1), DateTime::UNIX_EPOCH).await.unwrap_err();
            assert_eq!(taken.reason().code(), "AREA_NOT_OWNED", "{name} is the name of another area's document");
        }
        let long = publish(&db, &book, &document(&"x".repeat(65), "1", "430000", 1)).await.unwrap_err();
        assert_eq!(long.violations()[0].reason, "TEXT_INVALID");
        let wrong = publish(&db, &book, &document("x", "1", "430000", 400)).await.unwrap_err();
        let violation = &wrong.violations()[0];
        assert_eq!((violation.field.as_str(), violation.reason.code(), violation.metadata["line"].as_str()), ("document", "INVALID_VALUE", "6"));
        assert_eq!(book.current().documents().len(), 3, "nothing else was published");
    }

    async fn lists_and_texts(test: TestDatabase) {
        let (db, book) = open(&test).await;
        let texts = [document("zhuzhou", "1", "430200", 180), document("changsha", "1", "430100", 170)];
        for text in &texts {
            publish(&db, &book, text).await.unwrap();
        }
        let pages = Pages::new(&Secret::open(&db).await.unwrap());
        let asked = |area: &str, page_size, page_token: &str| {
            let request = ListFilingRulesRequest { area: area.into(), page_size, page_token: page_token.into() };
            pages.asked(&Caller::LocalAdministrator, &request)
        };
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let page = book.list("", &asked("", 3, &token)).await.unwrap();
            all.extend(page.documents);
            token = page.next_page_token;
            if token.is_empty() { break }
        }
        let names: Vec<_> = all.iter().map(|document| (document.id.as_str(), document.recorded_at.is_some())).collect();
        assert_eq!(names, [("nation", false), ("hunan", false), ("zhuzhou", true), ("changsha", true)]);
        let of_area = book.list("430203", &asked("430203", 0, "")).await.unwrap();
        let names: Vec<_> = of_area.documents.iter().map(|document| document.id.as_str()).collect();
        assert_eq!((names, of_area.next_page_token.as_str()), (vec!["nation", "hunan", "zhuzhou"], ""));
        assert_eq!(book.list("4302", &asked("4302", 0, "")).await.unwrap_err().violations()[0].reason, "AREA_INVALID");
        assert_eq!(book.get("zhuzhou", "1").await.unwrap().1, texts[0]);
        assert_eq!(book.get("nation", "1").await.unwrap().1, NATION);
        for (id, version) in [("nation", "2"), ("x\0", "1"), ("", "")] {
            assert_eq!(book.get(id, version).await.unwrap_err().reason(), "RULES_UNKNOWN");
        }
    }
}
