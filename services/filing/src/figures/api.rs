//! FilingFiguresService as tonic sees it.

use yizhan_proto::filing::v1::filing_figures_service_server::FilingFiguresService;
use yizhan_proto::filing::v1::{
    GetFilingFiguresRequest, GetFilingFiguresResponse, RecordManualReimbursementRequest,
    RecordManualReimbursementResponse,
};
use yizhan_runtime::calls;

use super::get_filing_figures::get_filing_figures;
use super::record_manual_reimbursement::record_manual_reimbursement;
use crate::app::Register;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct FiguresApi(Register);

impl FiguresApi {
    /// Over this register.
    pub fn new(register: Register) -> Self {
        FiguresApi(register)
    }
}

calls! { FilingFiguresService for FiguresApi, working with |api| &api.0;
    get_filing_figures(GetFilingFiguresRequest) -> GetFilingFiguresResponse = get_filing_figures;
    record_manual_reimbursement(RecordManualReimbursementRequest) -> RecordManualReimbursementResponse
        = record_manual_reimbursement;
}
