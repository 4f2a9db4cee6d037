//! Random selections (随机抽取) that anybody can repeat: the list is frozen with the digest of a secret number (nonce) before a value from
//! outside is known that nobody chose; nonce, value and list together make the seed. Who draws does not know the nonce, and whoever runs the
//! platform does not know the value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use yizhan_rules::months::last_day_from;

use super::{Columns, Head, Kept};
use crate::plan_rules::Purpose;

yizhan_workflow::named! {
    /// Where a selection stands.
    #[derive(Serialize, Deserialize)]
    State {
        Frozen = 1, "FROZEN", "已封存名单";
        Drawn = 2, "DRAWN", "已抽取";
        Abandoned = 3, "ABANDONED", "已作废";
    }
}

/// A selection, without the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// What all have alike.
    pub head: Head,
    /// What is drawn from.
    pub purpose: Purpose,
    /// Of samples, when.
    pub period: String,
    /// Where it stands.
    pub state: State,
    /// Length of the list.
    pub listed: u32,
    /// How many of each stratum.
    pub sizes: BTreeMap<String, u32>,
    /// Where the value from outside comes from.
    pub public_source: String,
    /// SHA-256 of the list.
    pub list_digest: String,
    /// The secret number.
    pub nonce: String,
    /// When the list was frozen.
    pub frozen_at: DateTime<Utc>,
    /// The value from outside.
    pub public_value: String,
    /// What it was drawn by.
    pub seed: String,
    /// When.
    pub drawn_at: Option<DateTime<Utc>>,
    /// From which day anybody sees everything.
    pub public_on: Option<NaiveDate>,
    /// Why it was given up.
    pub abandoned_for: String,
}

/// Its list, and what was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// With the id of its selection.
    pub head: Head,
    /// As the digest is made of it.
    pub text: String,
    /// In the order of the draw.
    pub drawn: Vec<String>,
}

impl Kept for Selection {
    const KIND: i32 = 2;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }

    fn state(&self) -> (i32, &'static str) {
        (self.state.number(), self.state.name())
    }

    fn columns(&self) -> Columns {
        Columns { parent: self.period.clone(), ..Columns::default() }
    }
}

impl Kept for List {
    const KIND: i32 = 5;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }

    fn state(&self) -> (i32, &'static str) {
        (0, "")
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

/// Whether the list's draw gives all these, if those who are recused are passed over and who comes next takes their place.
pub fn gives(text: &str, seed: &str, wanted: &[String], recused: &[String]) -> bool {
    let strata = order(text, seed);
    let given: Vec<&str> = strata
        .into_values()
        .flat_map(|(count, ids)| {
            ids.into_iter().filter(|id| !recused.iter().any(|other| other == id)).take(count)
        })
        .collect();
    wanted.iter().all(|id| given.contains(&id.as_str()))
}

/// First and last day of `2026Q1`, or `2026-01`; whether it is a quarter.
pub fn period(text: &str) -> Option<(NaiveDate, NaiveDate, bool)> {
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
        let text = list(0..5, 2);
        let order: Vec<String> = order(&text, "s")["-"].1.iter().map(|id| (*id).to_owned()).collect();
        let pair = |one: usize, other: usize| vec![order[one].clone(), order[other].clone()];
        assert!(gives(&text, "s", &pair(0, 1), &[]) && !gives(&text, "s", &pair(0, 2), &[]));
        assert!(gives(&text, "s", &pair(0, 2), &order[1..2]), "the third for the second");
        assert!(
            !gives(&text, "s", &pair(0, 3), &order[1..2]) && !gives(&text, "s", &pair(0, 1), &order[1..2])
        );
    }

    #[test]
    fn periods() {
        let told = |text| period(text).map(|(first, last, quarter)| format!("{first} {last} {quarter}"));
        assert_eq!(told("2026Q1").as_deref(), Some("2026-01-01 2026-03-31 true"));
        assert_eq!(told("2028-02").as_deref(), Some("2028-02-01 2028-02-29 false"));
        for wrong in ["", "2026Q5", "2026Q0", "2026-13", "2026-1", "26Q1", "2026Q", "2026", "+026Q1"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }
}
