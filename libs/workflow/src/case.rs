//! A case where it stands: what is allowed, what comes next, who is next, and until when.

use chrono::NaiveDate;

use crate::table::{Step, To, Workflow, each_once, shared};

/// A case where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Case<'w, S: 'static, A: 'static, R: 'static, N: 'static, M> {
    workflow: &'w Workflow<S, A, R, N>,
    state: S,
    met: M,
}

impl<S, A, R, N> Workflow<S, A, R, N> {
    /// A case that stands there; `met` says of a need whether it is met.
    pub fn case<M: Fn(N) -> bool>(&self, state: S, met: M) -> Case<'_, S, A, R, N, M> {
        Case { workflow: self, state, met }
    }
}

/// A step that may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next<S: 'static, R> {
    /// Where it leads.
    pub to: To<S>,
    /// As what it is taken, of all that the caller is.
    pub by: R,
}

/// A step that may not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<S, A, N> {
    /// Where the case stands.
    pub state: S,
    /// Why not.
    pub why: Why<N>,
    /// What the caller may do now.
    pub allowed: Vec<A>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<N> {
    /// It is for somebody else, in whatever state.
    NotByThisRole,
    /// Not in this state.
    NotInThisState,
    /// In this state, by this caller, but this is not met.
    Needs(N),
}

/// An entry of a case's history: a step that was taken, and the case behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken<C, S, A, W> {
    /// The case as it becomes.
    pub after: C,
    /// Where it stood; `None`: it was opened.
    pub from: Option<S>,
    /// What was done.
    pub action: A,
    /// By whom.
    pub actor: W,
    /// Why, as given.
    pub reason: String,
}

impl<S, A, R, N, M> Case<'_, S, A, R, N, M>
where
    S: Copy + PartialEq,
    A: Copy + PartialEq,
    R: Copy + PartialEq,
    N: Copy + PartialEq,
    M: Fn(N) -> bool,
{
    /// What somebody of these roles may do now.
    pub fn allowed(&self, roles: &[R]) -> Vec<A> {
        let open = self.here().filter(|step| shared(step.by, roles).is_some() && self.unmet(step).is_none());
        each_once(open.map(|step| step.action))
    }

    /// What an action of somebody of these roles comes to.
    ///
    /// # Errors
    /// Where it is for somebody else, not for this state, or not for this case yet: in this order.
    pub fn next(&self, action: A, roles: &[R]) -> Result<Next<S, R>, Refused<S, A, N>> {
        let rows = self.workflow.steps.iter().filter(|step| step.action == action);
        let mut why = Why::NotByThisRole;
        for (step, by) in rows.filter_map(|step| Some((step, shared(step.by, roles)?))) {
            if !step.from.contains(&self.state) {
                why = if why == Why::NotByThisRole { Why::NotInThisState } else { why };
                continue;
            }
            match self.unmet(step) {
                None => return Ok(Next { to: step.to, by }),
                Some(need) if !matches!(why, Why::Needs(_)) => why = Why::Needs(need),
                Some(_) => {}
            }
        }
        Err(Refused { state: self.state, why, allowed: self.allowed(roles) })
    }

    /// Whose turn it is: the roles of the steps that lead on.
    pub fn who_is_next(&self) -> Vec<R> {
        let onward = self.here().filter(|step| !step.aside && self.unmet(step).is_none());
        each_once(onward.flat_map(|step| step.by.iter().copied()))
    }

    /// The last day on which it is decided in time, if it is for one of these to decide it: so many working days after the day on which it
    /// came to them, as `add` counts them.
    pub fn due(
        &self,
        deciders: &[R],
        since: NaiveDate,
        working_days: u32,
        add: impl Fn(NaiveDate, u32) -> NaiveDate,
    ) -> Option<NaiveDate> {
        shared(&self.who_is_next(), deciders).map(|_| add(since, working_days))
    }

    fn here(&self) -> impl Iterator<Item = &Step<S, A, R, N>> {
        self.workflow.steps.iter().filter(|step| step.from.contains(&self.state))
    }

    fn unmet(&self, step: &Step<S, A, R, N>) -> Option<N> {
        step.needs.iter().copied().find(|need| !(self.met)(*need))
    }
}
