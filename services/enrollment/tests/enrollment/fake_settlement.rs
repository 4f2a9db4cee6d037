//! A settlement that knows what persons were paid, and nothing else.

use futures::stream::Empty;
use tonic::{Request, Response, Status};
use yizhan_proto::settlement::v1::settlement_service_server::{
    SERVICE_NAME, SettlementService, SettlementServiceServer,
};
use yizhan_proto::settlement::v1::*;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::server::{RunningServer, Server};

/// Answers every person of an area with one accumulator, named for the caller's question.
pub async fn start() -> RunningServer {
    let server = Server::bind(ServerConfig::loopback()).unwrap();
    let routes = tonic::service::Routes::new(SettlementServiceServer::new(FakeSettlement));
    server.serve(routes, &[SERVICE_NAME]).await.unwrap()
}

struct FakeSettlement;
type Answer<T> = Result<Response<T>, Status>;

fn not_here<T>() -> Answer<T> {
    Err(Status::unimplemented("not in this test"))
}

#[tonic::async_trait]
impl SettlementService for FakeSettlement {
    type WatchSettlementsStream = Empty<Result<WatchSettlementsResponse, Status>>;

    async fn get_accumulators(
        &self,
        request: Request<GetAccumulatorsRequest>,
    ) -> Answer<GetAccumulatorsResponse> {
        let GetAccumulatorsRequest { psn_no, poolarea_no } = request.into_inner();
        let accumulator = Accumulator {
            policy_year: "2024-01-01".into(),
            accumulator: format!("paid to {psn_no} by {poolarea_no}"),
            total: 12_345,
        };
        Ok(Response::new(GetAccumulatorsResponse { accumulators: vec![accumulator] }))
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

    async fn watch_settlements(
        &self,
        _: Request<WatchSettlementsRequest>,
    ) -> Answer<Self::WatchSettlementsStream> {
        not_here()
    }

    async fn check_books(&self, _: Request<CheckBooksRequest>) -> Answer<CheckBooksResponse> {
        not_here()
    }
}
