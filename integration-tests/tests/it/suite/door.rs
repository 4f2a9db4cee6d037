//! An address behind which there are several processes, as a Service of Kubernetes is: who comes is let through to one that says it is
//! ready; connections there are stay.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tonic::transport::channel::Change;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use yizhan_runtime::Caller;
use yizhan_runtime::client::{PeerChannel, channel};
use yizhan_runtime::config::{PeerConfig, Service};

/// Between two looks at who is ready: as long as news of it takes.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a process may take to say so.
const LOOK_WITHIN: Duration = Duration::from_secs(1);
/// How long a call through it may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long becoming ready may take on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The name under which health speaks of a service.
pub fn health_name(service: Service) -> &'static str {
    match service {
        Service::Enrollment => "yizhan.enrollment.v1.EnrollmentService",
        Service::Filing => "yizhan.filing.v1.FilingService",
        Service::Audit => "yizhan.audit.v1.CheckService",
        Service::Credit => "yizhan.credit.v1.QualificationService",
        Service::Settlement => "yizhan.settlement.v1.SettlementService",
    }
}

/// One address for the processes of a service. It closes when dropped.
#[derive(Debug)]
pub struct Door {
    url: String,
    members: watch::Sender<Vec<String>>,
    ready: watch::Receiver<Vec<String>>,
    slow: Arc<AtomicU64>,
    working: [JoinHandle<()>; 2],
}

impl Door {
    /// Behind which there is nobody yet.
    pub async fn of(service: Service) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (members, known) = watch::channel(Vec::new());
        let (seen, ready) = watch::channel(Vec::new());
        let looking = tokio::spawn(look(known, seen, health_name(service)));
        let slow = Arc::<AtomicU64>::default();
        let working = [looking, tokio::spawn(let_through(listener, ready.clone(), slow.clone()))];
        Door { url, members, ready, slow, working }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A further process is behind it, as soon as it is ready.
    pub fn opens_to(&self, url: String) {
        self.members.send_modify(|members| members.push(url));
    }

    /// One that is gone for good.
    pub fn forgets(&self, url: &str) {
        self.members.send_modify(|members| members.retain(|member| member != url));
    }

    /// From now on everything that is answered through it takes so much longer, on connections there are too.
    pub fn slows_down(&self, time: Duration) {
        self.slow.store(time.as_millis() as u64, Ordering::Relaxed);
    }

    /// Where the first of those that are ready is.
    pub fn first(&self) -> String {
        self.ready.borrow().first().expect("somebody is ready").clone()
    }

    /// Waits until so many are ready.
    pub async fn until_ready(&self, count: usize) {
        let begun = Instant::now();
        while self.ready.borrow().len() != count {
            assert!(
                begun.elapsed() < READY_WITHIN,
                "{} instead of {count} at {}",
                self.ready.borrow().len(),
                self.url
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Connections through it, as a service's own are.
    pub fn connection(&self) -> PeerChannel {
        let peer = PeerConfig { deadline: PATIENCE, ..PeerConfig::at(self.url()) };
        channel(&peer, &Caller::LocalAdministrator).expect("a URL")
    }

    /// A connection to each process that is ready; calls are spread over them.
    pub fn balanced(&self) -> Channel {
        let (channel, changes) = Channel::balance_channel(16);
        let mut ready = self.ready.clone();
        tokio::spawn(async move {
            let mut known: Vec<String> = Vec::new();
            loop {
                let now = ready.borrow_and_update().clone();
                let gone = known.iter().filter(|url| !now.contains(url)).cloned().map(Change::Remove);
                let new = now.iter().filter(|url| !known.contains(url)).map(|url| {
                    Change::Insert(url.clone(), Endpoint::from_shared(url.clone()).expect("a URL"))
                });
                for change in gone.chain(new).collect::<Vec<_>>() {
                    if changes.send(change).await.is_err() {
                        return;
                    }
                }
                known = now;
                if ready.changed().await.is_err() {
                    return;
                }
            }
        });
        channel
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.working.iter().for_each(JoinHandle::abort);
    }
}

/// Keeps up who is ready.
async fn look(known: watch::Receiver<Vec<String>>, seen: watch::Sender<Vec<String>>, name: &'static str) {
    let mut asked: Vec<(String, HealthClient<Channel>)> = Vec::new();
    loop {
        let members = known.borrow().clone();
        asked.retain(|(url, _)| members.contains(url));
        for url in members {
            if asked.iter().all(|(other, _)| *other != url) {
                let channel = Endpoint::from_shared(url.clone()).expect("a URL").connect_lazy();
                asked.push((url, HealthClient::new(channel)));
            }
        }
        let mut ready = Vec::new();
        for (url, health) in &mut asked {
            let request = HealthCheckRequest { service: name.to_owned() };
            let answer = tokio::time::timeout(LOOK_WITHIN, health.check(request)).await;
            if answer
                .is_ok_and(|told| told.is_ok_and(|told| told.get_ref().status() == ServingStatus::Serving))
            {
                ready.push(url.clone());
            }
        }
        seen.send_if_modified(|before| {
            let changed = *before != ready;
            *before = ready;
            changed
        });
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// One after the other. Who comes while nobody is ready is sent away.
async fn let_through(listener: TcpListener, ready: watch::Receiver<Vec<String>>, slow: Arc<AtomicU64>) {
    for turn in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        let (ready, slow) = (ready.borrow().clone(), slow.clone());
        tokio::spawn(async move {
            let by_turns = (0..ready.len()).map(|at| &ready[(turn + at) % ready.len()]);
            for url in by_turns {
                if let Ok(server) = TcpStream::connect(url.trim_start_matches("http://")).await {
                    let _ = carry(client, server, &slow).await;
                    return;
                }
            }
            let _ = client.set_zero_linger();
        });
    }
}

/// A connection until both have ended it, or one has broken it.
async fn carry(mut client: TcpStream, mut server: TcpStream, slow: &AtomicU64) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let none = AtomicU64::new(0);
    let carried = tokio::try_join!(pump(from_client, to_server, &none), pump(from_server, to_client, slow));
    if carried.is_err() {
        client.set_zero_linger()?;
        server.set_zero_linger()?;
    }
    carried.map(|_| ())
}

/// Carries what comes one way, each piece as late as it is to be.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, slow: &AtomicU64) -> io::Result<()> {
    let (late, mut due) = mpsc::channel(1024);
    let reading = async move {
        loop {
            let mut bytes = vec![0; 16 * 1024];
            let read = from.read(&mut bytes).await?;
            bytes.truncate(read);
            let at = Instant::now() + Duration::from_millis(slow.load(Ordering::Relaxed));
            if late.send((at, bytes)).await.is_err() || read == 0 {
                return Ok(());
            }
        }
    };
    let writing = async move {
        while let Some((at, bytes)) = due.recv().await {
            tokio::time::sleep_until(at.into()).await;
            match bytes.is_empty() {
                true => to.shutdown().await?,
                false => to.write_all(&bytes).await?,
            }
        }
        Ok(())
    };
    tokio::try_join!(reading, writing).map(|_| ())
}
