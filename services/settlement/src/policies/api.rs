//! PolicyService.

use yizhan_proto::settlement::v1::policy_service_server::PolicyService;
use yizhan_proto::settlement::v1::{
    CheckPolicyRequest, CheckPolicyResponse, GetPolicyRequest, GetPolicyResponse, ListPoliciesRequest,
    ListPoliciesResponse, PublishPolicyRequest, PublishPolicyResponse, TryPolicyRequest, TryPolicyResponse,
};
use yizhan_runtime::calls;

use super::{publication, try_draft};
use crate::app::Api;

calls! { PolicyService for Api, working with |api| &api.0;
    check_policy(CheckPolicyRequest) -> CheckPolicyResponse = publication::check;
    publish_policy(PublishPolicyRequest) -> PublishPolicyResponse = publication::publish;
    get_policy(GetPolicyRequest) -> GetPolicyResponse = publication::get;
    list_policies(ListPoliciesRequest) -> ListPoliciesResponse = publication::list;
    try_policy(TryPolicyRequest) -> TryPolicyResponse = try_draft::try_policy;
}
