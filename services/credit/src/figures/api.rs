//! FigureService as tonic sees it.

use yizhan_proto::credit::v1::figure_service_server::FigureService;
use yizhan_proto::credit::v1::{ListInstitutionFiguresRequest, ListInstitutionFiguresResponse};
use yizhan_runtime::calls;

use super::list;
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct FigureApi(Credit);

impl FigureApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        FigureApi(credit)
    }
}

calls! { FigureService for FigureApi, working with |api| &api.0;
    list_institution_figures(ListInstitutionFiguresRequest) -> ListInstitutionFiguresResponse = list::list_institution_figures;
}
