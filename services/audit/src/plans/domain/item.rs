//! Items of samples, and their reviews: two different people where the rules ask for them, a third where they disagree.

use serde::{Deserialize, Serialize};
use yizhan_workflow::{Case, Step, To, Workflow, step};

use super::{Columns, Head, Kept, Waits};
use crate::plan_rules::Purpose;

yizhan_workflow::named! {
    /// Where an item stands.
    #[derive(Serialize, Deserialize)]
    State {
        Waiting = 1, "WAITING", "待评审";
        Second = 2, "SECOND", "待第二人评审";
        Disputed = 3, "DISPUTED", "意见不一，待第三人评审";
        Passed = 4, "PASSED", "通过";
        Rejected = 5, "REJECTED", "不通过，待关联案件";
        Closed = 6, "CLOSED", "不通过，已关联案件";
        Dropped = 7, "DROPPED", "抽取已作废";
    }
}

yizhan_workflow::named! {
    /// What is done.
    Action {
        Draw = 1, "DRAW", "抽取";
        Pass = 2, "PASS", "通过";
        Reject = 3, "REJECT", "不通过";
        NameCase = 4, "NAME_CASE", "关联案件";
        TakeBack = 5, "TAKE_BACK", "撤回上一步";
        Drop = 6, "DROP", "随抽取作废";
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The agency.
    Office,
    /// No caller: the selection, which is given up.
    Selection,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Not who reviewed it before.
    AnotherPerson,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    const BY: &[Role] = &[Office];
    const OPEN: &[State] = &[Waiting, Second, Disputed];
    &[
        step(Pass, OPEN, BY, To::OneOf(&[Second, Disputed, Passed, Rejected])).needs(&[AnotherPerson]),
        step(Reject, OPEN, BY, To::OneOf(&[Second, Disputed, Passed, Rejected]))
            .needs(&[AnotherPerson])
            .says_why(),
        step(NameCase, &[Rejected], BY, To::State(Closed)),
        step(
            TakeBack,
            &[Second, Disputed, Passed, Rejected, Closed],
            BY,
            To::OneOf(&[Waiting, Second, Disputed, Rejected]),
        )
        .says_why()
        .aside(),
        step(Drop, &[Waiting], &[Selection], To::State(Dropped)).aside(),
    ]
};

/// From the draw to what becomes of it.
pub const ITEMS: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[State::Waiting], ends: &[State::Dropped] };

/// What somebody found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Who.
    pub reviewer: String,
    /// Whether an expert.
    pub expert: bool,
    /// Whether it passed.
    pub passed: bool,
    /// Why.
    pub reason: String,
    /// The paper.
    pub file_id: String,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What all have alike.
    pub head: Head,
    /// What drew it.
    pub selection_id: String,
    /// Its number there.
    pub item_id: String,
    /// Of what kind of sample.
    pub purpose: Purpose,
    /// Whether two people review it, as the rules said when it was drawn.
    pub two_people: bool,
    /// Where it stands.
    pub state: State,
    /// In the order they were made.
    pub reviews: Vec<Review>,
    /// The case a rejection became.
    pub case_id: String,
    /// What is waited for.
    pub waits: Option<Waits>,
}

impl Kept for Item {
    const KIND: i32 = 4;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }

    fn state(&self) -> (i32, &'static str) {
        (self.state.number(), self.state.name())
    }

    fn columns(&self) -> Columns {
        let (parent, subject) = (self.selection_id.clone(), self.item_id.clone());
        Columns { parent, subject, day: None, waits: self.waits }
    }
}

impl Item {
    /// The id of an item of a selection.
    pub fn id(selection_id: &str, item_id: &str) -> String {
        format!("{selection_id}/{item_id}")
    }

    /// The item as its table sees it, for a reviewer.
    pub fn case<'c>(
        &'c self,
        reviewer: &'c str,
    ) -> Case<'c, State, Action, Role, Need, impl Fn(Need) -> bool> {
        ITEMS.case(self.state, move |Need::AnotherPerson| {
            reviewer.is_empty() || self.reviews.iter().all(|review| review.reviewer != reviewer)
        })
    }

    /// The item behind a review. What is rejected waits again: for what becomes of it.
    pub fn reviewed(&self, review: Review, waits: Waits) -> Item {
        let (mut after, passed) = (self.clone(), review.passed);
        let outcome = if passed { State::Passed } else { State::Rejected };
        after.state = match self.state {
            State::Waiting if self.two_people => State::Second,
            State::Second if self.reviews.iter().any(|earlier| earlier.passed != passed) => State::Disputed,
            _ => outcome,
        };
        after.waits = match after.state {
            State::Passed => None,
            State::Rejected => Some(waits),
            _ => self.waits,
        };
        after.reviews.push(review);
        after
    }

    /// Not to be reviewed any more.
    pub fn dropped(&self) -> Item {
        Item { state: State::Dropped, waits: None, ..self.clone() }
    }

    /// With the case it became.
    pub fn with_case(&self, case_id: &str) -> Item {
        Item { state: State::Closed, case_id: case_id.to_owned(), waits: None, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use yizhan_terms::Area;
    use yizhan_workflow::Why;

    use super::*;

    fn item(two_people: bool) -> Item {
        Item {
            head: Head::new("S/1".into(), Area::parse("430200").unwrap()),
            selection_id: "S".into(),
            item_id: "1".into(),
            purpose: Purpose::ManualPayments,
            two_people,
            state: State::Waiting,
            reviews: Vec::new(),
            case_id: String::new(),
            waits: Some(waits("2026-01-05")),
        }
    }

    fn waits(since: &str) -> Waits {
        Waits { since: since.parse().unwrap(), working_days: 20 }
    }

    fn by(reviewer: &str, passed: bool) -> Review {
        Review {
            reviewer: reviewer.into(),
            expert: false,
            passed,
            reason: String::new(),
            file_id: String::new(),
        }
    }

    #[test]
    fn the_table_is_good() {
        assert_eq!(ITEMS.flaws(State::ALL), [""; 0]);
    }

    #[test]
    fn two_people_agree_or_a_third_decides() {
        let reviewed = |reviews: &[(&str, bool)], two| {
            reviews
                .iter()
                .fold(item(two), |item, (who, passed)| item.reviewed(by(who, *passed), waits("2026-02-02")))
        };
        for (reviews, two, state) in [
            (&[("a", true)][..], false, State::Passed),
            (&[("a", false)], false, State::Rejected),
            (&[("a", false)], true, State::Second),
            (&[("a", false), ("b", false)], true, State::Rejected),
            (&[("a", true), ("b", true)], true, State::Passed),
            (&[("a", true), ("b", false)], true, State::Disputed),
            (&[("a", true), ("b", false), ("c", true)], true, State::Passed),
            (&[("a", true), ("b", false), ("c", false)], true, State::Rejected),
        ] {
            assert_eq!(reviewed(reviews, two).state, state, "{reviews:?}");
        }
        let disputed = reviewed(&[("a", true), ("b", false)], true);
        assert_eq!(disputed.waits, Some(waits("2026-01-05")), "a dispute gives no more time");
        let refused = disputed.case("a").next(Action::Pass, &[Role::Office]).unwrap_err();
        assert_eq!((refused.why, refused.allowed), (Why::Needs(Need::AnotherPerson), vec![Action::TakeBack]));
        assert!(disputed.case("c").next(Action::Reject, &[Role::Office]).is_ok());
        let rejected = reviewed(&[("a", false)], false);
        assert_eq!(rejected.waits, Some(waits("2026-02-02")));
        assert_eq!(rejected.with_case("C1").case("").allowed(&[Role::Office]), [Action::TakeBack]);
    }
}
