//! Walking along a chain: pure.

use super::{Anchor, Link, LogKey};

/// How far from its place an entry is looked for that does not belong where it is.
const SEARCH_DISTANCE: i64 = 10_000;

/// What is wrong with a chain; the numbers are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The entry is not the one that was written.
    Altered = 1,
    /// There is no entry with this number.
    Missing = 2,
    /// The entry was written at another place.
    Reordered = 3,
    /// The entry was written here, but behind another one than stands before it: it is of another history.
    Forked = 4,
    /// The chain does not end where it was noted to end.
    HeadMismatch = 5,
    /// The chain is not the one that somebody noted earlier: it was rolled back or made anew.
    AnchorMismatch = 6,
    /// What the entry was written of is not any more as it was then.
    SubjectAltered = 7,
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
    /// Here, in this way.
    pub fn new(seq: i64, fault: Fault) -> Self {
        Break { seq, fault, written_at: None }
    }

    /// For people, in zh-CN; `what` the log is called: 访问记录.
    pub fn told(&self, what: &str) -> String {
        let seq = self.seq;
        match self.fault {
            Fault::Altered => format!("第 {seq} 条{what}被改动"),
            Fault::Missing => format!("缺少第 {seq} 条{what}"),
            Fault::Reordered => {
                let was = self.written_at.map(|at| format!("，原为第 {at} 条")).unwrap_or_default();
                format!("第 {seq} 条{what}的位置被调换{was}")
            }
            Fault::Forked => format!("第 {seq} 条{what}与前一条不相接"),
            Fault::HeadMismatch => format!("{what}自第 {seq} 条起与登记的末尾不一致"),
            Fault::AnchorMismatch => {
                format!("第 {seq} 条{what}与此前留存的核验结果不一致，记录可能被整体回退")
            }
            Fault::SubjectAltered => format!("第 {seq} 条{what}所记的内容此后被改动"),
        }
    }
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
    pub fn from_anchor(key: &'a LogKey, noted: Anchor, entry: Option<&impl Link>) -> Result<Self, Break> {
        let same = |entry: &_| {
            let (linked, computed) = computed(entry, key);
            linked.hash == noted.hash && computed == noted.hash
        };
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
    pub fn step(&mut self, entry: &impl Link) -> Result<(), Break> {
        let seq = self.reached.seq + 1;
        let (linked, computed) = computed(entry, self.key);
        if linked.seq != seq {
            return Err(Break::new(seq, Fault::Missing));
        }
        if computed != linked.hash {
            let written_at = written_at(entry, self.key);
            let fault = if written_at.is_some() { Fault::Reordered } else { Fault::Altered };
            return Err(Break { seq, fault, written_at });
        }
        if linked.prev_hash != self.reached.hash {
            return Err(Break::new(seq, Fault::Forked));
        }
        if self.noted.as_ref().is_some_and(|noted| noted.seq == seq && noted.hash != linked.hash) {
            return Err(Break::new(seq, Fault::AnchorMismatch));
        }
        self.reached = Anchor { seq, hash: linked.hash };
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

fn computed(entry: &impl Link, key: &LogKey) -> (super::Linked, String) {
    let linked = entry.linked();
    let computed = entry.hash_at(key, linked.seq);
    (linked, computed)
}

/// The place an entry was written at, if that is another one not too far away.
fn written_at(entry: &impl Link, key: &LogKey) -> Option<i64> {
    let linked = entry.linked();
    let mut nearest_first =
        (1..=SEARCH_DISTANCE).flat_map(|distance| [linked.seq - distance, linked.seq + distance]);
    nearest_first.find(|seq| *seq > 0 && entry.hash_at(key, *seq) == linked.hash)
}

#[cfg(test)]
mod tests {
    use super::super::Linked;
    use super::*;

    #[derive(Clone)]
    struct Entry(Linked, String);

    impl Link for Entry {
        fn linked(&self) -> Linked {
            self.0.clone()
        }

        fn link(&mut self, place: Linked) {
            self.0 = place;
        }

        fn hashed(&self, seq: &str) -> Vec<String> {
            [&self.0.chain, seq, &self.1, &self.0.prev_hash].map(str::to_owned).into()
        }
    }

    fn entry(seq: i64, prev_hash: &str) -> Entry {
        let place = Linked { chain: "430200".into(), seq, prev_hash: prev_hash.into(), hash: String::new() };
        let mut entry = Entry(place, format!("look {seq}"));
        entry.0.hash = entry.hash_at(&LogKey::local_default(), seq);
        entry
    }

    fn chain(length: i64) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for seq in 1..=length {
            let prev_hash = entries.last().map_or(String::new(), |last| last.0.hash.clone());
            entries.push(entry(seq, &prev_hash));
        }
        entries
    }

    fn check(entries: &[Entry], noted: Option<Anchor>) -> Result<Anchor, Break> {
        let key = LogKey::local_default();
        let mut check = ChainCheck::from_start(&key, noted);
        entries.iter().try_for_each(|entry| check.step(entry))?;
        Ok(check.reached().clone())
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
        (moved[1].0.seq, moved[3].0.seq) = (2, 4);
        let expected = Break { seq: 2, fault: Fault::Reordered, written_at: Some(4) };
        assert_eq!(check(&moved, None), Err(expected));

        let mut foreign = entries.clone();
        foreign[3] = entry(4, "of another history");
        assert_eq!(check(&foreign, None), Err(Break::new(4, Fault::Forked)));
        foreign[3].1.push('X');
        assert_eq!(check(&foreign, None), Err(Break::new(4, Fault::Altered)));
    }

    #[test]
    fn an_end_cut_off_shows_by_the_head_and_a_roll_back_by_an_anchor() {
        let entries = chain(6);
        let key = LogKey::local_default();
        let anchor = |seq: usize| Anchor { seq: seq as i64, hash: entries[seq - 1].0.hash.clone() };
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
