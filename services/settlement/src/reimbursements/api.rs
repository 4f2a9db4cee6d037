//! ReimbursementService.

use yizhan_proto::settlement::v1::reimbursement_service_server::ReimbursementService;
use yizhan_proto::settlement::v1::{
    AdvanceReimbursementRequest, AdvanceReimbursementResponse, ConfirmPaymentRunRequest,
    ConfirmPaymentRunResponse, GetReimbursementFiguresRequest, GetReimbursementFiguresResponse,
    GetReimbursementRequest, GetReimbursementResponse, ListPaymentRunsRequest, ListPaymentRunsResponse,
    ListPaymentsRequest, ListPaymentsResponse, ListReimbursementsRequest, ListReimbursementsResponse,
    MakePaymentRunRequest, MakePaymentRunResponse, PreviewReimbursementRequest, PreviewReimbursementResponse,
    ReturnPaymentRequest, ReturnPaymentResponse, SubmitReimbursementRequest, SubmitReimbursementResponse,
};
use yizhan_runtime::calls;

use super::advance::advance_reimbursement;
use super::approve::preview_reimbursement;
use super::queries::{get_reimbursement, get_reimbursement_figures, list_reimbursements};
use super::runs::{confirm_payment_run, list_payment_runs, list_payments, make_payment_run, return_payment};
use super::submit::submit_reimbursement;
use crate::app::Api;

calls! { ReimbursementService for Api, working with |api| &api.0;
    submit_reimbursement(SubmitReimbursementRequest) -> SubmitReimbursementResponse = submit_reimbursement;
    advance_reimbursement(AdvanceReimbursementRequest) -> AdvanceReimbursementResponse = advance_reimbursement;
    preview_reimbursement(PreviewReimbursementRequest) -> PreviewReimbursementResponse = preview_reimbursement;
    get_reimbursement(GetReimbursementRequest) -> GetReimbursementResponse = get_reimbursement;
    list_reimbursements(ListReimbursementsRequest) -> ListReimbursementsResponse = list_reimbursements;
    get_reimbursement_figures(GetReimbursementFiguresRequest) -> GetReimbursementFiguresResponse = get_reimbursement_figures;
    make_payment_run(MakePaymentRunRequest) -> MakePaymentRunResponse = make_payment_run;
    confirm_payment_run(ConfirmPaymentRunRequest) -> ConfirmPaymentRunResponse = confirm_payment_run;
    return_payment(ReturnPaymentRequest) -> ReturnPaymentResponse = return_payment;
    list_payment_runs(ListPaymentRunsRequest) -> ListPaymentRunsResponse = list_payment_runs;
    list_payments(ListPaymentsRequest) -> ListPaymentsResponse = list_payments;
}
