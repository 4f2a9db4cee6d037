//! TransferService as tonic sees it.

use tonic::{Request, Response};
use yizhan_proto::enrollment::v1::transfer_service_server::TransferService;
use yizhan_proto::enrollment::v1::{
    AdvanceTransferRequest, AdvanceTransferResponse, GetTransferRequest, GetTransferResponse,
    ListTransfersRequest, ListTransfersResponse, StartTransferRequest, StartTransferResponse,
};
use yizhan_runtime::{Caller, Reply};

use crate::app::Register;
use crate::transfers;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct TransferApi(Register);

impl TransferApi {
    /// Over this register.
    pub fn new(register: Register) -> Self {
        TransferApi(register)
    }
}

#[tonic::async_trait]
impl TransferService for TransferApi {
    async fn start_transfer(&self, request: Request<StartTransferRequest>) -> Reply<StartTransferResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(transfers::start_transfer(&self.0, &caller, request.into_inner()).await?))
    }

    async fn advance_transfer(
        &self,
        request: Request<AdvanceTransferRequest>,
    ) -> Reply<AdvanceTransferResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(transfers::advance_transfer(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_transfer(&self, request: Request<GetTransferRequest>) -> Reply<GetTransferResponse> {
        let caller = Caller::of(&request);
        let transfer_id = request.into_inner().transfer_id;
        let transfer = transfers::get_transfer(&self.0, &caller, &transfer_id).await?;
        Ok(Response::new(GetTransferResponse { transfer: Some(transfer) }))
    }

    async fn list_transfers(&self, request: Request<ListTransfersRequest>) -> Reply<ListTransfersResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(transfers::list_transfers(&self.0, &caller, request.into_inner()).await?))
    }
}
