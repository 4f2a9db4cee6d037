//! Every metric there is, in one table: what is exported, tested and documented is written from it.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes up only.
    Counter,
    /// Goes up and down: read when somebody collects.
    Gauge,
    /// Times, in seconds.
    Histogram,
}

/// How what several in one process say of a gauge comes to one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Together {
    Sum,
    Max,
    Min,
}

macro_rules! table {
    ($($metric:ident $name:literal $kind:ident [$($label:literal),*] $means:literal;)+) => {
        /// A metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric {
            $(#[doc = $means] $metric,)+
        }

        impl Metric {
            /// All of them.
            pub const ALL: &'static [Metric] = &[$(Metric::$metric),+];

            /// As Prometheus knows it.
            pub fn name(self) -> &'static str {
                match self { $(Metric::$metric => $name,)+ }
            }

            /// What it is.
            pub fn kind(self) -> Kind {
                match self { $(Metric::$metric => Kind::$kind,)+ }
            }

            /// What its values are told apart by. No label ever holds what a caller sent, or anything of a person.
            pub fn labels(self) -> &'static [&'static str] {
                match self { $(Metric::$metric => &[$($label),*],)+ }
            }

            /// What it says.
            pub fn means(self) -> &'static str {
                match self { $(Metric::$metric => $means,)+ }
            }
        }
    };
}

table! {
    RpcServerDuration "yizhan_rpc_server_duration_seconds" Histogram ["rpc_service", "rpc_method", "grpc_code"]
        "calls answered: how long each took, a stream until its end; health and reflection are not counted";
    RpcRefusals "yizhan_rpc_refusals_total" Counter ["rpc_method", "reason"]
        "calls refused, by the reason they were told";
    RpcInFlight "yizhan_rpc_in_flight" Gauge []
        "calls under way, streams included";
    RpcClientDuration "yizhan_rpc_client_duration_seconds" Histogram ["peer", "rpc_method", "grpc_code"]
        "calls of other services: how long each took, a stream until its end";
    RpcRetries "yizhan_rpc_retries_total" Counter ["peer"]
        "calls of other services made once more";
    CircuitOpen "yizhan_circuit_open" Gauge ["peer"]
        "1 while another service is not asked because it failed too often";
    DbPoolConnections "yizhan_db_pool_connections" Gauge ["state"]
        "connections to the database: idle and used";
    DbPoolMax "yizhan_db_pool_max" Gauge []
        "connections to the database there may be";
    DbTransaction "yizhan_db_transaction_seconds" Histogram []
        "transactions that write: from BEGIN to the end of COMMIT or ROLLBACK";
    DbReplicaLag "yizhan_db_replica_lag_seconds" Gauge []
        "for how long the replica may be behind, as measured; absent where there is none, or nothing is known of it";
    DbReplicaReads "yizhan_db_replica_reads_total" Counter ["outcome"]
        "lists and figures where there is a replica: statements that it answered (replica), that the primary was asked because it failed (failed), and calls that did not ask it because it is too far behind or away (behind)";
    CacheReads "yizhan_cache_reads_total" Counter ["cache", "outcome"]
        "questions to a cache: hit, near_hit (in front of Redis), and of those the database answered miss, poisoned (what was stored could not be read), away (the cache could not be trusted)";
    CacheRedisUp "yizhan_cache_redis_up" Gauge []
        "1 while what is in Redis may be relied on; absent where no Redis is used";
    FeedLag "yizhan_feed_lag_seconds" Gauge []
        "for how long followers of this service's feed have waited for a transaction that stays open";
    FollowedLag "yizhan_followed_lag_seconds" Gauge ["feed"]
        "for how long this service has been behind a feed it follows; 0 when it has dealt with everything it heard";
    FollowedStopped "yizhan_followed_stopped" Gauge ["feed"]
        "1 while a feed is not followed: it is away, refuses the token, or its events cannot be dealt with";
    SettleDuration "yizhan_settle_duration_seconds" Histogram ["payers"]
        "Settle, from the message to the commit, by how many pay a part: funds, accounts, the person";
    Settlements "yizhan_settlements_total" Counter ["kind"]
        "settlements committed: settle, reverse, resettle, manual";
    BooksDifferences "yizhan_books_differences_total" Counter ["area"]
        "differences that CheckBooks found. Must stay 0";
    BooksChecked "yizhan_books_checked_seconds" Gauge ["area"]
        "when CheckBooks last went through the books of an area, in seconds since 1970";
    IdentityViolations "yizhan_identity_violations_total" Counter []
        "answers and bookings refused because their amounts do not add up. Must stay 0";
    ChainBreaks "yizhan_chain_breaks_total" Counter ["log"]
        "verifications that found a chained log broken. Must stay 0";
    WorklistOpen "yizhan_worklist_open" Gauge ["list"]
        "open items of a worklist: settlements that would be paid otherwise today";
    PartitionsAhead "yizhan_partitions_ahead" Gauge ["table"]
        "months beyond this one that a table has a partition for";
    PartitionRest "yizhan_partition_rest" Gauge ["table"]
        "rows of a table that are in no month's partition, 1001 where there are more. Must stay 0";
    CertificateExpires "yizhan_certificate_expires_seconds" Gauge ["use"]
        "when a certificate in use ends, in seconds since 1970";
    Connections "yizhan_connections" Gauge []
        "connections of clients";
    Shed "yizhan_shed_total" Counter ["why"]
        "calls refused unread because there is too much to do";
    BuildInfo "yizhan_build_info" Gauge ["version"]
        "1; the version of this process";
}

impl Metric {
    /// As OTLP knows it: the same with dots, without unit and `total`.
    pub fn otlp_name(self) -> String {
        let name = self.name();
        let name = name.strip_suffix("_total").or_else(|| name.strip_suffix("_seconds")).unwrap_or(name);
        name.replace('_', ".")
    }

    /// `s`, or nothing.
    pub fn unit(self) -> &'static str {
        if self.name().ends_with("_seconds") { "s" } else { "" }
    }

    pub(super) fn together(self) -> Together {
        match self {
            Metric::DbPoolConnections | Metric::DbPoolMax | Metric::CacheReads => Together::Sum,
            Metric::CertificateExpires | Metric::CacheRedisUp => Together::Min,
            _ => Together::Max,
        }
    }
}
