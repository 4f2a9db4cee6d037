//! AccountService.

use tonic::{Request, Response, Status, async_trait};
use yizhan_proto::settlement::v1::account_service_server::AccountService;
use yizhan_proto::settlement::v1::{DepositRequest, DepositResponse, GetAccountRequest, GetAccountResponse};
use yizhan_runtime::Caller;

use super::deposit;
use crate::app::Api;

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl AccountService for Api {
    async fn deposit(&self, request: Request<DepositRequest>) -> Answer<DepositResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(deposit::deposit(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Answer<GetAccountResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(deposit::balance(&self.0, &caller, request.into_inner()).await?))
    }
}
