//! What a deployment has on: TLS by which services and callers know each other, metrics that are scraped, traces and logs that are exported.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use yizhan_runtime::config::{PeerTls, Service, TlsIdentity};
use yizhan_testkit::{Authority, OtlpSink, ServiceProcess, TlsFiles, free_port};

/// How the load generator is known.
const CALLERS: &str = "[[rule]]\nmatch = \"cn:load\"\ncaller = \"local-administrator\"\n";

/// An authority, a collector, and the files of those who take part. The collector takes its part of this machine too.
pub struct Everything {
    folder: TempDir,
    authority: Authority,
    callers: PathBuf,
    load: TlsFiles,
    collector: OtlpSink,
}

impl Everything {
    /// Nobody takes part yet but the load generator.
    pub async fn new() -> anyhow::Result<Everything> {
        let (folder, authority) = (tempfile::tempdir()?, Authority::new());
        let callers = folder.path().join("callers.toml");
        fs::write(&callers, CALLERS)?;
        let load = authority.write(&folder.path().join("load"), &["cn:load"]);
        Ok(Everything { folder, authority, callers, load, collector: OtlpSink::start().await })
    }

    /// What was exported.
    pub fn collector(&self) -> &OtlpSink {
        &self.collector
    }

    /// How the load generator knows services, and shows itself.
    pub fn of_load(&self) -> PeerTls {
        let identity = TlsIdentity { cert: self.load.cert.clone(), key: self.load.key.clone() };
        PeerTls { identity: Some(identity), ..PeerTls::by(&self.load.ca) }
    }

    /// A service with all of it.
    pub fn on(&self, service: Service, process: ServiceProcess) -> ServiceProcess {
        let name = format!("spiffe://yizhan/ns/load/sa/yizhan-{service}");
        let files = self.authority.write(&self.of(service), &["localhost", &name]);
        process
            .with_mutual_tls(&files)
            .env("YIZHAN_SERVER_CALLERS", self.callers.to_string_lossy())
            .env("YIZHAN_TELEMETRY_OTLP_ENDPOINT", self.collector.url())
            .env("YIZHAN_TELEMETRY_LOG_FORMAT", "json")
            .env("YIZHAN_TELEMETRY_METRICS_LISTEN", format!("127.0.0.1:{}", free_port()))
            .stderr_to(self.of(service).join("log"))
    }

    /// How a service knows one of its peers, and shows itself there.
    pub fn between(&self, service: Service, peer: Service, process: ServiceProcess) -> ServiceProcess {
        let peer = peer.name().to_uppercase();
        let files = [("CA", "ca.crt"), ("CERT", "tls.crt"), ("KEY", "tls.key")];
        files.into_iter().fold(process, |process, (setting, file)| {
            let path = self.of(service).join(file);
            process.env(&format!("YIZHAN_PEERS_{peer}_TLS_{setting}"), path.to_string_lossy())
        })
    }

    fn of(&self, service: Service) -> PathBuf {
        self.folder.path().join(service.name())
    }
}
