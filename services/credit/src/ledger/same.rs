//! Whether acts have their points already.

use std::collections::BTreeSet;

use yizhan_proto::credit::v1::{Entry, EntryKind, EntryLine};
use yizhan_runtime::{Reason, ServiceError};

/// What audit found, by the `act_id` that names it; `None`: the officer's own act. What was withdrawn since is found, too.
fn found<'e>(entries: &'e [Entry], act_id: &str) -> Option<&'e Entry> {
    entries.iter().find(|entry| entry.kind() == EntryKind::ActFound && entry.entry_id == act_id)
}

/// Refuses acts that have their points already: under the same name, or found by audit against the same line.
///
/// # Errors
/// ACT_COUNTED.
pub fn check_once(acts: &[Entry], decided: &[&Entry], entries: &[Entry]) -> Result<(), ServiceError> {
    for (at, act) in acts.iter().enumerate() {
        let before = decided.iter().copied().chain(&acts[..at]);
        let mut same = before.filter(|other| is_same(act, other, entries));
        if let Some(by) = same.next() {
            let told = ServiceError::new(Reason::ActCounted, "the act has its points already");
            return Err(told.with("act_id", &act.act_id).with("matter_id", &by.matter_id));
        }
    }
    Ok(())
}

/// What audit found has one name everywhere, numbers of officers are each agency's own. Against one line audit finds the same anew where it corrects a case; and two cases find
/// the same where the kind of violation is one.
fn is_same(act: &Entry, other: &Entry, entries: &[Entry]) -> bool {
    let both = found(entries, &act.act_id).zip(found(entries, &other.act_id));
    let named = act.act_id == other.act_id;
    let Some((one, other)) = both else { return named && act.poolarea_no == other.poolarea_no };
    let anew = if one.case_id == other.case_id {
        one.decision_no != other.decision_no
    } else {
        one.item == other.item
    };
    named || anew && one.lines.iter().any(|line| other.lines.contains(line))
}

/// First entries of the matters among `decided` that may have given points for the same: by the same case of audit, or against one of the lines.
pub fn related<'e>(
    decided: &[&'e Entry],
    entries: &'e [Entry],
    case_id: &str,
    lines: &[&EntryLine],
) -> Vec<&'e Entry> {
    let of_case = |entry: &Entry| !case_id.is_empty() && entry.case_id == case_id;
    let of_line = |entry: &Entry| {
        let found = found(entries, &entry.act_id);
        found.is_some_and(|found| found.lines.iter().any(|line| lines.contains(&line)))
    };
    let mut seen = BTreeSet::new();
    let of_it = decided.iter().copied().filter(|entry| of_case(entry) || of_line(entry));
    of_it.filter(|entry| seen.insert(&entry.matter_id)).collect()
}

/// The lines that acts rest on, as far as audit found them.
pub fn lines_of<'e>(acts: &[Entry], entries: &'e [Entry]) -> Vec<&'e EntryLine> {
    acts.iter().filter_map(|act| found(entries, &act.act_id)).flat_map(|found| &found.lines).collect()
}

/// Acts of decisions that stand.
pub fn decided<'e>(standing: &[&'e Entry]) -> Vec<&'e Entry> {
    standing.iter().copied().filter(|entry| entry.kind() == EntryKind::PointsDecided).collect()
}
