//! PolicyService.

use tonic::{Request, Response, Status, async_trait};
use yizhan_proto::settlement::v1::policy_service_server::PolicyService;
use yizhan_proto::settlement::v1::{
    CheckPolicyRequest, CheckPolicyResponse, GetPolicyRequest, GetPolicyResponse, ListPoliciesRequest,
    ListPoliciesResponse, PublishPolicyRequest, PublishPolicyResponse,
};
use yizhan_runtime::Caller;

use super::publication;
use crate::app::Api;

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl PolicyService for Api {
    async fn check_policy(&self, request: Request<CheckPolicyRequest>) -> Answer<CheckPolicyResponse> {
        Ok(Response::new(publication::check(&self.0, &request.into_inner().document)))
    }

    async fn publish_policy(&self, request: Request<PublishPolicyRequest>) -> Answer<PublishPolicyResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(publication::publish(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_policy(&self, request: Request<GetPolicyRequest>) -> Answer<GetPolicyResponse> {
        let request = request.into_inner();
        Ok(Response::new(publication::get(&self.0, &request.rules_id, &request.version).await?))
    }

    async fn list_policies(&self, request: Request<ListPoliciesRequest>) -> Answer<ListPoliciesResponse> {
        Ok(Response::new(publication::list(&self.0, &request.into_inner()).await?))
    }
}
