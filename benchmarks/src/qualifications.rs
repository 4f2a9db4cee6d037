//! How practitioners stand: single lookups beside a bare server that does one keyed read, and the fifty of a bill at a constant rate.

use anyhow::ensure;
use prost::Message;
use prost::bytes::Bytes;
use sea_orm::ConnectionTrait;
use yizhan_proto::credit::v1::{
    GetQualificationRequest, GetQualificationResponse, QualificationQuestion, QualificationStatus,
};
use yizhan_runtime::Caller;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_testkit::TestDatabase;

use crate::asking::{Asking, Question};
use crate::bare_read;
use crate::options::Options;
use crate::platform::service;
use crate::report::{Report, count, ratio};

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

/// Registered, given nine points and suspended, as one in a thousand is; all others are only registered.
const SUSPENDED: &str = r#"{"spans":[{"from":"2026-04-02","status":"Suspended","ends_on":"2026-06-02","entry":"01HZX0000000000000000000AA","basis":"某医保〔2026〕17号"}],"stays":[{"institution":"H43020000001","from":"2025-01-01","until":null,"entry":"01HZX0000000000000000000AB"}],"points":[["2026-04-02",9]]}"#;
const REGISTERED: &str = r#"{"spans":[],"stays":[{"institution":"H43020000001","from":"2025-01-01","until":null,"entry":"01HZX0000000000000000000AB"}],"points":[]}"#;

/// Measures all of it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let database = TestDatabase::postgres_durable();
    let credit = service("yizhan-credit", &database)?.start().await;
    let practitioners = PRACTITIONERS.min(options.insured);
    seed(database.url(), practitioners).await?;
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
    bills.at_a_constant_rate(options, report, &what, ARRIVALS).await
}

/// By SQL: a million registrations would take longer than everything that is measured.
async fn seed(url: &str, practitioners: u64) -> anyhow::Result<()> {
    let db = db::connect(&DatabaseConfig::at(url)).await?;
    let sql = format!(
        "INSERT INTO qualification (practitioner_code, version, timeline)
         SELECT 'D' || lpad(n::text, 9, '0'), 2, convert_to(CASE WHEN n % 1000 = 0 THEN '{SUSPENDED}' ELSE '{REGISTERED}' END, 'UTF8')
         FROM generate_series(0, {practitioners} - 1) n"
    );
    db.execute_unprepared(&format!("SET statement_timeout = 0; {sql}; ANALYZE qualification")).await?;
    Ok(())
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
            practitioner_code: format!("D{number:09}"),
            day: DAY.into(),
            fixmedins_code: "H43020000001".into(),
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
