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
use yizhan_runtime::{Caller, calls, contract};

use crate::answers::{batch_find_filing, find_filing};
use crate::app::Register;
use crate::filings::{advance, get_filing, import_filings, list_queue, submit, watch_filings};

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

calls! { FilingService for FilingApi, working with |api| &api.register;
    find_filing(FindFilingRequest) -> FindFilingResponse = find_filing;
    batch_find_filing(BatchFindFilingRequest) -> BatchFindFilingResponse = batch_find_filing;
    submit_filing(SubmitFilingRequest) -> SubmitFilingResponse = submit::submit_filing;
    advance_filing(AdvanceFilingRequest) -> AdvanceFilingResponse = advance::advance_filing;
    get_filing(GetFilingRequest) -> GetFilingResponse = get_filing::get_filing;
    list_filings(ListFilingsRequest) -> ListFilingsResponse = get_filing::list_filings;
    list_queue(ListQueueRequest) -> ListQueueResponse = list_queue::list_queue;
    import_filings(ImportFilingsRequest) -> ImportFilingsResponse = import_filings::import_filings;
    .. {
        type WatchFilingsStream =
            Pin<Box<dyn Stream<Item = Result<WatchFilingsResponse, Status>> + Send>>;

        async fn watch_filings(
            &self,
            request: Request<WatchFilingsRequest>,
        ) -> Result<Response<Self::WatchFilingsStream>, Status> {
            let caller = Caller::of(&request);
            contract::check(request.get_ref())?;
            let token = request.into_inner().resume_token;
            let events =
                watch_filings::watch_filings(&self.register, self.stopping.clone(), caller, &token).await?;
            Ok(Response::new(Box::pin(events)))
        }
    }
}
