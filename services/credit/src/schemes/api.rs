//! SchemeService as tonic sees it.

use yizhan_documents::RulesDocument;
use yizhan_proto::credit::v1::scheme_service_server::SchemeService;
use yizhan_proto::credit::v1::{
    GetSchemeRequest, GetSchemeResponse, ListSchemesRequest, ListSchemesResponse, PublishSchemeRequest,
    PublishSchemeResponse,
};
use yizhan_rules::Desk;
use yizhan_runtime::calls;

use super::SchemeFamilies;

type Documents = Desk<RulesDocument<SchemeFamilies>>;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct SchemeApi(Documents);

impl SchemeApi {
    /// Over these documents.
    pub fn new(documents: Documents) -> Self {
        SchemeApi(documents)
    }
}

yizhan_rules::documents! { Documents, book:
    PublishSchemeRequest -> PublishSchemeResponse,
    ListSchemesRequest -> ListSchemesResponse,
    GetSchemeRequest -> GetSchemeResponse
}

calls! { SchemeService for SchemeApi, working with |api| &api.0;
    publish_scheme(PublishSchemeRequest) -> PublishSchemeResponse = publish;
    list_schemes(ListSchemesRequest) -> ListSchemesResponse = list;
    get_scheme(GetSchemeRequest) -> GetSchemeResponse = get;
}
