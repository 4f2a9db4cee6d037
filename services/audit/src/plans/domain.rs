//! Plans, selections, checks and samples: what they are and what may be done with them. No database, no clock.

pub mod inspection;
pub mod item;
pub mod plan;
pub mod selection;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use yizhan_terms::Area;

/// What plans, selections, checks and items have alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: String,
    /// The area whose it is.
    pub area: Area,
    /// Counts its steps.
    pub version: i32,
    /// The steps that were not taken back.
    pub standing: Vec<i32>,
}

impl Head {
    /// Of one that is made now.
    pub fn new(id: String, area: Area) -> Head {
        Head { id, area, version: 0, standing: Vec::new() }
    }
}

/// Since when something waits, and how many working days it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// The day it began, which does not count.
    pub since: NaiveDate,
    /// Working days.
    pub working_days: u32,
}

/// What lists ask for, beside area and state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The plan of a check; the selection of an item; the period of a selection.
    pub parent: String,
    /// Who is checked; which item; year and kind of a plan.
    pub subject: String,
    /// The day a check covered its subject.
    pub day: Option<NaiveDate>,
    /// What is waited for.
    pub waits: Option<Waits>,
}

/// What is kept as one document, with every step.
pub trait Kept: Clone + Serialize + for<'de> Deserialize<'de> + Send + Sync {
    /// Tells the kinds apart in the table.
    const KIND: i32;

    /// What all have alike.
    fn head(&self) -> &Head;

    /// The same, to be changed.
    fn head_mut(&mut self) -> &mut Head;

    /// Where it stands: number and name.
    fn state(&self) -> (i32, &'static str);

    /// What lists ask for.
    fn columns(&self) -> Columns {
        Columns::default()
    }
}

/// A 200-character reason, a paper, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// 经办人编号.
    pub opter: String,
    /// Why.
    pub reason: String,
    /// The paper.
    pub file_id: String,
}
