//! Institutions and the catalogue: read on every visit, changed rarely, so kept in memory.
//!
//! An import clears what this process keeps; other processes see it within [`STALENESS`].
//! Entries are dated and published ahead, so an old answer is an answer of the day before.

pub mod entities;

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use moka::future::Cache;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::Clock;
use yizhan_runtime::page::Pages;
use yizhan_terms::{Area, InstitutionType, Tier};

use super::domain::{Institution, Item};
use crate::fields;
use entities::{catalogue_item, institution};

/// How old an answer from memory can be in another process than the importing one.
pub const STALENESS: Duration = Duration::from_secs(30);
/// Institutions kept in memory.
const INSTITUTIONS_KEPT: u64 = 50_000;
/// Items kept in memory.
const ITEMS_KEPT: u64 = 200_000;

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
    institutions: Cache<String, Arc<Institution>>,
    items: Cache<String, Versions>,
}

impl Reference {
    /// Over this database.
    pub fn new(db: DatabaseConnection, clock: Clock, pages: Pages) -> Reference {
        Reference {
            db,
            clock,
            pages,
            institutions: Cache::builder().max_capacity(INSTITUTIONS_KEPT).time_to_live(STALENESS).build(),
            items: Cache::builder().max_capacity(ITEMS_KEPT).time_to_live(STALENESS).build(),
        }
    }

    /// An institution by code.
    pub async fn institution(&self, code: &str) -> Result<Option<Arc<Institution>>, DbErr> {
        if let Some(known) = self.institutions.get(code).await {
            return Ok(Some(known));
        }
        let row = institution::Entity::find_by_id(code).one(&self.db).await?;
        let Some(found) = row.map(institution_of).transpose()?.map(Arc::new) else { return Ok(None) };
        self.institutions.insert(code.to_owned(), found.clone()).await;
        Ok(Some(found))
    }

    /// The entries of items in an area on a day: the area's own, else its province's, else the
    /// national ones. `None` where there is none.
    pub async fn items(
        &self,
        codes: &[&str],
        place: &Place<'_>,
        day: NaiveDate,
    ) -> Result<Vec<Option<Arc<Item>>>, DbErr> {
        let mut found: Vec<Option<Versions>> = Vec::with_capacity(codes.len());
        let mut missing: Vec<&str> = Vec::new();
        for code in codes {
            let known = self.items.get(*code).await;
            if known.is_none() && !missing.contains(code) {
                missing.push(code);
            }
            found.push(known);
        }
        if !missing.is_empty() {
            self.read_items(&missing).await?;
            for (slot, code) in found.iter_mut().zip(codes).filter(|(slot, _)| slot.is_none()) {
                *slot = self.items.get(*code).await;
            }
        }
        let day = day.to_string();
        let entry = |versions: &Option<Versions>| choose(versions.as_ref()?, place, &day).cloned();
        Ok(found.iter().map(entry).collect())
    }

    /// Reads all versions of items; unknown codes are not kept, so that a later import shows.
    async fn read_items(&self, codes: &[&str]) -> Result<(), DbErr> {
        let rows = self.item_rows(codes).await?;
        for rows in rows.chunk_by(|a, b| a.hilist_code == b.hilist_code) {
            let version = |row| Ok((reach_of(row), Arc::new(item_of(row)?)));
            let versions = rows.iter().map(version).collect::<Result<_, DbErr>>()?;
            self.items.insert(rows[0].hilist_code.clone(), Arc::new(versions)).await;
        }
        Ok(())
    }

    async fn item_rows(&self, codes: &[&str]) -> Result<Vec<catalogue_item::Model>, DbErr> {
        catalogue_item::Entity::find()
            .filter(catalogue_item::Column::HilistCode.is_in(codes.iter().copied()))
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
        let rows = self.item_rows(&[code]).await?;
        let versions: Vec<_> = rows.into_iter().map(|row| (reach_of(&row), row)).collect();
        Ok(choose(&versions, place, &day.to_string()).cloned())
    }

    /// Forgets what is kept, after an import was committed.
    pub fn forget(&self) {
        self.institutions.invalidate_all();
        self.items.invalidate_all();
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
        use sea_orm::sea_query::{Expr, ExprTrait};
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
        code: row.fixmedins_code,
        name: row.fixmedins_name,
        admdvs: row.admdvs,
        contracted: row.contracted,
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
