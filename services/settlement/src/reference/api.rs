//! InstitutionService and CatalogueService.

use yizhan_proto::settlement::v1::catalogue_service_server::CatalogueService;
use yizhan_proto::settlement::v1::institution_service_server::InstitutionService;
use yizhan_proto::settlement::v1::{
    GetCatalogueItemRequest, GetCatalogueItemResponse, GetInstitutionRequest, GetInstitutionResponse,
    ImportCatalogueRequest, ImportCatalogueResponse, ImportInstitutionsRequest, ImportInstitutionsResponse,
    ListCatalogueItemsRequest, ListCatalogueItemsResponse, ListInstitutionsRequest, ListInstitutionsResponse,
};
use yizhan_runtime::calls;

use super::store::Reference;
use super::{import, lookup};

calls! { InstitutionService for Reference, working with |reference| reference;
    import_institutions(ImportInstitutionsRequest) -> ImportInstitutionsResponse = import::institutions;
    get_institution(GetInstitutionRequest) -> GetInstitutionResponse = lookup::institution;
    list_institutions(ListInstitutionsRequest) -> ListInstitutionsResponse = lookup::institutions;
}

calls! { CatalogueService for Reference, working with |reference| reference;
    import_catalogue(ImportCatalogueRequest) -> ImportCatalogueResponse = import::catalogue;
    get_catalogue_item(GetCatalogueItemRequest) -> GetCatalogueItemResponse = lookup::item;
    list_catalogue_items(ListCatalogueItemsRequest) -> ListCatalogueItemsResponse = lookup::items;
}
