//! Settling over gRPC: each job is the next person's visit, under a request id of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, ensure};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{
    CheckBooksRequest, PreviewRequest, PreviewResponse, SettleRequest, Settlement, Visit,
};
use yizhan_runtime::client::PeerChannel;

use crate::bill::{self, Kind};
use crate::platform::{Platform, psn_no};

/// Connections of the load generator.
const CONNECTIONS: usize = 4;

/// A load generator's institutions. Cheap to clone.
#[derive(Clone)]
pub struct Settling {
    clients: Arc<Vec<SettlementServiceClient<PeerChannel>>>,
    people: u64,
    next: Arc<AtomicU64>,
    template: Visit,
}

impl Settling {
    /// For the people of a platform.
    pub fn on(platform: &Platform, people: u64) -> anyhow::Result<Settling> {
        let clients = (0..CONNECTIONS).map(|_| platform.settlements()).collect::<anyhow::Result<_>>()?;
        let template = bill::visit(Kind::Stay, "", "")?;
        Ok(Settling { clients: Arc::new(clients), people, next: Arc::default(), template })
    }

    /// The same people and count, with visits of a kind.
    pub fn of(&self, kind: Kind) -> anyhow::Result<Settling> {
        Ok(Settling { template: bill::visit(kind, "", "")?, ..self.clone() })
    }

    /// Settlements asked for so far.
    pub fn so_far(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Settles the next person's visit.
    pub async fn settle(self) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let visit = Some(self.visit(number));
        let request = SettleRequest { request_id: format!("R{number}"), visit, ..SettleRequest::default() };
        let answer = self.client(number).settle(request).await?.into_inner();
        ensure!(!answer.replayed, "a fresh request was answered as a retry");
        check(&answer.settlement)
    }

    /// Previews somebody's visit.
    pub async fn preview(self, number: u64) -> anyhow::Result<PreviewResponse> {
        let request = PreviewRequest { visit: Some(self.visit(number)) };
        Ok(self.client(number).preview(request).await?.into_inner())
    }

    /// The books of everybody settled for: balanced, with every settlement that was answered.
    pub async fn check_books(&self) -> anyhow::Result<()> {
        let request = CheckBooksRequest { poolarea_no: bill::AREA.into() };
        let books = self.client(0).check_books(request).await?.into_inner();
        ensure!(books.discrepancies.is_empty(), "the books do not balance: {:?}", books.discrepancies);
        ensure!(
            books.settlements == self.so_far() as i64,
            "{} of {} settlements",
            books.settlements,
            self.so_far()
        );
        Ok(())
    }

    fn client(&self, number: u64) -> SettlementServiceClient<PeerChannel> {
        self.clients[number as usize % CONNECTIONS].clone()
    }

    fn visit(&self, number: u64) -> Visit {
        Visit {
            psn_no: psn_no(number % self.people),
            mdtrt_id: format!("ZY{number}"),
            ..self.template.clone()
        }
    }
}

/// An answer that would be wrong to count: the bill is not shared out.
fn check(settlement: &Option<Settlement>) -> anyhow::Result<()> {
    let settlement = settlement.as_ref().context("an answer without a settlement")?;
    let bill = settlement.setlinfo.as_ref().map_or(0, |info| info.medfee_sumamt_fen);
    let shares: i64 = settlement.setldetail.iter().map(|row| row.fund_payamt_fen).sum();
    ensure!(bill > 0 && shares == bill, "shares of {shares} fen of a bill of {bill} fen");
    Ok(())
}
