//! What of a settlement would be otherwise now, and what becomes of its item.

pub use crate::settlements::domain::paid::{Funds, Why};

/// What is known now of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Says {
    /// Why.
    pub why: Why,
    /// What the funds would pay; `None` where it cannot be calculated.
    pub would_pay: Option<Funds>,
}

impl Says {
    /// Whether the funds would pay what they paid.
    pub fn is_as_paid(&self, paid: &Funds) -> bool {
        self.would_pay.as_ref() == Some(paid)
    }
}

/// Where the last item of a settlement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be worked through.
    Open,
    /// Worked through by somebody.
    Closed,
    /// The change was undone.
    Resolved,
}

impl State {
    /// All of them.
    pub const ALL: [State; 3] = [State::Open, State::Closed, State::Resolved];

    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            State::Open => "OPEN",
            State::Closed => "CLOSED",
            State::Resolved => "RESOLVED",
        }
    }

    /// From how it is stored.
    pub fn from_code(code: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What is to be done with the item of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Leave,
    /// A new one.
    Open,
    /// The open one says something else now.
    Update,
    /// The open one is taken off.
    Resolve,
}

/// What becomes of the last item, given what is known now (`None`: the settlement would be paid as it was). One that somebody closed comes
/// again only when something else is known than what they closed.
pub fn step<S: PartialEq>(last: Option<(State, &S)>, now: Option<&S>) -> Step {
    match (last, now) {
        (Some((State::Open, _)), None) => Step::Resolve,
        (Some((State::Open | State::Closed, said)), Some(now)) if said == now => Step::Leave,
        (Some((State::Open, _)), Some(_)) => Step::Update,
        (_, Some(_)) => Step::Open,
        (_, None) => Step::Leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_follows_what_is_known() {
        let (less, more) = ("less", "more");
        assert_eq!(step::<&str>(None, None), Step::Leave);
        assert_eq!(step(None, Some(&less)), Step::Open);
        assert_eq!(step(Some((State::Open, &less)), Some(&less)), Step::Leave, "told twice");
        assert_eq!(step(Some((State::Open, &less)), Some(&more)), Step::Update);
        assert_eq!(step(Some((State::Open, &less)), None), Step::Resolve, "undone");
        assert_eq!(step(Some((State::Closed, &less)), Some(&less)), Step::Leave, "worked through");
        assert_eq!(step(Some((State::Closed, &less)), Some(&more)), Step::Open);
        assert_eq!(step(Some((State::Closed, &less)), None), Step::Leave);
        assert_eq!(step(Some((State::Resolved, &less)), Some(&less)), Step::Open, "done again");
    }
}
