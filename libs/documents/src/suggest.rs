//! "Did you mean …?"

use crate::typed::{half_width, hint};

/// `; did you mean …?` when one of the candidates is close to the word, else nothing; first what a Chinese keyboard typed into it.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let hint = hint(word);
    if !hint.is_empty() {
        return hint;
    }
    let allowed = 1 + word.chars().count() / 4;
    let word: String = half_width(word).chars().take(100).collect();
    candidates
        .map(|candidate| (strsim::levenshtein(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map_or_else(String::new, |(_, candidate)| format!("; did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_of_the_finger_is_forgiven() {
        assert_eq!(closest("deductable", ["deductible", "cap"].into_iter()), "; did you mean `deductible`?");
        assert_eq!(closest("rows", ["when", "source"].into_iter()), "");
    }
}
