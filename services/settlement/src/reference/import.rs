//! Importing institutions and the catalogue: all rows or none, once however often it is asked.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_proto::settlement::v1::{
    CatalogueItem, ImportCatalogueRequest, ImportCatalogueResponse, ImportInstitutionsRequest,
    ImportInstitutionsResponse, Institution,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::{DatabaseConnection, DatabaseTransaction, insert, upsert};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::once::{self, Done, Replayable, RequestKey};
use yizhan_runtime::{Caller, Clock, Reason, ServiceError, Violations};
use yizhan_terms::{Area, InstitutionType, Tier};

use super::store::Reference;
use super::store::entities::{catalogue_item, institution};
use crate::fields::{check_id, decimal};

/// Rows of one import at most.
pub const MAX_ROWS: usize = 1000;
/// Marks of one catalogue entry at most.
const MAX_LABELS: usize = 10;
/// Characters of such a mark at most.
const MAX_LABEL: usize = 30;
/// Characters of a name, and of what is said about where something comes from, at most.
pub const MAX_NAME: usize = 200;

/// Adds or replaces institutions.
pub async fn institutions(
    reference: &Reference,
    caller: &Caller,
    mut request: ImportInstitutionsRequest,
) -> Result<ImportInstitutionsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_rows(request.institutions.len(), "institutions", &mut wrong);
    for (index, row) in request.institutions.iter().enumerate() {
        check_institution(row, Fields::within(&format!("institutions[{index}]."), &mut wrong));
    }
    check_distinct(
        request.institutions.iter().map(|row| row.fixmedins_code.clone()),
        "institutions",
        &mut wrong,
    );
    wrong.none()?;
    let areas = request.institutions.iter().map(|row| row.admdvs.as_str()).enumerate();
    caller.check_manages_each(areas.map(|(at, area)| (format!("institutions[{at}].admdvs"), area)))?;
    let answer = ImportInstitutionsResponse { imported: request.institutions.len() as i32, replayed: false };
    let rows = request.institutions.into_iter().map(Into::into).collect();
    write::<institution::Entity, _>(reference, caller, &key, (rows, answer)).await
}

/// Adds or replaces catalogue entries.
pub async fn catalogue(
    reference: &Reference,
    caller: &Caller,
    mut request: ImportCatalogueRequest,
) -> Result<ImportCatalogueResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_rows(request.items.len(), "items", &mut wrong);
    for (index, row) in request.items.iter().enumerate() {
        check_item(row, Fields::within(&format!("items[{index}]."), &mut wrong));
    }
    let place =
        |row: &CatalogueItem| format!("{} {} {} {}", row.hilist_code, row.admdvs, row.level, row.begndate);
    check_distinct(request.items.iter().map(place), "items", &mut wrong);
    wrong.none()?;
    let areas = request.items.iter().map(|row| row.admdvs.as_str()).enumerate();
    caller.check_manages_each(areas.map(|(at, area)| (format!("items[{at}].admdvs"), area)))?;
    let answer = ImportCatalogueResponse { imported: request.items.len() as i32, replayed: false };
    let rows = request.items.into_iter().map(Into::into).collect();
    write::<catalogue_item::Entity, _>(reference, caller, &key, (rows, answer)).await
}

/// A table that is imported into.
trait Imported: EntityTrait<Model: Clone + Sync> {
    /// Adds or replaces rows; refuses to replace those that are not the caller's.
    fn put(
        tx: &DatabaseTransaction,
        caller: &Caller,
        rows: Vec<Self::Model>,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;
}

/// Its key says the area: what is replaced is of the area that is written.
impl Imported for catalogue_item::Entity {
    async fn put(
        tx: &DatabaseTransaction,
        _: &Caller,
        rows: Vec<catalogue_item::Model>,
    ) -> Result<(), ServiceError> {
        Ok(upsert::<Self>(tx, rows).await?)
    }
}

/// An institution moves to another area by whoever manages both. Of two who bring a new one at once the key lets one through; the other
/// runs again and finds it here.
impl Imported for institution::Entity {
    async fn put(
        tx: &DatabaseTransaction,
        caller: &Caller,
        mut rows: Vec<institution::Model>,
    ) -> Result<(), ServiceError> {
        let codes = rows.iter().map(|row| row.fixmedins_code.as_str());
        let held = institution::Entity::find()
            .filter(institution::Column::FixmedinsCode.is_in(codes))
            .order_by_asc(institution::Column::FixmedinsCode)
            .lock_exclusive()
            .all(tx)
            .await?;
        let mut held: BTreeMap<_, _> =
            held.into_iter().map(|row| (row.fixmedins_code.clone(), row)).collect();
        let mut wrong = Violations::new();
        for (at, row) in rows.iter_mut().enumerate() {
            let Some(held) = held.get_mut(&row.fixmedins_code) else { continue };
            let own = caller.may_manage_area(Area::parse(&held.admdvs));
            wrong.require(own, format!("institutions[{at}].fixmedins_code"), Reason::AreaNotOwned);
            row.contract = std::mem::take(&mut held.contract);
        }
        wrong.not_owned("")?;
        let (known, new) = rows.into_iter().partition(|row| held.contains_key(&row.fixmedins_code));
        upsert::<Self>(tx, known).await?;
        Ok(insert::<Self>(tx, new).await?)
    }
}

/// Adds or replaces rows of a table, once.
async fn write<E, A>(
    reference: &Reference,
    caller: &Caller,
    key: &RequestKey,
    (rows, answer): (Vec<E::Model>, A),
) -> Result<A, ServiceError>
where
    E: Imported,
    A: Replayable + Clone + Sync,
{
    let (rows, answer) = (&rows, &answer);
    once::once(reference, key, |write| {
        Box::pin(async move {
            let version = Reference::next_version(write.tx).await?;
            E::put(write.tx, caller, rows.clone()).await?;
            Ok(Done { answer: answer.clone(), changed: version })
        })
    })
    .await
}

impl once::Service for Reference {
    /// The version it made.
    type Changed = i64;

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What this process keeps in memory is read again.
    async fn committed(&self, version: i64) {
        self.follow(version);
    }
}

fn check_rows(rows: usize, field: &str, wrong: &mut Violations) {
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

fn check_name(fields: &mut Fields<'_>, field: &str, name: &str) {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    fields.require(fits, field, Reason::NameInvalid.saying(format!("名称应为 1 至 {MAX_NAME} 个字符")));
}

fn check_institution(row: &Institution, mut fields: Fields<'_>) {
    check_id(&mut fields, "fixmedins_code", &row.fixmedins_code);
    let kind = fields.coded("fixmedins_type", &row.fixmedins_type, InstitutionType::from_code);
    let prefix = if kind == Some(InstitutionType::Pharmacy) { 'P' } else { 'H' };
    let digits = row.fixmedins_code.strip_prefix(prefix).unwrap_or_default();
    let shaped = digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit());
    fields.require(shaped, "fixmedins_code", Reason::CodeInvalid);
    check_name(&mut fields, "fixmedins_name", &row.fixmedins_name);
    fields.coded("level", &row.level, Tier::from_code);
    fields.area("admdvs", &row.admdvs);
    let pharmacy = kind == Some(InstitutionType::Pharmacy) || !row.dual_channel;
    fields.require(pharmacy, "dual_channel", Reason::NotAPharmacy);
}

fn check_item(row: &CatalogueItem, mut fields: Fields<'_>) {
    check_id(&mut fields, "hilist_code", &row.hilist_code);
    check_name(&mut fields, "name", &row.name);
    for (field, text) in [("source", &row.source), ("confidence", &row.confidence)] {
        let fits = text.chars().count() <= MAX_NAME;
        fields.require(fits, field, Reason::TextInvalid.saying(format!("最多 {MAX_NAME} 个字符")));
    }
    let known = matches!(row.chrgitm_lv.as_str(), "" | "01" | "02" | "03");
    fields.require(known, "chrgitm_lv", Reason::CodeUnknown.saying("收费项目等级应为空、01、02 或 03"));
    let known =
        ["101", "102", "103", "104", "105", "106", "201", "301", "501"].contains(&row.list_type.as_str());
    fields.require(known, "list_type", Reason::CodeUnknown);
    let known = row.level.is_empty() || Tier::from_code(&row.level).is_some();
    fields.require(known, "level", Reason::CodeUnknown);
    fields.area("admdvs", &row.admdvs);
    let begin = fields.date("begndate", &row.begndate);
    let end = parse_date(&row.enddate);
    let fits = row.enddate.is_empty() || (end.is_some() && begin <= end);
    fields.require(fits, "enddate", Reason::DateInvalid.saying("应为空，或不早于开始日期的 YYYY-MM-DD"));
    let fits = |text: &str, places, most| {
        text.is_empty()
            || decimal(text, places).is_some_and(|value| !value.is_sign_negative() && value <= most)
    };
    let price = fits(&row.pric_uplmt_amt, 6, Decimal::MAX);
    fields.require(price, "pric_uplmt_amt", Reason::PriceInvalid.saying("应为空，或不小于 0 的数"));
    fields.require(fits(&row.selfpay_prop, 4, Decimal::ONE), "selfpay_prop", Reason::RatioInvalid);
    let labels =
        row.labels.len() <= MAX_LABELS && row.labels.iter().all(|label| label.chars().count() <= MAX_LABEL);
    let text = format!("最多 {MAX_LABELS} 个标记，每个最多 30 字");
    fields.require(labels, "labels", Reason::TooMany.saying(text));
}
