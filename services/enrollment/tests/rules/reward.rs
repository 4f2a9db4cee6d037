//! 连续参保、零报销激励 on the critical-illness cap (国办发〔2024〕38号; 江西, 许昌).

use yizhan_enrollment::person::domain::timeline::MembershipKind::{RewardUsed, ZeroClaimYear};
use yizhan_enrollment::person::domain::timeline::Timeline;
use yizhan_enrollment::register::domain::reward::critical_illness_reward;
use yizhan_enrollment::rules::Rules;

use crate::build::*;

/// Insured as a resident in each of these years.
fn years(from: i32, to: i32) -> Timeline {
    let stretches: Vec<_> = (from..=to).map(|year| format!("390 {year}-01-01..{year}-12-31")).collect();
    person(&stretches.join(";"))
}

/// Yuan the cap is raised by; consecutive years, years without a claim.
fn raise(person: &Timeline, area: &str, as_of: &str) -> (i64, u32, u32) {
    let reward =
        critical_illness_reward(person, area.parse().unwrap(), &Rules::embedded(), day(as_of)).unwrap();
    assert!(!reward.citation.is_empty());
    (reward.cap_increase_fen / 100, reward.consecutive_years, reward.zero_claim_years)
}

#[test]
fn each_year_after_the_fourth_raises_the_cap() {
    for (case, area, person, as_of, expected) in [
        ("满 4 年，尚未奖励", "430200", years(2025, 2028), "2028-12-31", (0, 4, 0)),
        ("第 5 年第一天", "430200", years(2025, 2029), "2029-01-01", (1000, 5, 0)),
        ("第 7 年，全国下限", "430200", years(2025, 2031), "2031-06-30", (3000, 7, 0)),
        ("第 7 年，江西 3000 元", "360100", years(2025, 2031), "2031-06-30", (9000, 7, 0)),
        ("2025 年以前的年度不计", "430200", years(2015, 2029), "2029-06-30", (1000, 5, 0)),
        ("许昌上限 8 万元", "411000", years(2025, 2060), "2060-06-30", (80_000, 36, 0)),
        ("当年未参保", "430200", years(2025, 2030), "2031-01-01", (0, 0, 0)),
    ] {
        assert_eq!(raise(&person, area, as_of), expected, "{case}");
    }
}

#[test]
fn a_break_begins_anew() {
    let mut broken = with_year(years(2025, 2029), ZeroClaimYear, 2026);
    for stretch in years(2031, 2036).coverages {
        broken.put(stretch);
    }
    assert_eq!(raise(&broken, "430200", "2029-06-01"), (2000, 5, 1));
    assert_eq!(raise(&broken, "430200", "2031-06-01"), (0, 1, 0));
    assert_eq!(raise(&broken, "430200", "2036-06-01"), (2000, 6, 0));
}

/// A year as an employee keeps the run and adds nothing to it.
#[test]
fn a_year_in_the_employees_scheme_does_not_break() {
    let mut person = years(2025, 2028);
    person.put(coverage("310", "2029-01-01..2029-12-31"));
    person.put(coverage("390", "2030-01-01..2030-12-31"));
    assert_eq!(raise(&person, "430200", "2030-06-01"), (1000, 5, 0));
}

#[test]
fn years_without_a_claim_count_from_the_next_year_until_used() {
    let person = with_year(with_year(years(2025, 2030), ZeroClaimYear, 2026), ZeroClaimYear, 2027);
    for (case, as_of, expected) in [
        ("零报销当年不计", "2026-12-31", (0, 2, 0)),
        ("次年元旦起", "2027-01-01", (1000, 3, 1)),
        ("两年累计", "2028-01-01", (2000, 4, 2)),
        ("与连续参保相加", "2030-01-01", (4000, 6, 2)),
    ] {
        assert_eq!(raise(&person, "430200", as_of), expected, "{case}");
    }
    let used = with_year(with_year(person, RewardUsed, 2029), ZeroClaimYear, 2030);
    assert_eq!(raise(&used, "430200", "2028-12-31"), (2000, 4, 2), "before it was used");
    assert_eq!(
        raise(&used, "430200", "2029-01-01"),
        (1000, 5, 0),
        "the zero-claim part is gone, the years stay"
    );
    assert_eq!(raise(&with_year(used, ZeroClaimYear, 2028), "430200", "2030-12-31"), (2000, 6, 0));
}

/// Enrollment does not ask settlement: it tells which years count if its books hold no claim.
#[test]
fn years_of_which_the_books_decide() {
    let text = include_str!("../../rules/360000-jiangxi.yaml");
    let text = text
        .replace("area: \"360000\"", "area: \"360100\"")
        .replace("rules: jiangxi-entitlement", "rules: nanchang");
    let text = text.replace("    limit: 20%\n", "    limit: 20%\n    books_from: 2027\n");
    let mut rules = Rules::embedded();
    let reward = |rules: &Rules, person: &Timeline, as_of: &str| {
        let reward = critical_illness_reward(person, "360100".parse().unwrap(), rules, day(as_of)).unwrap();
        (reward.years_fen / 100, reward.zero_claim, reward.open_years)
    };
    let person = with_year(years(2025, 2030), ZeroClaimYear, 2028);
    assert_eq!(reward(&rules, &person, "2030-06-01"), (6000, vec![2028], vec![]), "nobody says since when");
    rules.publish(yizhan_documents::load("nanchang.yaml", &text).unwrap());
    assert_eq!(reward(&rules, &person, "2030-06-01"), (6000, vec![2028], vec![2027, 2029]));
    assert_eq!(reward(&rules, &person, "2027-06-01"), (0, vec![], vec![]), "the year itself is not over");
    let used = with_year(person.clone(), RewardUsed, 2028);
    assert_eq!(reward(&rules, &used, "2030-06-01"), (6000, vec![], vec![2029]));
    assert_eq!(reward(&rules, &person, "2032-01-01"), (0, vec![], vec![]), "not insured any more");
    // A year as an employee is no resident's year without a claim.
    let mut employee = years(2025, 2027);
    employee.put(coverage("310", "2028-01-01..2028-12-31"));
    employee.put(coverage("390", "2029-01-01..2029-12-31"));
    assert_eq!(reward(&rules, &employee, "2029-06-01"), (0, vec![], vec![2027]));
}

/// “累计提高总额不超过所在统筹地区大病保险原封顶线的20%”.
#[test]
fn never_more_than_a_fifth_of_the_cap() {
    let reward = critical_illness_reward(
        &years(2025, 2060),
        "360100".parse().unwrap(),
        &Rules::embedded(),
        day("2060-01-01"),
    )
    .unwrap();
    assert_eq!(reward.cap_increase_fen, 9_600_000);
    assert_eq!(reward.of_cap(40_000_000), 8_000_000);
    assert_eq!(reward.of_cap(50_000_000), 9_600_000);
    assert_eq!(reward.of_cap(3), 0, "rounded down: the limit is never passed");
}
