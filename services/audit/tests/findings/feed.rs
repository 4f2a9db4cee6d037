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

/// The hospital of most visits.
pub const HOSPITAL: &str = "H99990000003";
/// A pharmacy.
pub const PHARMACY: &str = "P99990000001";

/// What was settled: the token behind the n-th is n.
#[derive(Clone, Default)]
pub struct Feed(Arc<Mutex<Vec<Settlement>>>);

impl Feed {
    /// With these.
    pub fn of(settlements: Vec<Settlement>) -> Feed {
        Feed(Arc::new(Mutex::new(settlements)))
    }

    /// With more of them.
    pub fn tell(&self, settlements: &[Settlement]) {
        self.0.lock().unwrap().extend_from_slice(settlements);
    }

    /// Starts it.
    pub async fn start(&self) -> RunningServer {
        let server = Server::bind(ServerConfig::loopback()).unwrap();
        server.serve(services![SettlementServiceServer::new(self.clone())]).await.unwrap()
    }

    /// Events behind so many.
    pub fn events(&self, behind: usize) -> Vec<WatchSettlementsResponse> {
        let count = self.0.lock().unwrap().len();
        (behind..count).filter_map(|at| self.event(at)).collect()
    }

    fn event(&self, behind: usize) -> Option<WatchSettlementsResponse> {
        let settlement = Some(self.0.lock().unwrap().get(behind)?.clone());
        Some(WatchSettlementsResponse {
            resume_token: (behind + 1).to_string(),
            settlement,
            ..WatchSettlementsResponse::default()
        })
    }
}

/// A visit to the hospital's outpatients, settled as the n-th.
pub fn visit(number: usize, psn_no: &str, day: &str) -> Settlement {
    let info = SettlementInfo {
        setl_id: format!("S{number:04}"),
        mdtrt_id: format!("M{number:04}"),
        psn_no: psn_no.into(),
        insutype: "310".into(),
        med_type: "11".into(),
        begndate: day.into(),
        enddate: day.into(),
        fixmedins_code: HOSPITAL.into(),
        poolarea_no: "999900".into(),
        mdtrtarea_admvs: "999900".into(),
        dise_codg: vec!["I10.x00".into()],
        gend: "1".into(),
        brdy: "1960-01-31".into(),
        medins_type: "1".into(),
        medins_lv: "third".into(),
        medfee_sumamt_fen: 1000,
        fund_pay_sumamt_fen: 800,
        psn_part_amt_fen: 200,
        ..SettlementInfo::default()
    };
    Settlement {
        setlinfo: Some(info),
        feedetail: vec![line("1", "XA10BAE047A001010102846")],
        ..Settlement::default()
    }
}

/// A line of ten yuan.
pub fn line(feedetl_sn: &str, hilist_code: &str) -> FeeLineResult {
    FeeLineResult {
        feedetl_sn: feedetl_sn.into(),
        hilist_code: hilist_code.into(),
        list_type: "101".into(),
        cnt: "1".into(),
        pric: "10".into(),
        det_item_fee_sumamt_fen: 1000,
        inscp_scp_amt_fen: 1000,
        ..FeeLineResult::default()
    }
}

/// Changes to a settlement.
pub trait With: Sized {
    /// With other headings.
    fn with(self, change: impl FnOnce(&mut SettlementInfo)) -> Self;
    /// With codes on its first line, each with whether the pack was split.
    fn with_codes(self, codes: &[(&str, bool)]) -> Self;
    /// Settled with a mark.
    fn marked(self, kind: &str) -> Self;
    /// Its reversal, settled as the n-th.
    fn reversed(&self, number: usize) -> Self;
}

impl With for Settlement {
    fn with(mut self, change: impl FnOnce(&mut SettlementInfo)) -> Self {
        change(self.setlinfo.as_mut().unwrap());
        self
    }

    fn with_codes(mut self, codes: &[(&str, bool)]) -> Self {
        let code = |(code, split): &(&str, bool)| DrugTraceCode {
            drug_trac_codg: (*code).into(),
            trdn_flag: *split,
        };
        self.feedetail[0].drug_trac_info = codes.iter().map(code).collect();
        self
    }

    fn marked(self, kind: &str) -> Self {
        let mark =
            SettlementMark {
                kind: kind.into(), text: "按本地规定结算并标记".into(), ..Default::default()
            };
        self.with(|info| info.marks.push(mark))
    }

    fn reversed(&self, number: usize) -> Self {
        let reverses = self.setlinfo.as_ref().unwrap().setl_id.clone();
        let reversal = Settlement { audit: None, ..self.clone() };
        reversal.with(|info| {
            info.setl_id = format!("S{number:04}");
            info.reverses_setl_id = reverses;
            info.marks.clear();
        })
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
