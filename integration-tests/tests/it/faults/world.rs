//! The platform as processes, everything between them breakable.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use yizhan_integration_tests::Client;
use yizhan_runtime::config::Service;
use yizhan_testkit::{Backend, PostgresServer, Proxy, RedisServer, ServiceProcess, SmallDisk};

use super::plan::{Break, Fault, Road, Stop};

/// Requests may finish for so long after SIGTERM.
const DRAIN: Duration = Duration::from_secs(5);
/// What ending may take beyond that on a busy machine.
const SLACK: Duration = Duration::from_secs(25);
/// What a service has to answer another, in milliseconds: more than by default, for the same reason.
const PEER_DEADLINE: &str = "4000";

/// Seconds after which settlement follows a change of the register: nobody here settles by what was known before a change that they made.
const FOLLOW_AFTER: &str = "1";

/// All five services, their databases, their cache, and the roads between.
pub struct World {
    services: BTreeMap<Service, ServiceProcess>,
    databases: BTreeMap<Service, String>,
    roads: BTreeMap<Road, Proxy>,
    postgres: Option<PostgresServer>,
    redis: Option<RedisServer>,
    /// Where databases lie: full on demand.
    disk: SmallDisk,
}

impl World {
    pub async fn start(backend: Backend) -> World {
        let (disk, postgres, redis) = block_in_place(|| match backend {
            Backend::Sqlite => (SmallDisk::of_mib(64), None, None),
            Backend::Postgres => {
                let disk = SmallDisk::of_mib(256);
                let postgres = PostgresServer::own_in(disk.path());
                (disk, Some(postgres), Some(RedisServer::start()))
            }
        });
        let mut roads = BTreeMap::new();
        let mut processes = BTreeMap::new();
        let mut databases = BTreeMap::new();
        for service in Service::ALL {
            let binary = format!("yizhan-{service}");
            let database = match &postgres {
                Some(server) => {
                    let itself = server.create_database();
                    let proxy = Proxy::before(&itself).await;
                    databases.insert(service, itself);
                    let url = proxy.url().to_owned();
                    roads.insert(Road::ToDatabase(service), proxy);
                    url
                }
                None => {
                    let url = format!("sqlite://{}/{binary}.db", disk.path().display());
                    databases.insert(service, url.clone());
                    url
                }
            };
            let process = ServiceProcess::of(&binary).env("YIZHAN_DATABASE_URL", database);
            roads.insert(Road::To(service), Proxy::before(&process.url()).await);
            processes.insert(service, process);
        }
        if let Some(redis) = &redis {
            roads.insert(Road::ToRedis, Proxy::before(&redis.url()).await);
        }
        let mut services = BTreeMap::new();
        for (service, process) in processes {
            let process =
                with_settings(process, &roads).env("YIZHAN_SETTLEMENT_FOLLOW_AFTER_SECONDS", FOLLOW_AFTER);
            services.insert(service, process.start().await);
        }
        World { services, databases, roads, postgres, redis, disk }
    }

    /// Calls the services themselves.
    pub fn client(&self) -> Client {
        let url = |service| self.services[&service].url();
        Client::new([
            url(Service::Settlement),
            url(Service::Enrollment),
            url(Service::Filing),
            url(Service::Audit),
            url(Service::Credit),
        ])
    }

    /// Where a service's database is, whatever becomes of the road to it.
    pub fn database(&self, service: Service) -> &str {
        &self.databases[&service]
    }

    /// Lets it happen.
    pub async fn begin(&mut self, fault: Fault) {
        match fault {
            Fault::FullDisk => {
                block_in_place(|| self.services.values().for_each(|process| self.disk.fill(process)));
            }
            Fault::Postgres(Stop::StandsStill) => self.postgres().pause(),
            Fault::Postgres(_) => self.postgres().kill_9(),
            Fault::Redis(Stop::StandsStill) => self.redis().pause(),
            Fault::Redis(_) => self.redis().kill(),
            Fault::Road(road, Break::Drops) => self.roads[&road].blackhole(),
            Fault::Road(road, Break::Refuses) => self.roads[&road].refuse(),
            Fault::Road(road, Break::Cuts) => self.roads[&road].cut(),
            Fault::Road(road, Break::Loses) => self.roads[&road].lose(),
            Fault::Process(service, Stop::StandsStill) => self.service(service).pause(),
            Fault::Process(service, Stop::Terminated) => self.service(service).ask_to_stop(),
            Fault::Process(service, Stop::Killed) => self.service(service).kill_9().await,
        }
    }

    /// Puts it right; what was not as it should be.
    pub async fn end(&mut self, fault: Fault) -> Option<String> {
        match fault {
            Fault::FullDisk => {
                self.services.values().for_each(|process| self.disk.make_room(process));
                if let Some(server) = &mut self.postgres {
                    block_in_place(|| server.start_again_if_it_ended());
                }
            }
            Fault::Postgres(Stop::StandsStill) => self.postgres().resume(),
            Fault::Postgres(_) => block_in_place(|| self.postgres().start_again()),
            Fault::Redis(Stop::StandsStill) => self.redis().resume(),
            Fault::Redis(_) => block_in_place(|| self.redis().start_again_empty()),
            Fault::Road(road, _) => self.roads[&road].forward(),
            Fault::Process(service, Stop::StandsStill) => self.service(service).resume(),
            Fault::Process(service, Stop::Killed) => self.service(service).restart().await,
            Fault::Process(service, Stop::Terminated) => return self.end_and_restart(service).await,
        }
        None
    }

    async fn end_and_restart(&mut self, service: Service) -> Option<String> {
        let process = self.service(service);
        let since = Instant::now();
        let status = process.ended().await;
        let took = since.elapsed();
        process.restart().await;
        (!status.success() || took > DRAIN + SLACK)
            .then(|| format!("{service:?} took {took:?} to end after SIGTERM, with {status}"))
    }

    fn service(&mut self, service: Service) -> &mut ServiceProcess {
        self.services.get_mut(&service).expect("started")
    }

    fn postgres(&mut self) -> &mut PostgresServer {
        self.postgres.as_mut().expect("a fault of this database")
    }

    fn redis(&mut self) -> &mut RedisServer {
        self.redis.as_mut().expect("a fault of this database")
    }
}

fn with_settings(process: ServiceProcess, roads: &BTreeMap<Road, Proxy>) -> ServiceProcess {
    let process = Service::ALL.into_iter().fold(process, |process, peer| {
        let name = format!("YIZHAN_PEERS_{}_ADDRESS", peer.name().to_uppercase());
        process.env(&name, roads[&Road::To(peer)].url())
    });
    let process = process
        .env("YIZHAN_PEERS_ENROLLMENT_DEADLINE_MS", PEER_DEADLINE)
        .env("YIZHAN_PEERS_FILING_DEADLINE_MS", PEER_DEADLINE)
        .env("YIZHAN_SERVER_TRUST_CALLER_HEADER", "true")
        .env("YIZHAN_SERVER_DRAIN_SECONDS", DRAIN.as_secs().to_string())
        .env("YIZHAN_TELEMETRY_LOG_FILTER", "error");
    match roads.get(&Road::ToRedis) {
        Some(redis) => process.env("YIZHAN_CACHE_URL", redis.url()),
        None => process,
    }
}
