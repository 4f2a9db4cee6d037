//! With a certificate, or with one that cannot be used.

use std::path::Path;

use tokio::process::Command;
use yizhan_proto::enrollment::v1::GetCacheStatusRequest;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_runtime::config::{PeerConfig, PeerTls};
use yizhan_testkit::free_port;

use crate::support::{channel, previewed_away, register_and_ask, serving, until_it_serves};

/// A certificate for `localhost`, its key, and itself as the authority.
fn certificate(folder: &Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let write = |name: &str, pem: String| {
        let path = folder.join(name);
        std::fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    (write("cert.pem", made.cert.pem()), write("key.pem", made.signing_key.serialize_pem()))
}

/// `yizhan serve` with this certificate and key.
fn yizhan(folder: &Path, ports: [u16; 3], cert: &str, key: &str) -> Command {
    let mut command = serving(folder, ports);
    command.env("YIZHAN_SERVER_TLS_CERT", cert).env("YIZHAN_SERVER_TLS_KEY", key);
    command
}

#[tokio::test]
async fn services_with_tls_find_each_other_whatever_name_is_in_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(folder.path());
    let ports = [free_port(), free_port(), free_port()];
    let _running = yizhan(folder.path(), ports, &cert, &key).spawn().unwrap();
    let by_tls = |port: u16| {
        let peer = PeerConfig::at(format!("https://localhost:{port}"));
        channel(&PeerConfig { tls: Some(PeerTls::by(&cert)), ..peer })
    };
    until_it_serves(ports[0]).await;
    register_and_ask(&mut EnrollmentServiceClient::new(by_tls(ports[0]))).await;
    // Settlement reaches enrollment and filing: neither is away. Nobody is told names or an authority.
    let told = previewed_away(by_tls(ports[0]), by_tls(ports[2])).await;
    assert_eq!(told.reason, "NOT_SETTLED_DIRECTLY", "{told:?}");
    let in_clear = channel(&PeerConfig::at(format!("http://127.0.0.1:{}", ports[0])));
    let refused = EnrollmentServiceClient::new(in_clear).get_cache_status(GetCacheStatusRequest {}).await;
    refused.expect_err("the port that everybody knows speaks TLS only");
}

#[tokio::test]
async fn settings_with_which_nothing_would_work_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(folder.path());
    let other = folder.path().join("other.pem");
    let other_key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().signing_key;
    std::fs::write(&other, other_key.serialize_pem()).unwrap();
    let refused = async |mut command: Command, about: &str| {
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(about), "{about}: {said}");
    };
    let ports = [free_port(), free_port(), free_port()];
    let with = |name: &str, value: &str| {
        let mut command = yizhan(folder.path(), ports, &cert, &key);
        command.env(name, value);
        command
    };
    refused(with("YIZHAN_SERVER_TLS_KEY", other.to_str().unwrap()), "YIZHAN_SERVER_TLS_CERT").await;
    refused(with("YIZHAN_SERVER_TLS_CERT", &key), "YIZHAN_SERVER_TLS_CERT").await;
    refused(with("YIZHAN_PEERS_ENROLLMENT_DEADLINE_MS", "0"), "YIZHAN_PEERS_ENROLLMENT_DEADLINE_MS").await;
    refused(with("YIZHAN_SERVER_REQUEST_SECONDS", "0"), "YIZHAN_SERVER_REQUEST_SECONDS").await;
    let mut no_authority = with("YIZHAN_PEERS_ENROLLMENT_TLS_CA", &key);
    no_authority.env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", "https://localhost:7201");
    refused(no_authority, "YIZHAN_PEERS_ENROLLMENT_TLS_CA").await;
}
