//! All shipped rules with all shipped policies: what filing answers the policy can apply, and who is better placed is never worse off.

use std::sync::LazyLock;

use yizhan_documents::Documents;
use yizhan_filing::answers::domain::{Outcome, Visit, find};
use yizhan_filing::rules::{Away, Rules};
use yizhan_filing::standings::{Standing, Standings, State};
use yizhan_money::Fen;
use yizhan_policy::case::RemoteRule;
use yizhan_policy::{Policy, embedded, load, settle, together};
use yizhan_terms::{Area, Care, Filing, FilingKind, Insutype, Status, Tier, Treatment};

use super::day;
use super::settled::stay;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

/// Days on which the shipped rules differ.
const DAYS: [&str; 3] = ["2023-04-01", "2024-09-30", "2026-05-01"];
/// What somebody may have filed, or be; any set of them is a placement.
const PLACED: [FilingKind; 3] = [FilingKind::Resident, FilingKind::Referral, FilingKind::OtherTemporary];
const EMERGENCY: usize = 1 << PLACED.len();
/// Every set of them.
const PLACEMENTS: usize = EMERGENCY << 1;

/// Somebody else's city in the same province, if the pooling area is not all of it; and 上海.
fn reaches(home: Area) -> Vec<Area> {
    let code = home.to_string();
    let cities = ["0100", "0300", "0101"].map(|city| Area::parse(&format!("{}{city}", &code[..2])).unwrap());
    let in_province = cities.into_iter().find(|place| !home.is_at_home(*place));
    in_province.into_iter().chain(Area::parse("310115")).collect()
}

fn standing(visit: &Visit, kind: FilingKind) -> Standing {
    Standing {
        filing_id: format!("F-{}", kind.code()),
        kind,
        poolarea_no: visit.poolarea_no,
        insutype: visit.insutype,
        place: visit.place,
        begndate: visit.begin,
        last_day: None,
        state: State::InForce,
        completed_at: Some("2023-01-01T04:00:00Z".parse().unwrap()),
        promised: false,
    }
}

/// What is paid of the visit to somebody so placed; `None`: it is not settled.
fn paid(policy: &Policy, visit: &Visit, placement: usize) -> Option<Fen> {
    let filed = PLACED.iter().enumerate().filter(|(bit, _)| placement & (1 << bit) != 0);
    let standings = Standings(filed.map(|(_, kind)| standing(visit, *kind)).collect());
    let visit = Visit { emergency: placement & EMERGENCY != 0, ..*visit };
    let answer = find(&RULES, Some(&standings), &visit).unwrap();
    let Outcome::Direct { treatment, basis } = answer.outcome else { return None };
    let rule = RemoteRule { treatment, rule: basis.rule, citation: basis.citation };
    let told = format!("{} {visit:?}: {:?} {treatment:?}", policy.id, answer.class);
    let at_home = at_home(policy, &visit);
    let away = settle_it(policy, &visit, answer.class, Some(rule));
    // What a policy cannot say at home it cannot say away either.
    let Ok(at_home) = at_home else { return None };
    let away =
        away.unwrap_or_else(|refusal| panic!("{told}: filing says direct, and it is refused: {refusal}"));
    match treatment {
        Treatment::Same => assert_eq!(away, at_home, "{told}"),
        _ => assert!(away <= at_home, "{told}: {away:?}, at home {at_home:?}"),
    }
    Some(away)
}

fn at_home(policy: &Policy, visit: &Visit) -> Result<Fen, yizhan_policy::Refusal> {
    settle_it(policy, visit, Filing::Local, None)
}

fn settle_it(
    policy: &Policy,
    visit: &Visit,
    filing: Filing,
    remote: Option<RemoteRule>,
) -> Result<Fen, yizhan_policy::Refusal> {
    let Visit { poolarea_no, insutype, care, level, contracted, .. } = *visit;
    let away = Away { insutype, filing, in_province: visit.in_province(), care, level, contracted };
    let status = if insutype == Insutype::Employee { Status::InService } else { Status::Adult };
    let mut case = stay(poolarea_no, insutype, status, &away, remote);
    (case.visit.begin, case.visit.end) = (visit.begin, visit.end);
    case.person.memberships = ["resident_tier/一档", "veteran/烈士遗属"].map(str::to_owned).into();
    settle(policy, &case).map(|outcome| outcome.fund_pay_fen)
}

/// Every visit away from home under a policy on a day.
fn visits(policy: &Policy, on: &str) -> Vec<Visit> {
    let mut visits = Vec::new();
    for (area, care) in policy.areas.iter().flat_map(|area| Care::ALL.iter().map(move |care| (*area, *care)))
    {
        for (place, level) in reaches(area)
            .into_iter()
            .flat_map(|place| [Tier::Primary, Tier::Second, Tier::Third].map(move |level| (place, level)))
        {
            visits.extend([true, false].map(|contracted| Visit {
                poolarea_no: area,
                insutype: policy.schemes[0],
                place,
                begin: day(on),
                end: day(on),
                care,
                stay: care == Care::Inpatient,
                level,
                contracted,
                emergency: false,
                referred: false,
                today: day(on),
            }));
        }
    }
    visits
}

fn policies() -> Documents<Policy> {
    together(embedded().iter().map(|(name, text)| load(name, text).unwrap()).collect()).unwrap()
}

#[test]
fn filing_and_policy_agree_and_who_is_better_placed_is_never_worse_off() {
    let (mut settled, mut asked) = (0, 0);
    for policy in policies().documents() {
        for on in DAYS.into_iter().filter(|on| policy.period.contains(day(on))) {
            for visit in visits(policy, on) {
                let paid: Vec<Option<Fen>> =
                    (0..PLACEMENTS).map(|placement| paid(policy, &visit, placement)).collect();
                let steps = (0..PLACEMENTS)
                    .flat_map(|from| (0..=PLACED.len()).map(move |bit| (from, from | 1 << bit)));
                for (from, to) in steps {
                    assert!(paid[to] >= paid[from], "{} {visit:?}: {from:04b} {paid:?}", policy.id);
                }
                asked += paid.len();
                settled += paid.iter().flatten().count();
            }
        }
    }
    assert!(asked > 10_000 && settled > 1_000, "{settled} of {asked}");
}
