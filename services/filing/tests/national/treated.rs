//! What settlement is told.
//!
//! Somebody insured in 南昌 (whose numbers are 江西's), or where a rule is about what areas do not say, in 石家庄 (which has no document here).
//! The visit is a stay in 上海 from 2025-06-10 to 2025-06-20, settled on the day of discharge, unless the row says otherwise.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_filing::answers::domain::{Outcome, Visit, find};
use yizhan_filing::rules::Rules;
use yizhan_filing::standings::{Standing, Standings, State};
use yizhan_terms::{Area, Care, Filing as Class, FilingKind, Insutype, Tier, Treatment};

/// 行政区划 of this code.
const fn area(code: &str) -> Area {
    Area::parse(code).unwrap()
}

const NANCHANG: Area = area("360100");
const SHIJIAZHUANG: Area = area("130100");
const NINGBO: Area = area("330200");
const SHAOXING: Area = area("330600");

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A filing to 上海 in force from a day on, decided that noon.
fn filed(kind: FilingKind, begndate: &str, last_day: &str) -> Standing {
    Standing {
        filing_id: format!("F-{}", kind.code()),
        kind,
        poolarea_no: NANCHANG,
        insutype: Insutype::Employee,
        place: area("310000"),
        begndate: day(begndate),
        last_day: (!last_day.is_empty()).then(|| day(last_day)),
        state: State::InForce,
        completed_at: Some(format!("{begndate}T04:00:00Z").parse().unwrap()),
        promised: false,
    }
}

fn submitted(kind: FilingKind, begndate: &str) -> Standing {
    Standing { state: State::Submitted, completed_at: None, ..filed(kind, begndate, "") }
}

/// The stay in 上海.
fn stay() -> Visit {
    Visit {
        poolarea_no: NANCHANG,
        insutype: Insutype::Employee,
        place: area("310115"),
        begin: day("2025-06-10"),
        end: day("2025-06-20"),
        care: Care::Inpatient,
        stay: true,
        level: Tier::Third,
        contracted: false,
        emergency: false,
        referred: false,
        today: day("2025-06-20"),
    }
}

fn clinic() -> Visit {
    Visit { begin: day("2025-06-20"), care: Care::Outpatient, stay: false, ..stay() }
}

/// What settlement is told.
#[derive(Debug, PartialEq)]
enum Told {
    Same,
    Prepay(u32),
    Points(u32),
    Not(&'static str),
}

struct Row {
    article: &'static str,
    case: &'static str,
    filings: Vec<Standing>,
    visit: Visit,
    class: Class,
    /// What the basis cites.
    cites: &'static str,
    told: Told,
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Class::*;
    use FilingKind::{OtherTemporary, Posted, Referral as Referred, Resettled, Resident};
    let row = |article, case, filings, visit, class, cites, told| Row { article, case, filings, visit, class, cites, told };
    vec![
        row("规程第六条", "先备案后结算: nothing filed",
            vec![], Visit { poolarea_no: SHIJIAZHUANG, ..stay() }, Unfiled, "先备案后结算", Told::Not("FILING_REQUIRED")),
        row("规程第七条", "异地安置退休 is 长期居住",
            vec![filed(Resettled, "2025-01-01", "")], stay(), LongTerm, "第七条", Told::Same),
        row("规程第七条", "异地长期居住 is",
            vec![filed(Resident, "2025-01-01", "")], stay(), LongTerm, "第七条", Told::Same),
        row("规程第七条", "常驻异地工作 is",
            vec![filed(Posted, "2025-01-01", "")], stay(), LongTerm, "第七条", Told::Same),
        row("规程第七条", "异地转诊 is 临时外出",
            vec![filed(Referred, "2025-06-01", "2025-11-30")], stay(), Referral, "第七条", Told::Prepay(10)),
        row("规程第七条", "其他临时外出 is",
            vec![filed(OtherTemporary, "2025-06-01", "2025-11-30")], stay(), Temporary, "第七条", Told::Prepay(20)),
        row("规程第八条（五）", "急诊抢救 counts as filed",
            vec![], Visit { emergency: true, ..stay() }, Emergency, "第八条（五）", Told::Prepay(10)),
        row("规程第三十四条", "急诊 of an outpatient",
            vec![], Visit { emergency: true, ..clinic() }, Emergency, "第三十四条", Told::Prepay(10)),
        row("规程第三十四条", "急诊 of somebody filed as other temporary: the better one",
            vec![filed(OtherTemporary, "2025-06-01", "2025-11-30")], Visit { emergency: true, ..stay() }, Emergency, "第三十四条", Told::Prepay(10)),
        row("规程第三十四条", "急诊 of somebody filed long-term there: as at home",
            vec![filed(Resident, "2025-01-01", "")], Visit { emergency: true, ..stay() }, LongTerm, "第七条", Told::Same),
        row("规程第十条", "长期有效 until changed: years later",
            vec![filed(Resident, "2023-01-01", "")], stay(), LongTerm, "第十条", Told::Same),
        row("规程第十条", "临时 within its months, the second visit too",
            vec![filed(OtherTemporary, "2025-01-01", "2025-06-30")], clinic(), Temporary, "第十条", Told::Prepay(20)),
        row("规程第十条", "临时, its last day",
            vec![filed(OtherTemporary, "2024-12-21", "2025-06-20")], clinic(), Temporary, "第十条", Told::Prepay(20)),
        row("规程第十条", "临时, the day after its last",
            vec![filed(OtherTemporary, "2024-12-20", "2025-06-19")], clinic(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("规程第十一条", "filed to 上海: every district of it",
            vec![filed(Resident, "2025-01-01", "")], Visit { place: area("310230"), ..stay() }, LongTerm, "", Told::Same),
        row("规程第十一条", "filed to 上海, treated in 苏州",
            vec![filed(Resident, "2025-01-01", "")], Visit { place: area("320505"), ..stay() }, Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("规程第十二条", "admitted within the validity, expired before discharge",
            vec![filed(OtherTemporary, "2024-12-16", "2025-06-15")], stay(), Temporary, "第十二条", Told::Prepay(20)),
        row("规程第十二条", "admitted on its last day",
            vec![filed(OtherTemporary, "2024-12-11", "2025-06-10")], stay(), Temporary, "第十二条", Told::Prepay(20)),
        row("规程第十二条", "admitted the day after",
            vec![filed(OtherTemporary, "2024-12-10", "2025-06-09")], stay(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("规程第十二条", "a long-term filing cancelled during the stay",
            vec![Standing { state: State::Cancelled, ..filed(Resident, "2025-01-01", "2025-06-12") }], stay(), LongTerm, "第十二条", Told::Same),
        row("22号 二（四）", "补办 during the stay, before the settlement at discharge",
            vec![filed(OtherTemporary, "2025-06-15", "2025-12-14")], stay(), Temporary, "二（四）", Told::Prepay(20)),
        row("22号 二（四）", "补办 on the day of discharge",
            vec![filed(Referred, "2025-06-20", "2025-12-19")], stay(), Referral, "二（四）", Told::Prepay(10)),
        row("22号 二（四）", "补办 after discharge, but before the settlement, two days later",
            vec![filed(OtherTemporary, "2025-06-22", "2025-12-21")], Visit { today: day("2025-06-22"), ..stay() }, Temporary, "二（四）", Told::Prepay(20)),
        row("22号 二（四）", "补办 that begins after the settlement",
            vec![filed(OtherTemporary, "2025-06-21", "2025-12-20")], stay(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("22号 二（四）", "补办 is for stays: a filing after a clinic visit",
            vec![filed(OtherTemporary, "2025-06-21", "2025-12-20")], Visit { today: day("2025-06-21"), ..clinic() }, Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("规程第十六条", "submitted and not decided at the settlement",
            vec![submitted(OtherTemporary, "2025-06-19")], stay(), Unfiled, "", Told::Not("FILING_NOT_DECIDED")),
        row("规程第十四条", "no filing: the home area's rules; 石家庄 has none here, so by hand",
            vec![], Visit { poolarea_no: SHIJIAZHUANG, ..clinic() }, Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("22号 二（五）", "long-term filer treated at home: not below a referral",
            vec![filed(Resident, "2025-01-01", "")], Visit { place: area("360102"), ..stay() }, Returning, "二（五）", Told::Prepay(10)),
        row("22号 二（五）", "the same, filed on a commitment: papers first",
            vec![Standing { promised: true, state: State::Provisional, ..filed(Resident, "2025-01-01", "2025-12-01") }],
            Visit { place: area("360102"), ..stay() }, Returning, "二（五）", Told::Not("MATERIALS_OUTSTANDING")),
        row("22号 二（五）", "filed on a commitment, treated where filed",
            vec![Standing { promised: true, state: State::Provisional, ..filed(Resident, "2025-01-01", "2025-12-01") }], stay(), LongTerm, "", Told::Same),
        row("22号 二（五）", "temporary filers are at home at home",
            vec![filed(OtherTemporary, "2025-06-01", "2025-11-30")], Visit { place: area("360102"), ..stay() }, Local, "", Told::Same),
        row("22号 二（四）", "made good, and lapsed before discharge: no paper ever came",
            vec![Standing { state: State::Lapsed, ..filed(Referred, "2025-06-12", "2025-06-15") }], stay(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("规程第十条", "filed under another scheme: the insurance changed",
            vec![Standing { insutype: Insutype::Resident, ..filed(Resident, "2025-01-01", "") }], stay(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("规程第十一条", "省直辖: filed to 仙桃, treated in 潜江",
            vec![Standing { place: area("429004"), ..filed(Resident, "2025-01-01", "") }], Visit { place: area("429005"), ..stay() }, Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("规程第三十四条", "急诊 where the area is silent about it does not worsen what was filed: 宁波",
            vec![Standing { poolarea_no: NINGBO, insutype: Insutype::Resident, ..filed(OtherTemporary, "2025-06-01", "2025-11-30") }],
            Visit { poolarea_no: NINGBO, insutype: Insutype::Resident, emergency: true, ..stay() }, Temporary, "第七条", Told::Points(20)),
        row("规程第三十四条", "急诊 where the area is silent about it, nothing filed: as without the mark: 宁波",
            vec![], Visit { poolarea_no: NINGBO, insutype: Insutype::Resident, emergency: true, ..stay() }, Unfiled, "", Told::Points(20)),
        row("省内免备案", "绍兴 → 杭州, its rate is not published: no worse than unfiled in 上海",
            vec![], Visit { poolarea_no: SHAOXING, place: area("330106"), ..stay() }, Unfiled, "绍兴市职工", Told::Prepay(25)),
        row("省内免备案", "绍兴 → 杭州, filed all the same: as filed",
            vec![Standing { poolarea_no: SHAOXING, place: area("330100"), ..filed(OtherTemporary, "2025-06-01", "2025-11-30") }],
            Visit { poolarea_no: SHAOXING, place: area("330106"), contracted: true, ..stay() }, Temporary, "第七条", Told::Prepay(5)),
        row("22号 二（六）", "of two filings there the one whose rate is published: 宁波 in the province",
            vec![Standing { poolarea_no: NINGBO, insutype: Insutype::Resident, place: area("330600"), ..filed(Referred, "2025-06-01", "2025-11-30") }],
            Visit { poolarea_no: NINGBO, insutype: Insutype::Resident, place: area("330602"), ..stay() }, Exempt, "免备案", Told::Points(10)),
        row("规程第三十四条", "急诊 in the own province, where 免备案 is silent about the rate: 绍兴",
            vec![], Visit { poolarea_no: area("330600"), place: area("330106"), emergency: true, ..stay() }, Emergency, "第三十四条", Told::Prepay(15)),
        row("22号 二（五）", "at home, one filing on a promise and one with all papers: the latter counts",
            vec![Standing { promised: true, state: State::Provisional, filing_id: "F-0".to_owned(), ..filed(Posted, "2025-01-01", "2025-12-01") }, filed(Resident, "2025-01-01", "")],
            Visit { place: area("360102"), ..stay() }, Returning, "二（五）", Told::Prepay(10)),
        row("规程第七条", "市本级 pools under xxxx99: its districts are home",
            vec![], Visit { poolarea_no: area("360199"), place: area("360102"), ..stay() }, Local, "", Told::Same),
        row("退回补正", "returned: it is the person's turn",
            vec![Standing { state: State::Returned, ..submitted(OtherTemporary, "2025-06-19") }], stay(), Unfiled, "", Told::Not("FILING_NOT_DECIDED")),
        row("22号 二（四）", "under way, but for later than a clinic visit: it would not cover it",
            vec![submitted(OtherTemporary, "2025-06-21")], clinic(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("22号 二（六）", "an area whose reduction is not published is not guessed",
            vec![Standing { poolarea_no: SHIJIAZHUANG, ..filed(Referred, "2025-06-01", "2025-11-30") }],
            Visit { poolarea_no: SHIJIAZHUANG, ..stay() }, Referral, "第七条", Told::Not("TREATMENT_NOT_PUBLISHED")),
        row("参保状态变化（规程第十条）", "filed while insured elsewhere: does not count",
            vec![Standing { poolarea_no: SHIJIAZHUANG, ..filed(Resident, "2025-01-01", "") }], stay(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("容缺受理", "lapsed before admission",
            vec![Standing { state: State::Lapsed, ..filed(Referred, "2025-05-01", "2025-05-16") }], stay(), Unfiled, "", Told::Not("FILING_LAPSED")),
        row("容缺受理", "lapsed, and nobody has noted it yet",
            vec![Standing { state: State::Provisional, ..filed(Referred, "2025-05-01", "2025-05-16") }], stay(), Unfiled, "", Told::Not("FILING_LAPSED")),
        row("容缺受理", "filed for later than the visit, something still to come: not lapsed",
            vec![Standing { state: State::Provisional, ..filed(Referred, "2025-07-01", "2025-07-16") }], stay(), Unfiled, "", Told::Not("FILING_REQUIRED")),
        row("容缺受理", "still in time on the day of admission, lapsed since",
            vec![Standing { state: State::Lapsed, ..filed(Referred, "2025-06-01", "2025-06-12") }], stay(), Referral, "第十二条", Told::Prepay(10)),
    ]
}

#[test]
fn every_national_rule_gives_what_its_article_says() {
    let rules = Rules::embedded();
    for Row { article, case, filings, visit, class, cites, told } in rows() {
        let standings = Standings(filings);
        let answer = find(&rules, Some(&standings), &visit).unwrap();
        let what = match &answer.outcome {
            Outcome::Direct { treatment: Treatment::Same, .. } => Told::Same,
            Outcome::Direct { treatment: Treatment::Prepay(ratio), .. } => {
                Told::Prepay((ratio * Decimal::ONE_HUNDRED).try_into().unwrap())
            }
            Outcome::Direct { treatment: Treatment::Points(points), .. } => {
                Told::Points((-points).try_into().unwrap())
            }
            Outcome::Direct { treatment, .. } => panic!("{article} {case}: {treatment:?}"),
            Outcome::Refused(refused) => {
                assert!(!refused.text.is_empty() && !refused.way_out.is_empty(), "{article} {case}");
                Told::Not(refused.reason.code())
            }
        };
        assert_eq!((answer.class, what), (class, told), "{article}: {case}");
        let citation = answer.basis.map(|basis| basis.citation).unwrap_or_default();
        assert!(citation.contains(cites), "{article}: {case}: cites {citation}");
    }
}

/// Where the unfiled are settled directly too, they are told what would better the rate.
#[test]
fn the_unfiled_are_told_what_would_better_the_rate() {
    let rules = Rules::embedded();
    let shaoxing = Visit { poolarea_no: area("330600"), ..stay() };
    let advice = |filings: Vec<Standing>, visit: &Visit| {
        let standings = Standings(filings);
        let answer = find(&rules, Some(&standings), visit).unwrap();
        assert_eq!(answer.class, Class::Unfiled);
        assert!(matches!(answer.outcome, Outcome::Direct { treatment: Treatment::Prepay(_), .. }));
        answer.advice
    };
    let open = Standing { poolarea_no: area("330600"), ..submitted(FilingKind::Resident, "2025-06-19") };
    assert!(advice(vec![open.clone()], &shaoxing).contains("正在办理"));
    assert!(advice(vec![Standing { place: area("110000"), ..open }], &shaoxing).contains("出院结算前补办"));
    assert!(advice(vec![], &Visit { referred: true, ..shaoxing }).contains("转诊转院证明"));
    let in_province = advice(vec![], &Visit { place: area("330106"), ..shaoxing });
    assert!(in_province.contains("没有公布") && in_province.contains("补办"), "{in_province}");
}

/// What one does with a refusal is told with it.
#[test]
fn the_way_out_fits_the_visit() {
    let rules = Rules::embedded();
    let way_out = |visit: &Visit| match find(&rules, None, visit).unwrap().outcome {
        Outcome::Refused(refused) => refused.way_out,
        outcome => panic!("{outcome:?}"),
    };
    assert!(way_out(&stay()).contains("出院结算前补办"));
    assert!(way_out(&clinic()).contains("先办理异地就医备案") && !way_out(&clinic()).contains("出院"));
    assert!(way_out(&Visit { referred: true, ..stay() }).contains("补办异地转诊备案"));
}
