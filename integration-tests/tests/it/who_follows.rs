//! Who hears what of a feed, behind which token: every Watch call by every kind of caller. A call without a line fails.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use prost_reflect::DescriptorPool;
use tonic::transport::Channel;
use tonic::{Code, Status};
use yizhan_integration_tests::database::tamper;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::{
    AdvanceCaseRequest, CaseAction, CaseLine, CasePaper, OpenCaseRequest, WatchDecisionsRequest,
};
use yizhan_proto::credit::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::{RegisterPractitionersRequest, Registration, WatchCreditRequest};
use yizhan_proto::enrollment::v1::WatchRegisterRequest;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::filing::v1::WatchFilingsRequest;
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{SettlementInfo, WatchSettlementsRequest};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::{base32hex, new_id};
use yizhan_testkit::TestDatabase;

use crate::support::{clinic, stay};
use crate::who_may::by;

const CREDIT: &str = "yizhan.credit.v1.LedgerService/WatchCredit";
const DECISIONS: &str = "yizhan.audit.v1.CaseService/WatchDecisions";
const REGISTER: &str = "yizhan.enrollment.v1.EnrollmentService/WatchRegister";
const FILINGS: &str = "yizhan.filing.v1.FilingService/WatchFilings";
const SETTLEMENTS: &str = "yizhan.settlement.v1.SettlementService/WatchSettlements";

/// Time in which nothing is to come.
const SILENCE: Duration = Duration::from_millis(500);
/// Streams of one caller, by docs/LIMITS.md.
const OF_ONE_CALLER: usize = 32;

/// What somebody hears of a feed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hears {
    All,
    /// What belongs to areas whose code begins so.
    Of(&'static str),
    /// What happened at an institution.
    At(&'static str),
    /// Refused: not the caller's.
    No,
    /// Refused: nobody.
    Unknown,
}
use Hears::{All, At, No, Of, Unknown};

const CALLERS: [&str; 14] = [
    "institution:H99990000003",
    "institution:H43020000003",
    "agency:999900",
    "agency:430000",
    "department:999900.medical-insurance",
    "department:999900.health",
    "department:430200",
    "insurer:PICC",
    "person:P1",
    "person:NOBODY",
    "operator:alice",
    "service:audit",
    "local-administrator",
    "nobody",
];

const OF_AREAS: [Hears; 14] =
    [No, No, Of("9999"), Of("43"), Of("9999"), Of("9999"), Of("4302"), No, No, No, No, All, All, Unknown];

/// Agencies, and services.
const OF_AGENCIES: [Hears; 14] =
    [No, No, Of("9999"), Of("43"), No, No, No, No, No, No, No, All, All, Unknown];

const FEEDS: [(&str, [Hears; 14]); 5] = [
    (CREDIT, OF_AGENCIES),
    (DECISIONS, OF_AGENCIES),
    (REGISTER, OF_AREAS),
    (FILINGS, OF_AREAS),
    (
        SETTLEMENTS,
        [
            At(THIRD_LEVEL),
            At(ZHUZHOU_HOSPITAL),
            Of("9999"),
            Of("43"),
            Of("9999"),
            No,
            No,
            No,
            No,
            No,
            No,
            All,
            All,
            Unknown,
        ],
    ),
];

#[derive(Clone, Debug, PartialEq)]
struct Event {
    token: String,
    what: String,
    poolarea_no: String,
    fixmedins_code: String,
}

type Opened = Result<BoxStream<'static, Result<Event, Status>>, RemoteError>;

impl Hears {
    fn of(self, event: &Event) -> bool {
        match self {
            All => true,
            Of(area) => event.poolarea_no.starts_with(area),
            At(code) => event.fixmedins_code == code,
            No | Unknown => false,
        }
    }
}

/// A feed as somebody hears it. Each stream has a connection of its own, as followers have.
async fn open(platform: &TestPlatform, feed: &str, caller: &str, token: &str) -> Opened {
    let package = feed.split('.').nth(1).unwrap();
    let channel = Channel::from_shared(platform.url_of(package)).unwrap().connect().await.unwrap();
    let resume_token = token.to_owned();
    let event = |token, what, poolarea_no, fixmedins_code| Event { token, what, poolarea_no, fixmedins_code };
    let opened = match feed {
        CREDIT => {
            let request = by(caller, WatchCreditRequest { resume_token });
            LedgerServiceClient::new(channel).watch_credit(request).await.map(|events| {
                let told = events.into_inner().map_ok(move |told| {
                    let entry = told.entry.unwrap();
                    event(told.resume_token, entry.entry_id, entry.poolarea_no, entry.fixmedins_code)
                });
                told.boxed()
            })
        }
        DECISIONS => {
            let request = by(caller, WatchDecisionsRequest { resume_token });
            CaseServiceClient::new(channel).watch_decisions(request).await.map(|events| {
                let told = events.into_inner().map_ok(move |told| {
                    event(told.resume_token, told.case_id, told.poolarea_no, told.fixmedins_code)
                });
                told.boxed()
            })
        }
        REGISTER => {
            let request = by(caller, WatchRegisterRequest { resume_token });
            EnrollmentServiceClient::new(channel).watch_register(request).await.map(|events| {
                let told = events.into_inner().map_ok(move |told| {
                    let what = format!("{} {}", told.psn_no, told.person_version);
                    event(told.resume_token, what, told.poolarea_no, String::new())
                });
                told.boxed()
            })
        }
        FILINGS => {
            let request = by(caller, WatchFilingsRequest { resume_token });
            FilingServiceClient::new(channel).watch_filings(request).await.map(|events| {
                let told = events.into_inner().map_ok(move |told| {
                    let what = format!("{} {}", told.filing_id, told.version);
                    event(told.resume_token, what, told.poolarea_no, String::new())
                });
                told.boxed()
            })
        }
        SETTLEMENTS => {
            let request = by(caller, WatchSettlementsRequest { resume_token, purpose: "核对".into() });
            SettlementServiceClient::new(channel).watch_settlements(request).await.map(|events| {
                let told = events.into_inner().map_ok(move |told| {
                    let info = told.settlement.unwrap().setlinfo.unwrap();
                    event(told.resume_token, info.setl_id, info.poolarea_no, info.fixmedins_code)
                });
                told.boxed()
            })
        }
        other => panic!("{other} is a feed nobody says here how to read"),
    };
    opened.map_err(|status| RemoteError::from(&status))
}

/// All events until nothing more comes.
async fn hear(opened: Opened) -> Vec<Event> {
    let mut stream = opened.unwrap();
    let mut events = Vec::new();
    while let Ok(event) = tokio::time::timeout(SILENCE, stream.next()).await {
        events.push(event.expect("the stream goes on").unwrap());
    }
    events
}

/// A department is not told where: what it hears is compared without.
fn heard(events: &[Event]) -> Vec<(&str, &str)> {
    events.iter().map(|event| (event.what.as_str(), event.token.as_str())).collect()
}

fn refusal(opened: Opened) -> (Code, String) {
    let refused = opened.err().expect("to be refused");
    let violations: Vec<&str> = refused.violation_reasons();
    (refused.code, violations.first().map_or(refused.reason.clone(), |reason| (*reason).to_owned()))
}

fn is_refused_token(opened: Opened) -> bool {
    refusal(opened) == (Code::InvalidArgument, "RESUME_TOKEN_INVALID".to_owned())
}

/// The token cut, changed, written otherwise, of before, and none.
fn damaged(good: &str) -> Vec<String> {
    let mut tokens: Vec<String> = (1..good.len()).map(|length| good[..length].to_owned()).collect();
    for at in 0..good.len() {
        let other = if good.as_bytes()[at] == b'0' { "1" } else { "0" };
        tokens.push(format!("{}{other}{}", &good[..at], &good[at + 1..]));
    }
    tokens.extend([format!("{good}{good}"), good.to_lowercase(), "damaged".to_owned(), "A".repeat(900)]);
    tokens.extend(["feed\u{1f}0\u{1f}1", "feed\u{1f}0\u{1f}2"].map(|old| base32hex(old.as_bytes())));
    tokens
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_feed_by_everybody_behind_every_token() {
    let db = TestDatabase::sqlite();
    let persons = [Person::employee("P1"), Person::employee("Z1").of_area(ZHUZHOU)];
    let platform = TestPlatform::on(&db).with_persons(persons).start().await;
    for psn_no in ["P1", "Z1"] {
        platform.file_temporary(psn_no, "310", SHANGHAI).await;
    }
    let visits = [
        stay("P1", "2024-03-01", "2024-03-08", "20000"),
        stay("P1", "2024-04-01", "2024-04-08", "20000").at(SECOND_LEVEL),
        clinic("Z1", "2024-03-01", "100").at(ZHUZHOU_HOSPITAL),
        stay("P1", "2024-05-01", "2024-05-08", "20000"),
    ];
    for (number, visit) in visits.into_iter().enumerate() {
        let settled = platform.settle(&format!("R{number}"), visit).await.unwrap();
        a_case_comes_to_nothing(&platform, checks::info(&settled)).await;
    }
    for (area, code) in [("999900", "D1"), (ZHUZHOU, "D2")] {
        registered(&platform, area, code).await;
    }
    let pool = DescriptorPool::decode(yizhan_proto::FILE_DESCRIPTOR_SET).unwrap();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let feeds: BTreeSet<String> = methods
        .filter(|method| {
            method.name().starts_with("Watch") || method.input().get_field_by_name("resume_token").is_some()
        })
        .map(|method| format!("{}/{}", method.parent_service().full_name(), method.name()))
        .collect();
    let named: BTreeSet<String> = FEEDS.iter().map(|(feed, _)| (*feed).to_owned()).collect();
    assert_eq!(feeds, named, "each feed has a line here");

    let everything = join_all(FEEDS.map(|(feed, _)| {
        let platform = &platform;
        async move { (feed, hear(open(platform, feed, "service:audit", "").await).await) }
    }))
    .await;
    for ((feed, hears), (_, all)) in FEEDS.iter().zip(&everything) {
        assert!(all.len() >= 2, "{feed}: {all:?}");
        each_hears_what_is_theirs(&platform, feed, *hears, all).await;
        let good = &all[0].token;
        let others = everything.iter().filter(|(other, _)| other != feed);
        let mut wrong: Vec<String> =
            others.flat_map(|(_, events)| events).map(|event| event.token.clone()).collect();
        wrong.extend(damaged(good));
        for token in &wrong {
            let opened = open(&platform, feed, "agency:999900", token).await;
            assert!(is_refused_token(opened), "{feed} behind {token}");
        }
    }
    let (_, settled) = everything.last().unwrap();
    a_caller_has_so_many_streams(&platform).await;
    restored_to_an_earlier_state(&platform, settled).await;
    // Nobody reads for those who may not follow: there is nothing to be read any longer.
    tamper(platform.rows(), "ALTER TABLE change_log RENAME TO gone").await;
    for (caller, hears) in CALLERS.iter().zip(FEEDS[4].1) {
        let (code, _) = refusal(open(&platform, SETTLEMENTS, caller, good_or(settled)).await);
        let expected = match hears {
            No => Code::PermissionDenied,
            Unknown => Code::Unauthenticated,
            _ => Code::Internal,
        };
        assert_eq!(code, expected, "{caller}");
    }
}

/// A doctor of the hospital, of which followers of credit hear.
async fn registered(platform: &TestPlatform, poolarea_no: &str, practitioner_code: &str) {
    let registration = Registration {
        practitioner_code: practitioner_code.into(),
        file_ids: vec!["F1".into()],
        ..Registration::default()
    };
    let request = RegisterPractitionersRequest {
        request_id: new_id(),
        poolarea_no: poolarea_no.into(),
        fixmedins_code: THIRD_LEVEL.into(),
        registrations: vec![registration],
        opter: "A".into(),
    };
    QualificationServiceClient::new(platform.to_credit()).register_practitioners(request).await.unwrap();
}

/// Opened on a settlement by one officer and dismissed by another, of which followers hear.
async fn a_case_comes_to_nothing(platform: &TestPlatform, settled: &SettlementInfo) {
    let mut cases = CaseServiceClient::new(platform.to_audit());
    let line = CaseLine {
        setl_id: settled.setl_id.clone(),
        vola_bhvr_type: "超标准收费".into(),
        vola_amt_fen: 100,
        ..CaseLine::default()
    };
    let opened = OpenCaseRequest {
        request_id: new_id(),
        poolarea_no: settled.poolarea_no.clone(),
        fixmedins_code: settled.fixmedins_code.clone(),
        case_souc: "2".into(),
        title: "举报多收费".into(),
        lines: vec![line],
        papers: vec![CasePaper { file_id: new_id(), note: String::new() }],
        opter: "A".into(),
        ..OpenCaseRequest::default()
    };
    let case = cases.open_case(opened).await.unwrap().into_inner().case.unwrap();
    let dismissed = AdvanceCaseRequest {
        request_id: new_id(),
        case_id: case.case_id,
        action: CaseAction::Dismiss.into(),
        reason: "查无实据".into(),
        opter: "B".into(),
        ..AdvanceCaseRequest::default()
    };
    cases.advance_case(dismissed).await.unwrap();
}

fn good_or(events: &[Event]) -> &str {
    events.first().map_or("", |event| &event.token)
}

/// From the beginning, and behind a token that somebody else was given.
async fn each_hears_what_is_theirs(platform: &TestPlatform, feed: &str, hears: [Hears; 14], all: &[Event]) {
    let tries = CALLERS.iter().zip(hears).map(|(caller, hears)| async move {
        for begin in [0, 1] {
            let token = if begin == 0 { "" } else { &all[0].token };
            let opened = open(platform, feed, caller, token).await;
            match hears {
                No => {
                    let expected = (Code::PermissionDenied, "AREA_NOT_OWNED".to_owned());
                    assert_eq!(refusal(opened), expected, "{feed} by {caller}");
                    assert_eq!(
                        refusal(open(platform, feed, caller, "damaged").await),
                        expected,
                        "{feed} by {caller}"
                    );
                }
                Unknown => assert_eq!(refusal(opened).0, Code::Unauthenticated),
                _ => {
                    let theirs: Vec<Event> =
                        all[begin..].iter().filter(|event| hears.of(event)).cloned().collect();
                    assert!(begin > 0 || !theirs.is_empty(), "{feed} has nothing for {caller}");
                    assert_eq!(heard(&hear(opened).await), heard(&theirs), "{feed} by {caller}");
                }
            }
        }
    });
    join_all(tries).await;
}

/// Who has them all is refused, and nobody else; who gives one back has it again.
async fn a_caller_has_so_many_streams(platform: &TestPlatform) {
    let open = |caller: &'static str| open(platform, SETTLEMENTS, caller, "");
    let mut streams = Vec::new();
    let refused = loop {
        match open("agency:430000").await {
            Ok(stream) => streams.push(stream),
            Err(refused) => break refused,
        }
    };
    assert!(streams.len() <= OF_ONE_CALLER && streams.len() > OF_ONE_CALLER / 2, "{}", streams.len());
    assert_eq!((refused.code, refused.reason.as_str()), (Code::ResourceExhausted, "TOO_MANY_FOLLOWERS"));
    assert!(open("agency:430200").await.is_ok());
    streams.clear();
    let mut again = open("agency:430000").await;
    for _ in 0..100 {
        if again.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        again = open("agency:430000").await;
    }
    panic!("streams that ended keep their places");
}

/// What followers were told of last is gone, and then something else has its number: their tokens are refused; those of before are good.
async fn restored_to_an_earlier_state(platform: &TestPlatform, settled: &[Event]) {
    let [.., before, last] = settled else { panic!("two settlements") };
    let behind = async |event: &Event| open(platform, SETTLEMENTS, "service:filing", &event.token).await;
    let delete = format!("DELETE FROM change_log WHERE subject = '{}'", last.what);
    tamper(platform.rows(), &delete).await;
    tamper(platform.rows(), "UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'change_log'").await;
    assert!(is_refused_token(behind(last).await), "ahead of the log");
    let next = platform.settle("R9", clinic("P1", "2024-06-01", "100")).await.unwrap();
    let numbers = database::number(platform.rows(), "SELECT count(*) AS value FROM change_log").await;
    assert_eq!(numbers as usize, settled.len(), "the number was given out again");
    assert!(is_refused_token(behind(last).await), "another entry has its number");
    let heard = hear(behind(before).await).await;
    let [event] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(event.what, checks::info(&next).setl_id);
}
