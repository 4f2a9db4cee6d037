//! DeferralService.

use yizhan_proto::settlement::v1::deferral_service_server::DeferralService;
use yizhan_proto::settlement::v1::{
    CancelDeferralRequest, CancelDeferralResponse, CancelRepaymentRequest, CancelRepaymentResponse,
    DeclareDefaultsRequest, DeclareDefaultsResponse, DeferRequest, DeferResponse, GetPayLaterRequest,
    GetPayLaterResponse, ListDeferralsRequest, ListDeferralsResponse, RepayRequest, RepayResponse,
    SetPayLaterRequest, SetPayLaterResponse,
};
use yizhan_runtime::calls;

use super::agreement::{get_pay_later, set_pay_later};
use super::cancel::{cancel_deferral, cancel_repayment};
use super::defaults::declare_defaults;
use super::defer::defer;
use super::list::list_deferrals;
use super::repay::repay;
use crate::app::Api;

calls! { DeferralService for Api, working with |api| &api.0;
    set_pay_later(SetPayLaterRequest) -> SetPayLaterResponse = set_pay_later;
    get_pay_later(GetPayLaterRequest) -> GetPayLaterResponse = get_pay_later;
    defer(DeferRequest) -> DeferResponse = defer;
    cancel_deferral(CancelDeferralRequest) -> CancelDeferralResponse = cancel_deferral;
    repay(RepayRequest) -> RepayResponse = repay;
    cancel_repayment(CancelRepaymentRequest) -> CancelRepaymentResponse = cancel_repayment;
    declare_defaults(DeclareDefaultsRequest) -> DeclareDefaultsResponse = declare_defaults;
    list_deferrals(ListDeferralsRequest) -> ListDeferralsResponse = list_deferrals;
}
