//! What may be filed: kinds, papers, days and places. Somebody insured in 石家庄, which has no document here, files to 上海 on 2025-06-18, unless
//! the row says otherwise.

use chrono::{DateTime, NaiveDate};
use yizhan_documents::calendar::WorkingDays;
use yizhan_filing::filings::domain::filing::{Actor, Filing};
use yizhan_filing::filings::domain::home_rules::HomeRules;
use yizhan_filing::filings::domain::step::Occasion;
use yizhan_filing::filings::submission::{Read, draw_up, read_materials};
use yizhan_filing::rules::{Handling, Rules, RulesOf};
use yizhan_proto::filing::v1::{Material, Referral, SubmitFilingRequest};
use yizhan_runtime::error::ErrorKind;
use yizhan_runtime::{Caller, Violations};
use yizhan_terms::{Area, FilingKind, Insutype, Status};

const HOME: Area = Area::parse("130100").unwrap();

fn today() -> NaiveDate {
    "2025-06-18".parse().unwrap()
}

/// A filing of this kind with these papers.
fn filing(kind: &str, papers: &[&str]) -> SubmitFilingRequest {
    let paper = |material: &&str| Material { material: (*material).into(), ..Default::default() };
    let referral = Referral {
        fixmedins_code: "H13010000001".into(),
        refl_date: "2025-06-17".into(),
        ..Default::default()
    };
    SubmitFilingRequest {
        out_fil_type: kind.into(),
        rloc_admdvs: "310000".into(),
        materials: papers.iter().map(paper).collect(),
        referral: (kind == "06").then_some(referral),
        ..Default::default()
    }
}

/// What becomes of it, or everything wrong with it.
fn judged(request: &SubmitFilingRequest, status: Status) -> Result<Filing, Vec<String>> {
    let rules = Rules::embedded();
    let home = HomeRules::of(RulesOf { rules: &rules, area: HOME, day: today() }).unwrap();
    let mut wrong = Violations::new();
    let read = Read {
        psn_no: "P1".to_owned(),
        insutype: Insutype::Employee,
        kind: FilingKind::from_code(&request.out_fil_type),
        materials: read_materials(&request.materials, &Caller::LocalAdministrator, &mut wrong),
    };
    let now = DateTime::UNIX_EPOCH;
    let handed_in = Occasion { today: today(), now, actor: Actor::of_no_office("person") };
    let filing = draw_up(request, read, &home, Some(status), &handed_in, &mut wrong);
    wrong.finish(filing).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.violations().iter().map(|wrong| wrong.reason.to_string()).collect()
    })
}

const ALL: [&str; 2] = ["certificate", "filing_form"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    ALL.iter().chain(more).copied().collect()
}

/// 规程第八条: each kind with each of its papers, with a commitment in their place, and without.
#[test]
fn each_kind_needs_its_papers_or_a_commitment() {
    let retired = Status::Retired;
    type Row = (&'static str, &'static str, Vec<&'static str>, Result<(), Vec<&'static str>>);
    #[rustfmt::skip]
    let rows: Vec<Row> = vec![
        ("八（一）", "02", with(&["household_register"]), Ok(())),
        ("八（一）", "02", with(&["commitment_letter"]), Ok(())),
        ("八（一）", "02", with(&[]), Err(vec!["MATERIAL_MISSING"])),
        ("八（一）", "02", vec!["household_register"], Err(vec!["MATERIAL_MISSING", "MATERIAL_MISSING"])),
        ("八（二）", "07", with(&["residence_proof"]), Ok(())),
        ("八（二）", "07", with(&["commitment_letter"]), Ok(())),
        ("八（二）", "07", with(&[]), Err(vec!["MATERIAL_MISSING"])),
        ("八（三）", "08", with(&["dispatch_letter"]), Ok(())),
        ("八（三）", "08", with(&["employer_certificate"]), Ok(())),
        ("八（三）", "08", with(&["work_contract"]), Ok(())),
        ("八（三）", "08", with(&["commitment_letter"]), Ok(())),
        ("八（三）", "08", with(&[]), Err(vec!["MATERIAL_MISSING"])),
        ("八（四）", "06", with(&["referral_certificate"]), Ok(())),
        ("八（四）", "06", with(&["commitment_letter"]), Err(vec!["MATERIAL_NOT_FOR_KIND"])),
        ("八（五）", "11", with(&[]), Ok(())),
        ("八（五）", "11", vec![], Err(vec!["MATERIAL_MISSING", "MATERIAL_MISSING"])),
        ("八", "11", with(&["work_contract"]), Err(vec!["MATERIAL_NOT_FOR_KIND"])),
        ("八", "07", with(&["household_register"]), Err(vec!["MATERIAL_NOT_FOR_KIND", "MATERIAL_MISSING"])),
        ("七", "09", with(&[]), Err(vec!["KIND_NOT_OFFERED"])),
    ];
    for (article, kind, papers, expected) in rows {
        let told = judged(&filing(kind, &papers), retired).map(|_| ());
        let expected = expected.map_err(|wrong| wrong.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(told, expected, "第{article}条: {kind} with {papers:?}");
    }
    let young = judged(&filing("02", &with(&["household_register"])), Status::InService);
    assert_eq!(young.unwrap_err(), ["KIND_NOT_FOR_PERSON"], "第七条: 异地安置退休人员 are retired");
}

/// 规程第十条, 22号 二（三）.
#[test]
fn long_term_filings_hold_until_changed_and_temporary_ones_six_months_at_least() {
    let dated = |kind: &str, papers: &[&str], begndate: &str, enddate: &str| {
        let request = SubmitFilingRequest {
            begndate: begndate.into(),
            enddate: enddate.into(),
            ..filing(kind, papers)
        };
        let judged = judged(&request, Status::Retired);
        judged.map(|filed| {
            (filed.begndate.to_string(), filed.enddate.map(|day| day.to_string()), filed.locked_until)
        })
    };
    let ok =
        |begndate: &str, enddate: Option<&str>| Ok((begndate.to_owned(), enddate.map(str::to_owned), None));
    let not = |reason: &str| Err(vec![reason.to_owned()]);
    let long = with(&["residence_proof"]);
    assert_eq!(dated("07", &long, "", ""), ok("2025-06-18", None));
    assert_eq!(dated("07", &long, "", "2026-06-17"), not("ENDDATE_NOT_FOR_KIND"));
    assert_eq!(dated("11", &ALL, "", ""), ok("2025-06-18", Some("2025-12-17")));
    assert_eq!(dated("11", &ALL, "2025-08-31", ""), ok("2025-08-31", Some("2026-02-28")));
    assert_eq!(dated("11", &ALL, "", "2026-03-31"), ok("2025-06-18", Some("2026-03-31")));
    assert_eq!(dated("11", &ALL, "", "2025-12-16"), not("VALIDITY_TOO_SHORT"));
    assert_eq!(dated("11", &ALL, "", "2026-06-18"), not("VALIDITY_TOO_LONG"));
    assert_eq!(dated("11", &ALL, "2025-06-17", ""), not("BEGNDATE_TOO_EARLY"));
    assert_eq!(dated("11", &ALL, "2025-09-17", ""), not("BEGNDATE_TOO_LATE"));
    assert_eq!(dated("11", &ALL, "2025-07-01", "2025-06-30"), not("DATES_REVERSED"));
}

/// 规程第十一条.
#[test]
fn one_files_to_a_city_a_municipality_or_one_of_the_provinces_named() {
    let to = |place: &str| {
        let request = SubmitFilingRequest { rloc_admdvs: place.into(), ..filing("11", &ALL) };
        judged(&request, Status::InService).map(|filed| filed.place)
    };
    for (place, filed) in [
        ("310115", "310000"),
        ("110000", "110000"),
        ("330106", "330100"),
        ("330100", "330100"),
        ("460105", "460000"),
        ("540000", "540000"),
        ("660000", "660000"),
    ] {
        assert_eq!(to(place).unwrap().as_str(), filed, "{place}");
    }
    for (place, reason) in [
        ("330000", "PLACE_INVALID"),
        ("100000", "PLACE_INVALID"),
        ("", "PLACE_INVALID"),
        ("130100", "PLACE_AT_HOME"),
        ("130102", "PLACE_AT_HOME"),
    ] {
        assert_eq!(to(place).unwrap_err(), [reason], "{place}");
    }
}

/// 规程第九条: 2 working days.
#[test]
fn a_filing_is_decided_in_two_working_days() {
    let rules = Rules::embedded();
    let handling = &rules.find::<Handling>(HOME, today()).unwrap().rule;
    // Wednesday, Thursday, Friday; and a Friday before a weekend.
    let days = WorkingDays::of(&rules, HOME);
    assert_eq!(days.add(today(), handling.working_days), ("2025-06-20".parse().unwrap(), true));
    assert_eq!(days.add("2025-06-20".parse().unwrap(), 2), ("2025-06-24".parse().unwrap(), true));
}

/// 规程第八条（四）: a referral names the hospital that refers.
#[test]
fn a_referral_comes_with_its_institution() {
    let papers = with(&["referral_certificate"]);
    let without = SubmitFilingRequest { referral: None, ..filing("06", &papers) };
    assert_eq!(judged(&without, Status::Adult).unwrap_err(), ["REFERRAL_REQUIRED"]);
    let referral = Referral {
        fixmedins_code: String::new(),
        reflin_medins_no: "H31".into(),
        refl_date: "2025-06-19".into(),
    };
    let wrong = SubmitFilingRequest { referral: Some(referral.clone()), ..filing("06", &papers) };
    let reasons = ["REQUIRED", "INSTITUTION_INVALID", "IN_THE_FUTURE"];
    assert_eq!(judged(&wrong, Status::Adult).unwrap_err(), reasons);
    let other = SubmitFilingRequest { referral: Some(referral), ..filing("11", &ALL) };
    assert_eq!(judged(&other, Status::Adult).unwrap_err(), ["REFERRAL_NOT_FOR_KIND"]);
}
