//! A person's timeline on its way to the next version.

use super::timelines::StoredTimeline;
use crate::person::domain::timeline::Timeline;
use yizhan_terms::Area;

/// Something about the person changed.
pub const PERSON_CHANGED: &str = "PERSON_CHANGED";
/// The record was merged into another.
pub const PERSON_MERGED: &str = "PERSON_MERGED";
/// A merge was taken back.
pub const PERSON_UNMERGED: &str = "PERSON_UNMERGED";
/// The register of the person moved to another area; both areas are told.
pub const PERSON_MOVED: &str = "PERSON_MOVED";

/// A person's timeline being edited.
#[derive(Clone, Debug)]
pub struct Edit {
    before: Option<StoredTimeline>,
    /// What it becomes. [`record`](crate::register::changes::record) sets the version.
    pub after: StoredTimeline,
    /// What followers are told.
    pub kind: &'static str,
    /// The transfer that is finished with it, and 转出地.
    pub transferred: Option<(String, Area)>,
    touched: bool,
}

impl Edit {
    /// Of a person that [`timelines::lock`](super::timelines::lock) gave.
    pub fn of(held: StoredTimeline) -> Edit {
        Edit {
            before: Some(held.clone()),
            after: held,
            kind: PERSON_CHANGED,
            transferred: None,
            touched: false,
        }
    }

    /// Of a person not registered before.
    pub fn created(psn_no: String, poolarea_no: Area, timeline: Timeline) -> Edit {
        let after = StoredTimeline { psn_no, poolarea_no, version: 0, timeline };
        Edit { before: None, after, kind: PERSON_CHANGED, transferred: None, touched: true }
    }

    /// Makes it a new version even if the timeline stays as it is: something beside it changed.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// As it was; `None` for a new person.
    pub fn before(&self) -> Option<&StoredTimeline> {
        self.before.as_ref()
    }

    /// Whether it is to be written at all.
    pub fn changes_anything(&self) -> bool {
        let same = |before: &StoredTimeline| {
            before.timeline == self.after.timeline && before.poolarea_no == self.after.poolarea_no
        };
        self.touched || !self.before.as_ref().is_some_and(same)
    }
}
