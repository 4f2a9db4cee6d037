//! The table.

/// What a workflow needs whose steps need nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

/// For [`Workflow::case`] where steps need nothing.
pub fn no_needs(need: Never) -> bool {
    match need {}
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To<S: 'static> {
    /// There.
    State(S),
    /// Nowhere: something else about the case changes.
    Stay,
    /// To one of these, as the case decides: back to where it stood, into force with or without what is still to come.
    OneOf(&'static [S]),
}

impl<S: Copy> To<S> {
    /// Everywhere it may lead from a state.
    pub fn states(self, from: S) -> Vec<S> {
        match self {
            To::State(state) => vec![state],
            To::Stay => vec![from],
            To::OneOf(states) => states.to_vec(),
        }
    }
}

/// One row: a step, from where, by whom, to where. Made by [`step`].
#[derive(Clone, Copy, Debug)]
pub struct Step<S: 'static, A, R: 'static, N: 'static = Never> {
    /// What is done.
    pub action: A,
    /// In which states.
    pub from: &'static [S],
    /// By any one of these.
    pub by: &'static [R],
    /// Where it leads.
    pub to: To<S>,
    /// All of these must hold, in the order in which they are refused.
    pub needs: &'static [N],
    /// Whether the history must say why.
    pub says_why: bool,
    /// Whether nobody waits for it: withdrawing, handing over, locking.
    pub aside: bool,
}

/// A step that needs nothing.
pub const fn step<S, A, R, N>(
    action: A,
    from: &'static [S],
    by: &'static [R],
    to: To<S>,
) -> Step<S, A, R, N> {
    Step { action, from, by, to, needs: &[], says_why: false, aside: false }
}

impl<S: Copy, A: Copy, R, N> Step<S, A, R, N> {
    /// With what it needs.
    #[must_use]
    pub const fn needs(self, needs: &'static [N]) -> Self {
        Step { needs, ..self }
    }

    /// With a reason that must be given.
    #[must_use]
    pub const fn says_why(self) -> Self {
        Step { says_why: true, ..self }
    }

    /// As one that may be taken, but that nobody waits for.
    #[must_use]
    pub const fn aside(self) -> Self {
        Step { aside: true, ..self }
    }
}

/// A kind of cases. Actions are told in the order of the table.
#[derive(Clone, Copy, Debug)]
pub struct Workflow<S: 'static, A: 'static, R: 'static, N: 'static = Never> {
    /// Every step there is.
    pub steps: &'static [Step<S, A, R, N>],
    /// Where cases begin.
    pub begins: &'static [S],
    /// Where they end: no step leads on.
    pub ends: &'static [S],
}

impl<S: Copy + PartialEq, A: Copy + PartialEq, R: Copy + PartialEq, N: Copy + PartialEq>
    Workflow<S, A, R, N>
{
    /// The actions that anybody of these roles takes, in whatever state.
    pub fn actions(&self, roles: &[R]) -> Vec<A> {
        each_once(self.steps.iter().filter(|step| shared(step.by, roles).is_some()).map(|step| step.action))
    }

    /// Whether the history must say why an action was taken.
    pub fn says_why(&self, action: A) -> bool {
        self.steps.iter().any(|step| step.action == action && step.says_why)
    }

    /// The queue of some roles: the states in which it can be for one of them to go on.
    pub fn waits_for(&self, roles: &[R]) -> Vec<S> {
        let theirs = self.steps.iter().filter(|step| !step.aside && shared(step.by, roles).is_some());
        each_once(theirs.flat_map(|step| step.from.iter().copied()))
    }

    /// Whether no step leads on.
    pub fn is_over(&self, state: S) -> bool {
        self.ends.contains(&state)
    }
}

/// The first of some roles that somebody has.
pub(crate) fn shared<R: Copy + PartialEq>(by: &[R], roles: &[R]) -> Option<R> {
    by.iter().copied().find(|role| roles.contains(role))
}

/// In their order, without repetition.
pub(crate) fn each_once<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}
