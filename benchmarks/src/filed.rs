//! Who filed what, what is asked about them, and what must be answered then.

use anyhow::{Context, ensure};
use prost::Message;
use prost::bytes::Bytes;
use yizhan_proto::filing::v1::{FilingClass, FilingRow, FindFilingRequest, FindFilingResponse};

use crate::asking::{CHECKED, Question};
use crate::platform::psn_no;

/// Persons next to one another who are insured in one area, and rows of one import.
pub const BLOCK: u64 = 1000;
const INSUTYPE: &str = "310";
/// 统筹区: 南昌 and 绍兴.
const AREAS: [&str; 2] = ["360100", "330600"];
/// A city in the province of each, where nothing needs to be filed.
const NEIGHBOURS: [&str; 2] = ["360403", "330106"];
/// 就医地 as filed, and a district of it.
const PLACES: [(&str, &str); 5] = [
    ("310000", "310115"),
    ("440100", "440106"),
    ("110000", "110105"),
    ("320100", "320102"),
    ("420100", "420106"),
];
/// Where nobody filed for.
const NOWHERE: &str = "620102";
/// Kinds, their classes and their days: by the number of the person.
const KINDS: [(&str, FilingClass, &str, &str); 3] = [
    ("07", FilingClass::LongTerm, "2023-03-01", ""),
    ("06", FilingClass::Referral, "2025-01-01", "2025-06-30"),
    ("11", FilingClass::Temporary, "2025-01-01", "2025-06-30"),
];

/// So many filings: one of each of the first seven tenths of persons; the other three tenths are earlier filings of the first
/// of them, at other places.
#[derive(Clone, Copy, Debug)]
pub struct Filed {
    /// How many.
    pub filings: u64,
}

impl Filed {
    /// Persons who filed: those with the lowest numbers.
    pub fn people(self) -> u64 {
        self.filings * 7 / 10
    }

    /// Blocks of rows that may be imported together, with the area whose they are.
    pub fn blocks(self) -> impl Iterator<Item = (&'static str, Vec<FilingRow>)> {
        let people = self.people();
        let blocks = |of: u64, row: fn(u64) -> FilingRow| {
            let starts = (0..of).step_by(BLOCK as usize);
            starts.map(move |from| (area(from), (from..of.min(from + BLOCK)).map(row).collect()))
        };
        blocks(people, row).chain(blocks(self.filings - people, earlier_row))
    }
}

/// 统筹区 of somebody.
fn area(number: u64) -> &'static str {
    AREAS[(number / BLOCK % 2) as usize]
}

fn place(number: u64) -> (&'static str, &'static str) {
    PLACES[(number % 5) as usize]
}

fn kind(number: u64) -> (&'static str, FilingClass, &'static str, &'static str) {
    KINDS[(number % 3) as usize]
}

fn row(number: u64) -> FilingRow {
    let (out_fil_type, _, begndate, enddate) = kind(number);
    FilingRow {
        foreign_id: format!("F{number}"),
        psn_no: psn_no(number),
        insutype: INSUTYPE.into(),
        out_fil_type: out_fil_type.into(),
        rloc_admdvs: place(number).0.into(),
        begndate: begndate.into(),
        enddate: enddate.into(),
    }
}

fn earlier_row(number: u64) -> FilingRow {
    FilingRow {
        foreign_id: format!("E{number}"),
        out_fil_type: "10".into(),
        rloc_admdvs: place(number + 1).0.into(),
        begndate: "2024-01-01".into(),
        enddate: "2024-12-31".into(),
        ..row(number)
    }
}

/// A visit to be asked about, and how it counts.
struct Asked {
    place: &'static str,
    days: (&'static str, &'static str),
    med_type: &'static str,
    emergency: bool,
    class: FilingClass,
}

/// Which filing covers a visit. Each turn asks about another one of eight.
#[derive(Clone, Copy, Debug)]
pub struct Covered {
    /// Whose filings.
    pub filed: Filed,
    /// The first of the persons asked about.
    pub from: u64,
}

impl Covered {
    fn asked(self, person: u64, turn: u64) -> Asked {
        let there = place(person).1;
        let has_filed = person < self.filed.people();
        let class = if has_filed { kind(person).1 } else { FilingClass::Unfiled };
        let stay = Asked {
            place: there,
            days: ("2025-03-05", "2025-03-12"),
            med_type: "21",
            emergency: false,
            class,
        };
        // Every 64th turn is looked into: those are of every kind too.
        match (turn + turn / CHECKED) % 8 {
            0 | 1 => stay,
            2 => Asked { med_type: "11", days: ("2025-03-05", "2025-03-05"), ..stay },
            // Admitted before the filing expired, discharged after (规程 art. 12).
            3 => Asked { days: ("2025-06-25", "2025-07-10"), ..stay },
            // Admitted after it expired.
            4 if class != FilingClass::LongTerm => {
                Asked { days: ("2025-08-05", "2025-08-12"), class: FilingClass::Unfiled, ..stay }
            }
            4 | 5 => Asked { place: NOWHERE, class: FilingClass::Unfiled, ..stay },
            6 => Asked { place: NOWHERE, emergency: true, class: FilingClass::Emergency, ..stay },
            _ => {
                let place = NEIGHBOURS[(person / BLOCK % 2) as usize];
                Asked { place, class: FilingClass::Exempt, ..stay }
            }
        }
    }
}

impl Question for Covered {
    type Message = FindFilingRequest;
    const METHOD: &'static str = "/yizhan.filing.v1.FilingService/FindFiling";

    fn message(&self, number: u64, turn: u64) -> FindFilingRequest {
        let person = self.from + number;
        let asked = self.asked(person, turn);
        FindFilingRequest {
            psn_no: psn_no(person),
            poolarea_no: area(person).into(),
            insutype: INSUTYPE.into(),
            mdtrtarea_admvs: asked.place.into(),
            begndate: asked.days.0.into(),
            enddate: asked.days.1.into(),
            med_type: asked.med_type.into(),
            fixmedins_lv: "third".into(),
            contracted: true,
            emergency: asked.emergency,
            referred: false,
        }
    }

    fn check(&self, number: u64, turn: u64, answer: Bytes) -> anyhow::Result<()> {
        let person = self.from + number;
        let answer = FindFilingResponse::decode(answer)?.answer.context("an answer")?;
        let class = self.asked(person, turn).class;
        ensure!(answer.psn_no == psn_no(person) && answer.filing_class() == class, "{class:?}: {answer:?}");
        let of_filing = [&answer.out_fil_type, &answer.begndate, &answer.enddate];
        let (out_fil_type, own, begndate, enddate) = kind(person);
        if class == own {
            ensure!(of_filing == [out_fil_type, begndate, enddate], "{answer:?}");
            ensure!(!answer.filing_id.is_empty() && answer.direct, "{answer:?}");
        } else {
            ensure!(answer.filing_id.is_empty() && of_filing == ["", "", ""], "{answer:?}");
        }
        Ok(())
    }
}
