//! A running service with enrollment beside it, and persons who are insured.

use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use yizhan_enrollment::EnrollmentConfig;
use yizhan_filing::FilingConfig;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{CoverageRow, ImportCoveragesRequest, ImportPersonsRequest, PersonRow};
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::filing::v1::*;
use yizhan_runtime::Clock;
use yizhan_runtime::cache::CacheConfig;
use yizhan_runtime::clock::ManualClock;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::server::RunningServer;
pub use yizhan_testkit::moment;
use yizhan_testkit::{Backend, Prepared, RedisServer, TestDatabase};

/// Services in this process.
pub struct TestService {
    pub server: RunningServer,
    pub client: FilingServiceClient<Channel>,
    pub enrollment: RunningServer,
    /// Moves the clock of both.
    pub hand: ManualClock,
    pub enrollment_database: TestDatabase,
    _redis: Option<RedisServer>,
}

/// The tables of both services.
static TABLES: Prepared = Prepared::new(&[
    ("enrollment", |url| {
        Box::pin(async { closed(yizhan_enrollment::migrate(&DatabaseConfig::at(url)).await).await })
    }),
    ("filing", |url| {
        Box::pin(async { closed(yizhan_filing::migrate(&DatabaseConfig::at(url)).await).await })
    }),
]);

async fn closed(migrated: anyhow::Result<DatabaseConnection>) {
    migrated.unwrap().close().await.unwrap();
}

/// Noon of Wednesday 2025-06-18 in Shanghai, and callers are believed. With PostgreSQL comes Redis, with SQLite the cache in the process.
pub async fn start(db: &TestDatabase) -> TestService {
    start_with(db, |_| ()).await
}

/// The same with other settings.
pub async fn start_with(db: &TestDatabase, change: impl FnOnce(&mut FilingConfig)) -> TestService {
    let (clock, hand) = Clock::manual("2025-06-18T04:00:00Z".parse().unwrap());
    let enrollment_database = TestDatabase::of(db.backend());
    db.prepare(&TABLES, "filing").await;
    enrollment_database.prepare(&TABLES, "enrollment").await;
    let mut enrollment = EnrollmentConfig::embedded(enrollment_database.url());
    enrollment.clock = clock.clone();
    let enrollment = yizhan_enrollment::serve(enrollment).await.unwrap();
    let redis = (db.backend() == Backend::Postgres).then(RedisServer::start);
    let mut config = FilingConfig::embedded(db.url());
    config.clock = clock;
    config.server.trust_caller_header = true;
    config.enrollment = PeerConfig { address: enrollment.url(), ..config.enrollment };
    if let Some(redis) = &redis {
        config.cache = CacheConfig::at(redis.url());
    }
    change(&mut config);
    let server = yizhan_filing::serve(config).await.unwrap();
    let client = FilingServiceClient::connect(server.url()).await.unwrap();
    TestService { server, client, enrollment, hand, enrollment_database, _redis: redis }
}

/// A request made as somebody.
pub fn by<T>(caller: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("yizhan-caller", MetadataValue::try_from(caller).unwrap());
    request
}

/// An answer, or the error as callers read it.
#[allow(clippy::result_large_err, reason = "tonic's status is what a call is refused with")]
pub fn told<T>(answer: Result<Response<T>, Status>) -> Result<T, RemoteError> {
    answer.map(Response::into_inner).map_err(RemoteError::from)
}

/// The reasons of the violations, with their fields.
pub fn violations(error: &RemoteError) -> Vec<(&str, &str)> {
    error.violations.iter().map(|wrong| (wrong.field.as_str(), wrong.reason.as_str())).collect()
}

/// A paper.
pub fn paper(material: &str) -> Material {
    Material { material: material.into(), file_id: String::new(), verified: false }
}

/// What every filing needs.
pub fn papers(more: &[&str]) -> Vec<Material> {
    ["certificate", "filing_form"].iter().chain(more).map(|material| paper(material)).collect()
}

/// A filing of kind 11 to 上海, from today on, by the person.
pub fn temporary(psn_no: &str) -> SubmitFilingRequest {
    SubmitFilingRequest {
        request_id: new_id(),
        psn_no: psn_no.into(),
        insutype: "310".into(),
        out_fil_type: "11".into(),
        rloc_admdvs: "310115".into(),
        materials: papers(&[]),
        dcla_souc: "04".into(),
        ..Default::default()
    }
}

/// A filing of kind 07 to 上海, with these papers beside what every filing needs.
pub fn resident(psn_no: &str, more: &[&str]) -> SubmitFilingRequest {
    SubmitFilingRequest { out_fil_type: "07".into(), materials: papers(more), ..temporary(psn_no) }
}

/// A stay in 上海 that settlement asks about, for somebody of 南昌.
pub fn stay(psn_no: &str, begndate: &str, enddate: &str) -> FindFilingRequest {
    FindFilingRequest {
        psn_no: psn_no.into(),
        poolarea_no: "360100".into(),
        insutype: "310".into(),
        mdtrtarea_admvs: "310115".into(),
        begndate: begndate.into(),
        enddate: enddate.into(),
        med_type: "21".into(),
        fixmedins_lv: "third".into(),
        ..Default::default()
    }
}

impl TestService {
    /// Stops filing, lets something happen at enrollment, whose address is told, and starts filing with these settings.
    pub async fn restarted(self, config: FilingConfig, meanwhile: impl AsyncFnOnce(&str)) -> TestService {
        let TestService { server, client, .. } = self;
        drop(client);
        server.shutdown().await;
        meanwhile(&self.enrollment.url()).await;
        let server = yizhan_filing::serve(config).await.unwrap();
        let client = FilingServiceClient::connect(server.url()).await.unwrap();
        TestService { server, client, ..self }
    }

    /// Insures an employee in 南昌.
    pub async fn insure(&self, psn_no: &str) {
        self.insure_in(psn_no, "360100", "310", "11").await;
    }

    /// Insures a person.
    pub async fn insure_in(&self, psn_no: &str, poolarea_no: &str, insutype: &str, psn_type: &str) {
        let mut enrollment = EnrollmentServiceClient::connect(self.enrollment.url()).await.unwrap();
        let person = PersonRow {
            psn_no: psn_no.into(),
            psn_cert_type: "99".into(),
            certno: format!("T{psn_no}"),
            psn_name: "张小丽".into(),
            gend: "2".into(),
            brdy: "1960-01-31".into(),
            poolarea_no: poolarea_no.into(),
            ..Default::default()
        };
        enrollment
            .import_persons(ImportPersonsRequest { request_id: new_id(), rows: vec![person] })
            .await
            .unwrap();
        let coverage = CoverageRow {
            psn_no: psn_no.into(),
            insutype: insutype.into(),
            psn_type: psn_type.into(),
            psn_insu_stas: "1".into(),
            begndate: "2020-01-01".into(),
            ..Default::default()
        };
        enrollment
            .import_coverages(ImportCoveragesRequest { request_id: new_id(), rows: vec![coverage] })
            .await
            .unwrap();
    }

    pub async fn submit(&self, caller: &str, request: SubmitFilingRequest) -> Result<Filing, RemoteError> {
        let answer = told(self.client.clone().submit_filing(by(caller, request)).await)?;
        Ok(answer.filing.unwrap())
    }

    /// As settlement asks.
    pub async fn find(&self, request: FindFilingRequest) -> Result<FilingAnswer, RemoteError> {
        let answer = told(self.client.clone().find_filing(by("service:settlement", request)).await)?;
        Ok(answer.answer.unwrap())
    }
}
