//! By certificates; and what refuses to start without knowing who calls.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;
use yizhan_proto::enrollment::v1::GetCacheStatusRequest;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_runtime::config::{PeerConfig, PeerTls, TlsIdentity};
use yizhan_testkit::{Authority, TlsFiles, free_port};

use crate::support::{channel, previewed_away, register_and_ask, serving, until_it_serves};

/// `yizhan serve` on free ports; enrollment and settlement on these.
fn yizhan(folder: &Path, [enrollment, settlement]: [u16; 2]) -> Command {
    serving(folder, [enrollment, free_port(), settlement])
}

fn by_certificates(command: &mut Command, files: &TlsFiles, callers: &Path) {
    let settings = [
        ("YIZHAN_SERVER_TLS_CERT", &files.cert),
        ("YIZHAN_SERVER_TLS_KEY", &files.key),
        ("YIZHAN_SERVER_TLS_CLIENT_CA", &files.ca),
    ];
    command.envs(settings).env("YIZHAN_SERVER_CALLERS", callers);
}

/// Goal: the services of one process reach each other past the certificates that everybody else needs.
#[tokio::test]
async fn services_of_one_process_reach_each_other_and_others_need_a_certificate() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let files = authority.write(&folder.path().join("server"), &["localhost"]);
    let shown = authority.write(&folder.path().join("client"), &["cn:root"]);
    let callers = folder.path().join("callers.toml");
    std::fs::write(&callers, "[[rule]]\nmatch = \"cn:root\"\ncaller = \"local-administrator\"\n").unwrap();
    let ports = [free_port(), free_port()];
    let mut command = yizhan(folder.path(), ports);
    by_certificates(&mut command, &files, &callers);
    let _running = command.spawn().unwrap();
    let with = |port: u16, identity: Option<TlsIdentity>| {
        let tls = PeerTls { identity, ..PeerTls::by(&files.ca) };
        channel(&PeerConfig { tls: Some(tls), ..PeerConfig::at(format!("https://localhost:{port}")) })
    };
    let identity = TlsIdentity { cert: shown.cert, key: shown.key };
    let [enrollment, settlement] = ports.map(|port| with(port, Some(identity.clone())));
    until_it_serves(ports[0]).await;
    register_and_ask(&mut EnrollmentServiceClient::new(enrollment.clone())).await;
    // Settlement asks enrollment and filing, and neither is away.
    let told = previewed_away(enrollment, settlement).await;
    assert_eq!(told.reason, "NOT_SETTLED_DIRECTLY", "{told:?}");
    let none =
        EnrollmentServiceClient::new(with(ports[0], None)).get_cache_status(GetCacheStatusRequest {}).await;
    none.expect_err("nothing is shown");
}

/// Goal: nobody outside this machine is the local administrator by mistake, and everything wrong is told at once.
#[tokio::test]
async fn outside_the_loopback_interface_a_server_knows_who_calls_or_does_not_start() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let files = authority.write(&folder.path().join("server"), &["localhost"]);
    let callers = folder.path().join("callers.toml");
    std::fs::write(&callers, "[[rule]]\nmatch = \"x\"\ncaller = \"y\"\n[[rule]]\nmatch = \"cn:a\"\n")
        .unwrap();
    let run = async |settings: &[(&str, &str)], certificates: bool| {
        let mut command = yizhan(folder.path(), [free_port(), free_port()]);
        command.arg("--print-config").envs(settings.iter().copied());
        if certificates {
            by_certificates(&mut command, &files, &callers);
        }
        command.output().await.unwrap()
    };
    let open = ("YIZHAN_SERVER_LISTEN", "0.0.0.0:7201");
    let told = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = run(&[open], false).await;
    assert_eq!(refused.status.code(), Some(64), "{}", told(&refused));
    assert!(
        told(&refused).contains("enrollment.server.listen from the command line: outside the loopback"),
        "{}",
        told(&refused)
    );
    let trusting = run(&[open, ("YIZHAN_SERVER_TRUST_CALLER_HEADER", "true")], false).await;
    assert!(trusting.status.success(), "{}", told(&trusting));
    let shown = String::from_utf8_lossy(&trusting.stdout).into_owned();
    assert!(shown.contains("enrollment.server.reflection = false"), "{shown}");
    let wrong = [
        ("YIZHAN_SERVER_TRUST_CALLER_HEADER", "true"),
        ("YIZHAN_SERVER_JWT_ISSUER", "https://issuer.example"),
        ("YIZHAN_SERVER_JWT_ALGORITHMS", "HS256"),
        ("YIZHAN_SERVER_JWT_LEEWAY_SECONDS", "3600"),
        ("YIZHAN_PEERS_ENROLLMENT_TLS_NAME", "enrollment"),
    ];
    let refused = run(&wrong, true).await;
    assert_eq!(refused.status.code(), Some(64), "{}", told(&refused));
    for problem in [
        "YIZHAN_SERVER_CALLERS: rule 1 (x)",
        "YIZHAN_SERVER_CALLERS: rule 2 (cn:a)",
        "YIZHAN_SERVER_TRUST_CALLER_HEADER: callers are known by certificates or tokens",
        "YIZHAN_SERVER_JWT_ISSUER: ",
        "YIZHAN_SERVER_JWT_ALGORITHMS: `HS256`",
        "YIZHAN_SERVER_JWT_LEEWAY_SECONDS: must be at most 300",
        "peers.enrollment.tls_cert: ",
    ] {
        assert!(told(&refused).contains(problem), "{problem}: {}", told(&refused));
    }
}
