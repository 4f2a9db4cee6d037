//! OpeningService and ManualPaymentService.

use yizhan_proto::settlement::v1::manual_payment_service_server::ManualPaymentService;
use yizhan_proto::settlement::v1::opening_service_server::OpeningService;
use yizhan_proto::settlement::v1::{
    CancelManualPaymentRequest, CancelManualPaymentResponse, CancelOpeningRequest, CancelOpeningResponse,
    ListOpeningsRequest, ListOpeningsResponse, RecordManualPaymentRequest, RecordManualPaymentResponse,
    RecordOpeningRequest, RecordOpeningResponse,
};
use yizhan_runtime::calls;

use super::cancel_manual_payment::cancel_manual_payment;
use super::cancel_opening::cancel_opening;
use super::list_openings::list_openings;
use super::record_manual_payment::record_manual_payment;
use super::record_opening::record_opening;
use crate::app::Api;

calls! { OpeningService for Api, working with |api| &api.0;
    record_opening(RecordOpeningRequest) -> RecordOpeningResponse = record_opening;
    cancel_opening(CancelOpeningRequest) -> CancelOpeningResponse = cancel_opening;
    list_openings(ListOpeningsRequest) -> ListOpeningsResponse = list_openings;
}

calls! { ManualPaymentService for Api, working with |api| &api.0;
    record_manual_payment(RecordManualPaymentRequest) -> RecordManualPaymentResponse = record_manual_payment;
    cancel_manual_payment(CancelManualPaymentRequest) -> CancelManualPaymentResponse = cancel_manual_payment;
}
