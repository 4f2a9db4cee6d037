//! The documents that come with the service, and which of them decides.

use std::sync::LazyLock;

use yizhan_documents::calendar::Calendar;
use yizhan_documents::{Dated, Family, load};
use yizhan_filing::rules::SupplyDays;
use yizhan_filing::rules::{
    Admission, Emergency, FilingFamilies, Handling, InProvince, Kinds, MadeGood, Places, Returning, Rules,
    Treatments, Validity, embedded_texts,
};
use yizhan_terms::{Area, FilingKind, Status};

use super::day;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

fn find<R: Family<FilingFamilies>>(area: &str, on: &str) -> &'static Dated<R> {
    RULES.find::<R>(area.parse().unwrap(), day(on)).unwrap_or_else(|missing| panic!("{missing:?}"))
}

#[test]
fn each_document_is_right_and_named_after_its_area() {
    let names: Vec<_> = embedded_texts().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "100000-calendar.yaml",
            "100000-national.yaml",
            "330000-zhejiang.yaml",
            "330200-ningbo.yaml",
            "330600-shaoxing.yaml",
            "360000-jiangxi.yaml",
            "430000-hunan.yaml"
        ]
    );
    for (name, text) in embedded_texts() {
        let document = load::<FilingFamilies>(name, text).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(name.starts_with(document.area.as_str()), "{name}");
    }
}

/// The whole documents among the examples of docs/FILING.md.
#[test]
fn the_examples_of_the_handbook_can_be_published() {
    let handbook = include_str!("../../../../docs/FILING.md");
    let blocks = handbook.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let read: Vec<_> = blocks
        .map(|text| load::<FilingFamilies>("FILING.md", text).unwrap_or_else(|problems| panic!("{problems}")))
        .map(|document| document.id)
        .collect();
    assert_eq!(read, ["zhuzhou-filing", "zhuzhou-kinds", "someplace-filing", "national-calendar"]);
}

#[test]
fn every_family_is_in_force_everywhere_since_july_2022() {
    for area in ["110000", "330600", "360100", "430281", "710000"] {
        for on in ["2023-01-01", "2024-08-31", "2024-09-01", "2040-01-01"] {
            find::<Kinds>(area, on);
            find::<Places>(area, on);
            find::<Handling>(area, on);
            find::<Admission>(area, on);
            find::<MadeGood>(area, on);
            find::<Emergency>(area, on);
            find::<InProvince>(area, on);
            find::<Returning>(area, on);
            find::<Treatments>(area, on);
        }
    }
    let before = RULES.find::<Kinds>("430200".parse().unwrap(), day("2022-12-31")).unwrap_err();
    assert_eq!((before.family, before.area.as_str()), ("kinds", "430200"));
    assert!(RULES.find::<Calendar>("430200".parse().unwrap(), day("2027-01-01")).is_err());
}

#[test]
fn the_nearest_area_decides_and_the_rest_is_the_nation_s() {
    let needed = |area, on| find::<InProvince>(area, on).rule.filing_needed;
    // 浙江 from the first day of the national rules on, 江西 since 2025; 绍兴 says nothing of it and is in 浙江.
    assert!(needed("430200", "2023-01-01") && !needed("330600", "2023-01-01"));
    assert_eq!((needed("360100", "2024-12-31"), needed("360100", "2025-01-01")), (true, false));
    assert!(needed("430200", "2026-05-01"));
    let cited = |area| find::<InProvince>(area, "2026-05-01").citation.as_str();
    assert!(cited("330604").contains("浙江省") && cited("360100").contains("明白卡"));
    let id = |area| find::<Treatments>(area, "2026-05-01").id.as_str();
    assert_eq!(id("330604"), "shaoxing-filing@2023.4/treatment/2023-04-28");
    assert_eq!(id("330100"), "national-filing@2022.22/treatment/2024-09-01");
    assert_eq!(id("360100"), "jiangxi-filing@2025.11/treatment/2025-01-01");
}

/// What an answer prints.
#[test]
fn every_national_family_cites_its_article() {
    let on = "2026-05-01";
    let cited = [
        (&find::<Kinds>("430200", on).citation, "第七条、第八条、第十条；医保发〔2022〕22号 二（三）"),
        (&find::<Handling>("430200", on).citation, "第九条"),
        (&find::<Places>("430200", on).citation, "第十一条"),
        (&find::<Admission>("430200", on).citation, "第十二条"),
        (&find::<MadeGood>("430200", on).citation, "22号 二（四）；《经办规程》第十六条"),
        (&find::<Emergency>("430200", on).citation, "第八条（五）、第三十四条"),
        (&find::<Returning>("430200", on).citation, "22号 二（五）"),
    ];
    for (citation, article) in cited {
        assert!(citation.contains(article), "{citation}");
    }
}

/// 规程 art. 8 and 10; 22号 二（三）.
#[test]
fn the_national_kinds_need_these_papers() {
    let kinds = &find::<Kinds>("430200", "2026-05-01").rule;
    // Kind, papers beside certificate and form, promised, later, self-service.
    let table = [
        ("02", "household_register", true, false, false),
        ("07", "residence_proof", true, false, false),
        ("08", "dispatch_letter|employer_certificate|work_contract", true, false, false),
        ("06", "referral_certificate", false, true, false),
        ("11", "", false, false, true),
    ];
    assert_eq!(kinds.0.len(), table.len());
    for (code, papers, promised, later, self_service) in table {
        let kind = FilingKind::from_code(code).unwrap();
        let rule = kinds.find(kind).unwrap();
        let needs: Vec<String> = rule
            .requirements
            .iter()
            .map(|need| need.one_of.iter().map(|paper| paper.code()).collect::<Vec<_>>().join("|"))
            .collect();
        let expected: Vec<&str> =
            ["certificate", "filing_form", papers].into_iter().filter(|p| !p.is_empty()).collect();
        assert_eq!(needs, expected, "{code}");
        for need in &rule.requirements[..2] {
            assert!(!need.may_be_promised && !need.may_come_later, "{code}");
        }
        for need in &rule.requirements[2..] {
            assert_eq!((need.may_be_promised, need.may_come_later), (promised, later), "{code}");
        }
        let validity = match kind.is_long_term() {
            true => Validity::UntilChanged,
            false => Validity::Months { least: 6, most: 12 },
        };
        assert_eq!(
            (rule.validity, rule.lock_months, rule.self_service),
            (validity, 0, self_service),
            "{code}"
        );
    }
    let who = &kinds.find(FilingKind::Resettled).unwrap().status;
    assert_eq!(who, &[Status::Retired, Status::VeteranCadre]);
    assert!(kinds.find(FilingKind::LongTerm).is_none(), "09 is taken over from earlier systems, not filed");
}

/// 规程 art. 9, 11, 12, 34; 22号 二（四）、二（五）.
#[test]
fn the_national_numbers() {
    let on = "2026-05-01";
    let handling = &find::<Handling>("430200", on).rule;
    assert_eq!(handling.working_days, 2);
    assert_eq!(handling.supply_days(), SupplyDays { promised: 180, missing: 15 });
    assert_eq!((handling.days_back, handling.days_ahead), (0, 90));
    let places = &find::<Places>("430200", on).rule;
    assert_eq!(
        places.whole_provinces.iter().map(Area::as_str).collect::<Vec<_>>(),
        ["110000", "120000", "310000", "500000", "460000", "540000", "660000"]
    );
    assert_eq!((places.long_term_at_once, places.temporary_at_once), (2, 5));
    assert!(find::<Admission>("430200", on).rule.inside_suffices);
    assert!(find::<MadeGood>("430200", on).rule.before_settlement);
    assert!(find::<Emergency>("430200", on).rule.counts_as_filed);
    assert_eq!(find::<Returning>("430200", on).rule, Returning { direct: true, papers_first: true });
}

#[test]
fn a_later_document_of_the_same_area_goes_first() {
    let mut rules = Rules::embedded();
    let text = "rules: x\nversion: \"1\"\ntitle: 株洲\narea: \"430200\"\nsources:\n  s: { title: 株医保发〔2026〕9号, quality: G }\n\
                handling:\n  - { from: 2026-07-01, source: s, working_days: 1, promised_days: 30, missing_days: 5, days_back: 3, days_ahead: 30 }\n";
    rules.publish(load::<FilingFamilies>("x.yaml", text).unwrap());
    let working_days =
        |area: &str, on| rules.find::<Handling>(area.parse().unwrap(), day(on)).unwrap().rule.working_days;
    assert_eq!((working_days("430200", "2026-06-30"), working_days("430203", "2026-07-01")), (2, 1));
    assert_eq!(working_days("430100", "2026-07-01"), 2);
    assert_eq!(rules.by_id::<Handling>("x@1/handling/2026-07-01").unwrap().citation, "株医保发〔2026〕9号");
}
