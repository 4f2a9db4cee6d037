//! Every shipped policy away from home, end to end: as what a visit counts (FindFiling), and what is paid of it (Preview).
//!
//! A stay of 10000 at a hospital of the third level, all of it in scope, of somebody in service or an adult. The table stands in
//! docs/FILING.md and is printed; `YIZHAN_WRITE=1` writes it anew.

use std::fmt::Write;
use std::path::Path;

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_policy::{Policy, embedded, load};
use yizhan_proto::filing::v1::{
    FilingAnswer, FilingRow, FindFilingRequest, ImportFilingsRequest, TreatmentKind,
};
use yizhan_proto::settlement::v1::Institution;
use yizhan_runtime::error::RemoteError;
use yizhan_terms::{Area, FilingKind, Insutype};
use yizhan_testkit::{Backend, TestDatabase};

use crate::support::stay;

const BEGIN: &str = "<!-- rates: written by integration-tests/tests/it/rates.rs -->\n";
const END: &str = "<!-- /rates -->";
const HEAD: &str = "| insured in | scheme | treated in | at home | long-term | referral | emergency | temporary | nothing filed |\n\
                    |---|---|---|---|---|---|---|---|---|\n";

/// How somebody is placed: filed so, or with the mark of an emergency, or not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Placed {
    Filed(FilingKind),
    Emergency,
    Nothing,
}

const PLACED: [Placed; 5] = [
    Placed::Filed(FilingKind::Resident),
    Placed::Filed(FilingKind::Referral),
    Placed::Emergency,
    Placed::Filed(FilingKind::OtherTemporary),
    Placed::Nothing,
];

/// Who is insured here goes there.
struct Journey {
    home: Area,
    scheme: Insutype,
    to: Area,
}

impl Journey {
    /// Those of a policy that is in force: to another city of the province, if the pooling area is not all of it, and to 上海.
    fn of(policy: &Policy) -> Vec<Journey> {
        let home = policy.areas[0];
        let province = &home.as_str()[..2];
        let cities = ["0100", "0300", "0101"].map(|city| Area::parse(&format!("{province}{city}")).unwrap());
        let near = cities.into_iter().find(|place| !home.is_at_home(*place));
        let places = near.into_iter().chain(Area::parse("310115"));
        places.map(|to| Journey { home, scheme: policy.schemes[0], to }).collect()
    }

    fn psn_no(&self, placed: Placed) -> String {
        let placed = match placed {
            Placed::Filed(kind) => kind.code(),
            _ => "00",
        };
        format!("P{}{}{}{placed}", self.home, self.scheme.code(), self.to)
    }

    fn persons(&self) -> impl Iterator<Item = Person> {
        let placed = PLACED.into_iter().filter(|placed| *placed != Placed::Emergency);
        placed.map(|placed| {
            let psn_no = self.psn_no(placed);
            let person = match self.scheme {
                Insutype::Employee => Person::employee(&psn_no),
                _ => Person::resident(&psn_no),
            };
            person.of_area(self.home.as_str())
        })
    }

    fn filings(&self) -> impl Iterator<Item = FilingRow> {
        let kinds = PLACED.into_iter().filter_map(|placed| match placed {
            Placed::Filed(kind) => Some(kind),
            _ => None,
        });
        kinds.map(|kind| {
            let psn_no = self.psn_no(Placed::Filed(kind));
            let enddate = if kind.is_long_term() { String::new() } else { "2026-12-31".to_owned() };
            FilingRow {
                foreign_id: psn_no.clone(),
                psn_no,
                insutype: self.scheme.code().to_owned(),
                out_fil_type: kind.code().to_owned(),
                rloc_admdvs: self.to.to_string(),
                begndate: "2026-01-01".to_owned(),
                enddate,
            }
        })
    }

    fn visit(&self, placed: Placed, place: Area) -> VisitBuilder {
        let visit =
            stay(&self.psn_no(placed), "2026-01-20", "2026-02-01", "10000").insutype(self.scheme.code());
        let visit = visit.at(&hospital(place).fixmedins_code);
        if placed == Placed::Emergency { visit.emergency() } else { visit }
    }

    fn question(&self, placed: Placed) -> FindFilingRequest {
        FindFilingRequest {
            psn_no: self.psn_no(placed),
            insutype: self.scheme.code().to_owned(),
            mdtrtarea_admvs: self.to.to_string(),
            begndate: "2026-01-20".to_owned(),
            enddate: "2026-02-01".to_owned(),
            med_type: "21".to_owned(),
            fixmedins_lv: "third".to_owned(),
            emergency: placed == Placed::Emergency,
            ..FindFilingRequest::default()
        }
    }
}

/// The hospital of the third level there.
fn hospital(place: Area) -> Institution {
    institution(&format!("H{place}00009"), "某三级医院", "third")
}

/// What the funds pay of a visit in fen, with class and treatment.
async fn paid(platform: &TestPlatform, visit: VisitBuilder) -> Result<(String, i64), RemoteError> {
    let settlement = platform.preview(visit).await.map_err(|refusal| *refusal)?.settlement.unwrap();
    let info = info(&settlement);
    let treatment = info.filing.as_ref().and_then(|filing| filing.treatment.clone()).unwrap_or_default();
    let applied = format!("{} {} {}", info.out_filing, treatment.treatment, treatment.value);
    Ok((applied.trim().to_owned(), info.fund_pay_sumamt_fen))
}

fn told(answer: &FilingAnswer) -> String {
    let treatment = answer.treatment.clone().unwrap_or_default();
    let kind = match treatment.kind() {
        TreatmentKind::Unspecified => "",
        TreatmentKind::Same => "same",
        TreatmentKind::Points => "points",
        TreatmentKind::Factor => "factor",
        TreatmentKind::Prepay => "prepay",
    };
    let class = answer.filing_class().as_str_name().trim_start_matches("FILING_CLASS_").to_lowercase();
    format!("{class} {kind} {}", treatment.value).trim().to_owned()
}

fn yuan_text(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// One row; filing and settlement say the same of each cell, and no better place is paid less than a worse one.
async fn row(platform: &TestPlatform, journey: &Journey) -> String {
    let at_home = paid(platform, journey.visit(Placed::Nothing, journey.home)).await;
    let mut row = format!("| {} | {} | {} |", journey.home, journey.scheme.code(), journey.to);
    let at_home = at_home.map(|(_, fen)| fen).map_err(|refusal| refusal.reason);
    let home_cell = at_home.as_ref().map_or_else(|reason| format!("`{reason}`"), |fen| yuan_text(*fen));
    write!(row, " {home_cell} |").unwrap();
    let mut amounts = Vec::new();
    for placed in PLACED {
        let place = format!("{} {} → {} {placed:?}", journey.home, journey.scheme.code(), journey.to);
        let found = platform.filings().find_filing(journey.question(placed)).await.unwrap().into_inner();
        let answer = found.answer.unwrap();
        let settled = paid(platform, journey.visit(placed, journey.to)).await;
        let cell = match (settled, &at_home) {
            (Err(refusal), _) if !answer.direct => {
                assert_eq!(refusal.reason, "NOT_SETTLED_DIRECTLY", "{place}");
                assert_eq!(refusal.metadata["why"], answer.reason, "{place}");
                assert!(!answer.way_out.is_empty(), "{place}");
                amounts.push(None);
                format!("`{}`", answer.reason)
            }
            (Err(refusal), Err(reason)) => {
                assert_eq!(&refusal.reason, reason, "{place}: as at home");
                amounts.push(None);
                format!("{} `{reason}`", told(&answer))
            }
            (Ok((applied, fen)), Ok(at_home)) => {
                assert!(
                    answer.direct && applied == told(&answer),
                    "{place}: {applied}, filing says {answer:?}"
                );
                assert!(fen <= *at_home, "{place}: {fen}, at home {at_home}");
                assert!(!applied.contains("same") || fen == *at_home, "{place}: {fen}, at home {at_home}");
                amounts.push(Some(fen));
                format!("{applied} {}", yuan_text(fen))
            }
            (settled, at_home) => panic!("{place}: {settled:?}, at home {at_home:?}, filing says {answer:?}"),
        };
        write!(row, " {cell} |").unwrap();
    }
    let nothing = amounts.last().copied().flatten();
    assert!(amounts.iter().all(|amount| *amount >= nothing), "{row}");
    row + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn filing_and_settlement_say_the_same_of_every_area_class_and_reach() {
    let policies: Vec<Policy> = embedded().iter().map(|(name, text)| load(name, text).unwrap()).collect();
    let on = "2026-02-01".parse().unwrap();
    let in_force = policies.iter().filter(|policy| policy.period.contains(on));
    let journeys: Vec<Journey> = in_force.flat_map(Journey::of).collect();
    let mut places: Vec<Area> = journeys.iter().flat_map(|journey| [journey.home, journey.to]).collect();
    places.sort_unstable();
    places.dedup();
    let db = TestDatabase::of(Backend::Sqlite);
    let setup = TestPlatform::on(&db).with_persons(journeys.iter().flat_map(Journey::persons));
    let platform = places.into_iter().map(hospital).fold(setup, Setup::with_institution).start().await;
    for (at, journey) in journeys.iter().enumerate() {
        let request = ImportFilingsRequest {
            request_id: format!("F{at}"),
            poolarea_no: journey.home.to_string(),
            rows: journey.filings().collect(),
        };
        platform.filings().import_filings(request).await.unwrap();
    }
    let mut table = HEAD.to_owned();
    for journey in &journeys {
        table.push_str(&row(&platform, journey).await);
    }
    println!("{table}");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FILING.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has the table's begin");
    let (written, after) = rest.split_once(END).expect("the page has the table's end");
    if std::env::var_os("YIZHAN_WRITE").is_some() {
        std::fs::write(&page, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, table, "docs/FILING.md: YIZHAN_WRITE=1 writes it");
    }
}
