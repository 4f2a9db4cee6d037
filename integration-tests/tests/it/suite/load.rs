//! A steady load: settle, read back, reverse, look up, ask every service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::{Request, Response, Status};
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::ListFindingsRequest;
use yizhan_proto::audit::v1::finding_service_client::FindingServiceClient;
use yizhan_proto::credit::v1::ListInstitutionFiguresRequest;
use yizhan_proto::credit::v1::figure_service_client::FigureServiceClient;
use yizhan_proto::enrollment::v1::GetEligibilityRequest;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::filing::v1::FindFilingRequest;
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{GetSettlementRequest, ReverseRequest, SettleRequest, Settlement};
use yizhan_runtime::client::{PeerChannel, Resending};
use yizhan_runtime::config::Service;
use yizhan_runtime::error::RemoteError;

use crate::faults::is_not_now;
use crate::support::{clinic, stay};

/// The year of every visit.
pub const YEAR: i32 = 2024;
/// Persons of each client.
const PERSONS: usize = 3;
/// Between two calls.
const THINKS: Duration = Duration::from_millis(15);
/// Before a request is sent again, where it is.
const PAUSE: Duration = Duration::from_millis(60);
/// How long a call may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long something may be repeated.
const PATIENCE: Duration = Duration::from_secs(90);

/// Numbers of a client's persons.
pub fn persons_of(client: usize) -> impl Iterator<Item = String> {
    (0..PERSONS).map(move |number| format!("L{client}-{number}"))
}

/// What a client's calls go over.
#[derive(Clone)]
pub enum Over {
    /// Connections to every process, over which what nobody took is sent again: as libraries of gRPC other than tonic do.
    Balanced(Resending),
    /// What services call each other over.
    Own(PeerChannel),
}

impl tower::Service<http::Request<Body>> for Over {
    type Response = http::Response<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<'static, Result<http::Response<Body>, tonic::transport::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Over::Balanced(channel) => channel.poll_ready(cx),
            Over::Own(channel) => channel.poll_ready(cx),
        }
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match self {
            Over::Balanced(channel) => channel.call(request).boxed(),
            Over::Own(channel) => {
                let answer = channel.call(request);
                async move { answer.await.map(|answer| answer.map(Body::new)) }.boxed()
            }
        }
    }
}

/// Connections of a client, which does nothing but call.
#[derive(Clone)]
pub struct Called {
    settlement: SettlementServiceClient<Over>,
    enrollment: EnrollmentServiceClient<Over>,
    filing: FilingServiceClient<Over>,
    audit: FindingServiceClient<Over>,
    credit: FigureServiceClient<Over>,
}

impl Called {
    /// Over these channels.
    pub fn over(channel: impl Fn(Service) -> Over) -> Called {
        Called {
            settlement: SettlementServiceClient::new(channel(Service::Settlement)),
            enrollment: EnrollmentServiceClient::new(channel(Service::Enrollment)),
            filing: FilingServiceClient::new(channel(Service::Filing)),
            audit: FindingServiceClient::new(channel(Service::Audit)),
            credit: FigureServiceClient::new(channel(Service::Credit)),
        }
    }
}

/// Whether clients send again what was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// What fails has failed.
    AskOnce,
    /// Writes are sent under the same id until they are acknowledged; “not now” is no failure.
    Insist,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Done {
    /// Every acknowledged settlement and reversal.
    pub settlements: Vec<Settlement>,
    /// Calls that were answered.
    pub answered: usize,
    /// Calls that were told “not now”, or whose connection ended.
    pub not_now: usize,
    /// What failed, and when after the beginning.
    pub failed: Vec<(Duration, String)>,
    /// How long each call took.
    pub took: Vec<Duration>,
}

impl Done {
    fn reversals(&self) -> usize {
        self.settlements.iter().filter(|one| !info(one).reverses_setl_id.is_empty()).count()
    }

    /// Visits that were settled.
    pub fn settled(&self) -> usize {
        self.settlements.len() - self.reversals()
    }

    /// Of those that stand.
    pub fn standing(&self) -> usize {
        self.settled() - self.reversals()
    }

    /// Settled without audit.
    pub fn without_audit(&self) -> usize {
        self.settlements.iter().filter(|one| info(one).audit_pending).count()
    }

    /// So many of a hundred calls took no longer.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// Takes another's into this one.
    pub fn add(&mut self, other: Done) {
        self.settlements.extend(other.settlements);
        self.answered += other.answered;
        self.not_now += other.not_now;
        self.failed.extend(other.failed);
        self.took.extend(other.took);
    }

    /// Nothing failed.
    #[track_caller]
    pub fn assert_nothing_failed(&self) {
        assert!(
            self.failed.is_empty(),
            "{} of {} failed: {:#?}",
            self.failed.len(),
            self.answered,
            &self.failed[..self.failed.len().min(12)]
        );
    }
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    settled: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Done>>,
}

impl Load {
    /// Sets these to work; persons and ids are those of clients counted from `first` on.
    pub fn begin(called: Vec<Called>, clients: Clients, first: usize) -> Load {
        let (stop, settled) = (Arc::new(AtomicBool::new(false)), Arc::<AtomicUsize>::default());
        let one = |(number, called)| {
            let one = One {
                called,
                clients,
                number: first + number,
                begun: Instant::now(),
                settled: settled.clone(),
                done: Done::default(),
            };
            tokio::spawn(one.run(stop.clone()))
        };
        let clients = called.into_iter().enumerate().map(one).collect();
        Load { stop, settled, clients }
    }

    /// Waits until they have settled so many visits.
    pub async fn until_settled(&self, visits: usize) {
        let begun = Instant::now();
        while self.settled.load(Ordering::Relaxed) < visits {
            assert!(begun.elapsed() < PATIENCE, "only {} settled", self.settled.load(Ordering::Relaxed));
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Lets them end what they began.
    pub async fn end(self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Done::default();
        for done in join_all(self.clients).await {
            all.add(done.expect("no panic"));
        }
        all
    }
}

struct One {
    called: Called,
    clients: Clients,
    number: usize,
    begun: Instant,
    settled: Arc<AtomicUsize>,
    done: Done,
}

fn within<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

impl One {
    async fn run(mut self, stop: Arc<AtomicBool>) -> Done {
        for turn in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            self.visit(turn).await;
            self.looks(turn).await;
        }
        self.done
    }

    /// Settled, read back, and one in four reversed.
    async fn visit(&mut self, turn: usize) -> Option<()> {
        let psn_no = format!("L{}-{}", self.number, turn % PERSONS);
        let visit = match turn % 5 {
            0 => {
                let day = format!("{YEAR}-{:02}-{:02}", 1 + turn / 60 % 12, 1 + turn / 5 % 28);
                stay(&psn_no, &day, &day, "2000")
            }
            _ => clinic(&psn_no, "2024-03-01", &format!("{}.5", 20 + turn % 60)),
        };
        let request = settle_request(&format!("{}-{turn}", self.number), visit);
        let settled = self.settle(request).await?;
        let setl_id = info(&settled).setl_id.clone();
        let get = GetSettlementRequest { setl_id, ..GetSettlementRequest::default() };
        let mut to = self.called.settlement.clone();
        let found = self.once("GetSettlement", to.get_settlement(within(get))).await;
        if let Some(found) = found.and_then(|found| found.settlement)
            && info(&found).setl_id != info(&settled).setl_id
        {
            self.fails("GetSettlement", "another settlement");
        }
        if turn.is_multiple_of(4) {
            self.reverse(reversal_of(&format!("{}-{turn}R", self.number), &settled)).await?;
        }
        Some(())
    }

    /// A question to each of the others.
    async fn looks(&mut self, turn: usize) -> Option<()> {
        let psn_no = format!("L{}-{}", self.number, turn % PERSONS);
        let Called { mut enrollment, mut filing, mut audit, mut credit, .. } = self.called.clone();
        match turn % 4 {
            0 => {
                let request = GetEligibilityRequest { psn_no, ..GetEligibilityRequest::default() };
                self.once("GetEligibility", enrollment.get_eligibility(within(request))).await.map(drop)
            }
            1 => {
                let request = FindFilingRequest {
                    psn_no,
                    insutype: "310".into(),
                    mdtrtarea_admvs: SHANGHAI.into(),
                    begndate: "2024-03-01".into(),
                    enddate: "2024-03-01".into(),
                    med_type: "21".into(),
                    fixmedins_lv: "third".into(),
                    ..FindFilingRequest::default()
                };
                self.once("FindFiling", filing.find_filing(within(request))).await.map(drop)
            }
            2 => {
                let poolarea_no = COMPOSITE_AREA.to_owned();
                let request = ListFindingsRequest { poolarea_no, ..ListFindingsRequest::default() };
                self.once("ListFindings", audit.list_findings(within(request))).await.map(drop)
            }
            _ => {
                let request = ListInstitutionFiguresRequest {
                    poolarea_no: COMPOSITE_AREA.to_owned(),
                    year: YEAR,
                    ..ListInstitutionFiguresRequest::default()
                };
                self.once("ListInstitutionFigures", credit.list_institution_figures(within(request)))
                    .await
                    .map(drop)
            }
        }
    }

    async fn settle(&mut self, request: SettleRequest) -> Option<Settlement> {
        let to = self.called.settlement.clone();
        let ask = || {
            let (mut to, request) = (to.clone(), request.clone());
            async move { to.settle(within(request)).await }
        };
        let settled = self.until_done("Settle", ask).await?.settlement.expect("a settlement");
        self.done.settlements.push(settled.clone());
        self.settled.fetch_add(1, Ordering::Relaxed);
        Some(settled)
    }

    async fn reverse(&mut self, request: ReverseRequest) -> Option<()> {
        let to = self.called.settlement.clone();
        let ask = || {
            let (mut to, request) = (to.clone(), request.clone());
            async move { to.reverse(within(request)).await }
        };
        let reversed = self.until_done("Reverse", ask).await?.settlement.expect("a settlement");
        self.done.settlements.push(reversed);
        Some(())
    }

    /// Asked once; with [`Clients::Insist`], “not now” is no failure.
    async fn once<T>(
        &mut self,
        what: &str,
        ask: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Option<T> {
        let asked = Instant::now();
        let answer = ask.await;
        self.done.took.push(asked.elapsed());
        tokio::time::sleep(THINKS).await;
        match answer {
            Ok(answer) => {
                self.done.answered += 1;
                Some(answer.into_inner())
            }
            Err(status) => {
                let error = RemoteError::from(&status);
                match self.clients == Clients::Insist && is_not_now(&error) {
                    true => self.done.not_now += 1,
                    false => self.fails(what, &format!("{status:?}")),
                }
                None
            }
        }
    }

    /// The same again until it is done, where clients insist.
    async fn until_done<T, Asked: Future<Output = Result<Response<T>, Status>>>(
        &mut self,
        what: &str,
        ask: impl Fn() -> Asked,
    ) -> Option<T> {
        let begun = Instant::now();
        loop {
            let failed = self.done.failed.len();
            let answer = self.once(what, ask()).await;
            if answer.is_some() || self.clients == Clients::AskOnce || self.done.failed.len() > failed {
                return answer;
            }
            if begun.elapsed() > PATIENCE {
                self.fails(what, "never done");
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn fails(&mut self, what: &str, how: &str) {
        self.done.failed.push((self.begun.elapsed(), format!("client {}: {what}: {how}", self.number)));
    }
}
