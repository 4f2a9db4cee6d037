//! Institutions and the catalogue: read on every visit, changed rarely, so kept in memory.
//!
//! Every import makes a new version of them (`reference_version`). What is kept belongs to one version, and what is read for an
//! answer comes from one: before an import or after it, never half and half. An import begins anew what this process keeps; other
//! processes see it within [`STALENESS`]. Entries are dated and published ahead, so an old answer is an answer of the day before.

pub mod contracts;
pub mod entities;
mod kept;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use yizhan_runtime::Clock;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::page::Pages;
use yizhan_terms::{Area, InstitutionType, Tier};

use super::domain::{Institution, Item};
use crate::fields;
use entities::{catalogue_item, institution, reference_version};
use kept::{Current, Kept};

/// How old an answer from memory can be in another process than the importing one.
pub const STALENESS: Duration = Duration::from_secs(30);

/// All entries of one item.
type Versions = Arc<Vec<(Reach, Arc<Item>)>>;

/// Where and when an entry holds: 医保区划, level, first and last day.
type Reach = [String; 4];

/// Institutions and catalogue. Cheap to clone.
#[derive(Clone)]
pub struct Reference {
    /// The database.
    pub db: DatabaseConnection,
    /// Now.
    pub clock: Clock,
    /// Seals the tokens of its pages.
    pub pages: Pages,
    current: Current,
}

impl Reference {
    /// Over this database.
    pub fn new(db: DatabaseConnection, clock: Clock, pages: Pages) -> Reference {
        Reference { db, clock, pages, current: Current::default() }
    }

    /// An institution by code.
    pub async fn institution(&self, code: &str) -> Result<Option<Arc<Institution>>, DbErr> {
        let kept = self.current.get();
        if let Some(known) = kept.institutions.get(code) {
            return Ok(Some(known));
        }
        let row = institution::Entity::find_by_id(code).one(&self.db).await?;
        let Some(found) = row.map(institution_of).transpose()?.map(Arc::new) else { return Ok(None) };
        if self.is_current(&kept).await? {
            kept.institutions.insert(code.to_owned(), found.clone());
        }
        Ok(Some(found))
    }

    /// The entries of items in an area, each on its day: the area's own, else its province's, else the
    /// national ones. `None` where there is none.
    pub async fn items(
        &self,
        charged: &[(&str, NaiveDate)],
        place: &Place<'_>,
    ) -> Result<Vec<Option<Arc<Item>>>, DbErr> {
        let codes: Vec<&str> = charged.iter().map(|(code, _)| *code).collect();
        let versions = self.item_versions(&codes).await?;
        let mut last = (NaiveDate::MIN, String::new());
        let entry = |(versions, (_, day)): (Option<Versions>, &(&str, NaiveDate))| {
            // Most lines of a bill are of the day of the line before.
            if last.0 != *day {
                last = (*day, day.to_string());
            }
            choose(&versions?, place, &last.1).cloned()
        };
        Ok(versions.into_iter().zip(charged).map(entry).collect())
    }

    /// All entries of each of these items, of one version of the catalogue. Unknown codes are not kept, so that a later import shows.
    async fn item_versions(&self, codes: &[&str]) -> Result<Vec<Option<Versions>>, DbErr> {
        let kept = self.current.get();
        let mut found: Vec<Option<Versions>> = codes.iter().map(|code| kept.items.get(*code)).collect();
        let missing: Vec<usize> = (0..codes.len()).filter(|at| found[*at].is_none()).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let wanted: BTreeSet<&str> = missing.iter().map(|at| codes[*at]).collect();
        let read = self.read_items(&wanted).await?;
        if !self.is_current(&kept).await? {
            // An import came between. One statement sees it whole or not at all.
            let read = self.read_items(&codes.iter().copied().collect()).await?;
            return Ok(codes.iter().map(|code| read.get(*code).cloned()).collect());
        }
        missing.into_iter().for_each(|at| found[at] = read.get(codes[at]).cloned());
        read.into_iter().for_each(|(code, versions)| kept.items.insert(code, versions));
        Ok(found)
    }

    async fn read_items(&self, codes: &BTreeSet<&str>) -> Result<HashMap<String, Versions>, DbErr> {
        let rows = self.item_rows(codes.iter().copied()).await?;
        let of_one_code = |rows: &[catalogue_item::Model]| {
            let version = |row| Ok((reach_of(row), Arc::new(item_of(row)?)));
            let versions = rows.iter().map(version).collect::<Result<_, DbErr>>()?;
            Ok((rows[0].hilist_code.clone(), Arc::new(versions)))
        };
        rows.chunk_by(|a, b| a.hilist_code == b.hilist_code).map(of_one_code).collect()
    }

    /// Whether what was read until now is of the version that is kept. If it is not, what is kept begins anew.
    async fn is_current(&self, kept: &Kept) -> Result<bool, DbErr> {
        let row = reference_version::Entity::find().one(&self.db).await?;
        let version = row.map_or(0, |row| row.version);
        self.current.follow(version);
        Ok(kept.version == version)
    }

    /// Makes the next version, in the transaction of an import: imports follow one another.
    pub async fn next_version(tx: &impl ConnectionTrait) -> Result<i64, DbErr> {
        let next = "UPDATE reference_version SET version = version + 1 RETURNING version";
        let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), next)).await?;
        row.ok_or_else(|| DbErr::RecordNotFound("reference_version".to_owned()))?.try_get("", "version")
    }

    /// Keeps this version from now on, after its import was committed.
    pub fn follow(&self, version: i64) {
        self.current.follow(version);
    }

    async fn item_rows(
        &self,
        codes: impl IntoIterator<Item = &str>,
    ) -> Result<Vec<catalogue_item::Model>, DbErr> {
        catalogue_item::Entity::find()
            .filter(catalogue_item::Column::HilistCode.is_in(codes))
            .order_by_asc(catalogue_item::Column::HilistCode)
            .all(&self.db)
            .await
    }

    /// The entry of one item with everything that is known of it.
    pub async fn item_row(
        &self,
        code: &str,
        place: &Place<'_>,
        day: NaiveDate,
    ) -> Result<Option<catalogue_item::Model>, DbErr> {
        let rows = self.item_rows([code]).await?;
        let versions: Vec<_> = rows.into_iter().map(|row| (reach_of(&row), row)).collect();
        Ok(choose(&versions, place, &day.to_string()).cloned())
    }

    /// Institutions after a code, in order.
    pub async fn list_institutions(
        &self,
        after: Option<[String; 1]>,
        limit: u64,
    ) -> Result<Vec<institution::Model>, DbErr> {
        let [after] = after.unwrap_or_default();
        let mut page = institution::Entity::find().cursor_by(institution::Column::FixmedinsCode);
        page.after(after).first(limit).all(&self.db).await
    }

    /// Catalogue entries after a key, in order.
    pub async fn list_items(
        &self,
        after: Option<[String; 4]>,
        limit: u64,
    ) -> Result<Vec<catalogue_item::Model>, DbErr> {
        use catalogue_item::Column::{Admdvs, Begndate, HilistCode, Level};
        let key = [HilistCode, Admdvs, Level, Begndate];
        let behind =
            Expr::tuple(key.map(Expr::col)).gt(Expr::tuple(after.unwrap_or_default().map(Expr::val)));
        let items = catalogue_item::Entity::find().filter(behind);
        key.into_iter().fold(items, QueryOrder::order_by_asc).limit(limit).all(&self.db).await
    }
}

/// Where an item is charged.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// 医保区划
    pub admdvs: &'p str,
    /// Level of the institution; empty: of none in particular.
    pub level: &'p str,
}

/// The version that holds: the nearest area first, there the entry for the level before the one
/// for all, then the latest first day.
fn choose<'v, T>(versions: &'v [(Reach, T)], place: &Place<'_>, day: &str) -> Option<&'v T> {
    let home = Area::parse(place.admdvs)?;
    let ranked = versions.iter().filter_map(|([admdvs, level, begndate, enddate], version)| {
        let there = level.is_empty() || level == place.level;
        let then = begndate.as_str() <= day && (enddate.is_empty() || day <= enddate.as_str());
        // How far up it is found: the area's own first, then its city's, its province's, the nation's.
        let distance = home.around().position(|around| around.as_str() == admdvs)?;
        (there && then).then_some(((Reverse(distance), !level.is_empty(), begndate), version))
    });
    ranked.max_by_key(|(rank, _)| *rank).map(|(_, version)| version)
}

fn reach_of(row: &catalogue_item::Model) -> Reach {
    [&row.admdvs, &row.level, &row.begndate, &row.enddate].map(String::clone)
}

fn institution_of(row: institution::Model) -> Result<Institution, DbErr> {
    let damaged = |column: &str| DbErr::Type(format!("institutions.{column} of {}", row.fixmedins_code));
    Ok(Institution {
        level: Tier::from_code(&row.level).ok_or_else(|| damaged("level"))?,
        kind: InstitutionType::from_code(&row.fixmedins_type).ok_or_else(|| damaged("fixmedins_type"))?,
        contract: serde_json::from_str(&row.contract).map_err(|_| damaged("contract"))?,
        admdvs: row.admdvs,
        contracted: row.contracted,
        dual_channel: row.dual_channel,
        code: row.fixmedins_code,
        name: row.fixmedins_name,
    })
}

fn item_of(row: &catalogue_item::Model) -> Result<Item, DbErr> {
    let damaged = |column: &str| DbErr::Type(format!("catalogue_items.{column} of {}", row.hilist_code));
    let decimal = |text: &str, column: &str| match text {
        "" => Ok(None),
        text => fields::decimal(text, 6).map(Some).ok_or_else(|| damaged(column)),
    };
    let ceiling = decimal(&row.pric_uplmt_amt, "pric_uplmt_amt")?;
    Ok(Item {
        name: row.name.clone(),
        list_type: row.list_type.clone(),
        class: row.chrgitm_lv.clone(),
        ceiling_fen: ceiling.map(|yuan| yuan * rust_decimal::Decimal::ONE_HUNDRED),
        prepay: decimal(&row.selfpay_prop, "selfpay_prop")?,
        labels: serde_json::from_str(&row.labels).map_err(|_| damaged("labels"))?,
    })
}
