//! A quote: what a preview promised, in a form the institution carries to Settle.
//!
//! It holds digests of what the calculation read and the amounts it gave. It gives no rights:
//! Settle calculates again, and the quote only decides whether the result is the promised one.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use prost::Message;
use yizhan_policy::case::{self, Case};
use yizhan_proto::settlement::v1::{Quote, Settlement, SettlementInfo, Visit};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Reason, ServiceError};

use super::messages::filing;
use crate::books::digest;
use crate::books::messages::parts::{header, policy_of};
use crate::books::messages::practitioners::is_pending;

/// What a quote carries.
#[derive(Clone, PartialEq, Message)]
struct Promise {
    #[prost(string, tag = "1")]
    visit: String,
    #[prost(int64, tag = "2")]
    person_version: i64,
    #[prost(string, tag = "3")]
    policy: String,
    #[prost(string, tag = "4")]
    catalogue: String,
    #[prost(string, tag = "5")]
    accumulators: String,
    #[prost(string, tag = "6")]
    account: String,
    #[prost(int64, repeated, tag = "7")]
    amounts: Vec<i64>,
    #[prost(int64, tag = "8")]
    expires_us: i64,
    /// As in [`filing::summary`].
    #[prost(string, tag = "9")]
    filing: String,
    /// What is withheld from the institution by what audit said.
    #[prost(int64, tag = "10")]
    withheld: i64,
    /// The same by what credit said.
    #[prost(int64, tag = "11")]
    refused: i64,
}

/// The amounts a quote promises, by name.
fn amounts(info: &SettlementInfo) -> [(&'static str, i64); 16] {
    [
        ("medfee_sumamt_fen", info.medfee_sumamt_fen),
        ("hifp_pay_fen", info.hifp_pay_fen),
        ("cvlserv_pay_fen", info.cvlserv_pay_fen),
        ("hifmi_pay_fen", info.hifmi_pay_fen),
        ("hifob_pay_fen", info.hifob_pay_fen),
        ("hifes_pay_fen", info.hifes_pay_fen),
        ("hifdm_pay_fen", info.hifdm_pay_fen),
        ("maf_pay_fen", info.maf_pay_fen),
        ("oth_pay_fen", info.oth_pay_fen),
        ("fund_pay_sumamt_fen", info.fund_pay_sumamt_fen),
        ("psn_part_amt_fen", info.psn_part_amt_fen),
        ("acct_pay_fen", info.acct_pay_fen),
        ("acct_mulaid_pay_fen", info.acct_mulaid_pay_fen),
        ("psn_cash_pay_fen", info.psn_cash_pay_fen),
        ("hosp_part_amt_fen", info.hosp_part_amt_fen),
        ("beside_bill_fen", info.beside_bill_fen),
    ]
}

/// What was read: the visit, the case made of it, and the answer.
pub struct Read<'r> {
    /// As reported.
    pub visit: &'r Visit,
    /// As settled.
    pub case: &'r Case,
    /// As answered.
    pub settlement: &'r Settlement,
}

impl Read<'_> {
    fn promise(&self, expires_us: i64) -> Promise {
        let info = header(self.settlement);
        let policy = policy_of(self.settlement);
        Promise {
            visit: digest::of_message(self.visit),
            person_version: info.person_version,
            policy: format!("{} {} {}", policy.policy_id, policy.version, policy.digest),
            catalogue: json_digest(&(&self.case.lines, &unfiled(&self.case.visit))),
            accumulators: self.earlier(),
            account: json_digest(&self.case.account),
            amounts: amounts(info).map(|(_, fen)| fen).to_vec(),
            expires_us,
            filing: filing::summary(info),
            withheld: self.settlement.audit.as_ref().map_or(0, |audit| audit.withheld_fen),
            refused: self.settlement.credit.as_ref().map_or(0, |credit| credit.withheld_fen),
        }
    }

    /// What earlier visits left.
    fn earlier(&self) -> String {
        match &self.case.visit.previous {
            None => json_digest(&self.case.accumulated),
            Some(previous) => json_digest(&(&self.case.accumulated, previous)),
        }
    }

    /// The quote of a preview.
    pub fn quote(&self, expires: DateTime<Utc>) -> Quote {
        let promise = self.promise(expires.timestamp_micros());
        let bytes = promise.encode_to_vec();
        Quote {
            inputs_digest: digest::of_bytes(&bytes),
            quote_id: HEXLOWER.encode(&bytes),
            policy_version: policy_of(self.settlement).version.clone(),
            person_version: promise.person_version,
            expires_at: Some(timestamp(expires)),
        }
    }

    /// Whether the settlement is the promised one; otherwise what changed.
    pub fn keep(&self, quote_id: &str, now: DateTime<Utc>) -> Result<(), ServiceError> {
        let promised = decode(quote_id)?;
        let actual = self.promise(promised.expires_us);
        if promised.visit != actual.visit {
            return Err(ServiceError::invalid_field("quote_id", Reason::QuoteOfAnotherVisit));
        }
        if promised.expires_us < now.timestamp_micros() {
            return Err(expired());
        }
        // Where audit or credit is away now nothing is withheld by it, and it is settled all the same; what credit does not refuse now audit may
        // withhold.
        let refused = promised.refused != actual.refused;
        let withheld = !refused && self.settlement.audit.is_some() && promised.withheld != actual.withheld;
        let away = is_pending(header(self.settlement));
        let refused = refused && self.settlement.credit.is_some() && !away;
        if promised.amounts == actual.amounts && !withheld && !refused {
            return Ok(());
        }
        Err(self.changed(&promised, &actual))
    }

    fn changed(&self, promised: &Promise, actual: &Promise) -> ServiceError {
        let causes = [
            ("person", promised.person_version != actual.person_version),
            ("policy", promised.policy != actual.policy),
            ("catalogue", promised.catalogue != actual.catalogue),
            ("accumulators", promised.accumulators != actual.accumulators),
            ("account", promised.account != actual.account),
            ("filing", promised.filing != actual.filing),
            ("audit", promised.withheld != actual.withheld),
            ("credit", promised.refused != actual.refused),
        ];
        let causes: Vec<&str> =
            causes.iter().filter(|(_, changed)| *changed).map(|(cause, _)| *cause).collect();
        let info = header(self.settlement);
        let mut error = ServiceError::new(
            Reason::QuoteChanged,
            format!("the amounts are no longer the quoted ones; changed: {}", causes.join(", ")),
        )
        .with_text("结算金额与预结算不一致，请重新预结算")
        .with("changed", causes.join(","));
        if promised.filing != actual.filing {
            error = error.with("filing.quoted", &promised.filing).with("filing.now", &actual.filing);
        }
        let amounts = amounts(info).into_iter().zip(promised.amounts.iter().copied());
        let withheld = (("withheld_fen", actual.withheld), promised.withheld);
        let refused = (("refused_fen", actual.refused), promised.refused);
        for ((name, now), quoted) in amounts.chain([withheld, refused]) {
            if now != quoted {
                error = error.with(&format!("{name}.quoted"), quoted).with(&format!("{name}.now"), now);
            }
        }
        error
    }
}

/// The visit without what filing, the register and the books said of it, which are causes of their own.
fn unfiled(visit: &case::Visit) -> case::Visit {
    let (remote, not_covered) = (None, Vec::new());
    case::Visit { filing: yizhan_terms::Filing::Local, remote, not_covered, previous: None, ..visit.clone() }
}

fn expired() -> ServiceError {
    ServiceError::new(Reason::QuoteExpired, "the quote has expired; preview again")
}

fn decode(quote_id: &str) -> Result<Promise, ServiceError> {
    let bytes = HEXLOWER.decode(quote_id.as_bytes()).ok();
    bytes
        .and_then(|bytes| Promise::decode(bytes.as_slice()).ok())
        .ok_or_else(|| ServiceError::invalid_field("quote_id", Reason::QuoteInvalid))
}

fn json_digest(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_vec(value).expect("a case can be written as JSON");
    digest::of_bytes(&json)
}
