//! What stands in Redis: values behind a header, and a watermark per bucket. Fixed width, so that scripts can compare text.

/// Parts of the keys. A bucket lives in one slot of a Redis Cluster, together with its watermark.
pub(super) const BUCKETS: usize = 32;
/// Generation and version, 16 hexadecimal digits each.
pub(super) const HEADER: usize = 32;
const WATERMARK: usize = 64;

/// Which bucket a key is in: FNV-1a, the same in every process and release.
pub(super) fn bucket(key: &str) -> usize {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    ((hash ^ (hash >> 32)) % BUCKETS as u64) as usize
}

/// How far a bucket is. The numbers are those of passes; a number is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watermark {
    /// Values of another generation do not count.
    pub generation: i64,
    /// The last pass that began to take values out here: what a loader read before it may not be stored after it.
    pub begun: i64,
    /// The last pass that finished here: what was committed before it read the log is reflected here.
    pub done: i64,
    /// The last pass that had something to invalidate: must be the one that the database remembers.
    pub changed: i64,
}

impl Watermark {
    pub(super) fn encode(&self) -> String {
        format!("{:016x}{:016x}{:016x}{:016x}", self.generation, self.begun, self.done, self.changed)
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != WATERMARK {
            return None;
        }
        let number = |at: usize| number(bytes.get(at..at + 16)?);
        Some(Watermark {
            generation: number(0)?,
            begun: number(16)?,
            done: number(32)?,
            changed: number(48)?,
        })
    }

    /// The last pass that was here.
    pub(super) fn newest(&self) -> i64 {
        self.begun.max(self.done)
    }

    /// What a loader must find unchanged when it stores what it read: the first half of the text.
    pub(super) fn token(&self) -> Token {
        Token { generation: self.generation, begun: self.begun }
    }
}

/// A moment in the life of a bucket, taken before the database is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub generation: i64,
    pub begun: i64,
}

impl Token {
    pub(super) fn encode(self) -> String {
        format!("{:016x}{:016x}", self.generation, self.begun)
    }
}

/// A version as text that sorts as the number does.
pub(super) fn version_text(version: i64) -> String {
    format!("{:016x}", (version as u64) ^ (1 << 63))
}

/// A stored value's generation and version; `None` if it is malformed.
pub(super) fn header(bytes: &[u8]) -> Option<(i64, i64)> {
    let generation = number(bytes.get(..16)?)?;
    let version = (hex(bytes.get(16..HEADER)?)? ^ (1 << 63)) as i64;
    Some((generation, version))
}

fn number(digits: &[u8]) -> Option<i64> {
    i64::try_from(hex(digits)?).ok()
}

/// Lower-case digits only: what a script would compare in another order is malformed.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watermarks_and_headers_come_back() {
        let watermark = Watermark { generation: i64::MAX, begun: 7, done: 6, changed: 3 };
        assert_eq!(Watermark::decode(watermark.encode().as_bytes()), Some(watermark));
        assert!(watermark.encode().starts_with(&watermark.token().encode()));
        for version in [i64::MIN, -1, 0, 1, i64::MAX] {
            let text = format!("{:016x}{}payload", 5, version_text(version));
            assert_eq!(header(text.as_bytes()), Some((5, version)));
        }
        assert!(version_text(-1) < version_text(0) && version_text(9) < version_text(10));
    }

    #[test]
    fn what_is_malformed_is_told() {
        assert_eq!(header(b""), None);
        assert_eq!(header(&[b'G'; 32]), None);
        assert_eq!(header(&[b'A'; 32]), None, "upper case sorts differently");
        assert_eq!(Watermark::decode(&[b'0'; 63]), None);
        assert_eq!(Watermark::decode(&[b'f'; 64]), None, "above what an i64 holds");
    }

    #[test]
    fn keys_spread_over_the_buckets() {
        let used: std::collections::BTreeSet<usize> = (0..500).map(|n| bucket(&format!("psn{n}"))).collect();
        assert_eq!(used.len(), BUCKETS);
    }
}
