//! "Did you mean …?"

/// `; did you mean …?` when one of the candidates is close to the word, else nothing.
pub(super) fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let allowed = 1 + word.chars().count() / 4;
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map_or_else(String::new, |(_, candidate)| format!("; did you mean `{candidate}`?"))
}

/// How many single-character edits lie between two words (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().take(100).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
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
