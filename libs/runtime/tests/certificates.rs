//! Certificates that name callers, and that are exchanged while calls are under way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;
use yizhan_proto::enrollment::v1::GetPersonRequest;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_runtime::Caller;
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::{JwtConfig, PeerConfig, PeerTls, ServerConfig, TlsConfig, TlsIdentity};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::server::{RunningServer, Server, Services};
use yizhan_testkit::{Authority, TlsFiles, TokenMaker};

/// Tells every caller who they are.
#[derive(Clone)]
struct Who;

impl NamedService for Who {
    const NAME: &'static str = "yizhan.enrollment.v1.EnrollmentService";
}

impl Service<Request<Body>> for Who {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let caller = request.extensions().get::<Caller>().unwrap().to_string();
        std::future::ready(Ok(Status::already_exists(caller).into_http()))
    }
}

async fn serve(config: ServerConfig) -> RunningServer {
    Server::bind(config).unwrap().serve(Services::default().with(Who)).await.unwrap()
}

/// A server with a certificate that wants those of clients.
fn mutual(files: &TlsFiles) -> ServerConfig {
    let tls =
        TlsConfig { cert: files.cert.clone(), key: files.key.clone(), client_ca: Some(files.ca.clone()) };
    ServerConfig { tls: Some(tls), ..ServerConfig::loopback() }
}

/// A peer that is shown a certificate.
fn peer(server: &RunningServer, ca: &Path, shown: Option<&TlsFiles>) -> PeerConfig {
    let identity = shown.map(|shown| TlsIdentity { cert: shown.cert.clone(), key: shown.key.clone() });
    let tls = PeerTls { identity, name: Some("enrollment".to_owned()), ..PeerTls::by(ca) };
    PeerConfig { tls: Some(tls), ..PeerConfig::at(server.url()) }
}

/// Who the server says calls, or why it does not.
async fn who(channel: PeerChannel) -> String {
    told(EnrollmentServiceClient::new(channel).get_person(GetPersonRequest::default()).await.unwrap_err())
}

fn told(status: Status) -> String {
    match status.code() {
        Code::AlreadyExists => status.message().to_owned(),
        Code::Unauthenticated => format!("Unauthenticated {}", RemoteError::from(&status).reason),
        Code::Unavailable if !status.details().is_empty() => {
            format!("Unavailable {}", RemoteError::from(&status).reason)
        }
        code => format!("{code:?}: {}", status.message()),
    }
}

/// Whether TLS was not agreed on: no answer of the server itself.
fn not_connected(told: &str) -> bool {
    ["Unavailable: ", "Cancelled: ", "Unknown: "].iter().any(|code| told.starts_with(code))
}

fn service(name: &str) -> Caller {
    Caller::Service { name: name.to_owned() }
}

struct Place {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), authority: Authority::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn server(&self) -> TlsFiles {
        self.authority.write(&self.path("server"), &["enrollment"])
    }

    fn client(&self, name: &str) -> TlsFiles {
        self.authority.write(&self.path("client"), &[name])
    }

    fn callers(&self, rules: &str) -> Option<PathBuf> {
        let path = self.path("callers.toml");
        fs::write(&path, rules).unwrap();
        Some(path)
    }
}

const RULES: &str = r#"
    [[rule]]
    match = "spiffe://yizhan/institution/{code}"
    caller = "institution:{code}"
    [[rule]]
    match = "cn:his"
    caller = "institution:H43020000001"
    [[rule]]
    match = "dns:gateway"
    gateway = true
"#;

#[tokio::test]
async fn a_certificate_names_the_caller_and_what_is_said_besides_must_agree() {
    let place = Place::new();
    let files = place.server();
    let server = serve(ServerConfig { callers: place.callers(RULES), ..mutual(&files) }).await;
    let asked = async |name: &str, said: Caller| {
        let shown = place.client(name);
        who(client::channel(&peer(&server, &files.ca, Some(&shown)), &said).unwrap()).await
    };
    let settlement = "spiffe://yizhan/ns/prod/sa/yizhan-settlement";
    let institution = |code: &str| Caller::Institution { code: code.to_owned() };
    assert_eq!(asked(settlement, service("settlement")).await, "service:settlement");
    assert_eq!(asked(settlement, service("credit")).await, "Unauthenticated CALLER_DISAGREES");
    assert_eq!(asked("spiffe://yizhan/institution/H1", institution("H1")).await, "institution:H1");
    assert_eq!(
        asked("spiffe://yizhan/institution/H1", institution("H2")).await,
        "Unauthenticated CALLER_DISAGREES"
    );
    assert_eq!(asked("cn:his", institution("H43020000001")).await, "institution:H43020000001");
    assert_eq!(asked("gateway", institution("H2")).await, "institution:H2");
    assert_eq!(asked("gateway", service("settlement")).await, "Unauthenticated CALLER_DISAGREES");
    assert_eq!(asked("gateway", Caller::LocalAdministrator).await, "Unauthenticated CALLER_DISAGREES");
    for nobody in ["spiffe://yizhan/ns/prod/sa/other", "spiffe://elsewhere/institution/H1", "cn:other"] {
        assert_eq!(asked(nobody, institution("H1")).await, "Unauthenticated CALLER_UNKNOWN", "{nobody}");
    }
    // A new file counts without a restart; one that is wrong changes nothing.
    place.callers("[[rule]]\nmatch = \"nonsense\"\n");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(asked("cn:his", institution("H43020000001")).await, "institution:H43020000001");
    place.callers(&RULES.replace("cn:his", "cn:other"));
    until("the new rules count", async || {
        asked("cn:other", institution("H43020000001")).await == "institution:H43020000001"
    })
    .await;
}

#[tokio::test]
async fn who_shows_none_or_one_that_is_not_good_is_not_connected() {
    let place = Place::new();
    let (files, other) = (place.server(), Authority::new());
    let server = serve(mutual(&files)).await;
    let name = ["spiffe://yizhan/ns/prod/sa/yizhan-settlement"];
    let asked = async |ca: &Path, shown: Option<&TlsFiles>| {
        who(client::channel(&peer(&server, ca, shown), &service("settlement")).unwrap()).await
    };
    let good = place.authority.write(&place.path("good"), &name);
    assert_eq!(asked(&files.ca, Some(&good)).await, "service:settlement");
    let ended = place.authority.write_for(&place.path("ended"), &name, (2020, 2021));
    let future = place.authority.write_for(&place.path("future"), &name, (2090, 2099));
    let foreign = other.write(&place.path("foreign"), &name);
    for (what, shown) in
        [("none", None), ("ended", Some(&ended)), ("not yet", Some(&future)), ("foreign", Some(&foreign))]
    {
        let told = asked(&files.ca, shown).await;
        assert!(not_connected(&told), "{what}: {told}");
    }
    let told = asked(&foreign.ca, Some(&good)).await;
    assert!(not_connected(&told), "the server is another's: {told}");
    assert_eq!(asked(&files.ca, Some(&good)).await, "service:settlement", "others go on");
}

#[tokio::test]
async fn who_does_not_know_the_word_of_the_process_is_nobody_inside() {
    let place = Place::new();
    let inside = ([127, 0, 0, 1], yizhan_testkit::free_port()).into();
    let server = serve(ServerConfig { inside: Some(inside), ..mutual(&place.server()) }).await;
    let peer = PeerConfig::at(format!("http://{inside}"));
    let asked = async |peer: &PeerConfig| who(client::channel(peer, &service("settlement")).unwrap()).await;
    assert_eq!(asked(&peer).await, "Unauthenticated CALLER_MISSING");
    assert_eq!(asked(&PeerConfig { inside: true, ..peer }).await, "service:settlement");
    drop(server);
}

/// Health and reflection, of a server that knows nobody who asks.
#[tokio::test]
async fn health_needs_no_caller_and_reflection_can_be_off() {
    let (place, maker) = (Place::new(), TokenMaker::new("a"));
    let keys = place.path("keys.json");
    fs::write(&keys, maker.keys().to_string()).unwrap();
    let jwt = Some(JwtConfig::of("https://issuer.example", "yizhan", &keys));
    for reflection in [true, false] {
        let server = serve(ServerConfig { jwt: jwt.clone(), reflection, ..ServerConfig::loopback() }).await;
        let channel = tonic::transport::Channel::from_shared(server.url()).unwrap().connect().await.unwrap();
        let request = tonic_health::pb::HealthCheckRequest { service: Who::NAME.to_owned() };
        let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
        assert_eq!(health.check(request).await.unwrap().into_inner().status, 1);
        use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
        let question = tonic_reflection::pb::v1::ServerReflectionRequest {
            message_request: Some(
                tonic_reflection::pb::v1::server_reflection_request::MessageRequest::ListServices(
                    String::new(),
                ),
            ),
            ..Default::default()
        };
        let asked = futures::stream::once(async { question });
        let answer = ServerReflectionClient::new(channel).server_reflection_info(asked).await;
        assert_eq!(
            answer.map(drop).map_err(|status| status.code()),
            if reflection { Ok(()) } else { Err(Code::Unimplemented) }
        );
    }
}

/// A ClientHello of this version and nothing newer, with all that TLS 1.2 asks for.
fn hello(minor: u8) -> Vec<u8> {
    let extensions = [0, 10, 0, 4, 0, 2, 0, 29, 0, 13, 0, 4, 0, 2, 4, 3, 0, 11, 0, 2, 1, 0];
    let mut hello = vec![3, minor];
    hello.extend(0..32_u8);
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0, 0, extensions.len() as u8]);
    hello.extend(extensions);
    let length = hello.len() as u8;
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat()
}

#[tokio::test]
async fn tls_1_1_is_refused() {
    let place = Place::new();
    let server = serve(mutual(&place.server())).await;
    let answer = async |minor| {
        let mut socket = TcpStream::connect(server.address()).await.unwrap();
        socket.write_all(&hello(minor)).await.unwrap();
        let mut answer = [0; 7];
        socket.read_exact(&mut answer).await.unwrap();
        (answer[0], answer[5], answer[6])
    };
    assert_eq!(answer(2).await, (21, 2, 70), "fatal alert protocol_version");
    assert_eq!(answer(3).await.0, 22, "the same of TLS 1.2 is answered");
}

/// Turns a folder of Kubernetes to another version of a secret, as its kubelet does.
fn turn(volume: &Path, to: &Path) {
    let next = volume.join("..next");
    let _ = fs::remove_file(&next);
    symlink(to, &next).unwrap();
    fs::rename(&next, volume.join("..data")).unwrap();
}

fn mounted(volume: &Path) -> TlsFiles {
    let [ca, cert, key] = ["ca.crt", "tls.crt", "tls.key"].map(|name| volume.join("..data").join(name));
    TlsFiles { ca, cert, key }
}

/// The name of the server, and of the client.
const SIDES: [(&str, &str); 2] =
    [("server", "enrollment"), ("client", "spiffe://yizhan/ns/prod/sa/yizhan-settlement")];

/// An authority is exchanged in steps, each a folder for both sides: both are believed, the new one signs, the old one goes.
struct Exchange {
    folder: tempfile::TempDir,
    old: Authority,
    new: Authority,
}

impl Exchange {
    fn new() -> Exchange {
        let (folder, old, new) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
        let both = format!("{}{}", old.pem(), new.pem());
        let exchange = Exchange { folder, old, new };
        let Exchange { old, new, .. } = &exchange;
        for (step, signs, believed) in
            [("1", old, old.pem()), ("2", old, both.clone()), ("3", new, both), ("4", new, new.pem())]
        {
            for (side, name) in SIDES {
                let files = signs.write(&exchange.at(step, side), &[name]);
                fs::write(files.ca, &believed).unwrap();
            }
        }
        exchange.turn_to("1");
        exchange
    }

    fn at(&self, step: &str, side: &str) -> PathBuf {
        self.folder.path().join(step).join(side)
    }

    /// Both sides have the files of this step now.
    fn turn_to(&self, step: &str) {
        for (side, _) in SIDES {
            let volume = self.at("mounted", side);
            fs::create_dir_all(&volume).unwrap();
            turn(&volume, &self.at(step, side));
        }
    }

    /// The same, and until both have looked: every two seconds.
    async fn turned_to(&self, step: &str) {
        self.turn_to(step);
        tokio::time::sleep(Duration::from_millis(3000)).await;
    }

    fn mounted(&self, side: &str) -> TlsFiles {
        mounted(&self.at("mounted", side))
    }
}

/// Asks again and again until it is over; what failed.
fn asking(
    channel: PeerChannel,
    asked: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut failed = Vec::new();
        while !over.load(SeqCst) {
            let told = who(channel.clone()).await;
            asked.fetch_add(1, SeqCst);
            if told != "service:settlement" {
                failed.push(told);
            }
        }
        failed
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_authorities_are_exchanged_under_load_and_no_call_fails() {
    let exchange = Exchange::new();
    let ours = exchange.mounted("client");
    let server = serve(mutual(&exchange.mounted("server"))).await;
    let peer_of = |ca: &Path, shown: &TlsFiles| peer(&server, ca, Some(shown));
    let channel = client::channel(&peer_of(&ours.ca, &ours), &service("settlement")).unwrap();
    let feed = client::feed_channel(&peer_of(&ours.ca, &ours), &service("settlement")).unwrap();
    let (asked, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let callers = [channel.clone(), channel].map(|channel| asking(channel, asked.clone(), over.clone()));
    for step in ["2", "3", "4"] {
        exchange.turned_to(step).await;
    }
    over.store(true, SeqCst);
    for caller in callers {
        let failed = caller.await.unwrap();
        assert!(failed.is_empty(), "{} of {}: {:?}", failed.len(), asked.load(SeqCst), failed[0]);
    }
    assert!(asked.load(SeqCst) > 100);
    // Who believes the old authority is not connected now, nor who was signed by it.
    let (old_ca, new_ca) =
        (exchange.at("1", "server").join("ca.crt"), exchange.at("4", "client").join("ca.crt"));
    let of_new = exchange.new.write(&exchange.at("late", "client"), &[SIDES[1].1]);
    let of_old = exchange.old.write(&exchange.at("old", "client"), &[SIDES[1].1]);
    let by = |ca: &Path, shown| client::channel(&peer_of(ca, shown), &service("settlement")).unwrap();
    assert_eq!(who(by(&new_ca, &of_new)).await, "service:settlement");
    for refused in [by(&old_ca, &of_new), by(&new_ca, &of_old)] {
        let told = who(refused).await;
        assert!(not_connected(&told), "{told}");
    }
    // Half of a new pair: what was there stays in use.
    fs::write(exchange.at("4", "server").join("tls.key"), "broken").unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(who(by(&new_ca, &of_new)).await, "service:settlement");
    // The channel of a feed, which was made by the first step, connects with what is there now; and again.
    assert_eq!(who(feed.clone()).await, "service:settlement");
    let listen = server.address();
    drop(server);
    let files = exchange.new.write(&exchange.at("again", "server"), &[SIDES[0].1]);
    let _server = again(ServerConfig { listen, ..mutual(&files) }).await;
    until("the feed is connected anew", async || who(feed.clone()).await == "service:settlement").await;
}

/// Serves where another has just ended.
async fn again(config: ServerConfig) -> RunningServer {
    for _ in 0..100 {
        if let Ok(server) = Server::bind(config.clone()) {
            return server.serve(Services::default().with(Who)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} stays taken", config.listen);
}

fn claims(maker: &TokenMaker, caller: &str) -> String {
    maker.token(&json!({ "iss": "https://issuer.example", "aud": "yizhan", "exp": 4_102_444_800_i64, "yizhan_caller": caller }))
}

/// A call with these entries besides, over a channel that names no caller itself.
async fn with(channel: &PeerChannel, tokens: &[&str]) -> String {
    let mut request = tonic::Request::new(GetPersonRequest::default());
    for token in tokens {
        request.metadata_mut().append("authorization", format!("Bearer {token}").parse().unwrap());
    }
    told(EnrollmentServiceClient::new(channel.clone()).get_person(request).await.unwrap_err())
}

#[tokio::test]
async fn a_token_names_the_caller_and_of_a_gateway_for_whom() {
    let (place, maker) = (Place::new(), TokenMaker::new("a"));
    let keys = place.path("keys.json");
    fs::write(&keys, maker.keys().to_string()).unwrap();
    let jwt = Some(JwtConfig::of("https://issuer.example", "yizhan", &keys));
    let files = place.server();
    let plain = serve(ServerConfig { jwt: jwt.clone(), ..ServerConfig::loopback() }).await;
    let both = serve(ServerConfig { jwt, callers: place.callers(RULES), ..mutual(&files) }).await;
    let as_agency = Caller::parse("agency:430200").unwrap();
    let (agency, other) = (claims(&maker, "agency:430200"), claims(&maker, "agency:430300"));
    let by_token = client::channel(&PeerConfig::at(plain.url()), &as_agency).unwrap();
    assert_eq!(with(&by_token, &[&agency]).await, "agency:430200");
    assert_eq!(
        with(&by_token, &[&other]).await,
        "Unauthenticated CALLER_DISAGREES",
        "the header says another"
    );
    assert_eq!(with(&by_token, &[]).await, "Unauthenticated CALLER_MISSING", "the header is not believed");
    assert_eq!(with(&by_token, &[&agency, &agency]).await, "Unauthenticated TOKEN_INVALID", "two");
    assert_eq!(with(&by_token, &["a.b.c"]).await, "Unauthenticated TOKEN_INVALID");
    let gateway = place.client("gateway");
    let gateway = client::channel(&peer(&both, &files.ca, Some(&gateway)), &as_agency).unwrap();
    assert_eq!(with(&gateway, &[&agency]).await, "agency:430200");
    assert_eq!(with(&gateway, &[]).await, "Unauthenticated CALLER_MISSING", "a gateway shows the token");
    let shown = place.client("spiffe://yizhan/ns/prod/sa/yizhan-settlement");
    let ours = client::channel(&peer(&both, &files.ca, Some(&shown)), &service("settlement")).unwrap();
    assert_eq!(with(&ours, &[]).await, "service:settlement", "services need none");
    assert_eq!(with(&ours, &[&agency]).await, "Unauthenticated CALLER_DISAGREES", "and speak for nobody");
}

#[tokio::test]
async fn keys_are_had_from_a_url() {
    let (place, maker) = (Place::new(), TokenMaker::new("a"));
    let files = place.authority.write(&place.path("issuer"), &["localhost"]);
    let port = yizhan_testkit::free_port();
    let keys = yizhan_runtime::config::KeysAt::Url {
        url: format!("https://localhost:{port}/keys"),
        ca: files.ca.clone(),
    };
    let jwt = JwtConfig { keys, ..JwtConfig::of("https://issuer.example", "yizhan", "") };
    let server = serve(ServerConfig { jwt: Some(jwt), ..ServerConfig::loopback() }).await;
    let agency = Caller::parse("agency:430200").unwrap();
    let channel = client::channel(&PeerConfig::at(server.url()), &agency).unwrap();
    let token = claims(&maker, "agency:430200");
    assert_eq!(with(&channel, &[&token]).await, "Unavailable TOKEN_KEYS_AWAY");
    issue(&files, port, maker.keys().to_string());
    until("the keys are there", async || with(&channel, &[&token]).await == "agency:430200").await;
}

/// Answers this to whoever asks at the port.
fn issue(files: &TlsFiles, port: u16, keys: String) {
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = CertificateDer::pem_file_iter(&files.cert).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        let listener = tokio::net::TcpListener::bind(("localhost", port)).await.unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{keys}", keys.len());
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..100 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    panic!("it did not come about: {what}");
}
