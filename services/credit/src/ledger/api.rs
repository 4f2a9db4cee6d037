//! LedgerService as tonic sees it.

use std::pin::Pin;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use yizhan_proto::credit::v1::ledger_service_server::LedgerService;
use yizhan_proto::credit::v1::{
    ListEntriesRequest, ListEntriesResponse, VerifyLedgerRequest, VerifyLedgerResponse, WatchCreditRequest,
    WatchCreditResponse,
};
use yizhan_runtime::{Caller, calls, contract};

use super::{list, verify, watch};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct LedgerApi {
    credit: Credit,
    stopping: CancellationToken,
}

impl LedgerApi {
    /// Over credit; `stopping` ends endless streams.
    pub fn new(credit: Credit, stopping: CancellationToken) -> Self {
        LedgerApi { credit, stopping }
    }
}

calls! { LedgerService for LedgerApi, working with |api| &api.credit;
    list_entries(ListEntriesRequest) -> ListEntriesResponse = list::list_entries;
    verify_ledger(VerifyLedgerRequest) -> VerifyLedgerResponse = verify::verify_ledger;
    .. {
        type WatchCreditStream = Pin<Box<dyn Stream<Item = Result<WatchCreditResponse, Status>> + Send>>;

        async fn watch_credit(
            &self,
            request: Request<WatchCreditRequest>,
        ) -> Result<Response<Self::WatchCreditStream>, Status> {
            let caller = Caller::of(&request);
            contract::check(request.get_ref())?;
            let token = request.into_inner().resume_token;
            let events = watch::watch(&self.credit, self.stopping.clone(), caller, &token).await?;
            Ok(Response::new(Box::pin(events)))
        }
    }
}
