//! How long a caller waits, by its own word.

use std::time::Duration;

use http::HeaderMap;

/// What the caller allows: `grpc-timeout`, at most eight digits and a unit. What is not so allows everything.
pub(super) fn of_caller(headers: &HeaderMap) -> Option<Duration> {
    let said = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = said.split_at_checked(said.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_deadline_is_read_and_nonsense_is_none() {
        let read = |said: &str| {
            of_caller(&HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), said.parse().unwrap())]))
        };
        assert_eq!(read("2000m"), Some(Duration::from_secs(2)));
        assert_eq!(read("3S"), Some(Duration::from_secs(3)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for nonsense in ["", "S", "5", "5x", "-1S", "123456789S"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
        assert_eq!(of_caller(&HeaderMap::new()), None);
    }
}
