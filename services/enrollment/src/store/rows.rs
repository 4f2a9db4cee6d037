//! The normalised rows behind the timelines.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IdenStatic, IntoActiveModel, Iterable,
    PrimaryKeyToColumn,
};

use super::entities::{account_share, coverage, identity, membership};
use crate::domain::timeline::{AccountShare, Coverage, Identity, Membership};

/// An entry of a timeline that is also a row of a table.
pub trait Stored {
    /// The table.
    type Entity: EntityTrait;

    /// The row, for the person with this area and number.
    fn row(&self, poolarea_no: &str, psn_no: &str) -> <Self::Entity as EntityTrait>::Model;
}

/// Writes rows, new or replacing those of the same key, in one statement.
pub async fn upsert<E, C>(tx: &C, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: Send,
    C: ConnectionTrait,
{
    if rows.is_empty() {
        return Ok(());
    }
    let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let is_key = |column: &E::Column| key.iter().any(|part| part.as_str() == column.as_str());
    let mut replace = OnConflict::columns(E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column));
    replace.update_columns(E::Column::iter().filter(|column| !is_key(column)));
    // Without reset_all the values of a model count as unchanged and would be left out.
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    E::insert_many(rows).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(())
}

impl Stored for Coverage {
    type Entity = coverage::Entity;

    fn row(&self, poolarea_no: &str, psn_no: &str) -> coverage::Model {
        coverage::Model {
            poolarea_no: poolarea_no.to_owned(),
            psn_no: psn_no.to_owned(),
            insutype: self.insutype.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            paying_poolarea_no: self.poolarea_no.clone(),
            psn_type: self.psn_type.clone(),
            psn_insu_stas: self.state.code().to_owned(),
            entitled_begndate: self.entitled_begndate,
            hi_type: self.hi_type.clone(),
        }
    }
}

impl Stored for Identity {
    type Entity = identity::Entity;

    fn row(&self, poolarea_no: &str, psn_no: &str) -> identity::Model {
        identity::Model {
            poolarea_no: poolarea_no.to_owned(),
            psn_no: psn_no.to_owned(),
            psn_idet_type: self.psn_idet_type.clone(),
            name: self.name.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
        }
    }
}

impl Stored for Membership {
    type Entity = membership::Entity;

    fn row(&self, poolarea_no: &str, psn_no: &str) -> membership::Model {
        membership::Model {
            poolarea_no: poolarea_no.to_owned(),
            psn_no: psn_no.to_owned(),
            kind: self.kind.code(),
            category: self.category.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            series: self.series.clone(),
            since_year: self.since_year,
        }
    }
}

impl Stored for AccountShare {
    type Entity = account_share::Entity;

    fn row(&self, poolarea_no: &str, psn_no: &str) -> account_share::Model {
        account_share::Model {
            poolarea_no: poolarea_no.to_owned(),
            psn_no: psn_no.to_owned(),
            sharer_psn_no: self.sharer_psn_no.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
        }
    }
}
