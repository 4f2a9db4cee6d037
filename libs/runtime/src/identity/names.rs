//! What a certificate says of itself: its names, and until when it holds.

use anyhow::{Context, anyhow};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The names in a certificate that was verified already, by kind; noted in the extensions of each request of its connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// URIs among the alternative names: a SPIFFE id.
    pub uris: Vec<String>,
    /// DNS names among the alternative names.
    pub dns: Vec<String>,
    /// The common name of the subject.
    pub common: Vec<String>,
}

impl Names {
    /// Of a certificate in DER.
    pub fn of(der: &[u8]) -> anyhow::Result<Names> {
        let certificate = parse(der)?;
        let mut names = Names::default();
        let alternative = certificate.subject_alternative_name().context("alternative names")?;
        for name in alternative.iter().flat_map(|name| &name.value.general_names) {
            match name {
                GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
                GeneralName::DNSName(dns) => names.dns.push(dns.to_ascii_lowercase()),
                _ => {}
            }
        }
        let common = certificate.subject().iter_common_name();
        names.common.extend(common.filter_map(|name| name.as_str().ok().map(str::to_owned)));
        Ok(names)
    }
}

/// From when and until when a certificate in DER holds, in seconds of Unix time.
pub(crate) fn validity(der: &[u8]) -> anyhow::Result<(i64, i64)> {
    let certificate = parse(der)?;
    let validity = certificate.validity();
    Ok((validity.not_before.timestamp(), validity.not_after.timestamp()))
}

fn parse(der: &[u8]) -> anyhow::Result<X509Certificate<'_>> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|error| anyhow!("no X.509: {error}"))?;
    Ok(certificate)
}
