//! How practitioners stand: single lookups beside a bare server that does one keyed read, the fifty of a bill at a constant rate, and everybody worked
//! out anew from their entries.

use std::time::Instant;

use anyhow::ensure;
use prost::Message;
use prost::bytes::Bytes;
use sea_orm::{ConnectionTrait, Database};
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::Caller;
use yizhan_runtime::client::PeerChannel;
use yizhan_testkit::TestDatabase;

use crate::asking::{Asking, Question};
use crate::options::Options;
use crate::platform::{channel, service};
use crate::report::{Report, count, ratio};
use crate::{bare_read, machine};

/// Questions in flight.
const IN_FLIGHT: usize = 64;
/// Visits a second that arrive whatever the answers do.
const ARRIVALS: u32 = 250;
/// Practitioners of a bill.
const OF_A_BILL: u64 = 50;
/// Practitioners known.
const PRACTITIONERS: u64 = 1_000_000;
/// The day asked about: within the suspension of who has one.
const DAY: &str = "2026-05-06";

const AREA: &str = "430200";
const HOSPITAL: &str = "H43020000001";

/// Measures all of it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let database = TestDatabase::postgres_durable();
    let credit = service("yizhan-credit", &database)?.start().await;
    let practitioners = PRACTITIONERS.min(options.insured);
    seed(database.url(), channel(&credit.url())?, practitioners).await?;
    let (_bare, bare_url) = bare_read::start(database.url()).await?;
    let caller = Caller::LocalAdministrator;
    let bare = Asking::of_bare(&bare_url, &caller, practitioners, Standing(1))?;
    let single = Asking::of(&credit.url(), &caller, practitioners, Standing(1))?;
    let turns = single.against(&bare, options, IN_FLIGHT).await?;
    report.target(
        format!(
            "GetQualification of one, {IN_FLIGHT} in flight, {} practitioners, against a bare server with one keyed read",
            count(practitioners)
        ),
        format!("{}: ratio {}", turns.rounds.join(", "), ratio(turns.own, turns.bare)),
        "≥ 0.60",
        turns.own * 10 >= turns.bare * 6,
    );
    let bills = Asking::of(&credit.url(), &caller, practitioners, Standing(OF_A_BILL))?;
    let what = format!("GetQualification of {OF_A_BILL} in a call");
    bills.at_a_constant_rate(options, report, &what, ARRIVALS).await?;
    recompute(report, channel(&credit.url())?, credit.pid(), practitioners).await
}

/// Two are registered and given points by calls, nine and three; all others are copies of their rows with numbers of their own, one in a
/// thousand of the first: a million calls would take longer than everything that is measured.
async fn seed(url: &str, channel: PeerChannel, practitioners: u64) -> anyhow::Result<()> {
    let mut client = QualificationServiceClient::new(channel);
    for (number, item) in [(0, "in-anothers-name"), (1, "agreement")] {
        let registration = Registration {
            practitioner_code: code(number),
            from_date: "2025-01-01".into(),
            file_ids: vec!["F1".into()],
        };
        let request = RegisterPractitionersRequest {
            request_id: format!("registered-{number}"),
            poolarea_no: AREA.into(),
            fixmedins_code: HOSPITAL.into(),
            registrations: vec![registration],
            opter: "A1".into(),
        };
        client.register_practitioners(request).await?;
        let act = PointsAct {
            items: vec![item.into()],
            responsibility: PointsResponsibility::Main.into(),
            act_id: format!("act-{number}"),
            occurred_on: "2026-03-02".into(),
            ..PointsAct::default()
        };
        let request = DecidePointsRequest {
            request_id: format!("decided-{number}"),
            practitioner_code: code(number),
            poolarea_no: AREA.into(),
            fixmedins_code: HOSPITAL.into(),
            acts: vec![act],
            basis: "某医保〔2026〕17号".into(),
            decided_on: "2026-04-02".into(),
            opter: "A1".into(),
            ..DecidePointsRequest::default()
        };
        client.decide_points(request).await?;
    }
    // A connection that waits as long as it takes.
    Database::connect(url).await?.execute_unprepared(&copies(practitioners)).await?;
    Ok(())
}

/// Copies rows of the first two to all others. An id keeps what it begins with, its time, by which it sorts.
fn copies(practitioners: u64) -> String {
    let ids = "(SELECT subject_code AS of_code, array_agg(entry_id ORDER BY entry_id) AS ids FROM ledger_entry GROUP BY subject_code)";
    let id = |old: &str| format!("substr({old}, 1, 10) || lpad(n::text, 9, '0') || substr({old}, 20)");
    let new_code = "'D' || lpad(n::text, 9, '0')";
    let within = |text: &str, of: fn(String) -> String| {
        let replaced =
            |text: String, old: String, new: String| format!("replace({text}, {}, {})", of(old), of(new));
        let text = replaced(text.to_owned(), "of_code".to_owned(), new_code.to_owned());
        let text = replaced(text, "ids[1]".to_owned(), id("ids[1]"));
        replaced(text, "ids[2]".to_owned(), id("ids[2]"))
    };
    let plain = |text: &str| within(text, |text| text);
    let bytes = |column: &str| {
        let hex = |text: String| format!("encode(convert_to({text}, 'UTF8'), 'hex')");
        format!("decode({}, 'hex')", within(&format!("encode({column}, 'hex')"), hex))
    };
    let numbers = format!(
        "ids JOIN generate_series(2, {practitioners} - 1) n ON of_code = CASE WHEN n % 1000 = 0 THEN '{}' ELSE '{}' END",
        code(0),
        code(1)
    );
    format!(
        "SET statement_timeout = 0;
         CREATE TEMP TABLE ids AS SELECT * FROM {ids} of_each;
         INSERT INTO subject (subject_kind, subject_code, poolarea_no, last_entry_id, version)
         SELECT subject_kind, {new_code}, poolarea_no, {}, version FROM subject JOIN {numbers} ON subject_code = of_code;
         INSERT INTO qualification (practitioner_code, version, timeline)
         SELECT {new_code}, version, {} FROM qualification JOIN {numbers} ON practitioner_code = of_code;
         INSERT INTO ledger_entry (poolarea_no, seq, entry_id, subject_kind, subject_code, kind, matter_id, entry, prev_hash, hash)
         SELECT poolarea_no, 10 + n * 2 + (entry_id = ids[2])::int, {}, subject_kind, {new_code}, kind, {}, {}, '', ''
         FROM ledger_entry JOIN {numbers} ON subject_code = of_code;
         ANALYZE subject; ANALYZE qualification; ANALYZE ledger_entry",
        plain("last_entry_id"),
        bytes("timeline"),
        plain("entry_id"),
        plain("matter_id"),
        bytes("entry")
    )
}

/// How all of them stand, worked out anew from their entries and compared with what is stored.
async fn recompute(
    report: &mut Report,
    channel: PeerChannel,
    pid: u32,
    practitioners: u64,
) -> anyhow::Result<()> {
    let mut client = QualificationServiceClient::new(channel);
    let (start, before) = (Instant::now(), machine::resident_kib(pid));
    let (mut compared, mut page_token) = (0, String::new());
    loop {
        let request = ReplayPointsRequest { poolarea_no: AREA.into(), page_size: 500, page_token };
        let page = client.replay_points(request).await?.into_inner();
        ensure!(page.differing.is_empty(), "stored otherwise: {:?}", page.differing);
        compared += u64::from(page.compared.unsigned_abs());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    ensure!(compared == practitioners, "{compared} of {practitioners}");
    let per_second = compared * 1000 / (start.elapsed().as_millis() as u64).max(1);
    report.info(
        format!("How {} practitioners stand, worked out anew from their entries", count(compared)),
        format!(
            "{}/s; memory of credit {} MiB, {} MiB at most",
            count(per_second),
            before / 1024,
            machine::peak_kib(pid) / 1024
        ),
    );
    Ok(())
}

fn code(number: u64) -> String {
    format!("D{number:09}")
}

/// How so many stand who follow on each other: those of a hospital are neighbours in the table.
#[derive(Clone, Copy, Debug)]
struct Standing(u64);

impl Standing {
    /// Numbers of whom it asks about.
    fn of(self, number: u64) -> impl Iterator<Item = u64> {
        let first = number / self.0 * self.0;
        (0..self.0).map(move |at| if self.0 == 1 { number } else { first + at })
    }
}

impl Question for Standing {
    type Message = GetQualificationRequest;
    const METHOD: &'static str = "/yizhan.credit.v1.QualificationService/GetQualification";

    fn message(&self, number: u64, _: u64) -> GetQualificationRequest {
        let questions = self.of(number).map(|number| QualificationQuestion {
            practitioner_code: code(number),
            day: DAY.into(),
            fixmedins_code: HOSPITAL.into(),
        });
        GetQualificationRequest { questions: questions.collect() }
    }

    fn check(&self, number: u64, _: u64, answer: Bytes) -> anyhow::Result<()> {
        let answer = GetQualificationResponse::decode(answer)?;
        ensure!(answer.qualifications.len() as u64 == self.0, "{} answers", answer.qualifications.len());
        for (number, told) in self.of(number).zip(&answer.qualifications) {
            let suspended = number.is_multiple_of(1000);
            let status = if suspended { QualificationStatus::Suspended } else { QualificationStatus::Normal };
            ensure!(told.status() == status, "{number} stands otherwise: {told:?}");
        }
        Ok(())
    }
}
