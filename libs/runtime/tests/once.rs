//! A mutation happens once per request id: retried, at once, refused, or with another body.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::sync::{Arc, LazyLock, Mutex};

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use yizhan_proto::enrollment::v1::{RecordDeathRequest, RecordDeathResponse};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::once::{self, CreateHandledRequests, Done, Write};
use yizhan_runtime::{Caller, Clock, Reason, ServiceError, db};
use yizhan_testkit::{TestDatabase, both_databases};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateHandledRequests)]
    }
}

/// A service that counts.
#[derive(Clone)]
struct Service {
    db: DatabaseConnection,
    /// The secret under which it digests requests.
    secret: Option<&'static str>,
    /// What it was told after commits.
    told: Arc<Mutex<Option<String>>>,
}

impl once::Service for Service {
    type Changed = String;

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::system);
        &CLOCK
    }

    fn request_digest(&self, plain: &str) -> String {
        self.secret.map_or_else(|| plain.to_owned(), |secret| format!("{secret}{plain}"))
    }

    async fn committed(&self, changed: String) {
        *self.told.lock().unwrap() = Some(changed);
    }
}

/// Adds to the count, or refuses what comes to more than 100.
async fn add(
    Write { tx, cause, .. }: Write<'_, '_, Service>,
    amount: i32,
) -> Result<Done<RecordDeathResponse, String>, ServiceError> {
    let sql = "UPDATE counter SET count = count + $1 RETURNING count";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [amount.into()]);
    let count: i32 = tx.query_one_raw(statement).await?.expect("the counter").try_get("", "count")?;
    if count > 100 {
        return Err(ServiceError::invalid_field("psn_no", Reason::TooMany.saying("过多")));
    }
    let answer = RecordDeathResponse { ended_count: count, ..RecordDeathResponse::default() };
    Ok(Done { answer, changed: format!("{} {}", cause.method, cause.request_id) })
}

impl Service {
    async fn start(test: &TestDatabase) -> Service {
        let connection = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
        db::migrate::<Migrator>(&connection).await.unwrap();
        connection.execute_unprepared("CREATE TABLE counter (count integer NOT NULL)").await.unwrap();
        connection.execute_unprepared("INSERT INTO counter VALUES (0)").await.unwrap();
        Service { db: connection, secret: None, told: Arc::default() }
    }

    async fn add(
        &self,
        caller: &str,
        request_id: &str,
        amount: i32,
        secret: Option<&'static str>,
    ) -> Result<(RecordDeathResponse, Option<String>), ServiceError> {
        let caller = Caller::parse(caller).unwrap();
        let mut request = RecordDeathRequest {
            request_id: request_id.to_owned(),
            psn_no: amount.to_string(),
            ..RecordDeathRequest::default()
        };
        let (key, violations) = once::open(&caller, &mut request);
        violations.none()?;
        let service = Service { secret, told: Arc::default(), ..self.clone() };
        let answer = once::once(&service, &key, |write| Box::pin(add(write, amount))).await?;
        let told = service.told.lock().unwrap().take();
        Ok((answer, told))
    }
}

both_databases! {
    async fn the_same_request_is_answered_again_and_not_done_again(test: TestDatabase) {
        let service = Service::start(&test).await;
        let (first, changed) = service.add("agency:430200", "r1", 3, None).await.unwrap();
        assert_eq!((first.ended_count, first.replayed, changed.as_deref()), (3, false, Some("RecordDeath r1")));
        service.add("agency:430200", "r2", 4, None).await.unwrap();
        let (again, changed) = service.add("agency:430200", "r1", 3, None).await.unwrap();
        assert_eq!(again, RecordDeathResponse { replayed: true, ..first });
        assert_eq!(changed, None, "nothing did");
        let (of_another, _) = service.add("agency:430100", "r1", 5, None).await.unwrap();
        assert_eq!(of_another.ended_count, 12, "ids of different callers do not meet");
    }

    async fn another_body_or_a_refusal(test: TestDatabase) {
        let service = Service::start(&test).await;
        let refused = service.add("agency:430200", "r1", 101, None).await.unwrap_err();
        assert_eq!(refused.violations()[0].reason, "TOO_MANY");
        let (done, _) = service.add("agency:430200", "r1", 100, None).await.unwrap();
        assert_eq!(done.ended_count, 100, "a refused request leaves nothing behind and does not use up its id");
        let reused = service.add("agency:430200", "r1", 99, None).await.unwrap_err();
        assert_eq!(reused.reason(), "REQUEST_ID_REUSED");
        for unfit in ["", "空 格", &"x".repeat(65)] {
            let refused = service.add("agency:430200", unfit, 1, None).await.unwrap_err();
            assert_eq!(refused.violations()[0].reason, "REQUEST_ID_INVALID");
        }
    }

    async fn many_at_once_do_it_once(test: TestDatabase) {
        let service = Service::start(&test).await;
        let answers = join_all((0..40).map(|_| service.add("agency:430200", "r1", 1, None))).await;
        let first = answers.iter().filter(|answer| !answer.as_ref().unwrap().0.replayed).count();
        assert_eq!(first, 1);
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().0.ended_count == 1));
    }

    /// What a request did can be why its second sending, under way at the same time, would be refused: it is answered all the same.
    async fn many_at_once_that_rule_themselves_out_are_all_answered(test: TestDatabase) {
        let service = Service::start(&test).await;
        // With connections at hand, so that they are under way at the same time.
        join_all((0..40).map(|at| service.add("agency:430100", ["a", "b"][at % 2], 0, None))).await;
        for round in 0..5 {
            let request_id = format!("r{round}");
            let answers = join_all((0..40).map(|_| service.add("agency:430200", &request_id, 60, None))).await;
            assert!(answers.iter().all(|answer| answer.as_ref().unwrap().0.ended_count == 60));
            service.add("agency:430200", &format!("back-{round}"), -60, None).await.unwrap();
        }
    }

    async fn what_was_answered_can_be_asked_before_anything_else(test: TestDatabase) {
        let service = Service::start(&test).await;
        let caller = Caller::parse("agency:430200").unwrap();
        let answered = async |amount: i32| {
            let psn_no = amount.to_string();
            let mut request = RecordDeathRequest { request_id: "r1".into(), psn_no, ..RecordDeathRequest::default() };
            let (key, _) = once::open(&caller, &mut request);
            once::answered::<RecordDeathResponse>(&service, &key).await
        };
        assert_eq!(answered(3).await.unwrap(), None);
        let (first, _) = service.add("agency:430200", "r1", 3, None).await.unwrap();
        assert_eq!(answered(3).await.unwrap(), Some(RecordDeathResponse { replayed: true, ..first }));
        assert_eq!(answered(4).await.unwrap_err().reason(), "REQUEST_ID_REUSED");
    }

    /// A digest under a secret is compared under that secret; one noted before there was a secret is still known.
    async fn a_secret_keeps_digests_apart(test: TestDatabase) {
        let service = Service::start(&test).await;
        service.add("agency:430200", "plain", 1, None).await.unwrap();
        let (again, _) = service.add("agency:430200", "plain", 1, Some("s")).await.unwrap();
        assert!(again.replayed);
        let reused = service.add("agency:430200", "plain", 2, Some("s")).await.unwrap_err();
        assert_eq!(reused.reason(), "REQUEST_ID_REUSED");
        service.add("agency:430200", "secret", 1, Some("s")).await.unwrap();
        assert!(service.add("agency:430200", "secret", 1, Some("s")).await.unwrap().0.replayed);
        assert!(service.add("agency:430200", "secret", 1, None).await.is_err(), "the stored digest is not the plain one");
    }
}
