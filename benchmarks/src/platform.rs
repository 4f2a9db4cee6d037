//! Enrollment and settlement, or all five services, as processes of their own, in release, with people to settle for.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use futures::{TryStreamExt, stream};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::time::Duration;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CoverageRow, IdentityRow, ImportCoveragesRequest, ImportIdentitiesRequest, ImportMembershipsRequest,
    ImportPersonsRequest, MembershipRow, PersonRow,
};
use yizhan_proto::settlement::v1::catalogue_service_client::CatalogueServiceClient;
use yizhan_proto::settlement::v1::institution_service_client::InstitutionServiceClient;
use yizhan_proto::settlement::v1::{ImportCatalogueRequest, ImportInstitutionsRequest, Institution};
use yizhan_runtime::Caller;
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, PeerTls, Service};
use yizhan_runtime::db;
use yizhan_testkit::{RedisServer, ServiceProcess, TestDatabase};

use crate::bill;
use crate::everything::Everything;

/// Rows of one import.
const IMPORT_ROWS: u64 = 1000;
/// Imports at the same time.
const IMPORTS: usize = 4;
/// A follower whose place did not move for so long has nothing left to follow: it waits ten seconds by itself.
const STILL: Duration = Duration::from_secs(15);
/// First day of everything registered.
const SINCE: &str = "2010-01-01";

/// Services at work. They end with this.
pub struct Platform {
    enrollment: ServiceProcess,
    settlement: ServiceProcess,
    /// Filing, audit and credit, where all are wanted.
    others: Vec<(Service, ServiceProcess)>,
    databases: [TestDatabase; 2],
    others_databases: Vec<TestDatabase>,
    tls: Option<PeerTls>,
    _redis: Option<RedisServer>,
}

impl Platform {
    /// Starts both, each on an empty database of its own.
    pub async fn start(databases: [TestDatabase; 2]) -> anyhow::Result<Platform> {
        Platform::start_with(databases, None).await
    }

    /// The same, with everything on that a deployment has.
    pub async fn start_with(
        databases: [TestDatabase; 2],
        everything: Option<&Everything>,
    ) -> anyhow::Result<Platform> {
        let enrollment = prepared(Service::Enrollment, &databases[0], everything)?.start().await;
        let settlement = prepared(Service::Settlement, &databases[1], everything)?;
        let (of, peer) = (Service::Settlement, Service::Enrollment);
        let settlement = told_of(settlement, of, peer, &enrollment.url(), everything).start().await;
        let (others, others_databases) = (Vec::new(), Vec::new());
        let tls = everything.map(Everything::of_load);
        Ok(Platform { enrollment, settlement, others, databases, others_databases, tls, _redis: None })
    }

    /// Starts all five on PostgreSQL, with everything on and a cache: audit and credit are asked, and everybody follows whom they follow.
    pub async fn start_all(everything: &Everything) -> anyhow::Result<Platform> {
        let redis = RedisServer::start();
        let databases = Service::ALL.map(|service| (service, TestDatabase::postgres_durable()));
        let mut processes = Vec::new();
        for (service, database) in &databases {
            let process = prepared(*service, database, Some(everything))?;
            processes.push((*service, process.env("YIZHAN_CACHE_URL", redis.url())));
        }
        let urls: Vec<_> = processes.iter().map(|(peer, process)| (*peer, process.url())).collect();
        let mut started = Vec::new();
        for (service, mut process) in processes {
            for (peer, url) in urls.iter().filter(|(peer, _)| *peer != service) {
                process = told_of(process, service, *peer, url, Some(everything));
            }
            started.push((service, process.start().await));
        }
        let [enrollment, filing, audit, credit, settlement] =
            <[_; 5]>::try_from(started).map_err(|_| anyhow!("five services"))?;
        let [of_enrollment, of_filing, of_audit, of_credit, of_settlement] =
            databases.map(|(_, database)| database);
        Ok(Platform {
            enrollment: enrollment.1,
            settlement: settlement.1,
            others: vec![filing, audit, credit],
            databases: [of_enrollment, of_settlement],
            others_databases: vec![of_filing, of_audit, of_credit],
            tls: Some(everything.of_load()),
            _redis: Some(redis),
        })
    }

    /// Process ids by service.
    pub fn pids(&self) -> Vec<(Service, u32)> {
        let others = self.others.iter().map(|(service, process)| (*service, process.pid()));
        let both = [(Service::Enrollment, &self.enrollment), (Service::Settlement, &self.settlement)];
        both.map(|(service, process)| (service, process.pid())).into_iter().chain(others).collect()
    }

    /// The databases of filing, audit and credit, where all were started.
    pub fn others_databases(&self) -> &[TestDatabase] {
        &self.others_databases
    }

    /// Process id of enrollment.
    pub fn enrollment_pid(&self) -> u32 {
        self.enrollment.pid()
    }

    /// Process id of settlement.
    pub fn settlement_pid(&self) -> u32 {
        self.settlement.pid()
    }

    /// A connection to settlement.
    pub fn to_settlement(&self) -> anyhow::Result<PeerChannel> {
        self.channel(&self.settlement)
    }

    /// Registers the hospital, the catalogue and so many people.
    pub async fn register(&self, people: u64) -> anyhow::Result<()> {
        self.register_reference().await?;
        let client = EnrollmentServiceClient::new(self.channel(&self.enrollment)?);
        let chunks = (0..people).step_by(IMPORT_ROWS as usize).map(|from| {
            let numbers = from..people.min(from + IMPORT_ROWS);
            anyhow::Ok((client.clone(), numbers))
        });
        stream::iter(chunks)
            .try_for_each_concurrent(IMPORTS, |(client, numbers)| enrol(client, numbers))
            .await
    }

    /// Waits until settlement has followed the register: until its place in the feed stands still.
    pub async fn wait_for_the_follower(&self) -> anyhow::Result<()> {
        let db = db::connect(&DatabaseConfig::at(self.databases[1].url())).await?;
        let place = || async {
            let asked = "SELECT resume_token FROM followed_feed WHERE feed = 'enrollment.register'";
            let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
            anyhow::Ok(row.map(|row| row.try_get::<String>("", "resume_token")).transpose()?)
        };
        let mut before = None;
        loop {
            let now = place().await?;
            if now.is_some() && now == before {
                return Ok(());
            }
            before = now;
            tokio::time::sleep(STILL).await;
        }
    }

    fn channel(&self, service: &ServiceProcess) -> anyhow::Result<PeerChannel> {
        let peer = PeerConfig { tls: self.tls.clone(), ..PeerConfig::at(service.url()) };
        client::feed_channel(&peer, &Caller::LocalAdministrator)
    }

    async fn register_reference(&self) -> anyhow::Result<()> {
        let channel = self.channel(&self.settlement)?;
        let hospital = Institution {
            fixmedins_code: bill::HOSPITAL.into(),
            fixmedins_name: "示例市第一医院".into(),
            level: "third".into(),
            admdvs: bill::AREA.into(),
            fixmedins_type: "1".into(),
            contracted: true,
            dual_channel: false,
        };
        let request =
            ImportInstitutionsRequest { request_id: "institutions".into(), institutions: vec![hospital] };
        InstitutionServiceClient::new(channel.clone()).import_institutions(request).await?;
        let request = ImportCatalogueRequest { request_id: "catalogue".into(), items: bill::catalogue() };
        CatalogueServiceClient::new(channel).import_catalogue(request).await?;
        Ok(())
    }
}

/// A service that was not started yet.
fn prepared(
    of: Service,
    database: &TestDatabase,
    everything: Option<&Everything>,
) -> anyhow::Result<ServiceProcess> {
    let process = service(&format!("yizhan-{of}"), database)?;
    Ok(match everything {
        Some(everything) => everything.on(of, process),
        None => process,
    })
}

/// Where one of its peers is.
fn told_of(
    process: ServiceProcess,
    service: Service,
    peer: Service,
    url: &str,
    everything: Option<&Everything>,
) -> ServiceProcess {
    let process = process.env(&format!("YIZHAN_PEERS_{}_ADDRESS", peer.name().to_uppercase()), url);
    match everything {
        Some(everything) => everything.between(service, peer, process),
        None => process,
    }
}

/// A binary next to this one, on a database of its own.
pub fn service(binary: &str, database: &TestDatabase) -> anyhow::Result<ServiceProcess> {
    let folder: PathBuf = env::current_exe()?.parent().context("the folder of this program")?.into();
    Ok(ServiceProcess::at(folder.join(binary)).env("YIZHAN_DATABASE_URL", database.url()))
}

/// One connection, as an institution's program has, and no deadline.
pub fn channel(url: &str) -> anyhow::Result<PeerChannel> {
    channel_of(url, &Caller::LocalAdministrator)
}

/// The same of this caller's.
pub fn channel_of(url: &str, caller: &Caller) -> anyhow::Result<PeerChannel> {
    client::feed_channel(&PeerConfig::at(url), caller)
}

/// 人员编号 of somebody.
pub fn psn_no(number: u64) -> String {
    format!("B{number:08}")
}

async fn enrol(
    mut client: EnrollmentServiceClient<PeerChannel>,
    numbers: std::ops::Range<u64>,
) -> anyhow::Result<()> {
    let request_id = |kind: &str| format!("{kind}-{}", numbers.start);
    let rows = numbers.clone().map(person).collect();
    client.import_persons(ImportPersonsRequest { request_id: request_id("persons"), rows }).await?;
    let rows = numbers.clone().map(coverage).collect();
    client.import_coverages(ImportCoveragesRequest { request_id: request_id("coverages"), rows }).await?;
    let rows = numbers.clone().map(identity).collect();
    client.import_identities(ImportIdentitiesRequest { request_id: request_id("identities"), rows }).await?;
    for held in bill::MEMBERSHIPS {
        let request_id = request_id(held.1);
        let rows = numbers.clone().map(|number| membership(number, held.0 as i32, held.2)).collect();
        client.import_memberships(ImportMembershipsRequest { request_id, rows }).await?;
    }
    Ok(())
}

fn person(number: u64) -> PersonRow {
    PersonRow {
        psn_no: psn_no(number),
        psn_cert_type: "99".into(),
        certno: format!("SAMPLE{number:08}"),
        psn_name: "张示例".into(),
        gend: "1".into(),
        brdy: "1975-04-12".into(),
        poolarea_no: bill::AREA.into(),
        ..PersonRow::default()
    }
}

fn coverage(number: u64) -> CoverageRow {
    CoverageRow {
        psn_no: psn_no(number),
        insutype: bill::INSUTYPE.into(),
        psn_type: bill::PSN_TYPE.into(),
        psn_insu_stas: "1".into(),
        begndate: SINCE.into(),
        ..CoverageRow::default()
    }
}

fn identity(number: u64) -> IdentityRow {
    IdentityRow {
        psn_no: psn_no(number),
        psn_idet_type: "2303".into(),
        name: bill::IDENTITY.into(),
        begndate: SINCE.into(),
        ..IdentityRow::default()
    }
}

fn membership(number: u64, kind: i32, category: &str) -> MembershipRow {
    MembershipRow {
        psn_no: psn_no(number),
        kind,
        category: category.into(),
        begndate: SINCE.into(),
        ..MembershipRow::default()
    }
}
