//! The feed never skips, never repeats, and keeps its order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use chrono::DateTime;
use futures::{Stream, StreamExt};
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{self, DatabaseConnection, begin_write};

use yizhan_runtime::Caller;
use yizhan_runtime::feed::{self, Change, CreateChangeLog, Feed, NewChange, Position, Reading};
use yizhan_runtime::ids::base32hex;
use yizhan_runtime::secret::{CreateServiceSecret, Secret};
use yizhan_testkit::{TestDatabase, both_databases};

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateChangeLog), Box::new(CreateServiceSecret)]
    }
}

async fn migrated(db: &TestDatabase) -> DatabaseConnection {
    let connection = db::connect(&DatabaseConfig::at(db.url())).await.unwrap();
    db::migrate::<Migrator>(&connection).await.unwrap();
    feed::check(&connection).await.unwrap();
    connection
}

async fn secret_of(db: &DatabaseConnection) -> Secret {
    Secret::open(db).await.unwrap()
}

async fn feed_of(db: &DatabaseConnection) -> Feed {
    Feed::new("test.feed", db.clone(), &secret_of(db).await)
}

/// What is heard behind a token at once; `None` if it is refused.
async fn behind(feed: &Feed, token: &str) -> Option<Vec<String>> {
    let stop = CancellationToken::new();
    match feed.follow(&Caller::LocalAdministrator, token, stop.clone()).await {
        Ok(changes) => {
            let stopped = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                stop.cancel();
            });
            let changes = changes.map(|change| change.unwrap().subject.clone()).collect().await;
            stopped.await.unwrap();
            Some(changes)
        }
        Err(refused) => {
            assert_eq!(refused.violations()[0].reason, "RESUME_TOKEN_INVALID");
            None
        }
    }
}

fn change(subject: &str) -> NewChange {
    NewChange {
        area: "430200".to_owned(),
        kind: "TESTED",
        subject: subject.to_owned(),
        payload: subject.as_bytes().to_vec(),
        recorded_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
    }
}

fn subjects<C: AsRef<Change>>(changes: &[C]) -> Vec<&str> {
    changes.iter().map(|change| change.as_ref().subject.as_str()).collect()
}

async fn next<C>(tail: &mut (impl Stream<Item = Result<Arc<C>, DbErr>> + Unpin)) -> Arc<C> {
    tokio::time::timeout(Duration::from_secs(10), tail.next()).await.expect("in time").expect("more").unwrap()
}

/// The trap: A takes a number, B takes the next and commits first. A follower that goes by numbers sees B, remembers it,
/// and never sees A.
#[tokio::test]
async fn a_lower_number_that_commits_later_is_not_lost() {
    let test = TestDatabase::postgres();
    let db = migrated(&test).await;
    let feed = feed_of(&db).await;

    let a = begin_write(&db).await.unwrap();
    feed::append(&a, vec![change("a")]).await.unwrap();
    let b = begin_write(&db).await.unwrap();
    feed::append(&b, vec![change("b")]).await.unwrap();
    b.commit().await.unwrap();

    let numbers = "SELECT subject FROM change_log ORDER BY seq";
    let visible =
        db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), numbers)).await.unwrap();
    assert_eq!(visible.len(), 1, "B is visible, A is not: the trap is set");
    assert_eq!(feed.read_after(Position::START, 10).await.unwrap(), [], "but B is not safe to read yet");

    a.commit().await.unwrap();
    // What is safe to read also depends on transactions of other databases of the server, so this may take a moment.
    let mut tail = Box::pin(feed.tail(Position::START, CancellationToken::new()));
    let read = [next(&mut tail).await, next(&mut tail).await];
    assert_eq!(subjects(&read), ["a", "b"]);
    assert!(read[0].position() < read[1].position());
    assert_eq!(subjects(&feed.read_after(read[0].position(), 10).await.unwrap()), ["b"]);
    assert_eq!(feed.read_after(read[1].position(), 10).await.unwrap(), []);
}

/// The same from the other side: the older transaction's entry comes after the newer one's, and is still in order and
/// seen once.
#[tokio::test]
async fn a_follower_at_work_sees_everything_once_while_transactions_overlap() {
    const WRITERS: usize = 8;
    const TRANSACTIONS: usize = 25;
    let test = TestDatabase::postgres();
    let db = migrated(&test).await;
    let feed = feed_of(&db).await;
    let stop = CancellationToken::new();
    let mut tail = Box::pin(feed.tail(Position::START, stop.clone()));

    let writers = (0..WRITERS).map(|writer| {
        let (db, feed) = (db.clone(), feed.clone());
        tokio::spawn(async move {
            for number in 0..TRANSACTIONS {
                let tx = begin_write(&db).await.unwrap();
                feed::append(&tx, vec![change(&format!("{writer}/{number}/0"))]).await.unwrap();
                tokio::time::sleep(Duration::from_millis(((writer * 7 + number * 3) % 11) as u64)).await;
                feed::append(&tx, vec![change(&format!("{writer}/{number}/1"))]).await.unwrap();
                if number % 5 == 4 {
                    tx.rollback().await.unwrap()
                } else {
                    tx.commit().await.unwrap()
                }
                feed.wake();
            }
        })
    });
    let writers: Vec<_> = writers.collect();

    let expected = WRITERS * TRANSACTIONS * 4 / 5 * 2;
    let mut seen: Vec<Arc<Change>> = Vec::new();
    while seen.len() < expected {
        seen.push(next(&mut tail).await);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut unique: Vec<&str> = subjects(&seen);
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), expected);
    assert!(seen.windows(2).all(|pair| pair[0].position() < pair[1].position()));
    let pairs_stay_together = seen.chunks(2).all(|pair| {
        pair[0].subject.rsplit_once('/').unwrap().0 == pair[1].subject.rsplit_once('/').unwrap().0
    });
    assert!(pairs_stay_together, "the entries of one transaction follow one another");
    stop.cancel();
    assert!(tail.next().await.is_none());
}

/// Reads nothing more, and counts the entries that were read.
struct Counting(Arc<AtomicUsize>);

#[tonic::async_trait]
impl Reading for Counting {
    type Entry = Change;
    const PAGE: u64 = 4;

    async fn read(&self, changes: Vec<Change>, _: Option<&Caller>) -> Result<Vec<Change>, DbErr> {
        self.0.fetch_add(changes.len(), SeqCst);
        Ok(changes)
    }

    /// The last one is too large to be kept for others.
    fn bytes(change: &Change) -> usize {
        if change.subject == "399" { usize::MAX } else { change.payload.len() }
    }
}

/// Transactions of a database so far, those of the question included.
async fn transactions(db: &DatabaseConnection) -> i64 {
    db.execute_unprepared("SELECT pg_stat_force_next_flush()").await.unwrap();
    let sql = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    let row =
        db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get("", "xact_commit").unwrap()
}

/// Hundreds that wait cost no more than one.
#[tokio::test]
async fn followers_that_wait_ask_the_database_together() {
    let test = TestDatabase::postgres();
    let db = migrated(&test).await;
    let feed = feed_of(&db).await;
    let stop = CancellationToken::new();
    let tails = (0..300).map(|_| tokio::spawn(feed.tail(Position::START, stop.clone()).collect::<Vec<_>>()));
    let tails: Vec<_> = tails.collect();
    // Until each has looked for itself; some of that is counted late, twice for each at most.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = transactions(&db).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let asked = transactions(&db).await - before;
    assert!(asked < 1000, "300 followers that wait made {asked} transactions in two seconds");
    stop.cancel();
    for tail in tails {
        assert!(tail.await.unwrap().is_empty());
    }
}

both_databases! {
    /// Who is slow holds up nobody, and hears of everything all the same; what everybody hears of is read once.
    async fn who_is_slow_and_who_comes_late_hear_of_everything(test: TestDatabase) {
        const ENTRIES: usize = 400;
        const FOLLOWERS: usize = 40;
        let db = migrated(&test).await;
        let read = Arc::new(AtomicUsize::new(0));
        let feed = Feed::reading(Counting(read.clone()), "test.feed", db.clone(), &secret_of(&db).await);
        let stop = CancellationToken::new();
        let follow = || Box::pin(feed.tail(Position::START, stop.clone()));
        let (mut slow, mut quick) = (follow(), follow());
        let at_once = (0..FOLLOWERS).map(|_| tokio::spawn(follow().take(ENTRIES).collect::<Vec<_>>()));
        let at_once: Vec<_> = at_once.collect();
        let write = async |number: usize| {
            let tx = begin_write(&db).await.unwrap();
            feed::append(&tx, vec![change(&number.to_string())]).await.unwrap();
            tx.commit().await.unwrap();
            feed.wake();
        };
        write(0).await;
        assert_eq!(next(&mut slow).await.subject, "0", "and then it reads nothing for long");
        for number in 0..ENTRIES {
            if number > 0 {
                write(number).await;
            }
            assert_eq!(next(&mut quick).await.subject, number.to_string());
        }
        let expected: Vec<String> = (0..ENTRIES).map(|number| number.to_string()).collect();
        for follower in at_once {
            let seen: Vec<Arc<Change>> = follower.await.unwrap().into_iter().map(Result::unwrap).collect();
            assert_eq!(subjects(&seen), expected);
        }
        let shared = read.load(SeqCst);
        assert!(shared < FOLLOWERS * ENTRIES / 4, "{shared} entries were read for {FOLLOWERS} followers of {ENTRIES}");
        for (from, mut tail) in [(1, slow), (0, follow())] {
            for number in from..ENTRIES {
                assert_eq!(next(&mut tail).await.subject, number.to_string());
            }
        }
        write(ENTRIES).await;
        assert_eq!(next(&mut quick).await.subject, ENTRIES.to_string());
        // Nobody follows, and then somebody does again.
        drop(quick);
        tokio::time::sleep(Duration::from_millis(600)).await;
        write(ENTRIES + 1).await;
        let mut again = follow();
        for number in 0..ENTRIES + 2 {
            assert_eq!(next(&mut again).await.subject, number.to_string());
        }
    }

    /// Agencies that may see something of a feed, and nothing of it comes: what happens, happens elsewhere.
    async fn five_hundred_who_hear_nothing_cost_no_more_than_one(test: TestDatabase) {
        const LISTENED: Duration = Duration::from_secs(2);
        let statements = Arc::new(AtomicU64::new(0));
        let db = migrated(&test).await.counting(statements.clone());
        let feed = Feed::new("test.feed", db.clone(), &secret_of(&db).await);
        let (stop, heard) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let followers = TaskTracker::new();
        let follow = async |number: usize| {
            let caller = Caller::parse(&format!("agency:{}", 110_100 + number)).unwrap();
            let (feed, heard) = (feed.clone(), heard.clone());
            let event = |_: &Change, token: String| Ok(token);
            let changes = feed.watch("", caller, stop.clone(), event).await.unwrap();
            followers.spawn(async move {
                let mut changes = Box::pin(changes);
                while changes.next().await.is_some() {
                    heard.fetch_add(1, SeqCst);
                }
            });
        };
        // Some changes of another area, with a pause, so that the reader reads them one by one; then nothing.
        let cost = async || {
            let before = statements.load(SeqCst);
            for number in 0..5 {
                let tx = begin_write(&db).await.unwrap();
                feed::append(&tx, vec![change(&number.to_string())]).await.unwrap();
                tx.commit().await.unwrap();
                feed.wake();
                tokio::time::sleep(LISTENED / 10).await;
            }
            tokio::time::sleep(LISTENED / 2).await;
            statements.load(SeqCst) - before
        };
        // Everybody looks into the database once when they come.
        let quiet = async || {
            let mut before = u64::MAX;
            while statements.load(SeqCst).abs_diff(before) > 5 {
                before = statements.load(SeqCst);
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        follow(0).await;
        quiet().await;
        let one = cost().await;
        for number in 1..500 {
            follow(number).await;
        }
        quiet().await;
        let many = cost().await;
        assert!(one >= 10, "it is looked at: {one}");
        assert!(many <= one + one / 2, "{many} statements for {}, {one} for one", followers.len());
        assert_eq!(heard.load(SeqCst), 0);
        stop.cancel();
        followers.close();
        followers.wait().await;
    }

    async fn a_batch_is_logged_in_order_and_read_in_pages(test: TestDatabase) {
        let db = migrated(&test).await;
        let feed = feed_of(&db).await;
        let tx = begin_write(&db).await.unwrap();
        feed::append(&tx, (0..2500).map(|number| change(&number.to_string())).collect()).await.unwrap();
        tx.commit().await.unwrap();

        let (mut position, mut read) = (Position::START, Vec::new());
        while read.len() < 2500 {
            let page = feed.read_after(position, 1000).await.unwrap();
            let Some(last) = page.last() else { continue };
            position = last.position();
            read.extend(page);
        }
        assert_eq!(feed.read_after(position, 1000).await.unwrap(), []);
        assert!(read.iter().enumerate().all(|(number, entry)| entry.subject == number.to_string()));
        assert_eq!(read[7].payload, b"7");
        assert_eq!(read[7].recorded_at.timestamp_micros(), 1_700_000_000_123_456);
    }

    /// Neither of another feed or database, nor of a log that was restored to an earlier state.
    async fn a_token_is_good_for_its_entry_only(test: TestDatabase) {
        let db = migrated(&test).await;
        let feed = feed_of(&db).await;
        feed::append(&db, ["a", "b", "c"].map(change).to_vec()).await.unwrap();
        let entries = loop {
            let entries = feed.read_after(Position::START, 10).await.unwrap();
            if entries.len() == 3 {
                break entries;
            }
        };
        let tokens: Vec<String> = entries.iter().map(|entry| feed.token_behind(entry)).collect();
        let heard = |subjects: &[&str]| Some(subjects.iter().map(|subject| (*subject).to_owned()).collect());
        assert_eq!(behind(&feed, "").await, heard(&["a", "b", "c"]));
        assert_eq!(behind(&feed, &tokens[0]).await, heard(&["b", "c"]));
        assert_eq!(behind(&feed_of(&db).await, &tokens[1]).await, heard(&["c"]), "another process");
        let alike = tokens[0].bytes().zip(tokens[1].bytes()).filter(|(one, other)| one == other).count();
        assert!(alike < 20, "tokens tell no numbers: {tokens:?}");

        let other = Feed::new("test.other", db.clone(), &secret_of(&db).await);
        assert_eq!(behind(&feed, &other.token_behind(&entries[0])).await, None);
        let elsewhere = TestDatabase::of(test.backend());
        let elsewhere = feed_of(&migrated(&elsewhere).await).await;
        assert_eq!(behind(&feed, &elsewhere.token_behind(&entries[0])).await, None);
        for damaged in ["damaged", &tokens[0][..tokens[0].len() - 1], &tokens[0][1..]] {
            assert_eq!(behind(&feed, damaged).await, None, "{damaged}");
        }

        // Of before an upgrade, and of a process that went on for a while: numbers in clear.
        let Position { txid, seq } = entries[0].position();
        let old = base32hex(format!("feed\u{1f}{txid}\u{1f}{seq}").as_bytes());
        assert_eq!(behind(&feed, &old).await, None, "no older version ever gave tokens here");
        let upgraded = async |at: i64| {
            let sql = format!("UPDATE seaql_migrations SET applied_at = {at} WHERE version LIKE '%service_secret'");
            db.execute_unprepared(&sql).await.unwrap();
        };
        let log = "UPDATE seaql_migrations SET applied_at = 1600000000 WHERE version LIKE '%change_log'";
        db.execute_unprepared(log).await.unwrap();
        assert_eq!(behind(&feed, &old).await, heard(&["b", "c"]), "the log is older than the secret");
        upgraded(1_700_000_000).await;
        assert_eq!(behind(&feed, &old).await, heard(&["b", "c"]), "on the day of the upgrade");
        upgraded(1_699_900_000).await;
        assert_eq!(behind(&feed, &old).await, None, "later there are none");

        db.execute_unprepared("DELETE FROM change_log WHERE subject = 'c'").await.unwrap();
        assert_eq!(behind(&feed, &tokens[2]).await, None, "ahead of the log");
        db.execute_unprepared("UPDATE change_log SET subject = 'd' WHERE subject = 'b'").await.unwrap();
        assert_eq!(behind(&feed, &tokens[1]).await, None, "another entry has the number");
        assert_eq!(behind(&feed, &tokens[0]).await, heard(&["d"]));
    }

    async fn a_rolled_back_change_is_never_seen_and_a_wake_up_beats_the_poll(test: TestDatabase) {
        let db = migrated(&test).await;
        let feed = feed_of(&db).await;
        let stop = CancellationToken::new();
        let mut tail = Box::pin(feed.tail(Position::START, stop.clone()));
        let tx = begin_write(&db).await.unwrap();
        feed::append(&tx, vec![change("undone")]).await.unwrap();
        tx.rollback().await.unwrap();
        let tx = begin_write(&db).await.unwrap();
        feed::append(&tx, vec![change("done")]).await.unwrap();
        tx.commit().await.unwrap();
        feed.wake();
        assert_eq!(next(&mut tail).await.subject, "done");
        stop.cancel();
        assert!(tail.next().await.is_none());
    }

    async fn processes_that_start_at_once_migrate_once(test: TestDatabase) {
        let starts = (0..6).map(|_| async {
            let connection = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
            db::migrate::<Migrator>(&connection).await
        });
        for outcome in futures::future::join_all(starts).await {
            outcome.unwrap();
        }
    }
}

/// Transactions of the whole cluster hold a feed up, whatever database they are in; also one that was prepared and forgotten.
#[tokio::test]
async fn what_holds_a_feed_up_is_found_and_named() {
    let (test, elsewhere) = (TestDatabase::postgres(), TestDatabase::postgres());
    let db = migrated(&test).await;
    let append = async |subject: &str| {
        let tx = begin_write(&db).await.unwrap();
        feed::append(&tx, vec![change(subject)]).await.unwrap();
        tx.commit().await.unwrap();
    };
    let name = elsewhere.url().rsplit('/').next().map(str::to_owned);
    let other = db::connect(&DatabaseConfig::at(elsewhere.url())).await.unwrap();
    let open = begin_write(&other).await.unwrap();
    open.execute_unprepared("CREATE TABLE somebodys (at bigint)").await.unwrap();
    assert_eq!(feed::held_up(&db).await.unwrap(), None, "nothing waits");
    append("a").await;
    let held = feed::held_up(&db).await.unwrap().unwrap();
    assert_eq!((&held.database, &held.gid), (&name, &None));
    assert!(held.pid.is_some() && held.age_seconds.is_some(), "{held:?}");
    open.execute_unprepared("PREPARE TRANSACTION 'forgotten'").await.unwrap();
    let held = feed::held_up(&db).await.unwrap().unwrap();
    assert_eq!((held.database, held.gid.as_deref(), held.pid), (name, Some("forgotten"), None));
    other.execute_unprepared("ROLLBACK PREPARED 'forgotten'").await.unwrap();
    assert_eq!(feed::held_up(&db).await.unwrap(), None, "it goes on");
}
