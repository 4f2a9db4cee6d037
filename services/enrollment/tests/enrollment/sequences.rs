//! Whatever is done in whatever order: the register stays consistent, and answers as it answered then.

mod checks;
mod player;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use chrono::{NaiveDate, TimeDelta};
use prost::Message;
use prost_types::Timestamp;
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult, Statement};
use tonic::transport::Channel;
use yizhan_enrollment::person::domain::basic_schemes::doubled;
use yizhan_enrollment::person::domain::timeline::Timeline;
use yizhan_enrollment::person::store::entities::{
    account_share, coverage, disease_entitlement, entitlement_timeline, identity, membership,
    timeline_history,
};
use yizhan_enrollment::person::store::rows::Stored;
use yizhan_proto::enrollment::v1::coverage_service_client::CoverageServiceClient;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::roster_support::{Department, add, header, remove};
use crate::support::*;
use checks::check;
use player::{Dice, Player, coverage_row};
use world::{Act, World};

const ADMIN: &str = "local-administrator";
const PERSONS: [&str; 9] = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"];
const AREAS: [&str; 2] = ["430200", "110000"];
/// Not made by ChangeCoverage.
const TRANSFERS: [&str; 4] = ["13", "14", "23", "24"];
/// Days that are asked about after every step.
const ASKED: [&str; 4] = ["2025-03-01", "2026-01-01", "2026-06-15", "2027-02-28"];

async fn play(db: &TestDatabase, seed: u64, steps: usize) -> BTreeMap<String, usize> {
    let mut service = start(db).await;
    service.hand.set("2026-05-20T04:00:00Z".parse().unwrap());
    let mut world = World::at(service.server.url()).await;
    let connection = yizhan_runtime::db::connect(&DatabaseConfig::at(db.url())).await.unwrap();
    let psn_nos: Vec<String> = PERSONS.map(str::to_owned).into();
    service.import_persons(persons(psn_nos.iter().map(|psn_no| person(psn_no)))).await.unwrap();
    let begun = [
        coverage_row("P1", "390", "2024-01-01", "2024-12-31"),
        coverage_row("P2", "310", "2020-01-01", ""),
        coverage_row("P3", "390", "2025-01-01", "2025-12-31"),
        coverage_row("P4", "310", "2020-01-01", "2026-02-28"),
        coverage_row("P5", "390", "2024-01-01", "2024-12-31"),
        coverage_row("P6", "310", "2020-01-01", ""),
    ];
    service.import_coverages(coverages(begun)).await.unwrap();
    let mut player = Player { dice: Dice(seed), psn_nos, count: 0, today: service.clock.today() };
    let (mut versions, mut done, mut answers) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut handled: Vec<(Act, String)> = Vec::new();
    let mut waiting: Vec<Act> = Vec::new();
    for step in 0..steps {
        service.hand.advance(TimeDelta::seconds(1 + player.dice.roll(100_000) as i64));
        player.today = service.clock.today();
        let act = if waiting.is_empty() { player.act() } else { waiting.remove(0) };
        let what = format!("seed {seed}, step {step}: {act:?}");
        // Now and then two at once, of the same person or not: both are done or one is refused.
        let other = if player.dice.one_in(8) { Some(player.change()) } else { None };
        let both = async {
            match &other {
                Some(other) => Some(world.run(other.clone()).await),
                None => None,
            }
        };
        let (came, _) = tokio::join!(world.run(act.clone()), both);
        // A change that the state does not allow is followed by one that it does.
        if let (Act::Change(request), Err(refused)) = (&act, &came)
            && let Some(allowed) = refused.metadata.get("allowed")
            && waiting.is_empty()
            && !request.request_id.ends_with("-again")
        {
            let allowed: Vec<&str> = allowed.split(',').filter(|code| !TRANSFERS.contains(code)).collect();
            let psn_chg_type = player.dice.of(&allowed).to_owned();
            let payment = request.payment.clone().filter(|_| ["11", "12"].contains(&psn_chg_type.as_str()));
            let switch_from = if payment.is_some() { request.switch_from.clone() } else { String::new() };
            let psn_type = if psn_chg_type == "25" { "1201".into() } else { request.psn_type.clone() };
            let request_id = player.id() + "-again";
            let next = ChangeCoverageRequest {
                request_id,
                psn_chg_type,
                payment,
                switch_from,
                psn_type,
                ..request.clone()
            };
            waiting.push(Act::Change(next));
        }
        match came {
            Ok((replayed, answer)) => {
                assert!(!replayed, "{what}");
                *done.entry(act.name()).or_default() += 1;
                if let Act::Start(request) = &act {
                    let id = answer
                        .split("transfer_id: \"")
                        .nth(1)
                        .and_then(|rest| rest.split('"').next())
                        .unwrap();
                    waiting = player.steps(id, &request.traf_prot_dirc);
                }
                if let Act::Pay(request) = &act
                    && request.rows[0].insutype == "390"
                    && waiting.is_empty()
                {
                    waiting.push(player.repair(&request.rows[0].psn_no));
                }
                if !matches!(act, Act::Roster(..)) {
                    handled.push((act, answer));
                }
            }
            Err(refused) => assert!(
                !["INTERNAL", ""].contains(&refused.reason.as_str()) || !refused.violations.is_empty(),
                "{refused:?} of {what}"
            ),
        }
        check(&connection, &mut versions, &what).await;
        if player.dice.one_in(6) && !handled.is_empty() {
            let (again, answer) = handled[player.dice.roll(handled.len())].clone();
            let before = versions.clone();
            let came = world.run(again.clone()).await;
            assert_eq!(came.map_err(|error| error.reason), Ok((true, answer)), "again {again:?}");
            check(&connection, &mut versions, "a replay").await;
            assert_eq!(versions, before, "a replay changed something: {again:?}");
        }
        let known_at = Some(timestamp(service.clock.now()));
        let told = world.ask_fresh(&player.psn_nos, &versions).await;
        answers.push((known_at, player.psn_nos.clone(), told));
    }
    service.hand.advance(TimeDelta::days(400));
    for (known_at, psn_nos, told) in answers {
        assert_eq!(world.ask(&psn_nos, known_at).await, told, "as known at {known_at:?}, seed {seed}");
    }
    done
}

both_databases! {
    async fn whatever_is_done_the_register_stays_consistent_and_remembers(db: TestDatabase) {
let done = play(&db, 1, 160).await;
        for act in ["Coverages", "Change", "Pay", "Rules", "Roster", "Start", "Advance"] {
            assert!(done.contains_key(act), "{act} never came through: {done:?}");
        }
    }
}
