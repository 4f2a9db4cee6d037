//! The table of everything that is kept as one document, with the columns that lists ask for.

use sea_orm::entity::prelude::*;

/// A document.
#[sea_orm::model]
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_record")]
pub struct Model {
    /// Its id, which sorts by the time it was made.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What it is; 10 and more: cases, the contract's CaseKind behind 10.
    pub kind: i32,
    /// Whose it is.
    pub area: String,
    /// What it belongs to: the plan of a check, the selection of a sample.
    pub parent: String,
    /// What it is about: an institution, a county; year and kind of a plan.
    pub subject: String,
    /// The day on which a check covered its subject, or nothing.
    pub day: String,
    /// Where it was left.
    pub state: i32,
    /// The institution was told of it.
    pub is_told: bool,
    /// The day from which on the time for the next step is counted, YYYY-MM-DD, or nothing.
    pub clock_from: String,
    /// In so many working days; 0: nobody waits.
    pub working_days: i32,
    /// Goes up by one with every step.
    pub version: i32,
    /// The document.
    pub record: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
