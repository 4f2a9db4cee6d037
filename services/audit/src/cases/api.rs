//! CaseService as tonic sees it.

use std::pin::Pin;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use yizhan_proto::audit::v1::case_service_server::CaseService;
use yizhan_proto::audit::v1::{
    AdvanceCaseRequest, AdvanceCaseResponse, AppealCaseRequest, AppealCaseResponse, GetCaseRequest,
    GetCaseResponse, GiveOpinionRequest, GiveOpinionResponse, ListCaseQueueRequest, ListCaseQueueResponse,
    ListCasesRequest, ListCasesResponse, OpenCaseRequest, OpenCaseResponse, VerifyCaseLogRequest,
    VerifyCaseLogResponse, WatchDecisionsRequest, WatchDecisionsResponse,
};
use yizhan_runtime::{Caller, calls, contract};

use super::{advance, changes, open, queries, verify};
use crate::app::Audit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct CaseApi {
    audit: Audit,
    stopping: CancellationToken,
}

impl CaseApi {
    /// Over audit; `stopping` ends endless streams.
    pub fn new(audit: Audit, stopping: CancellationToken) -> Self {
        CaseApi { audit, stopping }
    }
}

calls! { CaseService for CaseApi, working with |api| &api.audit;
    open_case(OpenCaseRequest) -> OpenCaseResponse = open::open_case;
    advance_case(AdvanceCaseRequest) -> AdvanceCaseResponse = advance::advance_case;
    appeal_case(AppealCaseRequest) -> AppealCaseResponse = advance::appeal_case;
    give_opinion(GiveOpinionRequest) -> GiveOpinionResponse = advance::give_opinion;
    get_case(GetCaseRequest) -> GetCaseResponse = queries::get_case;
    list_cases(ListCasesRequest) -> ListCasesResponse = queries::list_cases;
    list_case_queue(ListCaseQueueRequest) -> ListCaseQueueResponse = queries::list_case_queue;
    verify_case_log(VerifyCaseLogRequest) -> VerifyCaseLogResponse = verify::verify_case_log;
    .. {
        type WatchDecisionsStream =
            Pin<Box<dyn Stream<Item = Result<WatchDecisionsResponse, Status>> + Send>>;

        async fn watch_decisions(
            &self,
            request: Request<WatchDecisionsRequest>,
        ) -> Result<Response<Self::WatchDecisionsStream>, Status> {
            let caller = Caller::of(&request);
            contract::check(request.get_ref())?;
            let token = request.into_inner().resume_token;
            let events = changes::watch(&self.audit, self.stopping.clone(), caller, &token).await?;
            Ok(Response::new(Box::pin(events)))
        }
    }
}
