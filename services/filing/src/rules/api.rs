//! FilingRulesService as tonic sees it.

use tonic::{Request, Response};
use yizhan_proto::filing::v1::filing_rules_service_server::FilingRulesService;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, GetFilingRulesRequest, GetFilingRulesResponse,
    ListFilingRulesRequest, ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_runtime::{Caller, Reply};

use super::documents::{self, Documents};

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct RulesApi(Documents);

impl RulesApi {
    /// Over these documents.
    pub fn new(documents: Documents) -> Self {
        RulesApi(documents)
    }
}

#[tonic::async_trait]
impl FilingRulesService for RulesApi {
    async fn publish_filing_rules(
        &self,
        request: Request<PublishFilingRulesRequest>,
    ) -> Reply<PublishFilingRulesResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(documents::publish(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_filing_rules(
        &self,
        request: Request<ListFilingRulesRequest>,
    ) -> Reply<ListFilingRulesResponse> {
        Ok(Response::new(documents::list(&self.0, request.into_inner()).await?))
    }

    async fn get_filing_rules(
        &self,
        request: Request<GetFilingRulesRequest>,
    ) -> Reply<GetFilingRulesResponse> {
        let rules = documents::get(&self.0, request.into_inner()).await?;
        Ok(Response::new(GetFilingRulesResponse { rules: Some(rules) }))
    }

    async fn add_working_days(
        &self,
        request: Request<AddWorkingDaysRequest>,
    ) -> Reply<AddWorkingDaysResponse> {
        Ok(Response::new(documents::add_working_days(&self.0, request.get_ref())?))
    }
}
