//! All five services as processes that ask and follow each other, several of each if wanted, behind doors that let through to those that
//! are ready; a steady load of calls to all of them; and what has to be true of everything that was acknowledged.

pub mod door;
pub mod load;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::{StreamExt, stream};
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::database::{number, open};
use yizhan_integration_tests::*;
use yizhan_proto::credit::v1::ListInstitutionFiguresRequest;
use yizhan_proto::credit::v1::figure_service_client::FigureServiceClient;
use yizhan_runtime::client::Resending;
use yizhan_runtime::config::Service;
use yizhan_testkit::{ProcessClock, ServiceProcess};

use self::door::Door;
use self::load::{Called, Done, Over};
use crate::feed::read_events;

/// Where the services keep their data.
pub type Databases = BTreeMap<Service, String>;
/// How long followers may need on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long stopping may take, in seconds: as by default where there are several processes, for a tenth of it is left to doors to see that one
/// stops; else less.
const DRAIN_SECONDS: [&str; 2] = ["20", "4"];

/// What a service has to answer another where there are several of each, in milliseconds.
const PEER_DEADLINE_MS: &str = "10000";

/// The platform. What is in it ends with it.
pub struct Suite {
    pub databases: Databases,
    doors: BTreeMap<Service, Door>,
    processes: BTreeMap<Service, Vec<ServiceProcess>>,
    drain_seconds: &'static str,
    /// Clocks of their own, where wanted.
    clocks: BTreeMap<Service, ProcessClock>,
}

/// An address for each service, made by this.
pub fn databases(address: impl Fn(Service) -> String) -> Databases {
    Service::ALL.into_iter().map(|service| (service, address(service))).collect()
}

impl Suite {
    /// So many processes of each service, on these databases.
    pub async fn start(databases: Databases, each: usize) -> Suite {
        Suite::start_by(databases, each, BTreeMap::new()).await
    }

    /// The same by these clocks.
    pub async fn start_by(
        databases: Databases,
        each: usize,
        clocks: BTreeMap<Service, ProcessClock>,
    ) -> Suite {
        let drain_seconds = DRAIN_SECONDS[usize::from(each == 1)];
        let mut suite =
            Suite { databases, doors: BTreeMap::new(), processes: BTreeMap::new(), drain_seconds, clocks };
        for service in Service::ALL {
            suite.doors.insert(service, Door::of(service).await);
        }
        for service in Service::ALL {
            let started = join_all((0..each).map(|_| suite.process(service).start())).await;
            for process in &started {
                suite.doors[&service].opens_to(process.url());
            }
            suite.processes.insert(service, started);
        }
        suite.until_ready(each).await;
        suite
    }

    /// A further process of a service, not started yet.
    pub fn process(&self, service: Service) -> ServiceProcess {
        let mut process = ServiceProcess::of(&format!("yizhan-{service}"))
            .env("YIZHAN_DATABASE_URL", &self.databases[&service])
            .env("YIZHAN_SERVER_DRAIN_SECONDS", self.drain_seconds)
            .env("YIZHAN_TELEMETRY_LOG_FILTER", "off");
        for (peer, door) in self.doors.iter().filter(|(peer, _)| **peer != service) {
            let name = format!("YIZHAN_PEERS_{}_ADDRESS", peer.name().to_uppercase());
            process = process.env(&name, door.url());
        }
        // Where all start anew at the same time a busy machine is slow, and nobody is to be told so here.
        if self.drain_seconds == DRAIN_SECONDS[0] {
            for peer in Service::ALL {
                let name = format!("YIZHAN_PEERS_{}_DEADLINE_MS", peer.name().to_uppercase());
                process = process.env(&name, PEER_DEADLINE_MS);
            }
        }
        match self.clocks.get(&service) {
            Some(clock) => process.with_clock(clock),
            None => process,
        }
    }

    /// One of a service's processes.
    pub fn at(&mut self, service: Service, number: usize) -> &mut ServiceProcess {
        &mut self.processes.get_mut(&service).expect("started")[number]
    }

    /// All of a service's processes, to be given back.
    pub fn take(&mut self, service: Service) -> Vec<ServiceProcess> {
        self.processes.remove(&service).expect("started")
    }

    /// What takes their place.
    pub fn give(&mut self, service: Service, processes: Vec<ServiceProcess>) {
        self.processes.insert(service, processes);
    }

    /// Sets a service's clock so many seconds ahead of the machine's.
    pub fn set_clock(&self, service: Service, seconds: i64) {
        self.clocks[&service].set(seconds);
    }

    /// The door of a service.
    pub fn door(&self, service: Service) -> &Door {
        &self.doors[&service]
    }

    /// Waits until so many processes of each service are let through to.
    pub async fn until_ready(&self, each: usize) {
        for door in self.doors.values() {
            door.until_ready(each).await;
        }
    }

    /// As the local administrator, through the doors.
    pub fn client(&self) -> Client {
        let url = |service| self.doors[&service].url();
        use Service::*;
        Client::new([Settlement, Enrollment, Filing, Audit, Credit].map(url))
    }

    /// The same, of the processes themselves.
    pub fn client_of_processes(&self) -> Client {
        let url = |service| self.doors[&service].first();
        use Service::*;
        Client::new([Settlement, Enrollment, Filing, Audit, Credit].map(url))
    }

    /// A client whose connections are balanced, as by a ClusterIP.
    pub fn through_doors(&self) -> Called {
        Called::over(|service| Over::Own(self.doors[&service].connection()))
    }

    /// A client that knows every process that is ready and balances its calls itself, as over a headless service.
    pub fn balancing(&self) -> Called {
        Called::over(|service| Over::Balanced(Resending::over(self.doors[&service].balanced())))
    }

    /// Ends all of them in good order, callers first.
    pub async fn stop(&mut self) {
        for service in Service::ALL.into_iter().rev() {
            for process in self.processes.remove(&service).into_iter().flatten() {
                let mut process = process;
                assert!(process.terminate().await.success(), "{service}");
            }
        }
    }

    /// What every platform knows here, and persons of this many clients.
    pub async fn furnish(&self, clients: usize) {
        let client = self.client();
        let places = standard_institutions().into_iter().chain(distant_institutions()).collect();
        client.import_institutions("places", places).await.expect("institutions");
        client.import_catalogue("items", standard_catalogue()).await.expect("a catalogue");
        let persons: Vec<Person> =
            (0..clients).flat_map(load::persons_of).map(|psn_no| Person::employee(&psn_no)).collect();
        client.enrol(&persons).await;
    }

    /// Everything that was acknowledged is there, once: read back, in the books, in the feed, and with those who follow it.
    pub async fn check(&self, done: &Done) {
        let client = self.client();
        let reading = stream::iter(&done.settlements).map(|settled| {
            let (client, setl_id) = (client.clone(), info(settled).setl_id.clone());
            async move {
                let found = client.get(&setl_id).await;
                found.unwrap_or_else(|error| panic!("{setl_id} is lost: {error:?}"));
            }
        });
        reading.buffer_unordered(8).collect::<Vec<()>>().await;
        let books = client.check_books(COMPOSITE_AREA).await;
        assert_eq!(books.discrepancies, Vec::<String>::new());
        assert_eq!(books.settlements as usize, done.settlements.len(), "each once");
        let mut events = client.watch("").await.expect("the feed");
        let events = read_events(&mut events, done.settlements.len()).await;
        let mut told: Vec<_> = events.into_iter().map(|event| event.setl_id).collect();
        let mut known: Vec<_> = done.settlements.iter().map(|one| info(one).setl_id.clone()).collect();
        told.sort_unstable();
        known.sort_unstable();
        assert!(told == known, "the feed tells each once");
        self.until_followed(done).await;
    }

    /// Waits until audit and credit know every settlement, each once.
    pub async fn until_followed(&self, done: &Done) {
        let audit = open(&self.databases[&Service::Audit]).await;
        let visits = (done.settled(), done.standing());
        let begun = Instant::now();
        loop {
            let heard = number(&audit, "SELECT COUNT(*) AS value FROM visit").await;
            let stands = number(&audit, "SELECT COUNT(*) AS value FROM visit WHERE stands").await;
            let heard = (heard as usize, stands as usize);
            let counted = self.figures().await;
            if (heard, counted) == (visits, visits.1) {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "audit heard {heard:?}, credit counted {counted} of {visits:?}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Settlements that stand, as credit counts them.
    async fn figures(&self) -> usize {
        let request = ListInstitutionFiguresRequest {
            poolarea_no: COMPOSITE_AREA.into(),
            year: load::YEAR,
            ..ListInstitutionFiguresRequest::default()
        };
        let mut figures = FigureServiceClient::new(self.client().to_credit());
        let told = figures.list_institution_figures(request).await.expect("figures").into_inner();
        told.institutions.iter().flat_map(|one| &one.months).map(|month| month.settlements as usize).sum()
    }
}
