//! The normalised rows beside the timelines: what questions about many persons are answered from.

use sea_orm::{ActiveModelBehavior, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use yizhan_runtime::db::upsert;

use yizhan_terms::Area;

use super::edit::Edit;
use super::entities::{account_share, coverage, disease_entitlement, household_member, identity, membership};
use super::timelines::StoredTimeline;
use crate::person::domain::entry::Entry;
use crate::person::domain::household::HouseholdMember;
use crate::person::domain::timeline::{
    AccountShare, Coverage, DiseaseEntitlement, Identity, Kinship, Membership, Waiting,
};

/// An entry of a timeline that is also a row of a table.
pub trait Stored {
    /// The table.
    type Entity: EntityTrait;

    /// The row, for the person with this area and number.
    fn row(&self, poolarea_no: Area, psn_no: &str) -> <Self::Entity as EntityTrait>::Model;
}

/// Makes the rows of edited persons what their timelines say.
pub async fn follow<C: ConnectionTrait>(tx: &C, edits: &[Edit]) -> Result<(), DbErr> {
    follow_list::<Coverage, _>(tx, edits).await?;
    follow_list::<Identity, _>(tx, edits).await?;
    follow_list::<Membership, _>(tx, edits).await?;
    follow_list::<AccountShare, _>(tx, edits).await?;
    follow_list::<HouseholdMember, _>(tx, edits).await?;
    follow_list::<DiseaseEntitlement, _>(tx, edits).await
}

async fn follow_list<E, C>(tx: &C, edits: &[Edit]) -> Result<(), DbErr>
where
    E: Entry + Stored,
    <E::Entity as EntityTrait>::Model: IntoActiveModel<<E::Entity as EntityTrait>::ActiveModel>,
    <E::Entity as EntityTrait>::ActiveModel: ActiveModelBehavior + Send,
    C: ConnectionTrait,
{
    let (mut written, mut removed) = (Vec::new(), Vec::new());
    for edit in edits {
        let (before, after) = (edit.before(), &edit.after);
        let held = before.map_or(&[][..], |before| E::list(&before.timeline));
        let moved = before.is_some_and(|before| before.poolarea_no != after.poolarea_no);
        let now = E::list(&after.timeline);
        let row = |person: &StoredTimeline, entry: &E| entry.row(person.poolarea_no, &person.psn_no);
        written
            .extend(now.iter().filter(|entry| moved || !held.contains(entry)).map(|entry| row(after, entry)));
        let gone = held.iter().filter(|entry| moved || !now.iter().any(|other| other.same_key(entry)));
        removed.extend(gone.filter_map(|entry| before.map(|before| row(before, entry))));
    }
    // Few at a time: only a merge or a transfer takes entries away.
    for row in removed {
        <E::Entity as EntityTrait>::delete(row.into_active_model()).exec(tx).await?;
    }
    upsert::<E::Entity>(tx, written).await
}

impl Stored for Coverage {
    type Entity = coverage::Entity;

    fn row(&self, poolarea_no: Area, psn_no: &str) -> coverage::Model {
        coverage::Model {
            poolarea_no: poolarea_no.to_string(),
            psn_no: psn_no.to_owned(),
            insutype: self.insutype.to_string(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            paying_poolarea_no: self.poolarea_no.map(String::from).unwrap_or_default(),
            psn_type: self.psn_type.clone(),
            psn_insu_stas: self.state.code().to_owned(),
            entitled_begndate: self.entitled_begndate,
            hi_type: self.hi_type.clone(),
            psn_chg_type: self.psn_chg_type.clone(),
            waiting: self.waiting.as_ref().map(waiting_json).unwrap_or_default(),
        }
    }
}

impl Stored for Identity {
    type Entity = identity::Entity;

    fn row(&self, poolarea_no: Area, psn_no: &str) -> identity::Model {
        identity::Model {
            poolarea_no: poolarea_no.to_string(),
            psn_no: psn_no.to_owned(),
            psn_idet_type: self.psn_idet_type.clone(),
            name: self.name.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            department: self.department.clone(),
        }
    }
}

impl Stored for Membership {
    type Entity = membership::Entity;

    fn row(&self, poolarea_no: Area, psn_no: &str) -> membership::Model {
        membership::Model {
            poolarea_no: poolarea_no.to_string(),
            psn_no: psn_no.to_owned(),
            kind: self.kind.code(),
            category: self.category.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            series: self.series.clone(),
            since_year: self.since_year,
            department: self.department.clone(),
        }
    }
}

impl Stored for AccountShare {
    type Entity = account_share::Entity;

    fn row(&self, poolarea_no: Area, psn_no: &str) -> account_share::Model {
        account_share::Model {
            poolarea_no: poolarea_no.to_string(),
            psn_no: psn_no.to_owned(),
            sharer_psn_no: self.sharer_psn_no.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            kinship: self.kinship.map_or(0, Kinship::code),
            granted_by: self.consent.as_ref().map(|consent| consent.granted_by.clone()).unwrap_or_default(),
            consent_date: self.consent.as_ref().map(|consent| consent.day),
            withdrawn_date: self.withdrawn,
        }
    }
}

impl Stored for HouseholdMember {
    type Entity = household_member::Entity;

    fn row(&self, poolarea_no: Area, psn_no: &str) -> household_member::Model {
        household_member::Model {
            poolarea_no: poolarea_no.to_string(),
            psn_no: psn_no.to_owned(),
            household_no: self.household_no.clone(),
            household_poolarea_no: self.poolarea_no.to_string(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            relation: self.relation.code(),
        }
    }
}

impl Stored for DiseaseEntitlement {
    type Entity = disease_entitlement::Entity;

    fn row(&self, poolarea_no: Area, psn_no: &str) -> disease_entitlement::Model {
        disease_entitlement::Model {
            poolarea_no: poolarea_no.to_string(),
            psn_no: psn_no.to_owned(),
            kind: self.kind.code(),
            dise_codg: self.dise_codg.clone(),
            begndate: self.period.begndate,
            enddate: self.period.enddate,
            dise_name: self.dise_name.clone(),
            reverify_by: self.reverify_by,
        }
    }
}

fn waiting_json(waiting: &Waiting) -> String {
    serde_json::to_string(waiting).expect("numbers, dates and text are JSON")
}
