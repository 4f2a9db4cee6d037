//! Settings of certificates and tokens: which files, and whether they can be used together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sections::{ServerConfig, file};
use super::{Service, Settings};
use crate::identity::{Algorithm, rules_of};
use crate::{client, server};

/// How much clocks may differ by default.
const LEEWAY: Duration = Duration::from_secs(30);
/// And at most.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// The server's certificate, and whose clients' it wants.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// PEM file with the certificate chain.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
    /// PEM file with the authorities of client certificates: then nobody connects without one, and it names the caller.
    pub client_ca: Option<PathBuf>,
}

impl TlsConfig {
    /// The files, in the order in which they are read.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        [&self.cert, &self.key].into_iter().chain(&self.client_ca).cloned().collect()
    }

    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let (cert, key) = (file(settings, "server.tls_cert"), file(settings, "server.tls_key"));
        let client_ca = file(settings, "server.tls_client_ca");
        match (cert, key) {
            (Some(cert), Some(key)) => {
                let tls = TlsConfig { cert, key, client_ca };
                if let Some(problem) = problem(&tls.paths(), server::tls::config) {
                    settings.wrong("server.tls_cert", problem);
                }
                Some(tls)
            }
            (None, None) => {
                if client_ca.is_some() {
                    settings.wrong("server.tls_client_ca", "needs server.tls_cert and server.tls_key");
                }
                None
            }
            _ => {
                settings
                    .wrong("server.tls_cert", "server.tls_cert and server.tls_key must be given together");
                None
            }
        }
    }
}

/// What is wrong with what files hold; nothing where one is not there, which has been told.
fn problem<T>(paths: &[PathBuf], make: impl FnOnce(&[Vec<u8>]) -> anyhow::Result<T>) -> Option<String> {
    let held: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>().ok()?;
    make(&held).err().map(|error| format!("{error:#}"))
}

/// How a peer is known, and how this service shows itself.
#[derive(Clone, Debug)]
pub struct PeerTls {
    /// `peers.<service>.tls_ca`: PEM file of the authority that signed its certificate.
    pub ca: PathBuf,
    /// `peers.<service>.tls_cert`, `peers.<service>.tls_key`: what is shown to it.
    pub identity: Option<TlsIdentity>,
    /// `peers.<service>.tls_name`: the name in its certificate, where that is not the host of its address.
    pub name: Option<String>,
}

/// A certificate with its key.
#[derive(Clone, Debug)]
pub struct TlsIdentity {
    /// PEM file with the certificate chain.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

impl PeerTls {
    /// Known by this authority; nothing is shown.
    pub fn by(ca: impl Into<PathBuf>) -> PeerTls {
        PeerTls { ca: ca.into(), identity: None, name: None }
    }

    /// The files, in the order in which they are read.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let shown = self.identity.iter().flat_map(|shown| [&shown.cert, &shown.key]);
        std::iter::once(&self.ca).chain(shown).cloned().collect()
    }

    pub(super) fn read(settings: &mut Settings, service: Service, https: bool) -> Option<Self> {
        let [ca, cert, key, name] =
            ["tls_ca", "tls_cert", "tls_key", "tls_name"].map(|name| format!("peers.{service}.{name}"));
        let (authority, shown) = (file(settings, &ca), (file(settings, &cert), file(settings, &key)));
        let named: Option<String> = settings.optional(&name);
        if authority.is_some() != https {
            settings.wrong(&ca, format!("{ca} is needed with an https:// address, and only then"));
        }
        if !https && (shown.0.is_some() || named.is_some()) {
            settings.wrong(&cert, format!("{cert} and {name} are for an https:// address"));
        }
        if named.as_ref().is_some_and(|named| !client::is_server_name(named)) {
            settings.wrong(&name, "is no name of a server");
        }
        let identity = match shown {
            (Some(cert), Some(key)) => Some(TlsIdentity { cert, key }),
            (None, None) => None,
            _ => {
                settings.wrong(&cert, format!("{cert} and {key} must be given together"));
                None
            }
        };
        let tls = PeerTls { ca: authority?, identity, name: named };
        if !server::tls::holds_certificates(&tls.ca) && tls.ca.is_file() {
            settings.wrong(&ca, "holds no certificate in PEM");
        } else if let Some(problem) = problem(&tls.paths(), client::tls_config) {
            settings.wrong(&cert, problem);
        }
        Some(tls)
    }
}

/// Whose tokens are believed.
#[derive(Clone, Debug)]
pub struct JwtConfig {
    /// `server.jwt_issuer`: `iss`.
    pub issuer: String,
    /// `server.jwt_audience`: one of `aud`.
    pub audience: String,
    /// `server.jwt_jwks`: where the issuer's keys are.
    pub keys: KeysAt,
    /// `server.jwt_leeway_seconds`: how much clocks may differ. Default 30, at most 300.
    pub leeway: Duration,
    /// `server.jwt_algorithms`: how tokens may be signed. Default: EdDSA, ES256, RS256.
    pub algorithms: Vec<Algorithm>,
    /// `server.jwt_claim`: the claim that names the caller. Default `yizhan_caller`.
    pub claim: String,
}

/// Where keys of tokens are, as a JWK set.
#[derive(Clone, Debug)]
pub enum KeysAt {
    /// In a file.
    File(PathBuf),
    /// Behind an https URL.
    Url {
        /// The URL.
        url: String,
        /// `server.jwt_jwks_ca`: PEM file of the authority that signed its certificate.
        ca: PathBuf,
    },
}

impl JwtConfig {
    /// By this issuer, for this audience, with its keys in a file; all else as by default.
    pub fn of(issuer: impl Into<String>, audience: impl Into<String>, keys: impl Into<PathBuf>) -> JwtConfig {
        JwtConfig {
            issuer: issuer.into(),
            audience: audience.into(),
            keys: KeysAt::File(keys.into()),
            leeway: LEEWAY,
            algorithms: Algorithm::ALL.to_vec(),
            claim: "yizhan_caller".to_owned(),
        }
    }

    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let issuer: Option<String> = settings.optional("server.jwt_issuer");
        let audience: Option<String> = settings.optional("server.jwt_audience");
        let keys: Option<String> = settings.optional("server.jwt_jwks");
        let ca = file(settings, "server.jwt_jwks_ca");
        let leeway = Duration::from_secs(settings.or("server.jwt_leeway_seconds", LEEWAY.as_secs()));
        if leeway > MAX_LEEWAY {
            settings.wrong("server.jwt_leeway_seconds", format!("must be at most {}", MAX_LEEWAY.as_secs()));
        }
        let algorithms = read_algorithms(settings);
        let claim = settings.or("server.jwt_claim", "yizhan_caller".to_owned());
        let none = [&issuer, &audience, &keys].into_iter().all(Option::is_none);
        let (Some(issuer), Some(audience), Some(keys)) = (issuer, audience, keys) else {
            if !none {
                let together = "jwt_issuer, jwt_audience and jwt_jwks must be given together";
                settings.wrong("server.jwt_issuer", together);
            }
            return None;
        };
        let keys = read_keys(settings, keys, ca)?;
        Some(JwtConfig { issuer, audience, keys, leeway, algorithms, claim })
    }
}

fn read_algorithms(settings: &mut Settings) -> Vec<Algorithm> {
    let all = Algorithm::ALL.map(Algorithm::name).join(",");
    let named = settings.or("server.jwt_algorithms", all);
    let mut algorithms = Vec::new();
    for name in named.split(',').map(str::trim) {
        match name.parse() {
            Ok(algorithm) => algorithms.push(algorithm),
            Err(problem) => settings.wrong("server.jwt_algorithms", problem),
        }
    }
    algorithms
}

fn read_keys(settings: &mut Settings, keys: String, ca: Option<PathBuf>) -> Option<KeysAt> {
    let name = "server.jwt_jwks";
    if keys.contains("://") {
        let https = keys.parse::<http::Uri>().is_ok_and(|uri| {
            uri.scheme_str() == Some("https") && uri.host().is_some_and(client::is_server_name)
        });
        if !https || keys.contains('@') {
            settings.wrong(name, "must be a file or https://host/path");
        }
        if ca.is_none() {
            settings.wrong("server.jwt_jwks_ca", "is needed with an https:// server.jwt_jwks");
        }
        return Some(KeysAt::Url { url: keys, ca: ca? });
    }
    if ca.is_some() {
        settings.wrong("server.jwt_jwks_ca", "is for an https:// server.jwt_jwks");
    }
    let path = PathBuf::from(keys);
    match std::fs::read(&path) {
        Err(_) => settings.wrong(name, format!("no such file: {}", path.display())),
        Ok(held) => {
            if let Err(error) = crate::identity::check_keys(&held) {
                settings.wrong(name, format!("{error:#}"));
            }
        }
    }
    Some(KeysAt::File(path))
}

/// The file of rules, each problem of which is told.
pub(super) fn read_callers(settings: &mut Settings) -> Option<PathBuf> {
    let path = file(settings, "server.callers")?;
    if let Err(problems) = callers_of(&path) {
        problems.into_iter().for_each(|problem| settings.wrong("server.callers", problem));
    }
    Some(path)
}

fn callers_of(path: &Path) -> Result<(), Vec<String>> {
    // That it is not there has been told.
    let Ok(held) = std::fs::read(path) else { return Ok(()) };
    rules_of(&held).map(drop)
}

/// Whether a server knows who calls as it must, in one way.
pub(super) fn check_callers(settings: &mut Settings, config: &ServerConfig) {
    let certificates = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let shown = certificates || config.jwt.is_some();
    if shown && config.trust_caller_header {
        settings.wrong(
            "server.trust_caller_header",
            "callers are known by certificates or tokens: a gateway is a rule of server.callers with gateway = true",
        );
    }
    if config.callers.is_some() && !shown {
        settings.wrong("server.callers", "is for server.tls_client_ca or server.jwt_jwks");
    }
    if !config.listen.ip().is_loopback() && !shown && !config.trust_caller_header {
        settings.wrong(
            "server.listen",
            "outside the loopback interface a server must know who calls: server.tls_client_ca (certificates), server.jwt_jwks \
             (tokens), or server.trust_caller_header behind a gateway or a mesh that sets it",
        );
    }
}
