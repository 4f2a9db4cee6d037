//! SettlementService.

use std::pin::Pin;

use futures::Stream;
use tonic::{Request, Response, Status, async_trait};
use yizhan_proto::settlement::v1::settlement_service_server::SettlementService;
use yizhan_proto::settlement::v1::{
    CheckBooksRequest, CheckBooksResponse, GetAccumulatorsRequest, GetAccumulatorsResponse,
    GetBenefitsRequest, GetBenefitsResponse, GetSettlementRequest, GetSettlementResponse,
    GetStatementRequest, GetStatementResponse, ListSettlementsRequest, ListSettlementsResponse,
    PreviewRequest, PreviewResponse, ReplaySettlementRequest, ReplaySettlementResponse, ReverseRequest,
    ReverseResponse, SettleRequest, SettleResponse, WatchSettlementsRequest, WatchSettlementsResponse,
};
use yizhan_runtime::Caller;

use super::{benefits, preview, query, replay, reverse, settle, watch};
use crate::app::Api;
use crate::books::check_books;

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl SettlementService for Api {
    async fn preview(&self, request: Request<PreviewRequest>) -> Answer<PreviewResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(preview::preview(&self.0, &caller, request.into_inner()).await?))
    }

    async fn settle(&self, request: Request<SettleRequest>) -> Answer<SettleResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(settle::settle(&self.0, &caller, request.into_inner()).await?))
    }

    async fn reverse(&self, request: Request<ReverseRequest>) -> Answer<ReverseResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(reverse::reverse(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_settlement(&self, request: Request<GetSettlementRequest>) -> Answer<GetSettlementResponse> {
        let caller = Caller::of(&request);
        let settlement = query::get(&self.0, &caller, request.into_inner()).await?;
        Ok(Response::new(GetSettlementResponse { settlement: Some(settlement) }))
    }

    async fn list_settlements(
        &self,
        request: Request<ListSettlementsRequest>,
    ) -> Answer<ListSettlementsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(query::list(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_statement(&self, request: Request<GetStatementRequest>) -> Answer<GetStatementResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(query::statement(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_accumulators(
        &self,
        request: Request<GetAccumulatorsRequest>,
    ) -> Answer<GetAccumulatorsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(query::accumulators(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_benefits(&self, request: Request<GetBenefitsRequest>) -> Answer<GetBenefitsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(benefits::get_benefits(&self.0, &caller, request.into_inner()).await?))
    }

    async fn replay_settlement(
        &self,
        request: Request<ReplaySettlementRequest>,
    ) -> Answer<ReplaySettlementResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(replay::replay(&self.0, &caller, &request.into_inner().setl_id).await?))
    }

    type WatchSettlementsStream =
        Pin<Box<dyn Stream<Item = Result<WatchSettlementsResponse, Status>> + Send>>;

    async fn watch_settlements(
        &self,
        request: Request<WatchSettlementsRequest>,
    ) -> Answer<Self::WatchSettlementsStream> {
        let caller = Caller::of(&request);
        let events = watch::watch(self.0.clone(), caller, &request.into_inner())?;
        Ok(Response::new(Box::pin(events)))
    }

    async fn check_books(&self, request: Request<CheckBooksRequest>) -> Answer<CheckBooksResponse> {
        let caller = Caller::of(&request);
        let books = check_books::check_books(&self.0, &caller, &request.into_inner().poolarea_no).await?;
        Ok(Response::new(books))
    }
}
