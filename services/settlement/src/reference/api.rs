//! InstitutionService and CatalogueService.

use yizhan_proto::settlement::v1::catalogue_service_server::CatalogueService;
use yizhan_proto::settlement::v1::institution_service_server::InstitutionService;
use yizhan_proto::settlement::v1::{
    GetCatalogueItemRequest, GetCatalogueItemResponse, GetInstitutionRequest, GetInstitutionResponse,
    ImportCatalogueRequest, ImportCatalogueResponse, ImportInstitutionsRequest, ImportInstitutionsResponse,
    ListCatalogueItemsRequest, ListCatalogueItemsResponse, ListContractStatusesRequest,
    ListContractStatusesResponse, ListInstitutionsRequest, ListInstitutionsResponse,
    ListSettledWithoutContractRequest, ListSettledWithoutContractResponse, RecordContractStatusRequest,
    RecordContractStatusResponse, WithdrawContractStatusRequest, WithdrawContractStatusResponse,
};
use yizhan_runtime::calls;

use super::store::Reference;
use super::{contracts, import, lookup, settled};

calls! { InstitutionService for Reference, working with |reference| reference;
    import_institutions(ImportInstitutionsRequest) -> ImportInstitutionsResponse = import::institutions;
    get_institution(GetInstitutionRequest) -> GetInstitutionResponse = lookup::institution;
    list_institutions(ListInstitutionsRequest) -> ListInstitutionsResponse = lookup::institutions;
    record_contract_status(RecordContractStatusRequest) -> RecordContractStatusResponse = contracts::record;
    withdraw_contract_status(WithdrawContractStatusRequest) -> WithdrawContractStatusResponse = contracts::withdraw;
    list_contract_statuses(ListContractStatusesRequest) -> ListContractStatusesResponse = contracts::list;
    list_settled_without_contract(ListSettledWithoutContractRequest) -> ListSettledWithoutContractResponse = settled::list;
}

calls! { CatalogueService for Reference, working with |reference| reference;
    import_catalogue(ImportCatalogueRequest) -> ImportCatalogueResponse = import::catalogue;
    get_catalogue_item(GetCatalogueItemRequest) -> GetCatalogueItemResponse = lookup::item;
    list_catalogue_items(ListCatalogueItemsRequest) -> ListCatalogueItemsResponse = lookup::items;
}
