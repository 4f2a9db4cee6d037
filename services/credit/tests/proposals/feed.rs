//! An audit that has a feed of decisions, and nothing else; and what stands in it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{Stream, stream};
use tonic::{Request, Response, Status};
use yizhan_proto::audit::v1::case_service_server::{CaseService, CaseServiceServer};
use yizhan_proto::audit::v1::*;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::server::{RunningServer, Server};
use yizhan_runtime::services;

/// 统筹区 that paid.
pub const AREA: &str = "999900";
/// Where it was.
pub const HOSPITAL: &str = "H99990000003";

/// What was decided: the token behind the n-th is n.
#[derive(Clone, Default)]
pub struct Feed(Arc<Mutex<Vec<WatchDecisionsResponse>>>);

impl Feed {
    /// With more decisions.
    pub fn tell(&self, decisions: &[WatchDecisionsResponse]) {
        self.0.lock().unwrap().extend_from_slice(decisions);
    }

    /// Starts it.
    pub async fn start(&self) -> RunningServer {
        let server = Server::bind(ServerConfig::loopback()).unwrap();
        server.serve(services![CaseServiceServer::new(self.clone())]).await.unwrap()
    }

    fn event(&self, behind: usize) -> Option<WatchDecisionsResponse> {
        let decision = self.0.lock().unwrap().get(behind)?.clone();
        Some(WatchDecisionsResponse { resume_token: (behind + 1).to_string(), ..decision })
    }
}

/// A line that a doctor ordered.
pub fn line(feedetl_sn: &str, doctor: &str, kind: &str, vola_amt_fen: i64) -> DecidedLine {
    let line = CaseLine {
        setl_id: "S1".into(),
        feedetl_sn: feedetl_sn.into(),
        bilg_dr_codg: doctor.into(),
        vola_bhvr_type: kind.into(),
        vola_evid: "协议第四十条".into(),
        vola_amt_fen,
        ..CaseLine::default()
    };
    DecidedLine { line: Some(line), ..DecidedLine::default() }
}

/// Decided, or taken back.
pub fn decision(
    kind: DecisionKind,
    (case_id, decision_no): (&str, i32),
    lines: Vec<DecidedLine>,
) -> WatchDecisionsResponse {
    WatchDecisionsResponse {
        kind: kind.into(),
        case_id: case_id.into(),
        decision_no,
        poolarea_no: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        decided_on: "2026-03-02".into(),
        lines,
        ..WatchDecisionsResponse::default()
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn not_here<T>() -> Answer<T> {
    Err(Status::unimplemented("not in this test"))
}

#[tonic::async_trait]
impl CaseService for Feed {
    type WatchDecisionsStream = Pin<Box<dyn Stream<Item = Result<WatchDecisionsResponse, Status>> + Send>>;

    async fn watch_decisions(
        &self,
        request: Request<WatchDecisionsRequest>,
    ) -> Answer<Self::WatchDecisionsStream> {
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

    async fn open_case(&self, _: Request<OpenCaseRequest>) -> Answer<OpenCaseResponse> {
        not_here()
    }

    async fn advance_case(&self, _: Request<AdvanceCaseRequest>) -> Answer<AdvanceCaseResponse> {
        not_here()
    }

    async fn appeal_case(&self, _: Request<AppealCaseRequest>) -> Answer<AppealCaseResponse> {
        not_here()
    }

    async fn give_opinion(&self, _: Request<GiveOpinionRequest>) -> Answer<GiveOpinionResponse> {
        not_here()
    }

    async fn get_case(&self, _: Request<GetCaseRequest>) -> Answer<GetCaseResponse> {
        not_here()
    }

    async fn list_cases(&self, _: Request<ListCasesRequest>) -> Answer<ListCasesResponse> {
        not_here()
    }

    async fn list_case_queue(&self, _: Request<ListCaseQueueRequest>) -> Answer<ListCaseQueueResponse> {
        not_here()
    }

    async fn verify_case_log(&self, _: Request<VerifyCaseLogRequest>) -> Answer<VerifyCaseLogResponse> {
        not_here()
    }
}
