//! Clients that work as institutions and agencies do: one thing after the other, each until it is done.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tonic::Code;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::{ImportCoveragesRequest, ImportIdentitiesRequest, ImportPersonsRequest};
use yizhan_proto::filing::v1::{AdvanceFilingRequest, FilingAction, Material, SubmitFilingRequest};
use yizhan_proto::settlement::v1::{DepositRequest, Settlement};
use yizhan_runtime::Clock;
use yizhan_runtime::error::RemoteError;

use super::plan::Draws;
use super::write::{Callers, Told, Write};
use crate::support::{clinic, stay};

/// Persons that clients share, fewer than clients, so that requests meet.
pub const PERSONS: u64 = 5;
/// Clients at once.
pub const CLIENTS: u64 = 8;
/// How long a call may take in all: longer than any fault lasts and than any deadline of the services.
const PATIENCE: Duration = Duration::from_secs(30);
/// Some callers have less.
const HASTE: Duration = Duration::from_secs(2);
/// How long what was begun may take once everything is well again.
const AFTER_ALL_IS_WELL: Duration = Duration::from_secs(60);
/// Before a request is sent again.
const PAUSE: Duration = Duration::from_millis(80);

/// What came of it.
#[derive(Debug, Default)]
pub struct Record {
    /// Every acknowledged write with its answer.
    pub done: Vec<(Write, Told)>,
    /// Sent, not acknowledged, and not sent again by a caller that went away.
    pub abandoned: Vec<Write>,
    /// Refused because somebody else was first.
    pub refused: Vec<(Write, RemoteError)>,
    /// Attempts that ended without an answer or with “not now”.
    pub repeated: usize,
    /// Calls without an answer when patience was at an end.
    pub unanswered: usize,
    /// What may never be.
    pub troubles: Vec<String>,
}

/// One client.
pub struct Load {
    pub(super) callers: Callers,
    pub(super) number: u64,
    pub(super) draws: Draws,
    stories: u64,
    /// Lines that it brought and did not take back, each with its visit.
    pub(super) brought: Vec<(String, String)>,
    /// Whether its two records are merged.
    pub(super) merged: bool,
    /// Whether all is well again and nothing new is to be begun.
    over: watch::Receiver<bool>,
    record: Record,
}

impl Load {
    pub fn new(callers: &Callers, seed: u64, number: u64, over: &watch::Receiver<bool>) -> Load {
        let draws = Draws::of(seed, 1 + number);
        let (callers, over) = (callers.clone(), over.clone());
        let (brought, merged, record) = (Vec::new(), false, Record::default());
        Load { callers, number, draws, stories: 0, brought, merged, over, record }
    }

    /// Goes on until it is over.
    pub async fn run(mut self) -> Record {
        while !*self.over.borrow() {
            self.stories += 1;
            // An end of a story before its end: the caller went away, or something was refused, which is in the record.
            let _ = match self.draws.below(22) {
                0..5 => self.visit().await,
                5 => self.hospital_stay().await,
                6..8 => self.deposit().await,
                8..10 => self.newcomer().await,
                10..14 => self.contested().await,
                14..16 => self.lines().await,
                16..19 => self.two_numbers().await,
                19..21 => self.in_parts().await,
                _ => self.recorded_late().await,
            };
            let thinks = self.draws.between_ms(30, 150);
            tokio::time::sleep(thinks).await;
        }
        self.record
    }

    pub(super) fn id(&self, what: &str) -> String {
        format!("{what}{}-{}", self.number, self.stories)
    }

    pub(super) fn somebody(&mut self) -> String {
        format!("P{}", self.draws.below(PERSONS))
    }

    /// A visit to the clinic; some are reversed, some pay by the account.
    async fn visit(&mut self) -> Option<()> {
        let psn_no = self.somebody();
        let visit = clinic(
            &psn_no,
            "2024-03-01",
            &format!("{}.{:02}", 5 + self.draws.below(60), self.draws.below(100)),
        );
        let visit = if self.draws.one_in(2) { visit.with_account() } else { visit };
        let settled = self.settle(&self.id("V"), visit).await?;
        self.read_back(&settled).await;
        if self.draws.one_in(4) {
            let reversal = reversal_of(&self.id("R"), &settled);
            self.carry_out(Write::Reverse(reversal)).await?;
        }
        Some(())
    }

    async fn hospital_stay(&mut self) -> Option<()> {
        let psn_no = self.somebody();
        let amount = (1000 + self.draws.below(9000)).to_string();
        // One day, which nobody refuses: it may be the day of a transfer.
        let day = format!("2024-05-{:02}", 1 + self.stories % 30);
        self.settle(&self.id("S"), stay(&psn_no, &day, &day, &amount)).await.map(|_| ())
    }

    async fn deposit(&mut self) -> Option<()> {
        let (psn_no, amount_fen) = (self.somebody(), 1 + self.draws.below(100_000) as i64);
        let poolarea_no = COMPOSITE_AREA.to_owned();
        let deposit = DepositRequest { request_id: self.id("D"), psn_no, poolarea_no, amount_fen };
        self.carry_out(Write::Deposit(deposit)).await.map(|_| ())
    }

    /// Somebody is registered, files to live elsewhere, and is treated there.
    async fn newcomer(&mut self) -> Option<()> {
        let psn_no = self.id("N");
        let person = Person::employee(&psn_no).of_area(NANCHANG).identity("低收入");
        let rows = vec![person.row];
        self.carry_out(Write::Person(ImportPersonsRequest { request_id: self.id("NP"), rows })).await?;
        let rows = vec![person.coverage];
        self.carry_out(Write::Coverage(ImportCoveragesRequest { request_id: self.id("NC"), rows })).await?;
        let (request_id, rows) = (self.id("NI"), person.identities);
        self.carry_out(Write::Identity(ImportIdentitiesRequest { request_id, rows })).await?;
        let submitted = self.carry_out(Write::Submit(long_term(&self.id("NF"), &psn_no))).await?;
        let step = AdvanceFilingRequest {
            request_id: self.id("NA"),
            filing_id: submitted.filing.expect("a filing").filing_id,
            action: FilingAction::Complete.into(),
            opter: "officer2".to_owned(),
            ..AdvanceFilingRequest::default()
        };
        self.carry_out(Write::Advance(step)).await?;
        let today = Clock::system().today().to_string();
        self.settle(&self.id("NS"), stay(&psn_no, &today, &today, "2000").at(SHANGHAI_HOSPITAL))
            .await
            .map(|_| ())
    }

    pub(super) async fn settle(&mut self, request_id: &str, visit: VisitBuilder) -> Option<Settlement> {
        self.carry_out(Write::Settle(settle_request(request_id, visit))).await?.settlement
    }

    /// What was acknowledged a moment ago is there, if anything is.
    async fn read_back(&mut self, settled: &Settlement) {
        let setl_id = &info(settled).setl_id;
        match tokio::time::timeout(PATIENCE, self.callers.everybody.get(setl_id)).await {
            Err(_) => self.no_answer("GetSettlement"),
            Ok(Ok(found)) if found == *settled => {}
            Ok(Err(error)) if is_not_now(&error) => self.record.repeated += 1,
            Ok(other) => self.record.troubles.push(format!("{setl_id} reads back as {other:?}")),
        }
    }

    /// Sends it until it is acknowledged; some callers go away after the first attempt that fails.
    pub(super) async fn carry_out(&mut self, write: Write) -> Option<Told> {
        let goes_away = self.draws.one_in(12);
        let deadline = if self.draws.one_in(3) { HASTE } else { PATIENCE * 2 };
        let mut well_since = None;
        loop {
            match tokio::time::timeout(PATIENCE, write.send(&self.callers, deadline)).await {
                Err(_) => self.no_answer(&format!("{write:?}")),
                Ok(Ok(told)) => {
                    self.record.done.push((write, told.clone()));
                    return Some(told);
                }
                Ok(Err(error)) if is_not_now(&error) => self.record.repeated += 1,
                Ok(Err(error)) if write.is_second(&error) => {
                    self.record.refused.push((write, *error));
                    return None;
                }
                Ok(Err(error)) => {
                    self.record.troubles.push(format!("refused: {error:?} for {write:?}"));
                    self.record.abandoned.push(write);
                    return None;
                }
            }
            let well = *well_since.get_or_insert_with(Instant::now);
            if !*self.over.borrow() {
                well_since = None;
            } else if well.elapsed() > AFTER_ALL_IS_WELL {
                self.record.troubles.push(format!("not done though all is well: {write:?}"));
                return None;
            }
            if goes_away {
                self.record.abandoned.push(write);
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn no_answer(&mut self, call: &str) {
        self.record.unanswered += 1;
        self.record.troubles.push(format!("no answer in {PATIENCE:?}: {call}"));
    }
}

/// Whether a caller is to send it again: the answer says so, or there is none because a connection or a process ended.
pub fn is_not_now(error: &RemoteError) -> bool {
    let without_answer = matches!(error.code, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled);
    let by_the_transport = error.reason.is_empty() && matches!(error.code, Code::Unknown | Code::Internal);
    without_answer || by_the_transport || error.retry_after.is_some()
}

/// 异地长期居住, handed in at a window of the home area.
fn long_term(request_id: &str, psn_no: &str) -> SubmitFilingRequest {
    let papers = ["certificate", "filing_form", "residence_proof"];
    let paper = |material: &str| Material { material: material.to_owned(), ..Material::default() };
    SubmitFilingRequest {
        request_id: request_id.to_owned(),
        psn_no: psn_no.to_owned(),
        insutype: "310".to_owned(),
        out_fil_type: "07".to_owned(),
        rloc_admdvs: SHANGHAI.to_owned(),
        materials: papers.map(paper).to_vec(),
        dcla_souc: "02".to_owned(),
        opter: "officer1".to_owned(),
        ..SubmitFilingRequest::default()
    }
}

impl Record {
    /// Takes another's into this one.
    pub fn add(&mut self, other: Record) {
        self.done.extend(other.done);
        self.abandoned.extend(other.abandoned);
        self.refused.extend(other.refused);
        self.troubles.extend(other.troubles);
        self.repeated += other.repeated;
        self.unanswered += other.unanswered;
    }
}
