//! Looking up institutions and the catalogue: public to every caller.

use sea_orm::EntityTrait;
use yizhan_proto::settlement::v1::{
    GetCatalogueItemRequest, GetCatalogueItemResponse, GetInstitutionRequest, GetInstitutionResponse,
    ListCatalogueItemsRequest, ListCatalogueItemsResponse, ListInstitutionsRequest, ListInstitutionsResponse,
};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::store::entities::{catalogue_item, institution};
use super::store::{Place, Reference};
use crate::fields::check_id;

/// One institution by code.
pub async fn institution(
    reference: &Reference,
    _: &Caller,
    request: GetInstitutionRequest,
) -> Result<GetInstitutionResponse, ServiceError> {
    let row = institution::Entity::find_by_id(request.fixmedins_code).one(&reference.db).await?;
    let row = row.ok_or_else(|| ServiceError::new(Reason::InstitutionUnknown, "no such institution"))?;
    Ok(GetInstitutionResponse { institution: Some(row.into()) })
}

/// Institutions by code.
pub async fn institutions(
    reference: &Reference,
    caller: &Caller,
    request: ListInstitutionsRequest,
) -> Result<ListInstitutionsResponse, ServiceError> {
    let asked = reference.pages.asked(caller, &request);
    let behind = |after: Option<[String; 1]>, limit| reference.list_institutions(after, limit);
    let key = |last: &institution::Model| [last.fixmedins_code.clone()];
    let (rows, next_page_token) = asked.page(behind, key).await?;
    Ok(ListInstitutionsResponse { institutions: rows.into_iter().map(Into::into).collect(), next_page_token })
}

/// The catalogue entry that holds in an area on a day.
pub async fn item(
    reference: &Reference,
    _: &Caller,
    request: GetCatalogueItemRequest,
) -> Result<GetCatalogueItemResponse, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    check_id(&mut fields, "hilist_code", &request.hilist_code);
    fields.area("admdvs", &request.admdvs);
    let day = fields.optional("as_of", &request.as_of, Fields::date);
    let day = wrong.finish(day)?.unwrap_or_else(|| reference.clock.today());
    let place = Place { admdvs: &request.admdvs, level: &request.level };
    let row = reference.item_row(&request.hilist_code, &place, day).await?;
    let row = row.ok_or_else(|| ServiceError::new(Reason::ItemUnknown, "no such item"))?;
    Ok(GetCatalogueItemResponse { item: Some(row.try_into()?) })
}

/// Catalogue entries by code, area and first day.
pub async fn items(
    reference: &Reference,
    caller: &Caller,
    request: ListCatalogueItemsRequest,
) -> Result<ListCatalogueItemsResponse, ServiceError> {
    let asked = reference.pages.asked(caller, &request);
    let behind = |after: Option<[String; 4]>, limit| reference.list_items(after, limit);
    let key = |last: &catalogue_item::Model| {
        [&last.hilist_code, &last.admdvs, &last.level, &last.begndate].map(String::clone)
    };
    let (rows, next_page_token) = asked.page(behind, key).await?;
    let items = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    Ok(ListCatalogueItemsResponse { items, next_page_token })
}
