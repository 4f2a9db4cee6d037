//! Who filed what, what is asked about them, and what must be answered then.

use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate};
use prost::Message;
use prost::bytes::Bytes;
use yizhan_proto::filing::v1::{FilingClass, FilingRow, FindFilingRequest, FindFilingResponse};

use crate::asking::{CHECKED, Question};
use crate::platform::psn_no;

/// Persons next to one another who are insured in one area, and rows of one import.
const BLOCK: u64 = 1000;
const INSUTYPE: &str = "310";
/// 统筹区: 南昌 and 绍兴.
const AREAS: [&str; 2] = ["360100", "330600"];
/// A district in the province of each, where nothing needs to be filed.
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
/// The last day of filings that have expired.
const EXPIRED: NaiveDate = NaiveDate::from_ymd_opt(2024, 12, 31).unwrap();

/// So many filings: one of each of the first seven tenths of persons; the other three tenths are second ones, at other places,
/// of the first of them. One second filing in three has expired.
#[derive(Clone, Copy, Debug)]
pub struct Filed {
    /// How many.
    pub filings: u64,
    /// What is still in force began before, and ends after this day.
    pub today: NaiveDate,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Filing {
    kind: &'static str,
    class: FilingClass,
    place: (&'static str, &'static str),
    begndate: NaiveDate,
    enddate: Option<NaiveDate>,
}

impl Filed {
    /// Persons who filed: those with the lowest numbers.
    pub fn people(self) -> u64 {
        self.filings * 7 / 10
    }

    /// Rows that may be imported together, with the area whose they are.
    pub fn imports(self) -> impl Iterator<Item = (&'static str, Vec<FilingRow>)> {
        let starts = (0..self.people()).step_by(BLOCK as usize);
        let rows = |of: fn(Filed, u64) -> Option<Filing>, prefix: &'static str| {
            starts.clone().map(move |from| {
                let numbers = from..self.people().min(from + BLOCK);
                let rows = numbers.filter_map(|number| Some(row(prefix, number, of(self, number)?)));
                (area(from), rows.collect())
            })
        };
        let all = rows(Filed::first, "F").chain(rows(Filed::second, "S"));
        all.filter(|(_, rows): &(_, Vec<_>)| !rows.is_empty())
    }

    fn first(self, number: u64) -> Option<Filing> {
        if number >= self.people() {
            return None;
        }
        let (kind, class, enddate) = match number % 3 {
            0 => ("07", FilingClass::LongTerm, None),
            1 => ("06", FilingClass::Referral, Some(self.today + Days::new(120))),
            _ => ("11", FilingClass::Temporary, Some(self.today + Days::new(120))),
        };
        let begndate = self.today - Days::new(60);
        Some(Filing { kind, class, place: PLACES[(number % 5) as usize], begndate, enddate })
    }

    fn second(self, number: u64) -> Option<Filing> {
        if number >= self.filings - self.people() {
            return None;
        }
        let (kind, class, enddate) = match number / 5 % 3 {
            0 => ("09", FilingClass::LongTerm, None),
            1 => ("10", FilingClass::Temporary, Some(self.today + Days::new(60))),
            _ => ("10", FilingClass::Temporary, Some(EXPIRED)),
        };
        let begndate = EXPIRED - Days::new(365);
        Some(Filing { kind, class, place: PLACES[((number + 1) % 5) as usize], begndate, enddate })
    }
}

/// 统筹区 of somebody.
fn area(number: u64) -> &'static str {
    AREAS[(number / BLOCK % 2) as usize]
}

fn text(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn row(prefix: &str, number: u64, filing: Filing) -> FilingRow {
    FilingRow {
        foreign_id: format!("{prefix}{number}"),
        psn_no: psn_no(number),
        insutype: INSUTYPE.into(),
        out_fil_type: filing.kind.into(),
        rloc_admdvs: filing.place.0.into(),
        begndate: filing.begndate.to_string(),
        enddate: text(filing.enddate),
    }
}

/// A visit to be asked about, and how it counts.
struct Asked {
    place: &'static str,
    begin: NaiveDate,
    end: NaiveDate,
    med_type: &'static str,
    emergency: bool,
    class: FilingClass,
    covered_by: Option<Filing>,
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
        // Every 64th turn is looked into: those are of every kind too.
        let visit = (turn + turn / CHECKED) % 8;
        let second = self.filed.second(person).filter(|_| visit >= 6);
        let filing = second.or(self.filed.first(person));
        let stay = Asked {
            place: filing.map_or(NOWHERE, |filing| filing.place.1),
            begin: self.filed.today - Days::new(10),
            end: self.filed.today - Days::new(3),
            med_type: "21",
            emergency: false,
            class: filing.map_or(FilingClass::Unfiled, |filing| filing.class),
            covered_by: filing,
        };
        let other = |place, class| Asked { place, class, covered_by: None, ..stay };
        match visit {
            0 | 1 => stay,
            2 => Asked { med_type: "11", end: stay.begin, ..stay },
            3 => other(NOWHERE, FilingClass::Unfiled),
            4 => Asked { emergency: true, ..other(NOWHERE, FilingClass::Emergency) },
            5 => other(NEIGHBOURS[(person / BLOCK % 2) as usize], FilingClass::Exempt),
            _ if filing.is_none_or(|filing| filing.enddate != Some(EXPIRED)) => stay,
            // Admitted before it expired, discharged after (规程 art. 12).
            6 => Asked { begin: EXPIRED - Days::new(9), end: EXPIRED + Days::new(5), ..stay },
            _ => other(stay.place, FilingClass::Unfiled),
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
            begndate: asked.begin.to_string(),
            enddate: asked.end.to_string(),
            med_type: asked.med_type.into(),
            fixmedins_lv: "third".into(),
            contracted: true,
            emergency: asked.emergency,
            referred: false,
        }
    }

    fn check(&self, number: u64, turn: u64, answer: Bytes) -> anyhow::Result<()> {
        let person = self.from + number;
        let asked = self.asked(person, turn);
        let answer = FindFilingResponse::decode(answer)?.answer.context("an answer")?;
        let class = asked.class;
        ensure!(answer.psn_no == psn_no(person) && answer.filing_class() == class, "{class:?}: {answer:?}");
        ensure!(answer.filing_id.is_empty() == asked.covered_by.is_none(), "{class:?}: {answer:?}");
        let kind = asked.covered_by.map_or("", |filing| filing.kind);
        let begndate = text(asked.covered_by.map(|filing| filing.begndate));
        let enddate = text(asked.covered_by.and_then(|filing| filing.enddate));
        let same = answer.out_fil_type == kind && answer.begndate == begndate && answer.enddate == enddate;
        ensure!(same, "{:?}: {answer:?}", asked.covered_by);
        Ok(())
    }
}
