//! FilingService as tonic sees it.

use std::pin::Pin;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use yizhan_proto::filing::v1::filing_service_server::FilingService;
use yizhan_proto::filing::v1::{
    AdvanceFilingRequest, AdvanceFilingResponse, BatchFindFilingRequest, BatchFindFilingResponse,
    FindFilingRequest, FindFilingResponse, GetFilingRequest, GetFilingResponse, ImportFilingsRequest,
    ImportFilingsResponse, ListFilingsRequest, ListFilingsResponse, ListQueueRequest, ListQueueResponse,
    SubmitFilingRequest, SubmitFilingResponse, WatchFilingsRequest, WatchFilingsResponse,
};
use yizhan_runtime::{Caller, Reply};

use crate::answers::{batch_find_filing, find_filing};
use crate::app::Register;
use crate::filings::advance::advance_filing;
use crate::filings::get_filing::{get_filing, list_filings};
use crate::filings::import_filings::import_filings;
use crate::filings::list_queue::list_queue;
use crate::filings::submit::submit_filing;
use crate::filings::watch_filings::watch_filings;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct FilingApi {
    register: Register,
    stopping: CancellationToken,
}

impl FilingApi {
    /// Over this register; `stopping` ends endless streams.
    pub fn new(register: Register, stopping: CancellationToken) -> Self {
        FilingApi { register, stopping }
    }
}

#[tonic::async_trait]
impl FilingService for FilingApi {
    type WatchFilingsStream = Pin<Box<dyn Stream<Item = Result<WatchFilingsResponse, Status>> + Send>>;

    async fn find_filing(&self, request: Request<FindFilingRequest>) -> Reply<FindFilingResponse> {
        let caller = Caller::of(&request);
        let answer = find_filing(&self.register, &caller, request.into_inner()).await?;
        Ok(Response::new(FindFilingResponse { answer: Some(answer) }))
    }

    async fn batch_find_filing(
        &self,
        request: Request<BatchFindFilingRequest>,
    ) -> Reply<BatchFindFilingResponse> {
        let caller = Caller::of(&request);
        let answers = batch_find_filing(&self.register, &caller, request.into_inner().requests).await?;
        let responses = answers.into_iter().map(|answer| FindFilingResponse { answer }).collect();
        Ok(Response::new(BatchFindFilingResponse { responses }))
    }

    async fn submit_filing(&self, request: Request<SubmitFilingRequest>) -> Reply<SubmitFilingResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(submit_filing(&self.register, &caller, request.into_inner()).await?))
    }

    async fn advance_filing(&self, request: Request<AdvanceFilingRequest>) -> Reply<AdvanceFilingResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(advance_filing(&self.register, &caller, request.into_inner()).await?))
    }

    async fn get_filing(&self, request: Request<GetFilingRequest>) -> Reply<GetFilingResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(get_filing(&self.register, &caller, request.into_inner()).await?))
    }

    async fn list_filings(&self, request: Request<ListFilingsRequest>) -> Reply<ListFilingsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(list_filings(&self.register, &caller, request.into_inner()).await?))
    }

    async fn list_queue(&self, request: Request<ListQueueRequest>) -> Reply<ListQueueResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(list_queue(&self.register, &caller, request.into_inner()).await?))
    }

    async fn import_filings(&self, request: Request<ImportFilingsRequest>) -> Reply<ImportFilingsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(import_filings(&self.register, &caller, request.into_inner()).await?))
    }

    async fn watch_filings(&self, request: Request<WatchFilingsRequest>) -> Reply<Self::WatchFilingsStream> {
        let caller = Caller::of(&request);
        let resume_token = request.into_inner().resume_token;
        let events = watch_filings(&self.register, self.stopping.clone(), caller, &resume_token)?;
        Ok(Response::new(Box::pin(events)))
    }
}
