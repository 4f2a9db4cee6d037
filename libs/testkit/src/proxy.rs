//! A network between a client and a server that can be broken.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Road {
    /// They are carried.
    Open,
    /// Nothing gets through and nobody is told, as when packets are dropped.
    Swallowing,
    /// Who comes is sent away.
    Closed,
}

#[derive(Clone, Copy, Debug)]
struct State {
    road: Road,
    /// How often all connections were cut; a connection of an earlier time is gone.
    cuts: u64,
    /// How often all connections were lost; one of an earlier time carries nothing any more.
    losses: u64,
}

/// A TCP proxy in front of a server. It runs in the runtime of the test and ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    state: Sender<State>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// In front of the server of a URL: `postgres://user@host:port/name`, `redis://host:port`, `http://host:port`.
    pub async fn before(url: &str) -> Proxy {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (user, server) = authority.rfind('@').map_or(("", authority), |at| authority.split_at(at + 1));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let here = listener.local_addr().expect("bound");
        let (state, seen) = channel(State { road: Road::Open, cuts: 0, losses: 0 });
        let accepting = tokio::spawn(accept(listener, server.to_owned(), seen));
        Proxy { url: format!("{scheme}://{user}{here}{path}"), state, accepting }
    }

    /// The same URL, by way of this proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on no byte gets through in either direction and nobody is told, on connections there are and on new ones,
    /// as when packets are dropped. What is sent meanwhile arrives late, when the road is open again.
    pub fn blackhole(&self) {
        self.state.send_modify(|state| state.road = Road::Swallowing);
    }

    /// Carries again.
    pub fn forward(&self) {
        self.state.send_modify(|state| state.road = Road::Open);
    }

    /// Nothing gets through any more on the connections there are, and nobody is told, as when the machine behind them is gone. New
    /// ones are carried: another has its address.
    pub fn lose(&self) {
        self.state.send_modify(|state| state.losses += 1);
    }

    /// Resets every connection there is. New ones are treated as before.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Resets every connection there is, and new ones too.
    pub fn refuse(&self) {
        self.state.send_modify(|state| *state = State { road: Road::Closed, cuts: state.cuts + 1, ..*state });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: String, seen: Receiver<State>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(carry(client, server.clone(), seen.clone()));
    }
}

/// One connection, until either side ends it or it is cut.
async fn carry(mut client: TcpStream, server: String, mut state: Receiver<State>) {
    let mut of_the_road = state.clone();
    let born = *state.borrow_and_update();
    let carried = async {
        if !open(&mut of_the_road, born.losses).await {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let mut server = TcpStream::connect(server).await?;
        let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let there = pump(from_client, to_server, of_the_road.clone(), born.losses);
        let back = pump(from_server, to_client, of_the_road, born.losses);
        let carried = tokio::select! {
            carried = async { tokio::try_join!(there, back) } => carried.map(|_| ()),
            _ = state.wait_for(|state| state.cuts > born.cuts) => Err(io::ErrorKind::ConnectionReset.into()),
        };
        if carried.is_err() {
            let _ = server.set_zero_linger();
        }
        carried
    };
    if carried.await.is_err() {
        let _ = client.set_zero_linger();
    }
}

/// Carries what comes one way. An end or a reset is news too and waits with the bytes.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut state: Receiver<State>,
    born: u64,
) -> io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        open(&mut state, born).await;
        let read = from.read(&mut bytes).await;
        open(&mut state, born).await;
        match read? {
            0 => return to.shutdown().await,
            read => to.write_all(&bytes[..read]).await?,
        }
    }
}

/// Waits while bytes are swallowed, for ever once the connection was lost; whether they are carried then.
async fn open(state: &mut Receiver<State>, born: u64) -> bool {
    let decided = |state: &State| state.road != Road::Swallowing && state.losses == born;
    state.wait_for(decided).await.is_ok_and(|state| state.road == Road::Open)
}
