//! AccountService.

use yizhan_proto::settlement::v1 as pb;
use yizhan_proto::settlement::v1::account_service_server::AccountService;
use yizhan_runtime::calls;

use super::{cancel, contribution, deposit, list};
use crate::app::Api;

calls! { AccountService for Api, working with |api| &api.0;
    deposit(pb::DepositRequest) -> pb::DepositResponse = deposit::deposit;
    cancel_account_booking(pb::CancelAccountBookingRequest) -> pb::CancelAccountBookingResponse = cancel::cancel;
    pay_contribution(pb::PayContributionRequest) -> pb::PayContributionResponse = contribution::pay;
    list_account_bookings(pb::ListAccountBookingsRequest) -> pb::ListAccountBookingsResponse = list::list;
    get_account(pb::GetAccountRequest) -> pb::GetAccountResponse = deposit::balance;
}
