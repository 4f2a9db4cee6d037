//! ReconciliationService.

use yizhan_proto::settlement::v1::reconciliation_service_server::ReconciliationService;
use yizhan_proto::settlement::v1::{
    FindMessageRequest, FindMessageResponse, ReconcileLinesRequest, ReconcileLinesResponse,
    ReconcileTotalsRequest, ReconcileTotalsResponse, ReverseMessageRequest, ReverseMessageResponse,
};
use yizhan_runtime::calls;

use super::find_message::find_message;
use super::lines::reconcile_lines;
use super::reverse_message::reverse_message;
use super::totals::reconcile_totals;
use crate::app::Api;

calls! { ReconciliationService for Api, working with |api| &api.0;
    reconcile_totals(ReconcileTotalsRequest) -> ReconcileTotalsResponse = reconcile_totals;
    reconcile_lines(ReconcileLinesRequest) -> ReconcileLinesResponse = reconcile_lines;
    find_message(FindMessageRequest) -> FindMessageResponse = find_message;
    reverse_message(ReverseMessageRequest) -> ReverseMessageResponse = reverse_message;
}
