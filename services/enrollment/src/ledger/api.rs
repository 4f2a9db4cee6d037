//! LedgerService as tonic sees it.

use tonic::{Request, Response};
use yizhan_proto::enrollment::v1::ledger_service_server::LedgerService;
use yizhan_proto::enrollment::v1::{
    GetLedgerRequest, GetLedgerResponse, ListUnenrolledRequest, ListUnenrolledResponse,
};
use yizhan_runtime::{Caller, Reply};

use crate::app::Register;
use crate::ledger::get_ledger::get_ledger;
use crate::ledger::list_unenrolled::list_unenrolled;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct LedgerApi(Register);

impl LedgerApi {
    /// Over this register.
    pub fn new(register: Register) -> Self {
        LedgerApi(register)
    }
}

#[tonic::async_trait]
impl LedgerService for LedgerApi {
    async fn get_ledger(&self, request: Request<GetLedgerRequest>) -> Reply<GetLedgerResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(get_ledger(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_unenrolled(
        &self,
        request: Request<ListUnenrolledRequest>,
    ) -> Reply<ListUnenrolledResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(list_unenrolled(&self.0, &caller, request.into_inner()).await?))
    }
}
