//! FilingFiguresService as tonic sees it.

use tonic::{Request, Response};
use yizhan_proto::filing::v1::filing_figures_service_server::FilingFiguresService;
use yizhan_proto::filing::v1::{
    GetFilingFiguresRequest, GetFilingFiguresResponse, RecordManualReimbursementRequest,
    RecordManualReimbursementResponse,
};
use yizhan_runtime::{Caller, Reply};

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

#[tonic::async_trait]
impl FilingFiguresService for FiguresApi {
    async fn get_filing_figures(
        &self,
        request: Request<GetFilingFiguresRequest>,
    ) -> Reply<GetFilingFiguresResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(get_filing_figures(&self.0, &caller, request.into_inner()).await?))
    }

    async fn record_manual_reimbursement(
        &self,
        request: Request<RecordManualReimbursementRequest>,
    ) -> Reply<RecordManualReimbursementResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(record_manual_reimbursement(&self.0, &caller, request.into_inner()).await?))
    }
}
