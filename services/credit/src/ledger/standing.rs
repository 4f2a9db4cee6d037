//! What of a subject's entries stands.

use std::collections::BTreeSet;

use yizhan_proto::credit::v1::{Entry, EntryKind};

/// The entries that stand, in the order recorded: none that was withdrawn, unless its withdrawal was.
pub fn standing(entries: &[Entry]) -> Vec<&Entry> {
    let mut withdrawn: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<&Entry> = Vec::with_capacity(entries.len());
    // From the last one back: what withdraws an entry was recorded behind it.
    for entry in entries.iter().rev().filter(|entry| entry.kind() != EntryKind::Unspecified) {
        if withdrawn.contains(entry.entry_id.as_str()) {
            continue;
        }
        if entry.kind() == EntryKind::Withdrawn {
            withdrawn.insert(&entry.undoes_entry_id);
        } else {
            left.push(entry);
        }
    }
    left.reverse();
    left
}
