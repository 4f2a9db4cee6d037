//! Looking up institutions and the catalogue: public to every caller.

use sea_orm::EntityTrait;
use yizhan_proto::settlement::v1::{
    CatalogueItem, GetCatalogueItemRequest, GetCatalogueItemResponse, GetInstitutionRequest,
    GetInstitutionResponse, Institution, ListCatalogueItemsRequest, ListCatalogueItemsResponse,
    ListInstitutionsRequest, ListInstitutionsResponse,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::page::paginated;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::store::entities::{catalogue_item, institution};
use super::store::{Place, Reference};
use crate::fields::check_area;
use crate::fields::check_id;

/// One institution by code.
pub async fn institution(
    reference: &Reference,
    _: &Caller,
    request: GetInstitutionRequest,
) -> Result<GetInstitutionResponse, ServiceError> {
    let row = institution::Entity::find_by_id(request.fixmedins_code).one(&reference.db).await?;
    let row = row.ok_or_else(|| ServiceError::new(Reason::InstitutionUnknown, "no such institution"))?;
    Ok(GetInstitutionResponse { institution: Some(institution_message(row)) })
}

/// Institutions by code.
pub async fn institutions(
    reference: &Reference,
    _: &Caller,
    request: ListInstitutionsRequest,
) -> Result<ListInstitutionsResponse, ServiceError> {
    let asked = (request.page_size, request.page_token.as_str());
    let behind = |after: Option<[String; 1]>, limit| reference.list_institutions(after, limit);
    let key = |last: &institution::Model| [last.fixmedins_code.clone()];
    let (rows, next_page_token) = paginated("institutions", asked, behind, key).await?;
    Ok(ListInstitutionsResponse {
        institutions: rows.into_iter().map(institution_message).collect(),
        next_page_token,
    })
}

/// The catalogue entry that holds in an area on a day.
pub async fn item(
    reference: &Reference,
    _: &Caller,
    request: GetCatalogueItemRequest,
) -> Result<GetCatalogueItemResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_id(&request.hilist_code, "hilist_code", &mut wrong);
    check_area(&request.admdvs, "admdvs", &mut wrong);
    let day =
        if request.as_of.is_empty() { Some(reference.clock.today()) } else { parse_date(&request.as_of) };
    wrong.require(day.is_some(), "as_of", Reason::DateInvalid);
    wrong.none()?;
    let day = day.unwrap_or_else(|| reference.clock.today());
    let place = Place { admdvs: &request.admdvs, level: &request.level };
    let row = reference.item_row(&request.hilist_code, &place, day).await;
    let row = row?;
    let row = row.ok_or_else(|| ServiceError::new(Reason::ItemUnknown, "no such item"))?;
    Ok(GetCatalogueItemResponse { item: Some(item_message(row)?) })
}

/// Catalogue entries by code, area and first day.
pub async fn items(
    reference: &Reference,
    _: &Caller,
    request: ListCatalogueItemsRequest,
) -> Result<ListCatalogueItemsResponse, ServiceError> {
    let asked = (request.page_size, request.page_token.as_str());
    let behind = |after: Option<[String; 4]>, limit| reference.list_items(after, limit);
    let key = |last: &catalogue_item::Model| {
        [&last.hilist_code, &last.admdvs, &last.level, &last.begndate].map(String::clone)
    };
    let (rows, next_page_token) = paginated("catalogue", asked, behind, key).await?;
    let items = rows.into_iter().map(item_message).collect::<Result<_, _>>()?;
    Ok(ListCatalogueItemsResponse { items, next_page_token })
}

fn institution_message(row: institution::Model) -> Institution {
    Institution {
        fixmedins_code: row.fixmedins_code,
        fixmedins_name: row.fixmedins_name,
        level: row.level,
        admdvs: row.admdvs,
        fixmedins_type: row.fixmedins_type,
        contracted: row.contracted,
    }
}

fn item_message(row: catalogue_item::Model) -> Result<CatalogueItem, ServiceError> {
    Ok(CatalogueItem {
        labels: serde_json::from_str(&row.labels).map_err(ServiceError::internal)?,
        hilist_code: row.hilist_code,
        name: row.name,
        list_type: row.list_type,
        chrgitm_lv: row.chrgitm_lv,
        admdvs: row.admdvs,
        level: row.level,
        begndate: row.begndate,
        enddate: row.enddate,
        pric_uplmt_amt: row.pric_uplmt_amt,
        selfpay_prop: row.selfpay_prop,
        source: row.source,
        confidence: row.confidence,
    })
}
