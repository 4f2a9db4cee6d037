//! InstitutionService, CatalogueService, PolicyService and AccountService.

use tonic::{Request, Response, Status, async_trait};
use yizhan_proto::settlement::v1::account_service_server::AccountService;
use yizhan_proto::settlement::v1::catalogue_service_server::CatalogueService;
use yizhan_proto::settlement::v1::institution_service_server::InstitutionService;
use yizhan_proto::settlement::v1::policy_service_server::PolicyService;
use yizhan_proto::settlement::v1::{
    CheckPolicyRequest, CheckPolicyResponse, DepositRequest, DepositResponse, GetAccountRequest,
    GetAccountResponse, GetCatalogueItemRequest, GetCatalogueItemResponse, GetInstitutionRequest,
    GetInstitutionResponse, GetPolicyRequest, GetPolicyResponse, ImportCatalogueRequest,
    ImportCatalogueResponse, ImportInstitutionsRequest, ImportInstitutionsResponse,
    ListCatalogueItemsRequest, ListCatalogueItemsResponse, ListInstitutionsRequest, ListInstitutionsResponse,
    ListPoliciesRequest, ListPoliciesResponse, PublishPolicyRequest, PublishPolicyResponse,
};
use yizhan_runtime::Caller;

use super::Api;
use crate::usecases::{deposit, import, lookup, policies};

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl InstitutionService for Api {
    async fn import_institutions(
        &self,
        request: Request<ImportInstitutionsRequest>,
    ) -> Answer<ImportInstitutionsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(import::institutions(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_institution(
        &self,
        request: Request<GetInstitutionRequest>,
    ) -> Answer<GetInstitutionResponse> {
        Ok(Response::new(lookup::institution(&self.0, &request.into_inner().fixmedins_code).await?))
    }

    async fn list_institutions(
        &self,
        request: Request<ListInstitutionsRequest>,
    ) -> Answer<ListInstitutionsResponse> {
        Ok(Response::new(lookup::institutions(&self.0, request.into_inner()).await?))
    }
}

#[async_trait]
impl CatalogueService for Api {
    async fn import_catalogue(
        &self,
        request: Request<ImportCatalogueRequest>,
    ) -> Answer<ImportCatalogueResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(import::catalogue(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_catalogue_item(
        &self,
        request: Request<GetCatalogueItemRequest>,
    ) -> Answer<GetCatalogueItemResponse> {
        Ok(Response::new(lookup::item(&self.0, request.into_inner()).await?))
    }

    async fn list_catalogue_items(
        &self,
        request: Request<ListCatalogueItemsRequest>,
    ) -> Answer<ListCatalogueItemsResponse> {
        Ok(Response::new(lookup::items(&self.0, request.into_inner()).await?))
    }
}

#[async_trait]
impl PolicyService for Api {
    async fn check_policy(&self, request: Request<CheckPolicyRequest>) -> Answer<CheckPolicyResponse> {
        Ok(Response::new(policies::check(&self.0, &request.into_inner().document)))
    }

    async fn publish_policy(&self, request: Request<PublishPolicyRequest>) -> Answer<PublishPolicyResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(policies::publish(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_policy(&self, request: Request<GetPolicyRequest>) -> Answer<GetPolicyResponse> {
        let request = request.into_inner();
        Ok(Response::new(policies::get(&self.0, &request.policy_id, &request.version)?))
    }

    async fn list_policies(&self, request: Request<ListPoliciesRequest>) -> Answer<ListPoliciesResponse> {
        Ok(Response::new(policies::list(&self.0, &request.into_inner())?))
    }
}

#[async_trait]
impl AccountService for Api {
    async fn deposit(&self, request: Request<DepositRequest>) -> Answer<DepositResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(deposit::deposit(&self.0, &caller, request.into_inner()).await?))
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Answer<GetAccountResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(deposit::balance(&self.0, &caller, request.into_inner()).await?))
    }
}
