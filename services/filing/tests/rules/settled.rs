//! What the register says can be applied by the benefit policies that ship for the same areas, and reaches the money.

use yizhan_filing::rules::{Away, Direct, Rules, Treatments, decide};
use yizhan_money::Fen;
use yizhan_policy::case::{Account, Case, Counted, Line, Person, RemoteRule, Visit};
use yizhan_policy::{embedded, find, load, settle, together};
use yizhan_terms::{Area, Care, Filing, Insutype, Status, Tier, Treatment};

use super::day;

/// Areas whose tables and policies both ship.
const BOTH: [(Area, Insutype, Status); 4] = [
    (Area::parse("360100").unwrap(), Insutype::Employee, Status::InService),
    (Area::parse("360100").unwrap(), Insutype::Resident, Status::Adult),
    (Area::parse("330600").unwrap(), Insutype::Employee, Status::Retired),
    (Area::parse("330200").unwrap(), Insutype::Resident, Status::Adult),
];

/// A stay of 30,000 yuan of class 甲, on 2026-05-01.
pub fn stay(area: Area, scheme: Insutype, status: Status, away: &Away, remote: Option<RemoteRule>) -> Case {
    let line = Line {
        id: "1".into(),
        code: String::new(),
        quantity: 1.into(),
        price_fen: 3_000_000.into(),
        amount_fen: Fen(3_000_000),
        class: "01".into(),
        list_type: String::new(),
        ceiling_fen: None,
        prepay: None,
        labels: Vec::new(),
        day: None,
        paid_elsewhere_fen: Fen::ZERO,
        earlier: None,
    };
    let person = Person {
        status,
        age: 50,
        identities: [].into(),
        memberships: [].into(),
        years_insured: 10,
        continuity: None,
    };
    let visit = Visit {
        care: away.care,
        level: away.level,
        begin: day("2026-04-21"),
        end: day("2026-05-01"),
        filing: if remote.is_some() { away.filing } else { Filing::Local },
        remote,
        in_province: away.in_province,
        contracted: away.contracted,
        diagnoses: vec!["I10.x00".into()],
        disease: None,
        tags: [].into(),
        not_covered: Vec::new(),
        previous: None,
    };
    let (accumulated, account) = (Default::default(), Account::default());
    Case {
        area,
        scheme,
        person,
        visit,
        lines: vec![line],
        accumulated,
        paid_elsewhere: Vec::new(),
        account,
        counted: Counted::Claims,
        earlier: None,
    }
}

#[test]
fn every_shipped_treatment_has_its_place_in_the_shipped_policy() {
    let rules = Rules::embedded();
    let policies = embedded().iter().map(|(name, text)| load(name, text).unwrap()).collect();
    let policies = together(policies).unwrap();
    let mut lowered = Vec::new();
    for (area, scheme, status) in BOTH {
        let policy = find(&policies, area, scheme, day("2026-05-01")).unwrap();
        let paid = |case: &Case| settle(policy, case).map(|outcome| outcome.fund_pay_fen);
        let version = rules.find::<Treatments>(area, day("2026-05-01")).unwrap();
        for filing in Filing::ALL.iter().copied().filter(|filing| *filing != Filing::Local) {
            for (level, contracted) in [(Tier::Third, true), (Tier::Third, false), (Tier::Second, false)] {
                let in_province = matches!(filing, Filing::Exempt | Filing::Returning);
                let away =
                    Away { insutype: scheme, filing, in_province, care: Care::Inpatient, level, contracted };
                let decision = decide(version, &away).unwrap();
                let Ok(Direct::Treatment(treatment)) = decision.what else { continue };
                let rule =
                    RemoteRule { treatment, rule: decision.rule_id, citation: decision.citation.to_owned() };
                let at_home = paid(&stay(area, scheme, status, &away, None)).unwrap();
                let paid_away = paid(&stay(area, scheme, status, &away, Some(rule)))
                    .unwrap_or_else(|refusal| panic!("{area} {scheme:?} {away:?}: {refusal}"));
                match treatment {
                    Treatment::Same => assert_eq!(paid_away, at_home, "{area} {scheme:?} {away:?}"),
                    _ => {
                        assert!(
                            paid_away < at_home,
                            "{area} {scheme:?} {away:?}: {paid_away:?}, at home {at_home:?}"
                        );
                        lowered.push((area, scheme));
                    }
                }
            }
        }
    }
    lowered.dedup();
    assert_eq!(lowered, BOTH.map(|(area, scheme, _)| (area, scheme)));
}
