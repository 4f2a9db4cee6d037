//! Where the cache is, and how long it may be trusted.

use std::fmt;
use std::time::Duration;

use redis::{ConnectionInfo, IntoConnectionInfo};

use crate::config::{SecretText, Settings};

/// Settings of section `cache`.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// `cache.url`: where Redis is; in this process if empty (default).
    pub url: SecretText,
    /// `cache.ttl_seconds`: how long Redis keeps a value that nobody changes, give or take a fifth. Default 1800.
    pub ttl: Duration,
    /// `cache.max_staleness_ms`: an answer reflects at least what was committed this long before the question. Default
    /// 2000.
    pub max_staleness: Duration,
    /// `cache.timeout_ms`: how long Redis may take to answer before the database is asked instead. Default 100.
    pub timeout: Duration,
    /// `cache.local_entries`: how many values this process keeps decoded, in front of Redis or without it; 0: none in front
    /// of Redis. Default 100000.
    pub local_entries: u64,
}

impl CacheConfig {
    /// In this process.
    pub fn in_process() -> Self {
        CacheConfig::at("")
    }

    /// At this URL; everything else as by default.
    pub fn at(url: impl Into<String>) -> Self {
        CacheConfig {
            url: SecretText::from(url.into()),
            ttl: Duration::from_secs(1800),
            max_staleness: Duration::from_secs(2),
            timeout: Duration::from_millis(100),
            local_entries: 100_000,
        }
    }

    /// Reads section `cache`.
    pub fn read(settings: &mut Settings) -> Self {
        let default = CacheConfig::in_process();
        let url = settings.or("cache.url", default.url);
        if let Err(problem) = Address::parse(url.as_str()) {
            settings.wrong("cache.url", format!("cache.url {problem}"));
        } else if let Some(problem) = url.problem() {
            settings.wrong("cache.url", problem);
        }
        let config = CacheConfig {
            url,
            ttl: Duration::from_secs(ranged(settings, "cache.ttl_seconds", 1800, 1, 86_400)),
            max_staleness: Duration::from_millis(ranged(
                settings,
                "cache.max_staleness_ms",
                2000,
                500,
                60_000,
            )),
            timeout: Duration::from_millis(ranged(settings, "cache.timeout_ms", 100, 1, 10_000)),
            local_entries: ranged(settings, "cache.local_entries", default.local_entries, 0, 10_000_000),
        };
        if config.timeout >= config.max_staleness {
            settings.wrong("cache.timeout_ms", "must be less than cache.max_staleness_ms");
        }
        config
    }
}

fn ranged(settings: &mut Settings, name: &str, default: u64, least: u64, most: u64) -> u64 {
    let value = settings.or(name, default);
    if !(least..=most).contains(&value) {
        settings.wrong(name, format!("must be from {least} to {most}"));
    }
    value
}

/// What the URL says.
#[derive(Clone)]
pub(super) enum Address {
    /// No Redis: a store in this process.
    InProcess,
    /// One server.
    Standalone(ConnectionInfo),
    /// Whichever server these sentinels call the master of that name. The password is the servers'.
    Sentinel { sentinels: Vec<ConnectionInfo>, master: String, tls: bool },
    /// A Redis Cluster, found through these nodes.
    Cluster(Vec<ConnectionInfo>),
}

impl Address {
    /// Reads a URL. The problem told holds nothing of it: there may be a password inside.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return if url.is_empty() { Ok(Address::InProcess) } else { Err(SCHEMES) };
        };
        match scheme {
            "redis" | "rediss" => Ok(Address::Standalone(url.into_connection_info().map_err(|_| MALFORMED)?)),
            "redis-cluster" => Ok(Address::Cluster(nodes("redis", rest)?)),
            "rediss-cluster" => Ok(Address::Cluster(nodes("rediss", rest)?)),
            "redis-sentinel" => sentinel("redis", rest),
            "rediss-sentinel" => sentinel("rediss", rest),
            _ => Err(SCHEMES),
        }
    }

    /// For logs and statistics.
    pub(super) fn backend(&self) -> &'static str {
        match self {
            Address::InProcess => "in-process",
            Address::Standalone(_) => "redis",
            Address::Sentinel { .. } => "redis-sentinel",
            Address::Cluster(_) => "redis-cluster",
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.backend())
    }
}

const SCHEMES: &str =
    "must be empty or start with redis://, rediss://, redis-sentinel:// or redis-cluster:// (or rediss-…)";
const MALFORMED: &str = "cannot be read: redis://[user:password@]host:port[/db], \
    redis-sentinel://[user:password@]host:port,host:port/master-name, redis-cluster://[user:password@]host:port,host:port";

fn sentinel(scheme: &str, rest: &str) -> Result<Address, &'static str> {
    let (authority, master) = rest.rsplit_once('/').ok_or(MALFORMED)?;
    if master.is_empty() {
        return Err(MALFORMED);
    }
    let sentinels = nodes(scheme, authority)?;
    Ok(Address::Sentinel { sentinels, master: master.to_owned(), tls: scheme == "rediss" })
}

/// `user:password@host:port,host:port`: every node with the same password.
fn nodes(scheme: &str, rest: &str) -> Result<Vec<ConnectionInfo>, &'static str> {
    let (login, hosts) = match rest.rsplit_once('@') {
        Some((login, hosts)) => (format!("{login}@"), hosts),
        None => (String::new(), rest),
    };
    let node = |host: &str| {
        if host.is_empty() {
            return Err(MALFORMED);
        }
        format!("{scheme}://{login}{host}").into_connection_info().map_err(|_| MALFORMED)
    };
    hosts.trim_end_matches('/').split(',').map(node).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn problems(toml: &str) -> String {
        let mut settings = Settings::from_parts(BTreeMap::new(), Some(toml));
        CacheConfig::read(&mut settings);
        settings.finish().map_or_else(|problems| problems.to_string(), |_| String::new())
    }

    #[test]
    fn urls_say_what_kind_of_redis_it_is() {
        let backend = |url| Address::parse(url).map(|address| address.backend());
        assert_eq!(backend(""), Ok("in-process"));
        assert_eq!(backend("redis://h:1/2"), Ok("redis"));
        assert_eq!(backend("rediss://u:p@h:1"), Ok("redis"));
        assert_eq!(backend("redis-sentinel://u:p@h1:1,h2:2/main"), Ok("redis-sentinel"));
        assert_eq!(backend("redis-cluster://h1:1,h2:2"), Ok("redis-cluster"));
        for wrong in [
            "http://h",
            "h:1",
            "redis://",
            "redis-sentinel://h1:1",
            "redis-sentinel://h1:1/",
            "redis-cluster://,",
        ] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_password_is_for_every_node_and_never_printed() {
        let Ok(Address::Sentinel { sentinels, master, .. }) =
            Address::parse("redis-sentinel://:s%40cret@a:1,b:2/m")
        else {
            panic!("a sentinel address")
        };
        assert_eq!((sentinels.len(), master.as_str()), (2, "m"));
        assert_eq!(sentinels[1].redis_settings().password(), Some("s@cret"));
        let config = CacheConfig::at("ftp://:secret@h");
        assert!(!format!("{config:?}").contains("secret"));
        assert!(!problems("[cache]\nurl = \"ftp://:secret@h\"\n").contains("secret"));
    }

    #[test]
    fn limits_are_checked() {
        assert_eq!(problems("[cache]\nurl = \"redis://h:1\"\nttl_seconds = 60\n"), "");
        assert!(problems("[cache]\nurl = \"http://h:1\"\n").contains("cache.url"));
        let wrong = problems("[cache]\nttl_seconds = 0\nmax_staleness_ms = 10\ntimeout_ms = 0\n");
        for name in ["cache.ttl_seconds", "cache.max_staleness_ms", "cache.timeout_ms"] {
            assert!(wrong.contains(name), "{wrong}");
        }
        assert!(problems("[cache]\nmax_staleness_ms = 500\ntimeout_ms = 600\n").contains("less than"));
    }
}
