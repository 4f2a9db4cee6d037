//! Where a proposal stands, and what becomes of it. Pure: no database, no clock.

use std::collections::BTreeMap;

use yizhan_proto::audit::v1::{CaseLine, WatchDecisionsResponse};

yizhan_workflow::named! {
    /// Where a proposal stands.
    State {
        Open = 1, "OPEN", "待记分";
        Decided = 2, "DECIDED", "已记分";
        Closed = 3, "CLOSED", "不予记分";
        Withdrawn = 4, "WITHDRAWN", "已撤回";
        Contradicted = 5, "CONTRADICTED", "依据已撤销";
    }
}

impl State {
    /// Whether somebody is to do something about it.
    pub fn waits(self) -> bool {
        matches!(self, State::Open | State::Contradicted)
    }

    /// Where it stands by what is true of it: `stands` audit's decision, `has_points`, `is_closed` by an officer.
    pub fn by(stands: bool, has_points: bool, is_closed: bool) -> State {
        match (stands, has_points, is_closed) {
            (_, _, true) => State::Closed,
            (true, true, false) => State::Decided,
            (true, false, false) => State::Open,
            (false, true, false) => State::Contradicted,
            (false, false, false) => State::Withdrawn,
        }
    }
}

/// What a decision found of one practitioner, by kind of violation.
pub type Acts<'e> = BTreeMap<&'e str, Vec<&'e CaseLine>>;

/// What a decision found against lines, by the practitioner who ordered them. A line without an amount was found lawful; of one without a doctor nobody can be
/// told to answer.
pub fn by_practitioner(event: &WatchDecisionsResponse) -> BTreeMap<&str, Acts<'_>> {
    let mut found: BTreeMap<&str, Acts<'_>> = BTreeMap::new();
    let lines = event.lines.iter().filter_map(|decided| decided.line.as_ref());
    for line in lines.filter(|line| line.vola_amt_fen > 0 && !line.bilg_dr_codg.is_empty()) {
        found.entry(&line.bilg_dr_codg).or_default().entry(&line.vola_bhvr_type).or_default().push(line);
    }
    found
}

#[cfg(test)]
mod tests {
    use yizhan_proto::audit::v1::DecidedLine;

    use super::*;

    #[test]
    fn a_decision_is_told_by_practitioner_and_kind() {
        let line = |doctor: &str, kind: &str, vola_amt_fen| DecidedLine {
            line: Some(CaseLine {
                bilg_dr_codg: doctor.into(),
                vola_bhvr_type: kind.into(),
                vola_amt_fen,
                ..CaseLine::default()
            }),
            ..DecidedLine::default()
        };
        let lines = vec![
            line("D1", "重复收费", 100),
            line("D2", "重复收费", 200),
            line("D1", "超量开药", 300),
            line("D1", "重复收费", 400),
            line("D1", "重复收费", 0),
            line("", "重复收费", 500),
        ];
        let event = WatchDecisionsResponse { lines, ..WatchDecisionsResponse::default() };
        let found = by_practitioner(&event);
        let told: Vec<_> = found
            .iter()
            .flat_map(|(doctor, acts)| acts.iter().map(move |(kind, lines)| (*doctor, *kind, lines.len())))
            .collect();
        assert_eq!(told, [("D1", "超量开药", 1), ("D1", "重复收费", 2), ("D2", "重复收费", 1)]);
    }

    #[test]
    fn points_whose_reason_is_gone_wait_until_somebody_says_why_they_stand() {
        let states = [(true, false), (true, true), (false, false), (false, true)]
            .map(|(stands, has_points)| State::by(stands, has_points, false));
        assert_eq!(states, [State::Open, State::Decided, State::Withdrawn, State::Contradicted]);
        assert_eq!(states.map(State::waits), [true, false, false, true]);
        assert_eq!(State::by(false, true, true), State::Closed);
    }
}
