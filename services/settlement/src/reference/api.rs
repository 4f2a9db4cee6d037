//! InstitutionService and CatalogueService.

use tonic::{Request, Response, Status, async_trait};
use yizhan_proto::settlement::v1::catalogue_service_server::CatalogueService;
use yizhan_proto::settlement::v1::institution_service_server::InstitutionService;
use yizhan_proto::settlement::v1::{
    GetCatalogueItemRequest, GetCatalogueItemResponse, GetInstitutionRequest, GetInstitutionResponse,
    ImportCatalogueRequest, ImportCatalogueResponse, ImportInstitutionsRequest, ImportInstitutionsResponse,
    ListCatalogueItemsRequest, ListCatalogueItemsResponse, ListInstitutionsRequest, ListInstitutionsResponse,
};
use yizhan_runtime::Caller;

use super::{import, lookup};
use crate::app::Api;

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
