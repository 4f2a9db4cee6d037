//! FilingRulesService as tonic sees it.

use tonic::{Request, Response, Status};
use yizhan_proto::filing::v1::filing_rules_service_server::FilingRulesService;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, GetFilingRulesRequest, GetFilingRulesResponse,
    ListFilingRulesRequest, ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_runtime::Caller;

use crate::app::Register;
use crate::rules::documents;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct RulesApi(Register);

impl RulesApi {
    /// Over this register.
    pub fn new(register: Register) -> Self {
        RulesApi(register)
    }
}

#[tonic::async_trait]
impl FilingRulesService for RulesApi {
    async fn publish_filing_rules(
        &self,
        request: Request<PublishFilingRulesRequest>,
    ) -> Result<Response<PublishFilingRulesResponse>, Status> {
        let caller = Caller::of(&request);
        Ok(Response::new(rules_documents::publish(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_filing_rules(
        &self,
        request: Request<ListFilingRulesRequest>,
    ) -> Result<Response<ListFilingRulesResponse>, Status> {
        Ok(Response::new(rules_documents::list(&self.0, request.into_inner()).await?))
    }

    async fn get_filing_rules(
        &self,
        request: Request<GetFilingRulesRequest>,
    ) -> Result<Response<GetFilingRulesResponse>, Status> {
        let rules = rules_documents::get(&self.0, request.into_inner()).await?;
        Ok(Response::new(GetFilingRulesResponse { rules: Some(rules) }))
    }

    async fn add_working_days(
        &self,
        request: Request<AddWorkingDaysRequest>,
    ) -> Result<Response<AddWorkingDaysResponse>, Status> {
        Ok(Response::new(rules_documents::add_working_days(&self.0, request.get_ref())?))
    }
}
