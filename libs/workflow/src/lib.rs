//! Cases and their steps. Everything that goes from hand to hand (a filing, a transfer, a case of audit, an appeal) is one table: who
//! may take which step from which state, what the step needs, and where it leads. Nothing else decides about steps, so that the table can be
//! read, checked, and asked: what is allowed, why not, who is next, and until when.
//!
//! States, actions, roles and needs are the service's own enums. What a step does to the case besides, and what a refusal reads like at
//! a counter, is the service's too. Pure: no database, no messages, no clock.
//!
//! # A table
//!
//! The cases of audit, 初审 → 复核 → 申诉 → 复审 → 反馈 → 处理 → 归档, would be this:
//!
//! ```
//! use yizhan_workflow::{Step, To, Why, Workflow, step};
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Eq)]
//! enum State { Screening, Review, Appealable, SecondReview, Feedback, Handling, Filed, Dismissed }
//! #[derive(Clone, Copy, Debug, PartialEq, Eq)]
//! enum Action { Suspect, Confirm, Dismiss, Appeal, Accept, Decide, Tell, Handle }
//! #[derive(Clone, Copy, Debug, PartialEq, Eq)]
//! enum Role { Screener, Reviewer, Institution, Clock }
//! #[derive(Clone, Copy, Debug, PartialEq, Eq)]
//! enum Need { AnotherOfficer, Evidence }
//!
//! const STEPS: &[Step<State, Action, Role, Need>] = {
//!     use {Action::*, Need::*, Role::*, State::*};
//!     &[
//!         step(Suspect, &[Screening], &[Screener], To::State(Review)),
//!         step(Confirm, &[Review], &[Reviewer], To::State(Appealable)).needs(&[AnotherOfficer]),
//!         step(Dismiss, &[Screening], &[Screener], To::State(Dismissed)).says_why(),
//!         step(Dismiss, &[Review], &[Reviewer], To::State(Dismissed)).says_why(),
//!         step(Appeal, &[Appealable], &[Institution], To::State(SecondReview)).needs(&[Evidence]).says_why(),
//!         step(Accept, &[Appealable], &[Institution, Clock], To::State(Feedback)),
//!         step(Decide, &[SecondReview], &[Reviewer], To::OneOf(&[Feedback, Dismissed])).needs(&[AnotherOfficer]),
//!         step(Tell, &[Feedback], &[Screener], To::State(Handling)),
//!         step(Handle, &[Handling], &[Screener], To::State(Filed)),
//!     ]
//! };
//! const AUDIT: Workflow<State, Action, Role, Need> =
//!     Workflow { steps: STEPS, begins: &[State::Screening], ends: &[State::Filed, State::Dismissed] };
//!
//! use State::*;
//! let all = [Screening, Review, Appealable, SecondReview, Feedback, Handling, Filed, Dismissed];
//! assert!(AUDIT.flaws(&all).is_empty());
//!
//! // The officer who screened it does not confirm it.
//! let case = AUDIT.case(Review, |need| need != Need::AnotherOfficer);
//! let refused = case.next(Action::Confirm, &[Role::Reviewer]).unwrap_err();
//! assert_eq!((refused.why, refused.allowed), (Why::Needs(Need::AnotherOfficer), vec![Action::Dismiss]));
//! assert_eq!(case.next(Action::Confirm, &[Role::Institution]).unwrap_err().why, Why::NotByThisRole);
//! // An institution has 5 working days to appeal; here every day is one.
//! let appealable = AUDIT.case(Appealable, |_| true);
//! let told = "2026-03-02".parse().unwrap();
//! let due = appealable.due(&[Role::Institution], told, 5, |day, days| day + chrono::Days::new(days.into()));
//! assert_eq!(due.unwrap().to_string(), "2026-03-07");
//! assert_eq!(AUDIT.waits_for(&[Role::Screener]), [Screening, Feedback, Handling]);
//! ```

mod case;
mod flaws;
mod named;
mod queue;
mod table;

pub use case::{Case, Next, Refused, Taken, Why};
pub use queue::{Overdue, overdue};
pub use table::{Never, Step, To, Workflow, no_needs, step};

/// Longest reason given for a step, in characters.
pub const MAX_REASON: usize = 200;

/// Whether a text can stand in a case's history as a reason: it is not too long.
pub fn is_reason(text: &str) -> bool {
    text.chars().count() <= MAX_REASON
}
