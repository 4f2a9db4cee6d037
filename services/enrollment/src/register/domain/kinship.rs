//! What the register of households (户籍家庭) says of an account share (家庭共济), and what follows from it by the area's rule.

use chrono::NaiveDate;
use yizhan_runtime::Reason;

use crate::person::domain::household::{Evidence, evidence};
use crate::person::domain::timeline::{AccountShare, Timeline};
use crate::person::store::timelines::StoredTimeline;
use crate::rules::{KinshipRule, Rules, Unconfirmed};

/// What is seen of the kinship of a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What the households show.
    pub evidence: Evidence,
    /// Id of the rule; empty where there is none.
    pub rule: String,
    /// What becomes of the share.
    handling: Unconfirmed,
}

impl Seen {
    /// Compares a share with the households of a day, by the rule of the area that keeps the owner's register; `None` where the share tells
    /// no kinship. Without a rule it is marked.
    pub fn of(
        share: &AccountShare,
        user: &Timeline,
        owner: &StoredTimeline,
        rules: &Rules,
        day: NaiveDate,
    ) -> Option<Seen> {
        let evidence = evidence(user, &owner.timeline, share.kinship?, day);
        let rule = rules.find::<KinshipRule>(owner.poolarea_no, day).ok();
        let by_rule = |of: fn(&KinshipRule) -> Unconfirmed| {
            rule.as_ref().map_or(Unconfirmed::Marked, |found| of(&found.rule))
        };
        let handling = match evidence {
            Evidence::Confirmed => Unconfirmed::Accepted,
            Evidence::Contradicted => by_rule(|rule| rule.contradicted),
            Evidence::NotShown => by_rule(|rule| rule.not_shown),
        };
        Some(Seen { evidence, rule: rule.map(|found| found.id.clone()).unwrap_or_default(), handling })
    }

    /// Why the share does not pay, if it does not.
    pub fn refusal(&self) -> Option<Reason> {
        (self.handling == Unconfirmed::Refused).then_some(match self.evidence {
            Evidence::Contradicted => Reason::KinshipContradicted,
            Evidence::Confirmed | Evidence::NotShown => Reason::KinshipNotShown,
        })
    }

    /// What is told with whatever it pays; empty where there is nothing to tell.
    pub fn mark(&self) -> &'static str {
        match (self.handling, self.evidence) {
            (Unconfirmed::Accepted, _) | (_, Evidence::Confirmed) => "",
            (_, Evidence::Contradicted) => "公安户籍登记的家庭关系与所填亲属关系不符，请核实",
            (_, Evidence::NotShown) => "公安户籍登记未见双方同户，亲属关系以声明为准",
        }
    }
}
