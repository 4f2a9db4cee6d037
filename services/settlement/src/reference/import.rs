//! Importing institutions and the catalogue: all rows or none, once however often it is asked.

use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel};
use tonic::async_trait;
use yizhan_proto::settlement::v1::{
    CatalogueItem, ImportCatalogueRequest, ImportCatalogueResponse, ImportInstitutionsRequest,
    ImportInstitutionsResponse, Institution,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::{Area, InstitutionType, Tier};

use super::store::entities::{catalogue_item, institution};
use super::store::{Reference, replace};
use crate::books::digest;
use crate::books::once::{Work, once};
use crate::fields::{check_area, check_decimal, check_id};

/// Rows of one import at most.
pub const MAX_ROWS: usize = 1000;
/// Marks of one catalogue entry at most.
const MAX_LABELS: usize = 10;
/// Characters of such a mark at most.
const MAX_LABEL: usize = 30;
/// Characters of a name at most.
const MAX_NAME: usize = 200;

/// Adds or replaces institutions.
pub async fn institutions(
    reference: &Reference,
    caller: &Caller,
    request: ImportInstitutionsRequest,
) -> Result<ImportInstitutionsResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_rows(&request.request_id, request.institutions.len(), "institutions", &mut wrong);
    for (index, row) in request.institutions.iter().enumerate() {
        check_institution(row, &format!("institutions[{index}]"), &mut wrong);
    }
    check_distinct(
        request.institutions.iter().map(|row| row.fixmedins_code.clone()),
        "institutions",
        &mut wrong,
    );
    wrong.none()?;
    require_areas(caller, request.institutions.iter().map(|row| row.admdvs.as_str()))?;
    let digest = digest::of_message(&request);
    let imported = request.institutions.len() as i32;
    let rows = request.institutions.into_iter().map(institution_row).collect();
    let answer = ImportInstitutionsResponse { imported, replayed: false };
    let key = (caller.to_string(), request.request_id);
    let (answer, replayed) =
        once(&reference.db, &key, &digest, answer, &Rows::<institution::Entity>(rows)).await?;
    reference.forget();
    Ok(ImportInstitutionsResponse { replayed, ..answer })
}

/// Adds or replaces catalogue entries.
pub async fn catalogue(
    reference: &Reference,
    caller: &Caller,
    request: ImportCatalogueRequest,
) -> Result<ImportCatalogueResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_rows(&request.request_id, request.items.len(), "items", &mut wrong);
    for (index, row) in request.items.iter().enumerate() {
        check_item(row, &format!("items[{index}]"), &mut wrong);
    }
    let key =
        |row: &CatalogueItem| format!("{} {} {} {}", row.hilist_code, row.admdvs, row.level, row.begndate);
    check_distinct(request.items.iter().map(key), "items", &mut wrong);
    wrong.none()?;
    require_areas(caller, request.items.iter().map(|row| row.admdvs.as_str()))?;
    let digest = digest::of_message(&request);
    let imported = request.items.len() as i32;
    let rows = request.items.into_iter().map(item_row).collect();
    let answer = ImportCatalogueResponse { imported, replayed: false };
    let key = (caller.to_string(), request.request_id);
    let (answer, replayed) =
        once(&reference.db, &key, &digest, answer, &Rows::<catalogue_item::Entity>(rows)).await?;
    reference.forget();
    Ok(ImportCatalogueResponse { replayed, ..answer })
}

/// Rows of a table that are added or replaced.
struct Rows<E: EntityTrait>(Vec<E::Model>);

#[async_trait]
impl<E: EntityTrait> Work for Rows<E>
where
    E::Model: IntoActiveModel<E::ActiveModel> + Sync,
    E::ActiveModel: Send,
{
    async fn write(&self, tx: &DatabaseTransaction) -> Result<(), ServiceError> {
        Ok(replace::<E>(tx, self.0.clone()).await?)
    }
}

fn check_rows(request_id: &str, rows: usize, field: &str, wrong: &mut Violations) {
    check_request_id(request_id, wrong);
    wrong.require(rows > 0, field, Reason::Required.saying("至少一行"));
    if rows > MAX_ROWS {
        wrong.push(field, Reason::TooMany.saying(format!("最多 {MAX_ROWS} 行"))).with("limit", MAX_ROWS);
    }
}

fn check_distinct(keys: impl Iterator<Item = String>, field: &str, wrong: &mut Violations) {
    let mut seen = std::collections::BTreeSet::new();
    for (index, key) in keys.enumerate() {
        wrong.require(seen.insert(key), format!("{field}[{index}]"), Reason::Duplicate);
    }
}

fn require_areas<'a>(caller: &Caller, mut areas: impl Iterator<Item = &'a str>) -> Result<(), ServiceError> {
    match areas.find(|area| !caller.may_manage_area(Area::parse(area))) {
        None => Ok(()),
        Some(area) => {
            let denied =
                ServiceError::new(Reason::AreaNotOwned, "not the caller's area").with_text("无权维护该区划");
            Err(denied.with("admdvs", area))
        }
    }
}

fn check_name(name: &str, field: String, wrong: &mut Violations) {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    wrong.require(fits, field, Reason::NameInvalid.saying(format!("名称应为 1 至 {MAX_NAME} 个字符")));
}

fn check_institution(row: &Institution, at: &str, wrong: &mut Violations) {
    check_id(&row.fixmedins_code, &format!("{at}.fixmedins_code"), wrong);
    let kind = InstitutionType::from_code(&row.fixmedins_type);
    wrong.require(kind.is_some(), format!("{at}.fixmedins_type"), Reason::CodeUnknown);
    let prefix = match kind {
        Some(InstitutionType::Pharmacy) => 'P',
        _ => 'H',
    };
    let code = &row.fixmedins_code;
    let shaped =
        code.len() == 12 && code.starts_with(prefix) && code.bytes().skip(1).all(|b| b.is_ascii_digit());
    let field = format!("{at}.fixmedins_code");
    wrong.require(shaped, field, Reason::CodeInvalid);
    check_name(&row.fixmedins_name, format!("{at}.fixmedins_name"), wrong);
    let tier = Tier::from_code(&row.level);
    wrong.require(tier.is_some(), format!("{at}.level"), Reason::CodeUnknown);
    check_area(&row.admdvs, &format!("{at}.admdvs"), wrong);
}

fn check_item(row: &CatalogueItem, at: &str, wrong: &mut Violations) {
    check_id(&row.hilist_code, &format!("{at}.hilist_code"), wrong);
    check_name(&row.name, format!("{at}.name"), wrong);
    let class = matches!(row.chrgitm_lv.as_str(), "" | "01" | "02" | "03");
    wrong.require(
        class,
        format!("{at}.chrgitm_lv"),
        Reason::CodeUnknown.saying("收费项目等级应为空、01、02 或 03"),
    );
    let known = matches!(
        row.list_type.as_str(),
        "101" | "102" | "103" | "104" | "105" | "106" | "201" | "301" | "501"
    );
    wrong.require(known, format!("{at}.list_type"), Reason::CodeUnknown);
    let level = row.level.is_empty() || Tier::from_code(&row.level).is_some();
    wrong.require(level, format!("{at}.level"), Reason::CodeUnknown);
    check_area(&row.admdvs, &format!("{at}.admdvs"), wrong);
    let begin = parse_date(&row.begndate);
    wrong.require(begin.is_some(), format!("{at}.begndate"), Reason::DateInvalid);
    let end = parse_date(&row.enddate);
    let end_fits = row.enddate.is_empty() || (end.is_some() && begin <= end);
    wrong.require(
        end_fits,
        format!("{at}.enddate"),
        Reason::DateInvalid.saying("应为空，或不早于开始日期的 YYYY-MM-DD"),
    );
    let ceiling = row.pric_uplmt_amt.is_empty()
        || check_decimal(&row.pric_uplmt_amt, 6).is_some_and(|yuan| !yuan.is_sign_negative());
    wrong.require(
        ceiling,
        format!("{at}.pric_uplmt_amt"),
        Reason::PriceInvalid.saying("应为空，或不小于 0 的数"),
    );
    let ratio = row.selfpay_prop.is_empty()
        || check_decimal(&row.selfpay_prop, 4)
            .is_some_and(|ratio| !ratio.is_sign_negative() && ratio <= rust_decimal::Decimal::ONE);
    wrong.require(ratio, format!("{at}.selfpay_prop"), Reason::RatioInvalid);
    let labels =
        row.labels.len() <= MAX_LABELS && row.labels.iter().all(|label| label.chars().count() <= MAX_LABEL);
    wrong.require(
        labels,
        format!("{at}.labels"),
        Reason::TooMany.saying(format!("最多 {MAX_LABELS} 个标记，每个最多 30 字")),
    );
}

fn institution_row(row: Institution) -> institution::Model {
    institution::Model {
        fixmedins_code: row.fixmedins_code,
        fixmedins_name: row.fixmedins_name,
        level: row.level,
        admdvs: row.admdvs,
        fixmedins_type: row.fixmedins_type,
        contracted: row.contracted,
    }
}

fn item_row(row: CatalogueItem) -> catalogue_item::Model {
    catalogue_item::Model {
        labels: serde_json::to_string(&row.labels).expect("a list of strings can be written as JSON"),
        hilist_code: row.hilist_code,
        admdvs: row.admdvs,
        level: row.level,
        begndate: row.begndate,
        enddate: row.enddate,
        name: row.name,
        list_type: row.list_type,
        chrgitm_lv: row.chrgitm_lv,
        pric_uplmt_amt: row.pric_uplmt_amt,
        selfpay_prop: row.selfpay_prop,
        source: row.source,
        confidence: row.confidence,
    }
}
