//! A settlement that has a feed, and nothing else; and what stands in it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{Stream, stream};
use tonic::{Request, Response, Status};
use yizhan_proto::settlement::v1::settlement_service_server::{SettlementService, SettlementServiceServer};
use yizhan_proto::settlement::v1::*;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::server::{RunningServer, Server};
use yizhan_runtime::services;

/// 统筹区 that paid.
pub const AREA: &str = "999900";
/// Where it was.
pub const HOSPITAL: &str = "H99990000003";

/// What was settled: the token behind the n-th is n.
#[derive(Clone, Default)]
pub struct Feed(Arc<Mutex<Vec<SettlementInfo>>>);

impl Feed {
    /// With more settlements.
    pub fn tell(&self, settlements: &[SettlementInfo]) {
        self.0.lock().unwrap().extend_from_slice(settlements);
    }

    /// Starts it.
    pub async fn start(&self) -> RunningServer {
        let server = Server::bind(ServerConfig::loopback()).unwrap();
        server.serve(services![SettlementServiceServer::new(self.clone())]).await.unwrap()
    }

    fn event(&self, behind: usize) -> Option<WatchSettlementsResponse> {
        let info = self.0.lock().unwrap().get(behind)?.clone();
        Some(event(info, &(behind + 1).to_string()))
    }
}

/// As the feed tells it.
pub fn event(info: SettlementInfo, resume_token: &str) -> WatchSettlementsResponse {
    let settlement = Settlement { setlinfo: Some(info), ..Settlement::default() };
    WatchSettlementsResponse {
        resume_token: resume_token.into(),
        settlement: Some(settlement),
        ..WatchSettlementsResponse::default()
    }
}

/// A stay of these days.
pub fn stay(begndate: &str, enddate: &str, medfee_sumamt_fen: i64) -> SettlementInfo {
    SettlementInfo {
        poolarea_no: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        med_type: "21".into(),
        begndate: begndate.into(),
        enddate: enddate.into(),
        medfee_sumamt_fen,
        fund_pay_sumamt_fen: medfee_sumamt_fen / 2,
        fulamt_ownpay_amt_fen: medfee_sumamt_fen / 10,
        ..SettlementInfo::default()
    }
}

/// A visit on this day.
pub fn visit(day: &str, medfee_sumamt_fen: i64) -> SettlementInfo {
    SettlementInfo { med_type: "11".into(), ..stay(day, day, medfee_sumamt_fen) }
}

/// What takes it back.
pub fn reversal(of: &SettlementInfo) -> SettlementInfo {
    SettlementInfo {
        reverses_setl_id: "S1".into(),
        medfee_sumamt_fen: -of.medfee_sumamt_fen,
        fund_pay_sumamt_fen: -of.fund_pay_sumamt_fen,
        fulamt_ownpay_amt_fen: -of.fulamt_ownpay_amt_fen,
        ..of.clone()
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn not_here<T>() -> Answer<T> {
    Err(Status::unimplemented("not in this test"))
}

#[tonic::async_trait]
impl SettlementService for Feed {
    type WatchSettlementsStream =
        Pin<Box<dyn Stream<Item = Result<WatchSettlementsResponse, Status>> + Send>>;

    async fn watch_settlements(
        &self,
        request: Request<WatchSettlementsRequest>,
    ) -> Answer<Self::WatchSettlementsStream> {
        let behind: usize = request.into_inner().resume_token.parse().unwrap_or(0);
        let events = stream::unfold((self.clone(), behind), async |(feed, behind)| {
            loop {
                if let Some(event) = feed.event(behind) {
                    // Few at a time, so that there is something to interrupt.
                    tokio::time::sleep(Duration::from_millis(u64::from(behind % 3 == 0) * 4)).await;
                    return Some((Ok(event), (feed, behind + 1)));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Ok(Response::new(Box::pin(events)))
    }

    async fn get_accumulators(&self, _: Request<GetAccumulatorsRequest>) -> Answer<GetAccumulatorsResponse> {
        not_here()
    }

    async fn preview(&self, _: Request<PreviewRequest>) -> Answer<PreviewResponse> {
        not_here()
    }

    async fn settle(&self, _: Request<SettleRequest>) -> Answer<SettleResponse> {
        not_here()
    }

    async fn reverse(&self, _: Request<ReverseRequest>) -> Answer<ReverseResponse> {
        not_here()
    }

    async fn get_benefits(&self, _: Request<GetBenefitsRequest>) -> Answer<GetBenefitsResponse> {
        not_here()
    }

    async fn get_settlement(&self, _: Request<GetSettlementRequest>) -> Answer<GetSettlementResponse> {
        not_here()
    }

    async fn list_settlements(&self, _: Request<ListSettlementsRequest>) -> Answer<ListSettlementsResponse> {
        not_here()
    }

    async fn get_statement(&self, _: Request<GetStatementRequest>) -> Answer<GetStatementResponse> {
        not_here()
    }

    async fn replay_settlement(
        &self,
        _: Request<ReplaySettlementRequest>,
    ) -> Answer<ReplaySettlementResponse> {
        not_here()
    }

    async fn check_books(&self, _: Request<CheckBooksRequest>) -> Answer<CheckBooksResponse> {
        not_here()
    }
}
