//! Who may call what, by those who show it: calls that change nothing, by every kind of caller, said in the header, shown by a certificate and by a
//! token, must come out alike. The calls that change something are left to the header: what they may does not depend on how the
//! caller was known, and a second run would find other things there.

use std::fs;

use prost::Message;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use yizhan_runtime::config::{JwtConfig, ServerConfig, TlsConfig};
use yizhan_testkit::{Authority, TestDatabase, TokenMaker};

use super::*;

/// A certificate for each caller by its common name, and for services as they have them.
const RULES: &str = r#"
    [[rule]]
    match = "spiffe://yizhan/institution/{code}"
    caller = "institution:{code}"
    [[rule]]
    match = "spiffe://yizhan/agency/{area}"
    caller = "agency:{area}"
    [[rule]]
    match = "spiffe://yizhan/department/{name}"
    caller = "department:{name}"
    [[rule]]
    match = "spiffe://yizhan/insurer/{code}"
    caller = "insurer:{code}"
    [[rule]]
    match = "spiffe://yizhan/person/{no}"
    caller = "person:{no}"
    [[rule]]
    match = "cn:operator {name}"
    caller = "operator:{name}"
    [[rule]]
    match = "cn:everything"
    caller = "local-administrator"
    [[rule]]
    match = "sub:ours/{service}"
    caller = "service:{service}"
    [[rule]]
    match = "sub:everything"
    caller = "local-administrator"
"#;

/// The name in a caller's certificate.
fn named(caller: &str) -> String {
    match caller.split_once(':') {
        None if caller.is_empty() => "cn:somebody".to_owned(),
        None => "cn:everything".to_owned(),
        Some(("service", name)) => format!("spiffe://yizhan/ns/test/sa/yizhan-{name}"),
        Some(("operator", name)) => format!("cn:operator {name}"),
        Some((kind, name)) => format!("spiffe://yizhan/{kind}/{name}"),
    }
}

/// A caller's token; of nobody one that names nobody.
fn token(maker: &TokenMaker, caller: &str) -> String {
    let mut claims =
        serde_json::json!({ "iss": "https://issuer.example", "aud": "yizhan", "exp": 4_102_444_800_i64 });
    match caller.split_once(':') {
        None if caller.is_empty() => claims["sub"] = "somebody".into(),
        None => claims["sub"] = "everything".into(),
        Some(("service", name)) => claims["sub"] = format!("ours/{name}").into(),
        Some(_) => claims["yizhan_caller"] = caller.into(),
    }
    maker.token(&claims)
}

/// Goal: how a caller is known changes nothing of what they may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_tokens_may_what_the_header_may() {
    let (db, folder) = (TestDatabase::sqlite(), tempfile::tempdir().unwrap());
    let mut desk = Desk::open(&db).await;
    let (authority, maker) = (Authority::new(), TokenMaker::new("a"));
    let files = authority.write(folder.path(), &["localhost"]);
    let [callers, keys] = ["callers.toml", "keys.json"].map(|name| folder.path().join(name));
    fs::write(&callers, RULES).unwrap();
    fs::write(&keys, maker.keys().to_string()).unwrap();
    let tls = TlsConfig { cert: files.cert, key: files.key, client_ca: Some(files.ca) };
    let by_certificate =
        ServerConfig { tls: Some(tls), callers: Some(callers.clone()), ..ServerConfig::loopback() };
    let jwt = Some(JwtConfig::of("https://issuer.example", "yizhan", keys));
    let by_token = ServerConfig { jwt, callers: Some(callers), ..ServerConfig::loopback() };
    let certificates = desk.platform.also_serving(&by_certificate).await;
    let tokens = desk.platform.also_serving(&by_token).await;
    let (methods, calls) = (methods(), lines());
    let changes_nothing = |line: &&Line| {
        let method = &methods[&line.name];
        let call = method.name();
        !method.is_client_streaming()
            && !method.is_server_streaming()
            && (call.starts_with("Get") || call.starts_with("List"))
    };
    let calls: Vec<&Line> = calls.iter().filter(changes_nothing).collect();
    assert!(calls.len() > 60, "{} calls", calls.len());
    let (mut wrong, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    for (caller, _) in COLUMNS {
        let token = format!("Bearer {}", token(&maker, caller));
        let (cert, key) = authority.issue(&[&named(caller)]);
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(authority.pem()));
        let tls = tls.identity(Identity::from_pem(cert, key));
        let mut channels = BTreeMap::new();
        for (service, url) in &certificates {
            let by_certificate = Channel::from_shared(url.clone()).unwrap().tls_config(tls.clone()).unwrap();
            let by_token = Channel::from_shared(tokens[service].clone()).unwrap();
            channels.insert(*service, (by_certificate.connect_lazy(), by_token.connect_lazy()));
        }
        for line in &calls {
            let method = &methods[&line.name];
            let of = method.parent_service().full_name().split('.').nth(1).unwrap().to_owned();
            let (by_certificate, by_token) = channels[of.as_str()].clone();
            let message = message_of(method, &desk.said(&line.request)).encode_to_vec();
            let header = call(desk.channel(method).await, method, caller, message.clone()).await;
            let shown = call_with(by_certificate, method, None, message.clone()).await;
            let token = call_with(by_token, method, Some(("authorization", &token)), message).await;
            let cells = [header, shown, token].map(|answer| cell_of(answer, method, caller, false));
            seen.extend(cells);
            if cells[1] != cells[0] || cells[2] != cells[0] {
                wrong.push(format!("{} by {caller:?}: header, certificate, token {cells:?}", line.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!("+-?".chars().all(|cell| seen.contains(&cell)), "{seen:?}");
}
