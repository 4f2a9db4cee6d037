//! What of an entry of the access log its hash covers (`yizhan_runtime::chain`).

use yizhan_runtime::chain::{Chains, Link, Linked};

pub use super::entities::access_log::Model as LogEntry;

/// The tables of the access log.
pub const ACCESS_LOG: Chains = Chains { entries: "access_log", heads: "access_log_head" };

impl Link for LogEntry {
    fn linked(&self) -> Linked {
        Linked {
            chain: self.poolarea_no.clone(),
            seq: self.seq,
            prev_hash: self.prev_hash.clone(),
            hash: self.hash.clone(),
        }
    }

    fn link(&mut self, place: Linked) {
        (self.seq, self.prev_hash, self.hash) = (place.seq, place.prev_hash, place.hash);
    }

    fn hashed(&self, seq: &str) -> Vec<String> {
        let at = self.at.timestamp_micros().to_string();
        let mut fields = vec![
            "yizhan access log 1",
            &self.poolarea_no,
            seq,
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
        fields.into_iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use yizhan_runtime::chain::LogKey;

    use super::*;

    fn hash(entry: &LogEntry) -> String {
        entry.hash_at(&LogKey::local_default(), entry.seq)
    }

    fn first() -> LogEntry {
        LogEntry {
            poolarea_no: "430200".into(),
            seq: 1,
            at: "2024-06-15T04:00:00.000001Z".parse().unwrap(),
            actor: "insurer:PICC".into(),
            psn_no: "P1".into(),
            action: "BY_GRANT".into(),
            purpose: "理赔".into(),
            grant_id: "G1".into(),
            outcome: "GIVEN".into(),
            subject: String::new(),
            prev_hash: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn every_field_counts() {
        let first = first();
        assert_eq!(hash(&first), hash(&first.clone()));
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
            assert_ne!(hash(&changed), hash(&first), "change {at}");
        }
    }

    #[test]
    fn text_cannot_move_from_one_field_into_the_next() {
        let mut entry = first();
        let before = hash(&entry);
        entry.actor = "insurer:PICCP".into();
        entry.psn_no = entry.psn_no[1..].to_owned();
        assert_ne!(hash(&entry), before);
    }

    /// What is stored was hashed so, and is so for ever.
    #[test]
    fn a_hash_is_what_it_was() {
        assert_eq!(hash(&first()), "ff2a7f7ce876bdfce6ac427973d493ba1c5ba296b49a6035ba8351abd268564b");
    }
}
