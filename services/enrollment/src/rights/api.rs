//! 权益: proto in, proto out, nothing decided.

use tonic::{Request, Response};
use yizhan_proto::enrollment::v1::rights_service_server::RightsService;
use yizhan_proto::enrollment::v1::{
    AuthorizeLookRequest, AuthorizeLookResponse, GetRightsRequest, GetRightsResponse, GrantAccessRequest,
    GrantAccessResponse, ListAccessLogRequest, ListAccessLogResponse, ListGrantsRequest, ListGrantsResponse,
    LookUpByGrantRequest, LookUpByGrantResponse, VerifyAccessLogRequest, VerifyAccessLogResponse,
    WithdrawGrantRequest, WithdrawGrantResponse,
};
use yizhan_runtime::{Caller, Reply};

use crate::app::Register;
use crate::rights;
use crate::rights::messages;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct RightsApi {
    register: Register,
}

impl RightsApi {
    /// Over this register.
    pub fn new(register: Register) -> Self {
        RightsApi { register }
    }
}

#[tonic::async_trait]
impl RightsService for RightsApi {
    async fn get_rights(&self, request: Request<GetRightsRequest>) -> Reply<GetRightsResponse> {
        let caller = Caller::of(&request);
        let GetRightsRequest { psn_no, purpose } = request.into_inner();
        let view = rights::get_rights(&self.register, &caller, &psn_no, &purpose).await?;
        Ok(Response::new(GetRightsResponse { rights: Some(messages::rights(view)) }))
    }

    async fn grant_access(&self, request: Request<GrantAccessRequest>) -> Reply<GrantAccessResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(rights::grant_access(&self.register, &caller, request.into_inner()).await?))
    }

    async fn withdraw_grant(&self, request: Request<WithdrawGrantRequest>) -> Reply<WithdrawGrantResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(rights::withdraw_grant(&self.register, &caller, request.into_inner()).await?))
    }

    async fn list_grants(&self, request: Request<ListGrantsRequest>) -> Reply<ListGrantsResponse> {
        let caller = Caller::of(&request);
        let ListGrantsRequest { psn_no, page_size, page_token } = request.into_inner();
        let page = rights::list_grants(&self.register, &caller, &psn_no, (page_size, &page_token)).await?;
        let grants = page.0.into_iter().map(messages::grant).collect();
        Ok(Response::new(ListGrantsResponse { grants, next_page_token: page.1 }))
    }

    async fn look_up_by_grant(&self, request: Request<LookUpByGrantRequest>) -> Reply<LookUpByGrantResponse> {
        let caller = Caller::of(&request);
        let LookUpByGrantRequest { grant_id, purpose, scopes } = request.into_inner();
        let (view, given) =
            rights::look_up_by_grant(&self.register, &caller, &grant_id, &purpose, &scopes).await?;
        let scopes = given.into_iter().map(messages::scope_code).collect();
        Ok(Response::new(LookUpByGrantResponse { rights: Some(messages::rights(view)), scopes }))
    }

    async fn authorize_look(&self, request: Request<AuthorizeLookRequest>) -> Reply<AuthorizeLookResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(rights::authorize_look(&self.register, &caller, request.into_inner()).await?))
    }

    async fn list_access_log(&self, request: Request<ListAccessLogRequest>) -> Reply<ListAccessLogResponse> {
        let caller = Caller::of(&request);
        let ListAccessLogRequest { psn_no, page_size, page_token } = request.into_inner();
        let page =
            rights::list_access_log(&self.register, &caller, &psn_no, (page_size, &page_token)).await?;
        let entries = page.0.into_iter().map(messages::log_entry).collect();
        Ok(Response::new(ListAccessLogResponse { entries, next_page_token: page.1 }))
    }

    async fn verify_access_log(
        &self,
        request: Request<VerifyAccessLogRequest>,
    ) -> Reply<VerifyAccessLogResponse> {
        let caller = Caller::of(&request);
        let asked = messages::verification(request.into_inner());
        let verdict = rights::verify_access_log(&self.register, &caller, asked).await?;
        Ok(Response::new(messages::verdict(verdict)))
    }
}
