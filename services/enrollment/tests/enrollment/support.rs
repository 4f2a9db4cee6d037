//! A running service with a client, and rows to import.

use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use yizhan_enrollment::EnrollmentConfig;
use yizhan_proto::enrollment::v1::coverage_service_client::CoverageServiceClient;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::rights_service_client::RightsServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::Clock;
use yizhan_runtime::cache::CacheConfig;
use yizhan_runtime::clock::ManualClock;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::server::RunningServer;
pub use yizhan_testkit::moment;
use yizhan_testkit::{Backend, Prepared, RedisServer, TestDatabase};

type Interceptor = fn(Request<()>) -> Result<Request<()>, Status>;
pub type CoverageClient = CoverageServiceClient<InterceptedService<Channel, Interceptor>>;
pub type RightsClient = RightsServiceClient<InterceptedService<Channel, Interceptor>>;
pub type Client = EnrollmentServiceClient<InterceptedService<Channel, Interceptor>>;

/// A service in this process.
pub struct TestService {
    pub server: RunningServer,
    pub client: Client,
    /// What the service believes the time is.
    pub clock: Clock,
    /// Moves the clock.
    pub hand: ManualClock,
    /// Where timelines are cached, if not in the service.
    _redis: Option<RedisServer>,
}

/// The service's tables. The tests of migrations and of processes do without.
static TABLES: Prepared = Prepared::new(&[("enrollment", |url| Box::pin(make_tables(url)))]);

async fn make_tables(url: String) {
    let database = yizhan_enrollment::migrate(&DatabaseConfig::at(url)).await;
    database.unwrap().close().await.unwrap();
}

/// Noon of 2024-06-15 in Shanghai, and callers are believed. With PostgreSQL comes Redis, with SQLite the cache in the process:
/// every test runs on both.
pub async fn start(db: &TestDatabase) -> TestService {
    start_with(db, |_| ()).await
}

/// The same with other settings.
pub async fn start_with(db: &TestDatabase, change: impl FnOnce(&mut EnrollmentConfig)) -> TestService {
    try_start_with(db, change).await.unwrap()
}

/// The same, where starting may be refused.
pub async fn try_start_with(
    db: &TestDatabase,
    change: impl FnOnce(&mut EnrollmentConfig),
) -> anyhow::Result<TestService> {
    db.prepare(&TABLES, "enrollment").await;
    let mut config = EnrollmentConfig::embedded(db.url());
    let (clock, hand) = Clock::manual("2024-06-15T04:00:00Z".parse().unwrap());
    config.clock = clock.clone();
    config.server.trust_caller_header = true;
    let redis = (db.backend() == Backend::Postgres).then(RedisServer::start);
    if let Some(redis) = &redis {
        config.cache = CacheConfig::at(redis.url());
    }
    change(&mut config);
    let server = yizhan_enrollment::serve(config).await?;
    let client = connect(server.url()).await;
    Ok(TestService { server, client, clock, hand, _redis: redis })
}

/// A client that calls as the local administrator, where a request does not say otherwise.
pub async fn connect(url: String) -> Client {
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    Client::new(InterceptedService::new(channel, as_administrator))
}

/// The same, connecting when first used and again whenever the service comes back.
pub fn connect_lazy(url: String) -> Client {
    let channel = Channel::from_shared(url).unwrap().connect_lazy();
    Client::new(InterceptedService::new(channel, as_administrator))
}

fn as_administrator(mut request: Request<()>) -> Result<Request<()>, Status> {
    if !request.metadata().contains_key("yizhan-caller") {
        request.metadata_mut().insert("yizhan-caller", MetadataValue::from_static("local-administrator"));
    }
    Ok(request)
}

/// A request made as somebody.
pub fn as_caller<T>(caller: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("yizhan-caller", MetadataValue::try_from(caller).unwrap());
    request
}

pub fn error(status: Status) -> RemoteError {
    RemoteError::from(status)
}

/// A right identity number of a woman born on 31 December 1949, another one for each psn_no; that of P1 is GB 11643's own
/// example.
pub fn certno(psn_no: &str) -> String {
    const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if psn_no == "P1" {
        return "11010519491231002X".to_owned();
    }
    let hash = psn_no.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
    let (area, number) = (100_000 + hash / 500 % 900_000, hash % 500 * 2);
    let digits = format!("{area}19491231{number:03}");
    let sum: u64 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// A right row.
pub fn person(psn_no: &str) -> PersonRow {
    PersonRow {
        psn_no: psn_no.to_owned(),
        psn_cert_type: "01".to_owned(),
        certno: certno(psn_no),
        psn_name: "张小丽".to_owned(),
        gend: "2".to_owned(),
        brdy: "1949-12-31".to_owned(),
        poolarea_no: "430200".to_owned(),
        ..PersonRow::default()
    }
}

pub fn coverage(psn_no: &str, insutype: &str, begndate: &str, enddate: &str) -> CoverageRow {
    CoverageRow {
        psn_no: psn_no.to_owned(),
        insutype: insutype.to_owned(),
        psn_type: "11".to_owned(),
        psn_insu_stas: "1".to_owned(),
        begndate: begndate.to_owned(),
        enddate: enddate.to_owned(),
        ..CoverageRow::default()
    }
}

pub fn persons(rows: impl IntoIterator<Item = PersonRow>) -> ImportPersonsRequest {
    ImportPersonsRequest { request_id: new_id(), rows: rows.into_iter().collect() }
}

pub fn coverages(rows: impl IntoIterator<Item = CoverageRow>) -> ImportCoveragesRequest {
    ImportCoveragesRequest { request_id: new_id(), rows: rows.into_iter().collect() }
}

/// A question about a person, masked.
pub fn get_person(psn_no: &str) -> GetPersonRequest {
    GetPersonRequest { psn_no: psn_no.to_owned(), ..GetPersonRequest::default() }
}

impl TestService {
    pub async fn coverage(&self) -> CoverageClient {
        let channel = Channel::from_shared(self.server.url()).unwrap().connect().await.unwrap();
        CoverageClient::new(InterceptedService::new(channel, as_administrator))
    }

    pub async fn rights(&self) -> RightsClient {
        let channel = Channel::from_shared(self.server.url()).unwrap().connect().await.unwrap();
        RightsClient::new(InterceptedService::new(channel, as_administrator))
    }

    pub async fn import_persons(
        &mut self,
        request: ImportPersonsRequest,
    ) -> Result<ImportOutcome, RemoteError> {
        let answer = self.client.import_persons(request).await.map_err(error)?;
        Ok(answer.into_inner().outcome.unwrap())
    }

    pub async fn import_coverages(
        &mut self,
        request: ImportCoveragesRequest,
    ) -> Result<ImportOutcome, RemoteError> {
        let answer = self.client.import_coverages(request).await.map_err(error)?;
        Ok(answer.into_inner().outcome.unwrap())
    }

    /// A person with one open coverage.
    pub async fn enrol(&mut self, psn_no: &str, insutype: &str, begndate: &str) {
        self.import_persons(persons([person(psn_no)])).await.unwrap();
        self.import_coverages(coverages([coverage(psn_no, insutype, begndate, "")])).await.unwrap();
    }

    pub async fn get_person(&mut self, psn_no: &str) -> Result<Person, RemoteError> {
        let request = get_person(psn_no);
        Ok(self.client.get_person(request).await.map_err(error)?.into_inner().person.unwrap())
    }

    pub async fn eligibility(&mut self, psn_no: &str, as_of: &str) -> Eligibility {
        self.ask(GetEligibilityRequest {
            psn_no: psn_no.to_owned(),
            as_of: as_of.to_owned(),
            ..GetEligibilityRequest::default()
        })
        .await
        .unwrap()
    }

    pub async fn ask_many(
        &mut self,
        requests: Vec<GetEligibilityRequest>,
    ) -> Result<Vec<Option<Eligibility>>, RemoteError> {
        let request = BatchGetEligibilitiesRequest { requests };
        let answers = self.client.batch_get_eligibilities(request).await.map_err(error)?.into_inner();
        Ok(answers.responses.into_iter().map(|answer| answer.eligibility).collect())
    }

    pub async fn ask(&mut self, request: GetEligibilityRequest) -> Result<Eligibility, RemoteError> {
        Ok(self.client.get_eligibility(request).await.map_err(error)?.into_inner().eligibility.unwrap())
    }
}
