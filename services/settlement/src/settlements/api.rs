//! SettlementService and TraceCodeService.

use std::pin::Pin;

use futures::Stream;
use tonic::{Request, Response, Status};
use yizhan_proto::settlement::v1::settlement_service_server::SettlementService;
use yizhan_proto::settlement::v1::trace_code_service_server::TraceCodeService;
use yizhan_proto::settlement::v1::{
    CheckBooksRequest, CheckBooksResponse, FindTraceCodeRequest, FindTraceCodeResponse,
    GetAccumulatorsRequest, GetAccumulatorsResponse, GetBenefitsRequest, GetBenefitsResponse,
    GetSettlementRequest, GetSettlementResponse, GetStatementRequest, GetStatementResponse,
    ListSettlementsRequest, ListSettlementsResponse, PreviewRequest, PreviewResponse,
    ReplaySettlementRequest, ReplaySettlementResponse, ReverseRequest, ReverseResponse, SettleRequest,
    SettleResponse, WatchSettlementsRequest, WatchSettlementsResponse,
};
use yizhan_runtime::{Caller, calls, contract};

use super::{benefits, check_books, find_trace_code, preview, query, replay, reverse, settle, watch};
use crate::app::Api;

calls! { TraceCodeService for Api, working with |api| &api.0;
    find_trace_code(FindTraceCodeRequest) -> FindTraceCodeResponse = find_trace_code::find_trace_code;
}

calls! { SettlementService for Api, working with |api| &api.0;
    preview(PreviewRequest) -> PreviewResponse = preview::preview;
    settle(SettleRequest) -> SettleResponse = settle::settle;
    reverse(ReverseRequest) -> ReverseResponse = reverse::reverse;
    get_settlement(GetSettlementRequest) -> GetSettlementResponse = query::get;
    list_settlements(ListSettlementsRequest) -> ListSettlementsResponse = query::list;
    get_statement(GetStatementRequest) -> GetStatementResponse = query::statement;
    get_accumulators(GetAccumulatorsRequest) -> GetAccumulatorsResponse = query::accumulators;
    get_benefits(GetBenefitsRequest) -> GetBenefitsResponse = benefits::get_benefits;
    replay_settlement(ReplaySettlementRequest) -> ReplaySettlementResponse = replay::replay;
    check_books(CheckBooksRequest) -> CheckBooksResponse = check_books::check_books;
    .. {
        type WatchSettlementsStream =
            Pin<Box<dyn Stream<Item = Result<WatchSettlementsResponse, Status>> + Send>>;

        async fn watch_settlements(
            &self,
            request: Request<WatchSettlementsRequest>,
        ) -> Result<Response<Self::WatchSettlementsStream>, Status> {
            let caller = Caller::of(&request);
            contract::check(request.get_ref())?;
            let events = watch::watch(self.0.clone(), caller, &request.into_inner()).await?;
            Ok(Response::new(Box::pin(events)))
        }
    }
}
