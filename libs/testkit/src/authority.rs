//! An authority of a test's own, and the certificates it issues.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, SanType,
    date_time_ymd,
};

/// Issues certificates.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Where authority, certificate and key were written, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// A certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// One that nobody knows yet.
    pub fn new() -> Authority {
        let mut params = params(&["cn:an authority"], (2020, 2099));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// Its certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate with these names and its key, in PEM: `spiffe://…` and other URIs, `cn:…` for the subject, IP addresses, and
    /// DNS names.
    pub fn issue(&self, names: &[&str]) -> (String, String) {
        self.issue_for(names, (2020, 2099))
    }

    /// The same from the first day of a year to that of another.
    pub fn issue_for(&self, names: &[&str], years: (i32, i32)) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(names, years).signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// Writes its own and another certificate into a folder, which is made.
    pub fn write(&self, folder: &Path, names: &[&str]) -> TlsFiles {
        self.write_for(folder, names, (2020, 2099))
    }

    /// The same from the first day of a year to that of another.
    pub fn write_for(&self, folder: &Path, names: &[&str], years: (i32, i32)) -> TlsFiles {
        fs::create_dir_all(folder).expect("a folder");
        let (cert, key) = self.issue_for(names, years);
        let write = |name: &str, pem: String| {
            let path = folder.join(name);
            fs::write(&path, pem).expect("a file");
            path
        };
        TlsFiles { ca: write("ca.crt", self.pem()), cert: write("tls.crt", cert), key: write("tls.key", key) }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Authority::new()
    }
}

fn params(names: &[&str], (from, until): (i32, i32)) -> CertificateParams {
    let (common, others): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.starts_with("cn:"));
    let (uris, hosts): (Vec<&str>, Vec<&str>) = others.into_iter().partition(|name| name.contains("://"));
    let hosts: Vec<String> = hosts.into_iter().map(str::to_owned).collect();
    let mut params = CertificateParams::new(hosts).expect("names");
    params.distinguished_name = DistinguishedName::new();
    for name in common {
        params.distinguished_name.push(DnType::CommonName, name.trim_start_matches("cn:"));
    }
    let uri = |uri: &str| SanType::URI(uri.try_into().expect("a URI"));
    params.subject_alt_names.extend(uris.into_iter().map(uri));
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}
