//! What settlement applies, by area and circumstances: each row with the document it is from.

use std::sync::LazyLock;

use rust_decimal::Decimal;
use yizhan_documents::{Known, Row};
use yizhan_filing::rules::{Asked, Away, Direct, Rules, Treatments, decide};
use yizhan_terms::{Care, Filing, Insutype, Tier, Treatment};

use super::day;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

/// Area, day, and the visit as `insutype filing out|in care level contracted|other`.
fn applied(area: &str, on: &str, visit: &str) -> (String, String, String) {
    let words: Vec<&str> = visit.split(' ').collect();
    let [insutype, filing, place, care, level, contract] = words[..] else { panic!("{visit}") };
    let away = Away {
        insutype: Insutype::from_code(insutype).unwrap(),
        filing: Filing::from_code(filing).unwrap(),
        in_province: place == "in",
        care: Care::from_code(care).unwrap(),
        level: Tier::from_code(level).unwrap(),
        contracted: contract == "contracted",
    };
    let version = RULES.find::<Treatments>(area.parse().unwrap(), day(on)).unwrap();
    let decision = decide(version, &away).unwrap();
    let what = match decision.what {
        Ok(Direct::Treatment(treatment)) => text(treatment),
        Ok(Direct::Manual) => "manual".to_owned(),
        Err(why) => format!("unknown: {why}"),
    };
    (what, decision.rule_id, decision.citation.to_owned())
}

fn text(treatment: Treatment) -> String {
    match treatment {
        Treatment::Same => "same".to_owned(),
        Treatment::Points(points) => format!("{points} points"),
        Treatment::Factor(ratio) => format!("factor {}%", (ratio * Decimal::ONE_HUNDRED).normalize()),
        Treatment::Prepay(ratio) => format!("prepay {}%", (ratio * Decimal::ONE_HUNDRED).normalize()),
    }
}

/// Visit, what is applied (`unknown` for any reason), and what the citation holds.
fn check(area: &str, on: &str, table: &[(&str, &str, &str)]) {
    for (visit, expected, source) in table {
        let (what, rule_id, citation) = applied(area, on, visit);
        let what = if *expected == "unknown" { what.split(':').next().unwrap().to_owned() } else { what };
        assert_eq!(what, *expected, "{area} {on} {visit} by {rule_id}");
        assert!(citation.contains(source), "{area} {on} {visit}: {citation}");
    }
}

/// 医保发〔2022〕22号 二（五）、二（六）, 规程 art. 6, 医保发〔2024〕21号: of areas that published nothing of their own.
#[test]
fn the_nation_says_who_is_treated_as_at_home_and_that_filing_comes_first() {
    for area in ["420100", "110000", "650100"] {
        check(
            area,
            "2026-05-01",
            &[
                ("310 long_term out inpatient third other", "same", "22号 二（五）"),
                ("390 long_term out outpatient primary other", "same", "22号 二（五）"),
                ("310 long_term in inpatient third other", "same", "本项目假定"),
                ("310 referral out inpatient third other", "unknown", "医保发〔2024〕21号 二"),
                ("310 emergency out inpatient third other", "unknown", "医保发〔2024〕21号 二"),
                ("310 temporary out inpatient third other", "unknown", "医保发〔2024〕21号 二"),
                ("310 returning in inpatient third other", "unknown", "22号 二（五）"),
                ("310 exempt in inpatient third other", "unknown", "本项目假定"),
                ("310 unfiled out inpatient third other", "manual", "医保发〔2024〕21号（先备案后结算）"),
                ("390 unfiled in outpatient first other", "manual", "本项目假定"),
            ],
        );
    }
    check(
        "420100",
        "2023-05-01",
        &[
            ("310 referral out inpatient third other", "unknown", "医保发〔2022〕22号 二（六）"),
            ("310 unfiled out inpatient third other", "manual", "第六条"),
        ],
    );
}

/// 《湖南省基本医疗保险异地就医直接结算管理办法（试行）》; what it does not say is not known.
#[test]
fn hunan() {
    for area in ["430100", "430200"] {
        for scheme in ["310", "390"] {
            let table = [
                ("long_term out inpatient third other", "same", "管理办法"),
                ("referral out inpatient third other", "-5 points", "管理办法"),
                ("emergency out inpatient second other", "-5 points", "管理办法"),
                ("temporary out inpatient third other", "-10 points", "管理办法"),
                ("unfiled out inpatient third other", "manual", "管理办法"),
                ("temporary in outpatient primary other", "same", "省内普通门诊"),
                ("temporary out outpatient primary other", "unknown", "本项目说明"),
                ("exempt in inpatient third other", "unknown", "本项目说明"),
                ("returning in inpatient third other", "unknown", "本项目说明"),
            ];
            let table = table.map(|(visit, what, source)| (format!("{scheme} {visit}"), what, source));
            let table: Vec<_> =
                table.iter().map(|(visit, what, source)| (visit.as_str(), *what, *source)).collect();
            check(area, "2026-05-01", &table);
        }
    }
}

/// 赣医保 异地就医明白卡 2025-11 (the document names its sources); returning: a local page.
#[test]
fn jiangxi() {
    for area in ["360100", "360400"] {
        for scheme in ["310", "390"] {
            let table = [
                ("long_term out inpatient third other", "same", "明白卡"),
                ("referral out inpatient third other", "prepay 10%", "明白卡"),
                ("emergency out inpatient second other", "prepay 10%", "明白卡"),
                ("temporary out inpatient third other", "prepay 20%", "明白卡"),
                ("temporary out outpatient primary contracted", "prepay 20%", "明白卡"),
                ("exempt in inpatient third other", "same", "明白卡"),
                ("referral in inpatient third other", "same", "明白卡"),
                ("emergency in inpatient third other", "same", "明白卡"),
                ("returning in inpatient third other", "prepay 10%", "回参保地"),
                ("unfiled out inpatient third other", "manual", "先备案后结算"),
            ];
            for (visit, expected, source) in table {
                check(area, "2026-05-01", &[(&format!("{scheme} {visit}"), expected, source)]);
            }
        }
    }
    // Before the card the province is not known to have said anything.
    check("360100", "2024-12-31", &[("310 referral out inpatient third other", "unknown", "2024〕21号")]);
}

/// As published for 绍兴职工 住院/规定病种, 异地安置/常住/驻外, and 普通门诊 below the table.
#[test]
fn shaoxing_employees() {
    for on in ["2023-01-01", "2023-04-28", "2026-05-01"] {
        check(
            "330600",
            on,
            &[
                ("310 referral out inpatient third contracted", "prepay 5%", "职工异地就医先自理"),
                ("310 referral out inpatient third other", "prepay 15%", "职工异地就医先自理"),
                ("310 emergency out inpatient third contracted", "prepay 5%", "职工异地就医先自理"),
                ("310 temporary out chronic second other", "prepay 15%", "职工异地就医先自理"),
                ("310 unfiled out inpatient third contracted", "prepay 15%", "职工异地就医先自理"),
                ("310 unfiled out inpatient third other", "prepay 25%", "职工异地就医先自理"),
                ("310 referral out outpatient third contracted", "prepay 5%", "普通门诊"),
                ("310 unfiled out outpatient third contracted", "prepay 5%", "普通门诊"),
                ("310 unfiled out outpatient primary other", "prepay 15%", "普通门诊"),
                ("310 long_term out inpatient third other", "same", "职工异地就医先自理"),
                ("310 referral out pharmacy first contracted", "unknown", "职工异地就医先自理"),
                ("310 exempt in inpatient third contracted", "unknown", "职工异地就医先自理"),
                ("310 returning in inpatient third contracted", "unknown", "职工异地就医先自理"),
            ],
        );
    }
}

/// As published for 绍兴居民（旧） and 绍兴居民（2023-04）.
#[test]
fn shaoxing_residents_before_and_since_april_2023() {
    check(
        "330600",
        "2023-04-27",
        &[
            ("390 referral out inpatient third contracted", "prepay 10%", "绍兴市"),
            ("390 referral out inpatient third other", "prepay 25%", "绍兴市"),
            ("390 unfiled out inpatient third contracted", "prepay 20%", "绍兴市"),
            ("390 unfiled out inpatient third other", "prepay 35%", "绍兴市"),
        ],
    );
    check(
        "330604", // a district: its city decides
        "2023-04-28",
        &[
            ("390 referral out inpatient third contracted", "prepay 10%", "sx.gov.cn，2023-04-28"),
            ("390 referral out inpatient third other", "prepay 10%", "sx.gov.cn，2023-04-28"),
            ("390 emergency out outpatient first other", "prepay 10%", "sx.gov.cn，2023-04-28"),
            ("390 unfiled out inpatient third contracted", "prepay 20%", "sx.gov.cn，2023-04-28"),
            ("390 long_term out inpatient third other", "same", "22号 二（五）"),
            ("390 exempt in inpatient third other", "unknown", "sx.gov.cn，2023-04-28"),
            ("390 returning in inpatient third other", "unknown", "sx.gov.cn，2023-04-28"),
        ],
    );
    // 离休: neither table is theirs.
    check("330600", "2026-05-01", &[("340 referral out inpatient third other", "unknown", "绍兴市")]);
}

/// As published for 宁波（大学生/居民）.
#[test]
fn ningbo_residents() {
    check(
        "330200",
        "2026-05-01",
        &[
            ("390 referral out inpatient third other", "-10 points", "宁波市大学生"),
            ("390 referral out inpatient provincial other", "-10 points", "宁波市大学生"),
            ("390 referral out inpatient second other", "-20 points", "宁波市大学生"),
            ("390 referral out inpatient primary contracted", "-20 points", "宁波市大学生"),
            ("390 temporary out inpatient third other", "-20 points", "宁波市大学生"),
            ("390 temporary out inpatient first other", "-30 points", "宁波市大学生"),
            ("390 unfiled out inpatient third other", "-20 points", "宁波市大学生"),
            ("390 unfiled out inpatient second other", "-30 points", "宁波市大学生"),
            ("390 exempt in inpatient third other", "-10 points", "宁波市大学生"),
            ("390 temporary in inpatient second other", "-10 points", "宁波市大学生"),
            ("390 emergency out inpatient third other", "unknown", "宁波市大学生"),
            ("390 referral in inpatient third other", "unknown", "宁波市大学生"),
            ("390 long_term out inpatient third other", "same", "22号 二（五）"),
            ("310 referral out inpatient third other", "unknown", "本项目说明"),
            ("310 long_term out inpatient third other", "same", "22号 二（五）"),
        ],
    );
}

/// The id names the row of the version, counted through all its tables.
#[test]
fn the_row_that_decided_is_named() {
    let id = |area, visit| applied(area, "2026-05-01", visit).1;
    assert_eq!(
        id("360100", "310 temporary out inpatient third other"),
        "jiangxi-filing@2025.11/treatment/2025-01-01#5"
    );
    assert_eq!(
        id("330600", "310 long_term out inpatient third other"),
        "shaoxing-filing@2023.4/treatment/2023-04-28#1"
    );
    assert_eq!(
        id("330600", "390 unfiled out inpatient third other"),
        "shaoxing-filing@2023.4/treatment/2023-04-28#11"
    );
    // No table of this scheme: the version itself.
    assert_eq!(
        id("330600", "340 unfiled out inpatient third other"),
        "shaoxing-filing@2023.4/treatment/2023-04-28"
    );
}

/// 22号 二（六）: referral and emergency at most 10 points lower, other temporary care at most 20; 二（五）: who lives elsewhere as
/// at home, and back home no worse than referral. Shipped tables that go further do so because their source does.
#[test]
fn no_shipped_table_goes_beyond_the_national_bounds_unnoticed() {
    let mut beyond = Vec::new();
    for document in RULES.documents() {
        for version in <Treatments as yizhan_documents::Family<_>>::versions(&document.families) {
            for table in &version.rule.tables {
                let schemes: Vec<_> = table.insutypes.iter().map(|one| one.code()).collect();
                let place = format!("{} {} {}", document.area, version.period.from, schemes.join("+"));
                let worse = table.rows.iter().flat_map(beyond_bounds);
                beyond.extend(worse.map(|(filing, by)| format!("{place} {} {by}", filing.code())));
            }
        }
    }
    beyond.sort();
    beyond.dedup();
    let known = [
        // 宁波居民 转省外二级及以下 20 点，自主备案二级及以下 30 点 (R)
        "330200 2023-01-01 390 referral 20",
        "330200 2023-01-01 390 temporary 30",
        // 绍兴职工 备案 非特约 15% (R)
        "330600 2023-01-01 310 emergency 15",
        "330600 2023-01-01 310 referral 15",
        // 绍兴居民（旧） 备案 非特约 25% (R)
        "330600 2023-01-01 390 emergency 25",
        "330600 2023-01-01 390 referral 25",
        "330600 2023-01-01 390 temporary 25",
        // 绍兴职工 as before
        "330600 2023-04-28 310 emergency 15",
        "330600 2023-04-28 310 referral 15",
    ];
    assert_eq!(beyond, known);
}

/// Classes that a row lowers by more than the nation allows, and by how many points at most: a 先自付 of a tenth takes up to 10.
fn beyond_bounds(row: &Row<Asked, Direct>) -> Vec<(Filing, Decimal)> {
    let Known::Value(Direct::Treatment(treatment)) = row.value else { return Vec::new() };
    let lowered = match treatment {
        Treatment::Same => Decimal::ZERO,
        Treatment::Points(points) => -points,
        Treatment::Factor(ratio) => (Decimal::ONE - ratio) * Decimal::ONE_HUNDRED,
        Treatment::Prepay(ratio) => ratio * Decimal::ONE_HUNDRED,
    };
    let named = row.when.iter().find_map(|condition| match condition {
        Asked::Filing(any) => Some(any.as_slice()),
        _ => None,
    });
    let bounds = [
        (Filing::LongTerm, 0),
        (Filing::Referral, 10),
        (Filing::Emergency, 10),
        (Filing::Returning, 10),
        (Filing::Temporary, 20),
    ];
    let concerned = bounds.into_iter().filter(|(filing, _)| named.unwrap_or(Filing::ALL).contains(filing));
    let worse = concerned.filter(|(_, bound)| lowered > Decimal::from(*bound));
    worse.map(|(filing, _)| (filing, lowered.normalize())).collect()
}
