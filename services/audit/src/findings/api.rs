//! FindingService as tonic sees it.

use yizhan_proto::audit::v1::finding_service_server::FindingService;
use yizhan_proto::audit::v1::{
    DismissFindingRequest, DismissFindingResponse, DryRunRequest, DryRunResponse, GetFindingRequest,
    GetFindingResponse, ListFindingsRequest, ListFindingsResponse, ReopenFindingRequest,
    ReopenFindingResponse,
};
use yizhan_runtime::calls;

use super::{dismiss, dry_run, list};
use crate::app::Audit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct FindingApi(Audit);

impl FindingApi {
    /// Over audit.
    pub fn new(audit: Audit) -> Self {
        FindingApi(audit)
    }
}

calls! { FindingService for FindingApi, working with |api| &api.0;
    list_findings(ListFindingsRequest) -> ListFindingsResponse = list::list_findings;
    get_finding(GetFindingRequest) -> GetFindingResponse = list::get_finding;
    dismiss_finding(DismissFindingRequest) -> DismissFindingResponse = dismiss::dismiss_finding;
    reopen_finding(ReopenFindingRequest) -> ReopenFindingResponse = dismiss::reopen_finding;
    dry_run(DryRunRequest) -> DryRunResponse = dry_run::dry_run;
}
