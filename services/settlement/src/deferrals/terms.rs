//! What credit tells of a person: by their conduct and defaults the limit may be lower than the area's, or none. It is asked before the debt is written, and
//! what it did not tell in time is deferred by nobody: money that was let go does not come back, and the person can pay at the counter.

use yizhan_proto::credit::v1::{GetPayLaterTermsRequest, PayLaterTerms};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::{Reason, ServiceError};

use super::standing::{refused, rule_of};
use crate::app::App;

/// What credit told.
#[derive(Debug)]
pub enum Terms {
    /// It is not asked: there is no credit, or the area defers nothing.
    NotAsked,
    /// The person's terms, by which scheme.
    Told(Box<PayLaterTerms>, String),
    /// It did not answer.
    Away,
}

impl Terms {
    /// Asks about a person today, where something may be deferred in the area at all.
    pub async fn ask(app: &App, (psn_no, poolarea_no): (&str, &str)) -> Terms {
        let Some(credit) = &app.credit else { return Terms::NotAsked };
        let (rules, today) = (app.rules.current(), app.clock.today());
        let Some(rule) = rule_of(&rules, poolarea_no, today) else { return Terms::NotAsked };
        let question = GetPayLaterTermsRequest {
            psn_nos: vec![psn_no.to_owned()],
            poolarea_no: poolarea_no.to_owned(),
            day: today.to_string(),
            base_fen: rule.rule.limit_fen,
        };
        match credit.pay_later_terms(question).await {
            Ok(answer) => {
                let terms = answer.terms.into_iter().next();
                terms.map_or(Terms::Away, |terms| Terms::Told(Box::new(terms), answer.scheme))
            }
            Err(status) => {
                // What it says may name the person.
                let told = RemoteError::from(&status);
                let (code, reason) = (told.code, told.reason);
                tracing::warn!(?code, reason, "nothing is deferred without credit");
                Terms::Away
            }
        }
    }

    /// The lower of the area's limit and what credit told.
    pub fn limit_fen(&self, of_area: i64) -> i64 {
        match self {
            Terms::Told(terms, _) => of_area.min(terms.limit_fen),
            Terms::NotAsked | Terms::Away => of_area,
        }
    }

    /// Why nothing may be deferred.
    pub fn refusal(&self) -> Option<ServiceError> {
        match self {
            Terms::Told(terms, _) if !terms.allowed => {
                let told = refused(Reason::PayLaterConduct).with("restored_on", &terms.restored_on);
                let text = format!("{}：{}", Reason::PayLaterConduct.text(), terms.why);
                Some(told.with("why", &terms.why).with_text(text))
            }
            Terms::Away => {
                Some(ServiceError::new(Reason::CreditAway, "credit did not tell the terms of the person"))
            }
            Terms::Told(..) | Terms::NotAsked => None,
        }
    }

    /// A refusal with why credit lowered the limit, where it did.
    pub fn explain(&self, refusal: ServiceError) -> ServiceError {
        if self.why().is_empty() { refusal } else { refusal.with("why", self.why()) }
    }

    /// Why credit lowers the limit or closes it; empty where it does not.
    pub fn why(&self) -> &str {
        match self {
            Terms::Told(terms, _) => &terms.why,
            Terms::NotAsked | Terms::Away => "",
        }
    }

    /// By which scheme it told.
    pub fn scheme(&self) -> &str {
        match self {
            Terms::Told(_, scheme) => scheme,
            Terms::NotAsked | Terms::Away => "",
        }
    }
}
