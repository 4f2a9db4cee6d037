//! Who calls, and how a server knows: nobody says so (one machine, all are the local administrator); a gateway that is believed says it in a
//! header; a certificate shows it; a token does.
//!
//! | | certificates (`tls_client_ca`) | without |
//! |---|---|---|
//! | **tokens (`jwt_…`)** | the certificate's caller. A gateway's: the token's | the token's caller |
//! | **without** | the certificate's caller. A gateway's: the header's | `trust_caller_header`: the header's; else the local administrator |
//!
//! Whatever is said besides, by header or token, must say the same. A gateway never speaks for a service of ours, nor for the
//! local administrator. See docs/OPERATIONS.md, "Who is calling".

mod fetch;
mod keys;
pub(crate) mod names;
pub(crate) mod rules;
mod token;

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::{Extensions, HeaderMap, Request, header};
use uuid::Uuid;

pub use keys::Algorithm;
pub use names::Names;
use rules::{Known, Rules};
use token::{Tokens, Why};

use crate::caller::{CALLER_HEADER, Caller};
use crate::config::ServerConfig;
use crate::kept::Kept;
use crate::{Clock, Reason, ServiceError};

/// The metadata entry by which services of one process know each other.
pub(crate) const INSIDE_HEADER: &str = "yizhan-inside";

/// In the extensions of a request that came over the port of a process for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside;

/// What the services of this process say to each other: nobody else knows it, also on the same machine.
pub(crate) fn inside_word() -> &'static str {
    static WORD: OnceLock<String> = OnceLock::new();
    WORD.get_or_init(|| format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
}

/// How a server knows who calls.
pub(crate) enum Identity {
    /// Not at all: on one machine.
    Nobody,
    /// By the header, which something in front of it sets.
    Header,
    /// By what is shown.
    Shown(Box<Shown>),
}

/// What callers show.
pub(crate) struct Shown {
    certificates: bool,
    tokens: Option<Tokens>,
    rules: Arc<Kept<Rules>>,
    clock: Clock,
}

impl Identity {
    /// As configured; files are read, and watched.
    pub fn open(config: &ServerConfig) -> anyhow::Result<Identity> {
        let certificates = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        if !certificates && config.jwt.is_none() {
            return Ok(if config.trust_caller_header { Identity::Header } else { Identity::Nobody });
        }
        let tokens = config.jwt.as_ref().map(Tokens::open).transpose()?;
        let rules = Kept::open("callers", config.callers.iter().cloned().collect(), |held| match held {
            [file] => rules_of(file).map_err(|wrong| anyhow::anyhow!(wrong.join("; "))),
            _ => Ok(Rules::services()),
        })?;
        rules.watch();
        Ok(Identity::Shown(Box::new(Shown { certificates, tokens, rules, clock: Clock::system() })))
    }

    /// Whether callers are told from each other.
    pub fn tells(&self) -> bool {
        !matches!(self, Identity::Nobody)
    }

    /// Who makes a request. Health and reflection need nobody.
    pub async fn caller(&self, head: Head<'_>) -> Result<Caller, ServiceError> {
        let about_server = || asks_about_server(head.path).then(probe);
        match self {
            Identity::Nobody => Ok(Caller::LocalAdministrator),
            Identity::Header => said(head.headers)?.or_else(about_server).ok_or_else(caller_missing),
            Identity::Shown(_) if head.extensions.get::<Inside>().is_some() => inside(head.headers),
            Identity::Shown(shown) => match about_server() {
                Some(probe) => Ok(probe),
                None => shown.caller(head.headers, head.extensions.get::<Arc<Names>>()).await,
            },
        }
    }
}

/// What is looked at of a request.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    path: &'a str,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a> Head<'a> {
    /// Of this request.
    pub fn of<B>(request: &'a Request<B>) -> Head<'a> {
        Head { path: request.uri().path(), headers: request.headers(), extensions: request.extensions() }
    }
}

impl Shown {
    async fn caller(&self, headers: &HeaderMap, names: Option<&Arc<Names>>) -> Result<Caller, ServiceError> {
        let rules = self.rules.current();
        let of_certificate = match self.certificates {
            true => Some(names.and_then(|names| rules.of_certificate(names)).ok_or_else(caller_unknown)?),
            false => None,
        };
        let said = said(headers)?;
        let of_token = self.of_token(headers, &rules).await?;
        let shown = || of_token.clone().ok_or_else(caller_missing);
        let caller = match of_certificate {
            Some(Known::Caller(caller)) => caller,
            Some(Known::Gateway(only)) if self.tokens.is_none() => {
                for_whom(said.clone().ok_or_else(caller_missing)?, &only)?
            }
            Some(Known::Gateway(only)) => for_whom(shown()?, &only)?,
            None => shown()?,
        };
        match [said, of_token].iter().flatten().all(|said| *said == caller) {
            true => Ok(caller),
            false => Err(caller_disagrees("what the request says besides is another caller")),
        }
    }

    async fn of_token(
        &self,
        headers: &HeaderMap,
        rules: &Arc<Rules>,
    ) -> Result<Option<Caller>, ServiceError> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        let mut told = headers.get_all(header::AUTHORIZATION).iter();
        let token = match (told.next(), told.next()) {
            (None, _) => return Ok(None),
            (Some(one), None) => one.to_str().ok().and_then(bearer),
            (Some(_), Some(_)) => None,
        };
        let now = self.clock.now().timestamp();
        match token {
            Some(token) => tokens.caller(token, rules, now).await.map(Some).map_err(token_refused),
            None => Err(token_refused(Why::Malformed)),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Identity::Nobody => "every caller is the local administrator",
            Identity::Header => "callers are named by the header yizhan-caller, which is believed",
            Identity::Shown(shown) => match (shown.certificates, &shown.tokens) {
                (true, None) => "callers are named by their certificates",
                (true, Some(_)) => {
                    "callers are named by their certificates, those of a gateway by their tokens"
                }
                (false, _) => "callers are named by their tokens",
            },
        })
    }
}

/// The rules of a file, or everything that is wrong with it.
pub(crate) fn rules_of(file: &[u8]) -> Result<Rules, Vec<String>> {
    Rules::parse(std::str::from_utf8(file).map_err(|error| vec![error.to_string()])?)
}

/// Whether these are keys of tokens.
pub(crate) fn check_keys(file: &[u8]) -> anyhow::Result<()> {
    keys::KeySet::parse(file).map(drop)
}

/// `Bearer …`, the scheme in any case.
fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the header says, if there is one.
fn said(headers: &HeaderMap) -> Result<Option<Caller>, ServiceError> {
    let mut told = headers.get_all(CALLER_HEADER).iter();
    match (told.next(), told.next()) {
        (None, _) => Ok(None),
        (Some(header), None) => {
            header.to_str().ok().and_then(Caller::parse).map(Some).ok_or_else(caller_malformed)
        }
        // One of them was not set by who may: nobody knows which.
        (Some(_), Some(_)) => Err(caller_malformed()),
    }
}

/// For whom a gateway speaks.
fn for_whom(caller: Caller, only: &[Caller]) -> Result<Caller, ServiceError> {
    match caller.is_outside() && (only.is_empty() || only.contains(&caller)) {
        true => Ok(caller),
        false => Err(caller_disagrees("this gateway speaks for those outside only, or for fewer")),
    }
}

/// Another service of this process, which says so.
fn inside(headers: &HeaderMap) -> Result<Caller, ServiceError> {
    let known = headers.get(INSIDE_HEADER).is_some_and(|word| word.as_bytes() == inside_word().as_bytes());
    said(headers)?.filter(|_| known).ok_or_else(caller_missing)
}

/// Health and reflection: asked by probes and tools, which have no caller to name.
fn asks_about_server(path: &str) -> bool {
    ["/grpc.health.", "/grpc.reflection."].iter().any(|start| path.starts_with(start))
}

fn probe() -> Caller {
    Caller::Operator { name: "probe".to_owned() }
}

fn caller_missing() -> ServiceError {
    ServiceError::new(
        Reason::CallerMissing,
        "nothing says who calls: neither yizhan-caller nor a token, as this server wants it",
    )
}

fn caller_malformed() -> ServiceError {
    ServiceError::new(Reason::CallerMalformed, "metadata entry yizhan-caller does not name a caller")
}

fn caller_unknown() -> ServiceError {
    ServiceError::new(Reason::CallerUnknown, "the certificate is good, and its names are no caller's here")
}

fn caller_disagrees(message: &str) -> ServiceError {
    ServiceError::new(Reason::CallerDisagrees, message)
}

fn token_refused(why: Why) -> ServiceError {
    let reason = match why {
        Why::Expired => Reason::TokenExpired,
        Why::NoKeys => Reason::TokenKeysAway,
        _ => Reason::TokenInvalid,
    };
    ServiceError::new(reason, format!("the token is not accepted: {}", why.name())).with("why", why.name())
}
