//! Random faults of processes, disk, network, database and cache under load, while clients race for visits, lines and codes, bring lines,
//! and the register merges records and learns late. When all is well again, everything that was acknowledged is there, once, the books
//! balance, what was raced for was got by one, and the feeds told it once.
//!
//! All follows from a seed, which a failure tells: `YIZHAN_FAULT_SEED`. `YIZHAN_FAULT_ROUNDS=1000` makes that many rounds, on a
//! new platform after every few, each with the next seed; what they found is printed.

mod check;
mod contest;
mod exact;
mod follow;
mod load;
mod peers;
mod plan;
mod secrets;
mod tools;
mod world;
mod write;

use std::env;

use futures::future::join_all;
use tokio::sync::watch;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::DepositRequest;
use yizhan_testkit::Backend;

use self::follow::{Feed, follow};
pub use self::load::is_not_now;
use self::load::{CLIENTS, Load, PERSONS, Record};
use self::plan::{Round, plan};
use self::world::World;
use self::write::{Callers, Write};

/// Rounds of a platform.
const ROUNDS: usize = 8;

/// Characters of what was wrong: answers are long.
const TOLD: usize = 700;

/// What rounds came to.
#[derive(Debug, Default)]
struct Sum {
    rounds: usize,
    acknowledged: usize,
    abandoned: usize,
    repeated: usize,
    unanswered: usize,
    failed_seeds: Vec<u64>,
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

async fn survives(backend: Backend) {
    let (mut seed, rounds) =
        (number("YIZHAN_FAULT_SEED", 1), number("YIZHAN_FAULT_ROUNDS", ROUNDS as u64) as usize);
    let mut sum = Sum::default();
    while sum.rounds < rounds {
        let plan = plan(seed, ROUNDS.min(rounds - sum.rounds), backend);
        let troubles = one_platform(backend, seed, &plan, &mut sum).await;
        if !troubles.is_empty() {
            println!("{backend:?}, YIZHAN_FAULT_SEED={seed}");
            plan.iter().for_each(|round| println!("{round:?}"));
            troubles
                .iter()
                .for_each(|trouble| println!("{}", trouble.chars().take(TOLD).collect::<String>()));
            sum.failed_seeds.push(seed);
        }
        println!("{backend:?}, up to seed {seed}: {sum:?}");
        seed += 1;
    }
    assert!(sum.failed_seeds.is_empty(), "{backend:?}, YIZHAN_FAULT_SEED of {:?}", sum.failed_seeds);
}

async fn one_platform(backend: Backend, seed: u64, plan: &[Round], sum: &mut Sum) -> Vec<String> {
    let mut world = World::start(backend).await;
    let everybody = world.client();
    let agency = everybody.as_caller(&format!("agency:{NANCHANG}"));
    let callers = Callers { everybody, agency };
    let mut record = furnished(&callers).await;
    let feeds = [Feed::Settlements, Feed::Register, Feed::Filings]
        .map(|feed| (feed, follow(&callers.everybody, feed)));

    let (over, is_over) = watch::channel(false);
    let load = (0..CLIENTS).map(|client| tokio::spawn(Load::new(&callers, seed, client, &is_over).run()));
    let load: Vec<_> = load.collect();
    for round in plan {
        tokio::time::sleep(round.calm).await;
        for fault in &round.faults {
            world.begin(*fault).await;
        }
        tokio::time::sleep(round.lasts).await;
        for fault in &round.faults {
            record.troubles.extend(world.end(*fault).await);
        }
    }
    over.send_replace(true);
    for of_client in join_all(load).await {
        record.add(of_client.expect("no panic"));
    }
    sum.rounds += plan.len();
    sum.acknowledged += record.done.len();
    sum.abandoned += record.abandoned.len();
    sum.repeated += record.repeated;
    sum.unanswered += record.unanswered;
    check::check(&callers, record, &feeds, &world).await
}

/// Places, items, and the persons that clients share, with something on their accounts.
async fn furnished(callers: &Callers) -> Record {
    let client = &callers.everybody;
    let places = standard_institutions().into_iter().chain(distant_institutions()).collect();
    client.import_institutions("places", places).await.expect("institutions");
    client.import_catalogue("items", standard_catalogue()).await.expect("a catalogue");
    let persons: Vec<Person> = (0..PERSONS).map(|number| Person::employee(&format!("P{number}"))).collect();
    let twice = (0..CLIENTS).flat_map(contest::two_numbers_of).map(|psn_no| Person::employee(&psn_no));
    let long = (0..contest::STAYS).map(|number| Person::employee(&format!("{}{number}", write::IN_PARTS)));
    let persons: Vec<Person> = persons.into_iter().chain(twice).chain(long).collect();
    client.enrol(&persons).await;
    let mut record = Record::default();
    for person in persons {
        let deposit = Write::Deposit(DepositRequest {
            request_id: format!("first-{}", person.row.psn_no),
            psn_no: person.row.psn_no,
            poolarea_no: COMPOSITE_AREA.to_owned(),
            amount_fen: 50_000,
        });
        let told = deposit.send(callers, std::time::Duration::from_secs(30)).await.expect("a deposit");
        record.done.push((deposit, told));
    }
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite() {
    survives(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres() {
    survives(Backend::Postgres).await;
}
