//! AccountService.

use yizhan_proto::settlement::v1::account_service_server::AccountService;
use yizhan_proto::settlement::v1::{DepositRequest, DepositResponse, GetAccountRequest, GetAccountResponse};
use yizhan_runtime::calls;

use super::deposit;
use crate::app::Api;

calls! { AccountService for Api, working with |api| &api.0;
    deposit(DepositRequest) -> DepositResponse = deposit::deposit;
    get_account(GetAccountRequest) -> GetAccountResponse = deposit::balance;
}
