//! Settling over gRPC: each job is the next person's visit, under a request id of its own.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::{Request, Status};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{
    CheckBooksRequest, PreviewRequest, PreviewResponse, SettleRequest, SettleResponse, Visit,
};
use yizhan_runtime::client::PeerChannel;

use crate::bill::{self, Kind};
use crate::platform::{Platform, psn_no};
use crate::raw::RawAnswer;

/// Connections of the load generator.
const CONNECTIONS: usize = 4;
/// Every so-manieth answer is looked into. All of them are counted by [`Settling::check_books`].
const CHECKED: u64 = 64;
const SETTLE: PathAndQuery = PathAndQuery::from_static("/yizhan.settlement.v1.SettlementService/Settle");

/// A load generator's institutions. Cheap to clone.
#[derive(Clone)]
pub struct Settling {
    channels: Arc<Vec<PeerChannel>>,
    people: u64,
    next: Arc<AtomicU64>,
    template: Arc<Visit>,
    stride: u64,
}

impl Settling {
    /// For the people of a platform.
    pub fn on(platform: &Platform, people: u64) -> anyhow::Result<Settling> {
        let channels = (0..CONNECTIONS).map(|_| platform.to_settlement()).collect::<anyhow::Result<_>>()?;
        let template = Arc::new(bill::visit(Kind::Stay, "", "")?);
        Ok(Settling { channels: Arc::new(channels), people, next: Arc::default(), template, stride: 1 })
    }

    /// The same people and count, with visits of a kind.
    pub fn of(&self, kind: Kind) -> anyhow::Result<Settling> {
        Ok(Settling { template: Arc::new(bill::visit(kind, "", "")?), ..self.clone() })
    }

    /// The same, where who comes next stands somewhere else in every index. The number of people is no multiple of 7919.
    pub fn scattered(self) -> Settling {
        Settling { stride: 7919, ..self }
    }

    /// Settlements asked for so far.
    pub fn so_far(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Settles the next person's visit, if that is done in time; whether it was, or what was said instead.
    pub async fn settle_within(self, deadline: Duration) -> anyhow::Result<Result<(), Status>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::new(self.request(number)?);
        request.set_timeout(deadline);
        let mut grpc = Grpc::new(self.channels[number as usize % CONNECTIONS].clone());
        let asked = async {
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            grpc.unary(request, SETTLE, RawAnswer::default()).await
        };
        let answer = tokio::time::timeout(deadline, asked).await;
        Ok(answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time"))).map(drop))
    }

    fn request(&self, number: u64) -> anyhow::Result<SettleRequest> {
        let visit = Some(self.visit(number)?);
        Ok(SettleRequest { request_id: format!("R{number}"), visit, ..SettleRequest::default() })
    }

    /// Settles the next person's visit.
    pub async fn settle(self) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let request = self.request(number)?;
        let mut grpc = Grpc::new(self.channels[number as usize % CONNECTIONS].clone());
        grpc.ready().await?;
        let answer = grpc.unary(Request::new(request), SETTLE, RawAnswer::default()).await?.into_inner();
        if number.is_multiple_of(CHECKED) { check(SettleResponse::decode(answer)?) } else { Ok(()) }
    }

    /// Previews a visit of somebody on days of which nothing is settled.
    pub async fn preview(self, number: u64) -> anyhow::Result<PreviewResponse> {
        let visit = self.visit_on(number, 0, format!("PV{number}"))?;
        let request = PreviewRequest { visit: Some(visit) };
        Ok(self.client(number).preview(request).await?.into_inner())
    }

    /// The books of everybody settled for: balanced, with every settlement that was answered.
    pub async fn check_books(&self) -> anyhow::Result<()> {
        self.check_books_of(self.so_far()..=self.so_far()).await
    }

    /// The same, where of some it is not known whether they were done.
    pub async fn check_books_of(&self, settlements: RangeInclusive<u64>) -> anyhow::Result<()> {
        let request = CheckBooksRequest { poolarea_no: bill::AREA.into() };
        let books = self.client(0).check_books(request).await?.into_inner();
        ensure!(books.discrepancies.is_empty(), "the books do not balance: {:?}", books.discrepancies);
        let there = u64::try_from(books.settlements)?;
        ensure!(settlements.contains(&there), "{there} settlements, and {settlements:?} are known");
        Ok(())
    }

    fn client(&self, number: u64) -> SettlementServiceClient<PeerChannel> {
        SettlementServiceClient::new(self.channels[number as usize % CONNECTIONS].clone())
    }

    /// The next visit of a person: turn after turn each on later days of its own.
    fn visit(&self, number: u64) -> anyhow::Result<Visit> {
        let turn = number / self.people;
        ensure!(turn < bill::TURNS, "too few people for so many settlements: BENCH_PEOPLE={}", self.people);
        self.visit_on(number, bill::TURNS - turn, format!("ZY{number}"))
    }

    fn visit_on(&self, number: u64, turns: u64, mdtrt_id: String) -> anyhow::Result<Visit> {
        let mut visit = (*self.template).clone();
        visit.psn_no = psn_no(number * self.stride % self.people);
        for (line, at) in visit.feedetail.iter_mut().zip(1..) {
            line.feedetl_sn = format!("{mdtrt_id}-{at}");
        }
        visit.mdtrt_id = mdtrt_id;
        for day in [&mut visit.begndate, &mut visit.enddate] {
            *day = bill::before(day, turns)?;
        }
        Ok(visit)
    }
}

/// An answer that would be wrong to count: a retry's, or one that does not share out the bill.
fn check(answer: SettleResponse) -> anyhow::Result<()> {
    ensure!(!answer.replayed, "a fresh request was answered as a retry");
    let settlement = answer.settlement.context("an answer without a settlement")?;
    let bill = settlement.setlinfo.as_ref().map_or(0, |info| info.medfee_sumamt_fen);
    let shares: i64 = settlement.setldetail.iter().map(|row| row.fund_payamt_fen).sum();
    ensure!(bill > 0 && shares == bill, "shares of {shares} fen of a bill of {bill} fen");
    Ok(())
}
