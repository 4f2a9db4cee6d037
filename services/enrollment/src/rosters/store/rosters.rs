//! Rosters: reading, locking and writing back one file's row.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

use super::entities::roster::{Column, Entity, Model};
use crate::rosters::domain::roster::Outcome;
use crate::rosters::domain::steps::{Action, Refused, Role, State, next, to_be_applied};

/// The contract's RosterMode FULL, as stored.
const MODE_FULL: i32 = 1;

/// What a roster did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New stretches.
    pub added: i64,
    /// Stretches that end on another day.
    pub updated: i64,
    /// Ended by rows.
    pub ended: i64,
    /// Ended because a full roster misses them.
    pub ended_by_absence: i64,
    /// Rows known already.
    pub unchanged: i64,
    /// Refused rows by reason.
    pub refused: BTreeMap<String, i64>,
    /// Persons whose version went up.
    pub changed_persons: i64,
}

impl Counts {
    /// Counts what became of rows.
    pub fn add(&mut self, outcomes: &[(i64, Outcome)]) {
        for (_, outcome) in outcomes {
            match outcome {
                Outcome::Added => self.added += 1,
                Outcome::Updated => self.updated += 1,
                Outcome::Ended => self.ended += 1,
                Outcome::Unchanged => self.unchanged += 1,
                Outcome::Refused(why) => *self.refused.entry(why.code().to_owned()).or_default() += 1,
            }
        }
    }
}

/// Behind what applying goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The person.
    pub psn_no: String,
    /// The person's last row that is done; 0 while absences are looked for.
    pub row: i64,
}

impl Model {
    /// What it did so far.
    pub fn counted(&self) -> Result<Counts, DbErr> {
        serde_json::from_str(&self.counts).map_err(|error| DbErr::Json(error.to_string()))
    }

    /// Behind what applying goes on.
    pub fn reached(&self) -> Result<Position, DbErr> {
        if self.position.is_empty() {
            return Ok(Position::default());
        }
        serde_json::from_str(&self.position).map_err(|error| DbErr::Json(error.to_string()))
    }

    /// Whether it names everyone, so that whoever it misses is ended.
    pub fn is_full(&self) -> bool {
        self.mode == MODE_FULL
    }

    /// Where a step leads.
    pub fn next(&self, action: Action, by: Role) -> Result<State, Refused> {
        next(self.stage, action, by, self.is_full())
    }

    /// Enters a state. When it was sealed and when it was done is the history that is kept of it.
    pub fn enter(&mut self, state: State, now: DateTime<Utc>) {
        self.stage = state;
        match state {
            State::Staging | State::Absence => {}
            State::Rows => self.sealed_at = Some(now),
            State::Done => self.done_at = Some(now),
            State::Abandoned => self.digest.clear(),
        }
    }
}

/// As JSON, for a column.
pub fn json(value: &impl Serialize) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Json(error.to_string()))
}

/// One roster by what the department calls it.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    department: &str,
    roster_id: &str,
) -> Result<Option<Model>, DbErr> {
    named(poolarea_no, department, roster_id).one(db).await
}

/// The same, locked until the end of the transaction. (SQLite has one writer anyway.)
pub async fn lock<C: ConnectionTrait>(
    tx: &C,
    poolarea_no: &str,
    department: &str,
    roster_id: &str,
) -> Result<Option<Model>, DbErr> {
    named(poolarea_no, department, roster_id).lock_exclusive().one(tx).await
}

fn named(poolarea_no: &str, department: &str, roster_id: &str) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::PoolareaNo.eq(poolarea_no))
        .filter(Column::Department.eq(department))
        .filter(Column::RosterId.eq(roster_id))
}

/// One that is being applied, for this transaction alone; `None` while another process is at it.
pub async fn take_for_applying<C: ConnectionTrait>(tx: &C, roster_no: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(roster_no)
        .filter(Column::Stage.is_in(to_be_applied()))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx)
        .await
}

/// Those to be applied, the one sealed first first.
pub async fn applying<C: ConnectionTrait>(db: &C) -> Result<Vec<Model>, DbErr> {
    let sealed = Entity::find().filter(Column::Stage.is_in(to_be_applied()));
    sealed.order_by_asc(Column::SealedAt).order_by_asc(Column::RosterNo).all(db).await
}

/// Whether a full roster of the same department for a later day than this full one was sealed.
pub async fn is_outdated<C: ConnectionTrait>(db: &C, roster: &Model) -> Result<bool, DbErr> {
    if !roster.is_full() {
        return Ok(false);
    }
    let later = Entity::find()
        .filter(Column::PoolareaNo.eq(&roster.poolarea_no))
        .filter(Column::Department.eq(&roster.department))
        .filter(Column::Mode.eq(MODE_FULL))
        .filter(Column::EffectiveDate.gt(roster.effective_date))
        .filter(Column::SealedAt.is_not_null());
    Ok(later.one(db).await?.is_some())
}

/// When a roster of the same department was sealed last, sealed or applied.
pub async fn last_sealed<C: ConnectionTrait>(db: &C, roster: &Model) -> Result<Option<DateTime<Utc>>, DbErr> {
    Entity::find()
        .filter(Column::PoolareaNo.eq(&roster.poolarea_no))
        .filter(Column::Department.eq(&roster.department))
        .filter(Column::SealedAt.is_not_null())
        .select_only()
        .column(Column::SealedAt)
        .order_by_desc(Column::SealedAt)
        .into_tuple()
        .one(db)
        .await
}

/// Adds one. A unique violation means that somebody else opened it a moment ago.
pub async fn insert<C: ConnectionTrait>(tx: &C, roster: Model) -> Result<Model, DbErr> {
    let mut row = roster.into_active_model().reset_all();
    row.roster_no = sea_orm::ActiveValue::NotSet;
    row.insert(tx).await
}

/// Writes one back that the transaction holds locked.
pub async fn update<C: ConnectionTrait>(tx: &C, roster: &Model) -> Result<(), DbErr> {
    let row = roster.clone().into_active_model().reset_all();
    Entity::update(row).exec(tx).await?;
    Ok(())
}
