//! 权益: the calls, nothing decided.

use yizhan_proto::enrollment::v1::rights_service_server::RightsService;
use yizhan_proto::enrollment::v1::{
    AuthorizeLookRequest, AuthorizeLookResponse, GetRightsRequest, GetRightsResponse, GrantAccessRequest,
    GrantAccessResponse, ListAccessLogRequest, ListAccessLogResponse, ListGrantsRequest, ListGrantsResponse,
    LookUpByGrantRequest, LookUpByGrantResponse, VerifyAccessLogRequest, VerifyAccessLogResponse,
    WithdrawGrantRequest, WithdrawGrantResponse,
};
use yizhan_runtime::calls;

use crate::app::Register;
use crate::rights;

calls! { RightsService for Register, working with |register| register;
    get_rights(GetRightsRequest) -> GetRightsResponse = rights::get_rights;
    grant_access(GrantAccessRequest) -> GrantAccessResponse = rights::grant_access;
    withdraw_grant(WithdrawGrantRequest) -> WithdrawGrantResponse = rights::withdraw_grant;
    list_grants(ListGrantsRequest) -> ListGrantsResponse = rights::list_grants;
    look_up_by_grant(LookUpByGrantRequest) -> LookUpByGrantResponse = rights::look_up_by_grant;
    authorize_look(AuthorizeLookRequest) -> AuthorizeLookResponse = rights::authorize_look;
    list_access_log(ListAccessLogRequest) -> ListAccessLogResponse = rights::list_access_log;
    verify_access_log(VerifyAccessLogRequest) -> VerifyAccessLogResponse = rights::verify_access_log;
}
