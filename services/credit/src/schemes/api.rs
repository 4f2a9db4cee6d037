//! SchemeService as tonic sees it.

use yizhan_proto::credit::v1::scheme_service_server::SchemeService;
use yizhan_proto::credit::v1::{
    GetSchemeRequest, GetSchemeResponse, ListSchemesRequest, ListSchemesResponse, PublishSchemeRequest,
    PublishSchemeResponse,
};
use yizhan_runtime::calls;

use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct SchemeApi(Credit);

impl SchemeApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        SchemeApi(credit)
    }
}

yizhan_rules::documents! { Credit, schemes:
    PublishSchemeRequest -> PublishSchemeResponse,
    ListSchemesRequest -> ListSchemesResponse,
    GetSchemeRequest -> GetSchemeResponse
}

calls! { SchemeService for SchemeApi, working with |api| &api.0;
    publish_scheme(PublishSchemeRequest) -> PublishSchemeResponse = publish;
    list_schemes(ListSchemesRequest) -> ListSchemesResponse = list;
    get_scheme(GetSchemeRequest) -> GetSchemeResponse = get;
}
