//! 权益: a table of calls, nothing decided.

use yizhan_proto::enrollment::v1::rights_service_server::RightsService;
use yizhan_proto::enrollment::v1::{
    AuthorizeLookRequest, AuthorizeLookResponse, GetRightsRequest, GetRightsResponse, GrantAccessRequest,
    GrantAccessResponse, ListAccessLogRequest, ListAccessLogResponse, ListGrantsRequest, ListGrantsResponse,
    LookUpByGrantRequest, LookUpByGrantResponse, VerifyAccessLogRequest, VerifyAccessLogResponse,
    WithdrawGrantRequest, WithdrawGrantResponse,
};

use crate::app::Register;
use crate::rights;

yizhan_runtime::api! {
    /// RightsService as tonic sees it.
    RightsApi: RightsService over Register, by rights;
    get_rights(GetRightsRequest) -> GetRightsResponse;
    grant_access(GrantAccessRequest) -> GrantAccessResponse;
    withdraw_grant(WithdrawGrantRequest) -> WithdrawGrantResponse;
    list_grants(ListGrantsRequest) -> ListGrantsResponse;
    look_up_by_grant(LookUpByGrantRequest) -> LookUpByGrantResponse;
    authorize_look(AuthorizeLookRequest) -> AuthorizeLookResponse;
    list_access_log(ListAccessLogRequest) -> ListAccessLogResponse;
    verify_access_log(VerifyAccessLogRequest) -> VerifyAccessLogResponse;
}
