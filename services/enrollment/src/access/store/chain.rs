//! The chain that the entries of the access log make: each entry's hash covers the entry and the hash before it, under a
//! secret, so that nobody without the secret can change, remove or move one unnoticed.

use data_encoding::HEXLOWER;
use yizhan_runtime::vault::{SecretKey, unambiguous};

pub use super::entities::access_log::Model as LogEntry;

/// How far from its place an entry is looked for that does not belong where it is.
const SEARCH_DISTANCE: i64 = 10_000;

/// The secret under which entries are hashed.
#[derive(Clone, Debug)]
pub struct LogKey(SecretKey);

impl LogKey {
    /// This secret.
    pub fn new(key: SecretKey) -> Self {
        LogKey(key)
    }

    /// For a register on one machine, where nobody configured a secret.
    pub fn local_default() -> Self {
        LogKey(SecretKey::new(*b"yizhan local access log no secre"))
    }
}

impl LogEntry {
    /// What its hash must be.
    pub fn computed_hash(&self, key: &LogKey) -> String {
        self.hash_at(key, self.seq)
    }

    fn hash_at(&self, key: &LogKey, seq: i64) -> String {
        let (seq, at) = (seq.to_string(), self.at.timestamp_micros().to_string());
        let mut fields = vec![
            "yizhan access log 1",
            &self.poolarea_no,
            &seq,
            &at,
            &self.actor,
            &self.psn_no,
            &self.action,
            &self.purpose,
            &self.grant_id,
            &self.outcome,
            &self.prev_hash,
        ];
        // Entries from before there was one are hashed as they were then.
        if !self.subject.is_empty() {
            fields.push(&self.subject);
        }
        let encoded = unambiguous(&fields);
        HEXLOWER.encode(&key.0.hmac(&[&encoded]))
    }

    /// The place it was written at, if that is another one not too far away.
    fn written_at(&self, key: &LogKey) -> Option<i64> {
        let nearest_first =
            (1..=SEARCH_DISTANCE).flat_map(|distance| [self.seq - distance, self.seq + distance]);
        nearest_first.filter(|seq| *seq > 0).find(|seq| self.hash_at(key, *seq) == self.hash)
    }
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The entry is not the one that was written.
    Altered,
    /// There is no entry with this number.
    Missing,
    /// The entry was written at another place.
    Reordered,
    /// The entry was written here, but behind another one than stands before it: it is of another history.
    Forked,
    /// The chain does not end where it was noted to end.
    HeadMismatch,
    /// The chain is not the one that somebody noted earlier: it was rolled back or made anew.
    AnchorMismatch,
}

/// Where a chain is broken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// At which number.
    pub seq: i64,
    /// How.
    pub fault: Fault,
    /// Where the entry was written, if that is known.
    pub written_at: Option<i64>,
}

impl Break {
    /// No entry has this number.
    pub fn missing(seq: i64) -> Self {
        Break::new(seq, Fault::Missing)
    }

    fn new(seq: i64, fault: Fault) -> Self {
        Break { seq, fault, written_at: None }
    }
}

/// The number and hash of an entry: how far a chain reaches, or reached when somebody noted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    /// Number of the last entry; 0 of an empty chain.
    pub seq: i64,
    /// Its hash; empty of an empty chain.
    pub hash: String,
}

/// Walks along a chain, entry by entry.
#[derive(Debug)]
pub struct ChainCheck<'a> {
    key: &'a LogKey,
    /// What somebody noted earlier, to be met on the way.
    noted: Option<Anchor>,
    reached: Anchor,
}

impl<'a> ChainCheck<'a> {
    /// From the first entry on.
    pub fn from_start(key: &'a LogKey, noted: Option<Anchor>) -> Self {
        ChainCheck { key, noted, reached: Anchor::default() }
    }

    /// From behind an entry that was verified before: the entry itself, which must still be there.
    pub fn from_anchor(key: &'a LogKey, noted: Anchor, entry: Option<&LogEntry>) -> Result<Self, Break> {
        let same = |entry: &LogEntry| entry.hash == noted.hash && entry.computed_hash(key) == noted.hash;
        if entry.is_some_and(same) {
            Ok(ChainCheck { key, noted: None, reached: noted })
        } else {
            Err(Break::new(noted.seq, Fault::AnchorMismatch))
        }
    }

    /// Up to where the chain holds.
    pub fn reached(&self) -> &Anchor {
        &self.reached
    }

    /// Takes the next entry of the table, by number.
    pub fn step(&mut self, entry: &LogEntry) -> Result<(), Break> {
        let seq = self.reached.seq + 1;
        if entry.seq != seq {
            return Err(Break::missing(seq));
        }
        if entry.computed_hash(self.key) != entry.hash {
            let written_at = entry.written_at(self.key);
            let fault = if written_at.is_some() { Fault::Reordered } else { Fault::Altered };
            return Err(Break { seq, fault, written_at });
        }
        if entry.prev_hash != self.reached.hash {
            return Err(Break::new(seq, Fault::Forked));
        }
        if self.noted.as_ref().is_some_and(|noted| noted.seq == seq && noted.hash != entry.hash) {
            return Err(Break::new(seq, Fault::AnchorMismatch));
        }
        self.reached = Anchor { seq, hash: entry.hash.clone() };
        Ok(())
    }

    /// After the last entry: the chain must end where its head says, and reach as far as it did when somebody noted it.
    pub fn finish(&self, head: Option<&Anchor>) -> Result<(), Break> {
        let head = head.cloned().unwrap_or_default();
        if head != self.reached {
            let seq = head.seq.min(self.reached.seq) + 1;
            return Err(Break::new(seq, Fault::HeadMismatch));
        }
        if self.noted.as_ref().is_some_and(|noted| noted.seq > self.reached.seq) {
            return Err(Break::new(self.reached.seq + 1, Fault::AnchorMismatch));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: i64, prev_hash: &str) -> LogEntry {
        let key = LogKey::local_default();
        let mut entry = LogEntry {
            poolarea_no: "430200".into(),
            seq,
            at: "2024-06-15T04:00:00.000001Z".parse().unwrap(),
            actor: "insurer:PICC".into(),
            psn_no: format!("P{seq}"),
            action: "BY_GRANT".into(),
            purpose: "理赔".into(),
            grant_id: "G1".into(),
            outcome: "GIVEN".into(),
            subject: String::new(),
            prev_hash: prev_hash.into(),
            hash: String::new(),
        };
        entry.hash = entry.computed_hash(&key);
        entry
    }

    fn chain(length: i64) -> Vec<LogEntry> {
        let mut entries: Vec<LogEntry> = Vec::new();
        for seq in 1..=length {
            let prev_hash = entries.last().map_or(String::new(), |last| last.hash.clone());
            entries.push(entry(seq, &prev_hash));
        }
        entries
    }

    fn check(entries: &[LogEntry], noted: Option<Anchor>) -> Result<Anchor, Break> {
        let key = LogKey::local_default();
        let mut check = ChainCheck::from_start(&key, noted);
        entries.iter().try_for_each(|entry| check.step(entry))?;
        Ok(check.reached().clone())
    }

    #[test]
    fn every_field_counts() {
        let [first] = chain(1).try_into().unwrap();
        assert!(check(std::slice::from_ref(&first), None).is_ok());
        let changes: [fn(&mut LogEntry); 10] = [
            |entry| entry.poolarea_no = "430100".into(),
            |entry| entry.at += chrono::TimeDelta::microseconds(1),
            |entry| entry.actor.push('X'),
            |entry| entry.psn_no.push('X'),
            |entry| entry.action.push('X'),
            |entry| entry.purpose.push('X'),
            |entry| entry.grant_id.push('X'),
            |entry| entry.outcome.push('X'),
            |entry| entry.subject.push('X'),
            |entry| std::mem::swap(&mut entry.psn_no, &mut entry.actor),
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut changed = first.clone();
            change(&mut changed);
            let broken = check(&[changed], None).unwrap_err();
            assert_eq!(broken, Break::new(1, Fault::Altered), "change {at}");
        }
    }

    #[test]
    fn text_cannot_move_from_one_field_into_the_next() {
        let mut entry = chain(1).remove(0);
        entry.actor = "insurer:PICCP".into();
        entry.psn_no = entry.psn_no[1..].to_owned();
        assert_eq!(check(&[entry], None).unwrap_err().fault, Fault::Altered);
    }

    #[test]
    fn removed_moved_and_foreign_entries_are_told_apart() {
        let entries = chain(6);
        let mut removed = entries.clone();
        removed.remove(2);
        assert_eq!(check(&removed, None), Err(Break::new(3, Fault::Missing)));
        assert_eq!(check(&entries[1..], None), Err(Break::new(1, Fault::Missing)));

        let mut moved = entries.clone();
        moved.swap(1, 3);
        (moved[1].seq, moved[3].seq) = (2, 4);
        let expected = Break { seq: 2, fault: Fault::Reordered, written_at: Some(4) };
        assert_eq!(check(&moved, None), Err(expected));

        let mut foreign = entries.clone();
        foreign[3] = entry(4, "of another history");
        assert_eq!(check(&foreign, None), Err(Break::new(4, Fault::Forked)));
    }

    #[test]
    fn an_end_cut_off_shows_by_the_head_and_a_roll_back_by_an_anchor() {
        let entries = chain(6);
        let key = LogKey::local_default();
        let anchor = |seq: usize| Anchor { seq: seq as i64, hash: entries[seq - 1].hash.clone() };
        let mut cut = ChainCheck::from_start(&key, None);
        entries[..4].iter().try_for_each(|entry| cut.step(entry)).unwrap();
        assert_eq!(cut.finish(Some(&anchor(6))), Err(Break::new(5, Fault::HeadMismatch)));
        assert_eq!(cut.finish(None), Err(Break::new(1, Fault::HeadMismatch)));
        assert_eq!(cut.finish(Some(&anchor(4))), Ok(()), "a roll back of chain and head agrees with itself");
        let mut rolled_back = ChainCheck::from_start(&key, Some(anchor(6)));
        entries[..4].iter().try_for_each(|entry| rolled_back.step(entry)).unwrap();
        assert_eq!(rolled_back.finish(Some(&anchor(4))), Err(Break::new(5, Fault::AnchorMismatch)));
        let other = Anchor { seq: 3, hash: "another".into() };
        assert_eq!(check(&entries, Some(other)), Err(Break::new(3, Fault::AnchorMismatch)));
        assert_eq!(check(&entries, Some(anchor(3))), Ok(anchor(6)));

        let mut rest = ChainCheck::from_anchor(&key, anchor(3), Some(&entries[2])).unwrap();
        entries[3..].iter().try_for_each(|entry| rest.step(entry)).unwrap();
        assert_eq!(rest.finish(Some(&anchor(6))), Ok(()));
        let changed = ChainCheck::from_anchor(&key, anchor(3), Some(&entries[1]));
        assert_eq!(changed.unwrap_err(), Break::new(3, Fault::AnchorMismatch));
    }
}
