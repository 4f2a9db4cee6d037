//! Random selections (随机抽取) that anybody can repeat: the list is frozen with the digest of a secret number (nonce) before a value from
//! outside is known that nobody chose; nonce, value and list together make the seed. Who draws does not know the nonce, and whoever runs the
//! platform does not know the value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use yizhan_rules::months::last_day_from;
use yizhan_runtime::clock::parse_date;

yizhan_workflow::named! {
    /// Where a selection stands.
    State {
        Frozen = 1, "FROZEN", "已封存名单";
        Drawn = 2, "DRAWN", "已抽取";
        Abandoned = 3, "ABANDONED", "已作废";
    }
}

/// The list of a selection, as it was frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Of which selection.
    pub selection_id: String,
    /// As the digest is made of it.
    pub text: String,
}

impl List {
    /// Where the list of a selection is kept.
    pub fn id(selection_id: &str) -> String {
        format!("{selection_id}-list")
    }
}

/// SHA-256 in hexadecimal.
pub fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

/// The list as it is frozen: how many of each stratum, `#stratum⇥count`; then every entry, `stratum⇥id`; each sorted by bytes.
pub fn list_text(sizes: &BTreeMap<String, u32>, entries: &BTreeSet<(String, String)>) -> String {
    let mut text = String::new();
    for (stratum, count) in sizes {
        writeln!(text, "#{stratum}\t{count}").unwrap_or_default();
    }
    for (stratum, id) in entries {
        writeln!(text, "{stratum}\t{id}").unwrap_or_default();
    }
    text
}

/// What it is drawn by.
pub fn seed(nonce: &str, public_value: &str, list_digest: &str) -> String {
    digest(&format!("{nonce}|{public_value}|{list_digest}"))
}

/// Every entry of a stratum in the order of the draw: by SHA-256 of `seed|id`. With how many of them are drawn.
pub fn order<'t>(text: &'t str, seed: &str) -> BTreeMap<&'t str, (usize, Vec<&'t str>)> {
    let mut strata: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
    for (stratum, rest) in text.lines().filter_map(|line| line.split_once('\t')) {
        match stratum.strip_prefix('#') {
            Some(stratum) => strata.entry(stratum).or_default().0 = rest.parse().unwrap_or_default(),
            None => strata.entry(stratum).or_default().1.push(rest),
        }
    }
    let place = |id: &&str| (digest(&format!("{seed}|{id}")), (*id).to_owned());
    strata.values_mut().for_each(|(_, ids)| ids.sort_by_cached_key(place));
    strata
}

/// What is drawn, stratum by stratum.
pub fn draw(text: &str, seed: &str) -> Vec<String> {
    let drawn = order(text, seed).into_values().flat_map(|(count, ids)| ids.into_iter().take(count));
    drawn.map(str::to_owned).collect()
}

/// The order of the draw as far as it matters where up to so many are passed over: of each stratum how many are drawn, and whom first.
pub fn first(text: &str, seed: &str, passed_over: usize) -> Vec<(usize, Vec<String>)> {
    let first = |(count, ids): (usize, Vec<&str>)| {
        (count, ids.into_iter().take(count + passed_over).map(str::to_owned).collect())
    };
    order(text, seed).into_values().map(first).collect()
}

/// First and last day of `2026Q1`, `2026-01` or `2026-01-15`; whether it is a quarter.
pub fn period(text: &str) -> Option<(NaiveDate, NaiveDate, bool)> {
    if let Some(day) = parse_date(text) {
        return Some((day, day, false));
    }
    let number = |text: &str, digits: usize| {
        let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (year, month, months) = match text.split_once('Q') {
        Some((year, quarter)) => {
            let quarter = number(quarter, 1).filter(|quarter| (1..=4).contains(quarter))?;
            (number(year, 4)?, quarter * 3 - 2, 3)
        }
        None => {
            let (year, month) = text.split_once('-')?;
            (number(year, 4)?, number(month, 2)?, 1)
        }
    };
    let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?;
    Some((first, last_day_from(first, months), months == 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::gives;

    fn list(ids: std::ops::Range<u32>, count: u32) -> String {
        let entries = ids.map(|id| ("-".to_owned(), format!("H{id:04}"))).collect();
        list_text(&BTreeMap::from([("-".to_owned(), count)]), &entries)
    }

    #[test]
    fn a_draw_is_known_beforehand_from_its_seed_alone() {
        let text = list(0..6, 2);
        assert_eq!(text.lines().next(), Some("#-\t2"));
        let seed = seed("00", "08 11 19", &digest(&text));
        let drawn = draw(&text, &seed);
        assert_eq!((drawn.len(), &drawn), (2, &draw(&text, &seed)));
        assert_ne!(seed, super::seed("00", "08 11 20", &digest(&text)), "another value, another seed");
        assert_ne!(seed, super::seed("00", "08 11 19", &digest(&list(0..7, 2))), "another list too");
        let mut by_hand: Vec<(String, String)> =
            (0..6).map(|id| format!("H{id:04}")).map(|id| (digest(&format!("{seed}|{id}")), id)).collect();
        by_hand.sort();
        assert_eq!(drawn, by_hand.into_iter().take(2).map(|(_, id)| id).collect::<Vec<_>>());
    }

    /// Each of 20 is drawn in about a quarter of 2,000 draws of 5: between 400 and 600 times is within six deviations.
    #[test]
    fn everybody_is_drawn_as_often_as_others() {
        let text = list(0..20, 5);
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        for draw_no in 0..2000 {
            let seed = seed("nonce", &draw_no.to_string(), "list");
            draw(&text, &seed).into_iter().for_each(|id| *times.entry(id).or_default() += 1);
        }
        assert_eq!(times.values().sum::<u32>(), 10_000);
        assert!(times.len() == 20 && times.values().all(|times| (400..=600).contains(times)), "{times:?}");
    }

    #[test]
    fn strata_are_drawn_by_themselves() {
        let entries = (0..9).map(|id| (["third", "first"][id % 2].to_owned(), format!("H{id}"))).collect();
        let sizes = BTreeMap::from([("first".to_owned(), 1), ("third".to_owned(), 2)]);
        let drawn = draw(&list_text(&sizes, &entries), "seed");
        let of = |stratum: &str| {
            drawn.iter().filter(|id| entries.contains(&(stratum.to_owned(), (*id).clone()))).count()
        };
        assert_eq!([of("first"), of("third")], [1, 2]);
    }

    /// Who has a stake makes room for the next of the order, and for nobody else.
    #[test]
    fn the_next_takes_the_place_of_who_is_recused() {
        let drawn = first(&list(0..5, 2), "s", 20);
        let order = drawn[0].1.clone();
        assert_eq!((drawn[0].0, order.len()), (2, 5));
        let gives = |one: usize, other: usize, recused: &[String]| {
            gives(&drawn, &[order[one].clone(), order[other].clone()], recused)
        };
        assert!(gives(0, 1, &[]) && !gives(0, 2, &[]));
        assert!(gives(0, 2, &order[1..2]), "the third for the second");
        assert!(!gives(0, 3, &order[1..2]) && !gives(0, 1, &order[1..2]));
    }

    #[test]
    fn periods() {
        let told = |text| period(text).map(|(first, last, quarter)| format!("{first} {last} {quarter}"));
        assert_eq!(told("2026Q1").as_deref(), Some("2026-01-01 2026-03-31 true"));
        assert_eq!(told("2026-01-15").as_deref(), Some("2026-01-15 2026-01-15 false"));
        assert_eq!(told("2028-02").as_deref(), Some("2028-02-01 2028-02-29 false"));
        for wrong in ["", "2026Q5", "2026Q0", "2026-13", "2026-1", "26Q1", "2026Q", "2026", "+026Q1"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }
}
