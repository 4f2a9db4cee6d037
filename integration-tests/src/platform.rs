//! Enrollment, filing, audit, credit and settlement in this process, on free loopback ports, over one of the two databases.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use yizhan_audit::AuditConfig;
use yizhan_credit::CreditConfig;
use yizhan_enrollment::EnrollmentConfig;
use yizhan_filing::FilingConfig;
use yizhan_proto::settlement::v1::{CatalogueItem, Institution};
use yizhan_runtime::Clock;
use yizhan_runtime::cache::CacheConfig;
use yizhan_runtime::clock::ManualClock;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::server::RunningServer;
use yizhan_testkit::{Backend, Prepared, RedisServer, TestDatabase};

use crate::client::Client;
use crate::database;
use crate::person::Person;
use crate::places::{distant_institutions, standard_catalogue, standard_institutions};

/// Noon of 2026-02-01 in Shanghai, until a test moves the clock.
const NOW: &str = "2026-02-01T04:00:00Z";

/// Tables of audit and credit that their followers write.
const FOLLOWING: [&str; 11] = [
    "code_use",
    "figure_decision",
    "figure_month",
    "figure_recovered",
    "finding",
    "followed_feed",
    "merged_person",
    "person_item",
    "statistic_due",
    "statistic_figure",
    "visit",
];

/// The tables of the services. The tests of migrations, of processes and of what is killed do without.
static TABLES: Prepared = Prepared::new(&[
    ("enrollment", |url| {
        Box::pin(async { closed(yizhan_enrollment::migrate(&DatabaseConfig::at(url)).await).await })
    }),
    ("filing", |url| {
        Box::pin(async { closed(yizhan_filing::migrate(&DatabaseConfig::at(url)).await).await })
    }),
    ("audit", |url| Box::pin(async { closed(yizhan_audit::migrate(&DatabaseConfig::at(url)).await).await })),
    ("credit", |url| {
        Box::pin(async { closed(yizhan_credit::migrate(&DatabaseConfig::at(url)).await).await })
    }),
    ("settlement", |url| {
        Box::pin(async { closed(yizhan_settlement::migrate(&DatabaseConfig::at(url)).await).await })
    }),
]);

async fn closed(migrated: anyhow::Result<DatabaseConnection>) {
    migrated.expect("migrated").close().await.expect("closed");
}

/// What a platform is to know before a test begins.
pub struct Setup {
    settlement_db: TestDatabase,
    enrollment_db: TestDatabase,
    filing_db: TestDatabase,
    audit_db: TestDatabase,
    credit_db: TestDatabase,
    institutions: Vec<Institution>,
    catalogue: Vec<CatalogueItem>,
    persons: Vec<Person>,
    policies: Option<PathBuf>,
    requests_at_once: usize,
    trust_caller_header: bool,
    asks_audit: Option<Asked>,
    asks_credit: Option<Asked>,
}

/// The audit or credit that settlement asks.
enum Asked {
    /// The platform's.
    Own,
    /// Another one, which is given so much time.
    At(String, Duration),
}

impl Setup {
    /// One more institution beside the standard ones.
    pub fn with_institution(mut self, institution: Institution) -> Setup {
        self.institutions.push(institution);
        self
    }

    /// The institutions that people of elsewhere go to.
    pub fn with_distant_institutions(mut self) -> Setup {
        self.institutions.extend(distant_institutions());
        self
    }

    /// More of the catalogue beside the standard items.
    pub fn with_catalogue(mut self, items: impl IntoIterator<Item = CatalogueItem>) -> Setup {
        self.catalogue.extend(items);
        self
    }

    /// A person of the register.
    pub fn with_person(mut self, person: Person) -> Setup {
        self.persons.push(person);
        self
    }

    /// Many.
    pub fn with_persons(mut self, persons: impl IntoIterator<Item = Person>) -> Setup {
        self.persons.extend(persons);
        self
    }

    /// The documents of this folder in place of the embedded policies.
    pub fn with_policies_of(mut self, folder: impl Into<PathBuf>) -> Setup {
        self.policies = Some(folder.into());
        self
    }

    /// Lets more requests in at once than by default, in every service.
    pub fn with_requests_at_once(mut self, limit: usize) -> Setup {
        self.requests_at_once = limit;
        self
    }

    /// Nobody says who calls: everybody is the local administrator, as when the platform runs on one machine.
    pub fn with_one_caller(mut self) -> Setup {
        self.trust_caller_header = false;
        self
    }

    /// Settlement asks audit about each visit (事中审核).
    pub fn asking_audit(mut self) -> Setup {
        self.asks_audit = Some(Asked::Own);
        self
    }

    /// Settlement asks something at this address that stands in for audit, and gives it so much time.
    pub fn asking_audit_at(mut self, url: &str, deadline: Duration) -> Setup {
        self.asks_audit = Some(Asked::At(url.to_owned(), deadline));
        self
    }

    /// Settlement asks credit about those who gave the services (医保支付资格), and follows it.
    pub fn asking_credit(mut self) -> Setup {
        self.asks_credit = Some(Asked::Own);
        self
    }

    /// Settlement asks something at this address that stands in for credit, and gives it so much time.
    pub fn asking_credit_at(mut self, url: &str, deadline: Duration) -> Setup {
        self.asks_credit = Some(Asked::At(url.to_owned(), deadline));
        self
    }

    /// Without the standard institutions and items.
    pub fn bare(mut self) -> Setup {
        self.institutions.clear();
        self.catalogue.clear();
        self
    }

    /// Starts the servers and imports what was asked for.
    #[expect(
        clippy::too_many_lines,
        reason = "five services, one after the other, each told where those before it are"
    )]
    pub async fn start(self) -> TestPlatform {
        let (clock, hand) = Clock::manual(NOW.parse().expect("a time"));
        self.settlement_db.prepare(&TABLES, "settlement").await;
        self.enrollment_db.prepare(&TABLES, "enrollment").await;
        self.filing_db.prepare(&TABLES, "filing").await;
        self.audit_db.prepare(&TABLES, "audit").await;
        self.credit_db.prepare(&TABLES, "credit").await;
        // With PostgreSQL comes Redis, with SQLite the cache in the process.
        let redis = (self.enrollment_db.backend() == Backend::Postgres).then(RedisServer::start);
        let cache = redis.as_ref().map_or_else(CacheConfig::in_process, |redis| CacheConfig::at(redis.url()));
        let server = ServerConfig {
            trust_caller_header: self.trust_caller_header,
            max_concurrent_requests: self.requests_at_once,
            ..ServerConfig::loopback()
        };
        // Those begun before them follow settlement's feed and ask credit.
        let (settlement_address, credit_address) = (free_address(), free_address());
        let peer = |url: String| PeerConfig { deadline: Duration::from_secs(20), ..PeerConfig::at(url) };
        let enrollment_config = EnrollmentConfig {
            clock: clock.clone(),
            cache: cache.clone(),
            server: server.clone(),
            ..EnrollmentConfig::embedded(self.enrollment_db.url())
        };
        let enrollment =
            yizhan_enrollment::serve(enrollment_config.clone()).await.expect("enrollment starts");
        let filing_config = FilingConfig {
            clock: clock.clone(),
            cache,
            server: server.clone(),
            enrollment: peer(enrollment.url()),
            ..FilingConfig::embedded(self.filing_db.url())
        };
        let filing = yizhan_filing::serve(filing_config.clone()).await.expect("filing starts");
        let audit_config = AuditConfig {
            clock: clock.clone(),
            server: server.clone(),
            enrollment: peer(enrollment.url()),
            settlement: Some(peer(format!("http://{settlement_address}"))),
            credit: Some(peer(format!("http://{credit_address}"))),
            ..AuditConfig::embedded(self.audit_db.url())
        };
        let audit = yizhan_audit::serve(audit_config.clone()).await.expect("audit starts");
        let credit_config = CreditConfig {
            clock: clock.clone(),
            server: ServerConfig { listen: credit_address, ..server.clone() },
            enrollment: peer(enrollment.url()),
            audit: Some(peer(audit.url())),
            settlement: Some(peer(format!("http://{settlement_address}"))),
            ..CreditConfig::embedded(self.credit_db.url())
        };
        let credit = yizhan_credit::serve(credit_config.clone()).await.expect("credit starts");
        let asked = |asked, own: &RunningServer| match asked {
            Some(Asked::At(url, deadline)) => (Some(peer(url)), deadline),
            Some(Asked::Own) => (Some(peer(own.url())), Duration::from_secs(20)),
            None => (None, Duration::ZERO),
        };
        let (asked_audit, audit_deadline) = asked(self.asks_audit, &audit);
        let (asked_credit, credit_deadline) = asked(self.asks_credit, &credit);
        let settlement_config = yizhan_settlement::Config {
            server: ServerConfig { listen: settlement_address, ..server },
            database: DatabaseConfig::at(self.settlement_db.url()),
            enrollment: peer(enrollment.url()),
            filing: peer(filing.url()),
            audit: asked_audit,
            audit_deadline,
            credit: asked_credit,
            credit_deadline,
            policies: self.policies,
            follow_after: Duration::ZERO,
            quote_ttl: Duration::from_secs(600),
        };
        let settlement = yizhan_settlement::serve(settlement_config.clone(), clock.clone())
            .await
            .expect("settlement starts");
        let client =
            Client::new([&settlement, &enrollment, &filing, &audit, &credit].map(RunningServer::url));
        let platform = TestPlatform {
            client,
            clock: hand,
            service_clock: clock,
            enrollment_address: enrollment.address(),
            enrollment: Some(enrollment),
            filing_address: filing.address(),
            filing: Some(filing),
            audit_address: audit.address(),
            audit: Some(audit),
            credit_address: credit.address(),
            credit: Some(credit),
            settlement: Some(settlement),
            others: Vec::new(),
            settlement_rows: database::open(self.settlement_db.url()).await,
            enrollment_rows: database::open(self.enrollment_db.url()).await,
            filing_rows: database::open(self.filing_db.url()).await,
            audit_rows: database::open(self.audit_db.url()).await,
            credit_rows: database::open(self.credit_db.url()).await,
            enrollment_config,
            filing_config,
            audit_config,
            credit_config,
            settlement_config,
            _databases: [
                self.settlement_db,
                self.enrollment_db,
                self.filing_db,
                self.audit_db,
                self.credit_db,
            ],
            _redis: redis,
        };
        if !self.institutions.is_empty() {
            platform.import_institutions("standard-places", self.institutions).await.expect("institutions");
        }
        if !self.catalogue.is_empty() {
            platform.import_catalogue("standard-items", self.catalogue).await.expect("a catalogue");
        }
        platform.enrol(&self.persons).await;
        platform
    }
}

/// A loopback address whose port is this test's alone until it ends, whoever listens on it in between.
fn free_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, yizhan_testkit::free_port()))
}

/// A running platform; dereferences to a client that calls as the local administrator.
pub struct TestPlatform {
    /// Moves the clock of every service.
    pub clock: ManualClock,
    client: Client,
    service_clock: Clock,
    enrollment_address: SocketAddr,
    enrollment: Option<RunningServer>,
    filing_address: SocketAddr,
    filing: Option<RunningServer>,
    audit_address: SocketAddr,
    audit: Option<RunningServer>,
    credit_address: SocketAddr,
    credit: Option<RunningServer>,
    settlement: Option<RunningServer>,
    others: Vec<RunningServer>,
    settlement_rows: DatabaseConnection,
    enrollment_rows: DatabaseConnection,
    filing_rows: DatabaseConnection,
    audit_rows: DatabaseConnection,
    credit_rows: DatabaseConnection,
    enrollment_config: EnrollmentConfig,
    filing_config: FilingConfig,
    audit_config: AuditConfig,
    credit_config: CreditConfig,
    settlement_config: yizhan_settlement::Config,
    _databases: [TestDatabase; 5],
    /// Where enrollment and filing cache persons, if not in the process.
    _redis: Option<RedisServer>,
}

impl Deref for TestPlatform {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl TestPlatform {
    /// Settlement keeps its data in this database, the other services in others of the same kind.
    pub fn on(db: &TestDatabase) -> Setup {
        Setup {
            settlement_db: db.clone(),
            enrollment_db: TestDatabase::of(db.backend()),
            filing_db: TestDatabase::of(db.backend()),
            audit_db: TestDatabase::of(db.backend()),
            credit_db: TestDatabase::of(db.backend()),
            institutions: standard_institutions(),
            catalogue: standard_catalogue(),
            persons: Vec::new(),
            policies: None,
            requests_at_once: 512,
            trust_caller_header: true,
            asks_audit: None,
            asks_credit: None,
        }
    }

    /// A client for another task.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Where the servers are: settlement, enrollment.
    pub fn urls(&self) -> (String, String) {
        let url = |server: &Option<RunningServer>| server.as_ref().expect("running").url();
        (url(&self.settlement), url(&self.enrollment))
    }

    /// Where the service of a package is: `enrollment`, `filing`, `audit`, `credit` or `settlement`.
    pub fn url_of(&self, package: &str) -> String {
        let server = match package {
            "enrollment" => &self.enrollment,
            "filing" => &self.filing,
            "audit" => &self.audit,
            "credit" => &self.credit,
            _ => &self.settlement,
        };
        server.as_ref().expect("running").url()
    }

    /// Settlement's database, behind its back.
    pub fn rows(&self) -> &DatabaseConnection {
        &self.settlement_rows
    }

    /// Rows of every table of every service, but those that audit and credit write as they follow the others, whenever it comes to it.
    pub async fn row_counts(&self) -> Vec<(String, i64)> {
        let mut counts: Vec<_> = database::row_counts(&self.settlement_rows).await.into_iter().collect();
        counts.extend(database::row_counts(&self.enrollment_rows).await);
        counts.extend(database::row_counts(&self.filing_rows).await);
        let audit = database::row_counts(&self.audit_rows).await.into_iter();
        let credit = database::row_counts(&self.credit_rows).await;
        counts.extend(audit.chain(credit).filter(|(table, _)| !FOLLOWING.contains(&table.as_str())));
        counts
    }

    /// A second settlement server over the same database, which shares no memory with the first.
    pub async fn another_instance(&mut self) -> Client {
        let mut config = self.settlement_config.clone();
        config.server.listen.set_port(0);
        let other = yizhan_settlement::serve(config, self.service_clock.clone());
        let other = other.await.expect("another settlement starts");
        let at = |address: SocketAddr| format!("http://{address}");
        let others =
            [self.enrollment_address, self.filing_address, self.audit_address, self.credit_address].map(at);
        let [enrollment, filing, audit, credit] = others;
        let client = Client::new([other.url(), enrollment, filing, audit, credit]);
        self.others.push(other);
        client
    }

    /// Every service once more over the same databases, with other settings of its server: where each is.
    pub async fn also_serving(&mut self, server: &ServerConfig) -> BTreeMap<&'static str, String> {
        let server = ServerConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..server.clone() };
        let enrollment = EnrollmentConfig { server: server.clone(), ..self.enrollment_config.clone() };
        let filing = FilingConfig { server: server.clone(), ..self.filing_config.clone() };
        let audit = AuditConfig { server: server.clone(), ..self.audit_config.clone() };
        let credit = CreditConfig { server: server.clone(), ..self.credit_config.clone() };
        let settlement = yizhan_settlement::Config { server, ..self.settlement_config.clone() };
        let clock = self.service_clock.clone();
        let running = [
            ("enrollment", yizhan_enrollment::serve(enrollment).await),
            ("filing", yizhan_filing::serve(filing).await),
            ("audit", yizhan_audit::serve(audit).await),
            ("credit", yizhan_credit::serve(credit).await),
            ("settlement", yizhan_settlement::serve(settlement, clock).await),
        ];
        let mut urls = BTreeMap::new();
        for (name, server) in running {
            let server = server.expect("it starts beside the others");
            urls.insert(name, server.url());
            self.others.push(server);
        }
        urls
    }

    /// Stops settlement and starts it again on the same port.
    pub async fn restart_settlement(&mut self) {
        let running = self.settlement.take().expect("running");
        self.settlement_config.server.listen = running.address();
        assert!(running.shutdown().await, "settlement drains");
        self.settlement = Some(self.start_settlement().await);
    }

    /// Starts settlement from its settings; the error when it refuses.
    pub async fn try_settlement(&self, policies: Option<PathBuf>) -> anyhow::Result<RunningServer> {
        let mut config = self.settlement_config.clone();
        config.policies = policies;
        config.server.listen.set_port(0);
        yizhan_settlement::serve(config, self.service_clock.clone()).await
    }

    async fn start_settlement(&self) -> RunningServer {
        let config = self.settlement_config.clone();
        yizhan_settlement::serve(config, self.service_clock.clone()).await.expect("settlement starts again")
    }

    /// Enrollment goes away.
    pub async fn stop_enrollment(&mut self) {
        self.enrollment.take().expect("running").shutdown().await;
    }

    /// Enrollment comes back where it was.
    pub async fn start_enrollment(&mut self) {
        let mut config = self.enrollment_config.clone();
        config.server.listen = self.enrollment_address;
        self.enrollment = Some(yizhan_enrollment::serve(config).await.expect("enrollment starts again"));
    }

    /// Audit's database, behind its back.
    pub fn audit_rows(&self) -> &DatabaseConnection {
        &self.audit_rows
    }

    /// Audit goes away.
    pub async fn stop_audit(&mut self) {
        self.audit.take().expect("running").shutdown().await;
    }

    /// Audit comes back where it was.
    pub async fn start_audit(&mut self) {
        let mut config = self.audit_config.clone();
        config.server.listen = self.audit_address;
        self.audit = Some(yizhan_audit::serve(config).await.expect("audit starts again"));
    }

    /// Credit's database, behind its back.
    pub fn credit_rows(&self) -> &DatabaseConnection {
        &self.credit_rows
    }

    /// Credit goes away.
    pub async fn stop_credit(&mut self) {
        self.credit.take().expect("running").shutdown().await;
    }

    /// Credit comes back where it was.
    pub async fn start_credit(&mut self) {
        let mut config = self.credit_config.clone();
        config.server.listen = self.credit_address;
        self.credit = Some(yizhan_credit::serve(config).await.expect("credit starts again"));
    }

    /// Filing goes away.
    pub async fn stop_filing(&mut self) {
        self.filing.take().expect("running").shutdown().await;
    }

    /// Filing comes back where it was.
    pub async fn start_filing(&mut self) {
        let mut config = self.filing_config.clone();
        config.server.listen = self.filing_address;
        self.filing = Some(yizhan_filing::serve(config).await.expect("filing starts again"));
    }
}
