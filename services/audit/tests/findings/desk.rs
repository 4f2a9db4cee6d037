//! Audit over a database, which is told what was settled.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use tonic::Request;
use yizhan_audit::findings::store::{Entity, violation_of};
use yizhan_audit::findings::{FollowRegister, FollowSettlements, State};
use yizhan_audit::rules::{Documents, RulesApi};
use yizhan_audit::{Audit, AuditConfig};
use yizhan_proto::audit::v1::PublishAuditRuleRequest;
use yizhan_proto::audit::v1::rules_service_server::RulesService;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{Settlement, WatchSettlementsResponse};
use yizhan_runtime::Caller;
use yizhan_runtime::client::channel;
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::db::begin_write;
use yizhan_runtime::follow::Follower;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::TestDatabase;

use crate::feed::Feed;

/// Audit, and what follows for it.
pub struct Desk {
    pub audit: Audit,
    pub settlements: FollowSettlements,
    pub register: FollowRegister,
}

/// A finding as tests compare them: by what, of which settlement, where it stands, and what it says.
pub type Told = (String, String, State, String);

impl Desk {
    /// Over this database. Nobody is at the other ends.
    pub async fn open(db: &TestDatabase) -> Desk {
        let audit = yizhan_audit::open(&AuditConfig::embedded(db.url())).await.unwrap();
        let caller = Caller::Service { name: "audit".to_owned() };
        let nobody = || channel(&PeerConfig::at("http://127.0.0.1:9".to_owned()), &caller).unwrap();
        let settlements = FollowSettlements {
            audit: audit.clone(),
            feed: SettlementServiceClient::new(nobody()),
            recovers: Arc::new(audit.clone()),
            watches: Arc::new(audit.clone()),
        };
        let register = FollowRegister {
            audit: audit.clone(),
            feed: EnrollmentServiceClient::new(nobody()),
            questions: EnrollmentServiceClient::new(nobody()),
            watches: Arc::new(audit.clone()),
        };
        Desk { audit, settlements, register }
    }

    /// Publishes a rule: what is not said is as it mostly is.
    pub async fn publish(&self, keys: &str) {
        let mut document = keys.to_owned();
        for (key, value) in [
            ("version", "\"1\""),
            ("class", "行为主体监管类"),
            ("area", "\"100000\""),
            ("sources", "{ doc: { title: 试验, quality: P } }"),
            ("source", "doc"),
            ("from", "2026-01-01"),
            ("life", "active"),
            ("result", "可疑"),
            ("stages", "[事后]"),
            ("consequence", "mark"),
            ("may_answer", "true"),
            ("behaviour", "超医保支付范围"),
            ("scope", "visit"),
        ] {
            if !keys.lines().any(|line| line.starts_with(&format!("{key}:"))) {
                document = format!("{key}: {value}\n{document}");
            }
        }
        let request = PublishAuditRuleRequest { request_id: new_id(), document };
        let Audit { db, rules, clock, pages, .. } = self.audit.clone();
        let documents = Documents { db, book: rules, clock, pages };
        let told = RulesApi::new(documents).publish_audit_rule(Request::new(request)).await;
        told.unwrap_or_else(|refused| panic!("{refused:?}"));
    }

    /// Tells these together; with `dies` the process is gone before the commit.
    pub async fn deal_with(&self, events: Vec<WatchSettlementsResponse>, dies: bool) {
        let work = self.settlements.prepare(events).await.unwrap();
        let tx = begin_write(&self.audit.db).await.unwrap();
        self.settlements.apply(&tx, &work).await.unwrap();
        match dies {
            true => tx.rollback().await.unwrap(),
            false => tx.commit().await.unwrap(),
        }
    }

    /// Tells these, one after the other.
    pub async fn hear(&self, settlements: &[&Settlement]) {
        for one in settlements {
            self.deal_with(Feed::of(vec![(*one).clone()]).events(0), false).await;
        }
    }

    /// A text in its database.
    pub async fn text(&self, sql: &str) -> Option<String> {
        let statement = Statement::from_string(self.audit.db.get_database_backend(), sql);
        let row = self.audit.db.query_one_raw(statement).await.unwrap()?;
        row.try_get_by_index(0).ok()
    }

    /// Everything that was found.
    pub async fn findings(&self) -> Vec<Told> {
        let told = |row: yizhan_audit::findings::store::Model| {
            let violation = violation_of(&row).unwrap();
            (row.rule_id, row.setl_id, State::of(row.state).unwrap(), format!("{violation:?}"))
        };
        let mut all: Vec<Told> =
            Entity::find().all(&self.audit.db).await.unwrap().into_iter().map(told).collect();
        all.sort_by(|one, other| (&one.0, &one.1, &one.3).cmp(&(&other.0, &other.1, &other.3)));
        all
    }

    /// What was found by a rule: of which settlement, and where it stands.
    pub async fn by(&self, rule_id: &str) -> Vec<(String, State)> {
        let found = self.findings().await.into_iter().filter(|found| found.0 == rule_id);
        found.map(|(_, setl_id, state, _)| (setl_id, state)).collect()
    }
}
