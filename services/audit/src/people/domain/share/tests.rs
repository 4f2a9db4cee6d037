use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn area(code: &str) -> Area {
    code.parse().unwrap()
}

fn month(first: &str, yuan: i64) -> Month {
    of_area("430200", first, [yuan, 0, 0])
}

fn of_area(code: &str, first: &str, yuan: [i64; 3]) -> Month {
    let last = format!("{}-20 S1", &first[..7]);
    Month { first: day(first), area: area(code), last, paid_fen: yuan.map(|yuan| yuan * 100) }
}

fn rule(span: Span, year_begins: u32, counts: Counts, lines: &[i64]) -> Dated<OwnShare> {
    let lines = lines.iter().map(|yuan| Fen(yuan * 100)).collect();
    Dated {
        period: yizhan_documents::Period { from: day("2000-01-01"), to: None },
        id: "r".to_owned(),
        citation: "d".to_owned(),
        rule: OwnShare { span, year_begins, counts, lines },
    }
}

fn by(months: &[Month], rule: &Dated<OwnShare>) -> Vec<(String, i64, i64)> {
    let found = passed(months, &|_, _| Some(rule.clone()));
    found.into_iter().map(|one| (one.period, one.own.0 / 100, one.line.0 / 100)).collect()
}

fn told(period: &str, own: i64, line: i64) -> (String, i64, i64) {
    (period.to_owned(), own, line)
}

#[test]
fn a_line_is_passed_by_a_fen_and_not_at_it() {
    let year = rule(Span::Year, 1, Counts::All, &[20_000, 50_000]);
    let mut months = vec![month("2026-01-01", 12_000), month("2026-12-01", 8_000)];
    assert_eq!(by(&months, &year), []);
    months[1].paid_fen[0] += 1;
    let found = passed(&months, &|_, _| Some(year.clone()));
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!((one.own, one.line, one.next_line), (Fen(2_000_001), Fen(2_000_000), Some(Fen(5_000_000))));
    assert_eq!(one.days, (day("2026-01-01"), day("2026-12-31")));
    months.push(month("2026-06-01", 40_000));
    let found = passed(&months, &|_, _| Some(year.clone()));
    assert_eq!(
        (found[0].line, found[0].next_line, found.len()),
        (Fen(5_000_000), None, 1),
        "the second line, the same period"
    );
    assert_eq!(found[0].period, one.period);
}

#[test]
fn a_year_begins_when_the_rule_says_and_ends_with_its_months() {
    let year = rule(Span::Year, 7, Counts::All, &[20_000]);
    let months = [month("2026-06-01", 15_000), month("2026-07-01", 15_000), month("2027-06-01", 6_000)];
    assert_eq!(by(&months, &year), [told("year 2026-07-01", 21_000, 20_000)]);
    let calendar = rule(Span::Year, 1, Counts::All, &[20_000]);
    assert_eq!(by(&months, &calendar), [told("year 2026-01-01", 30_000, 20_000)]);
    let quarter = rule(Span::Quarter, 1, Counts::All, &[14_000]);
    let quarters = [told("quarter 2026-04-01", 15_000, 14_000), told("quarter 2026-07-01", 15_000, 14_000)];
    assert_eq!(by(&months, &quarter), quarters);
}

#[test]
fn twelve_months_in_a_row_count_across_the_end_of_a_year() {
    let rolling = rule(Span::RollingYear, 1, Counts::All, &[20_000]);
    let months = [month("2026-11-01", 12_000), month("2027-02-01", 12_000), month("2027-12-01", 1_000)];
    let found = passed(&months, &|_, _| Some(rolling.clone()));
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!((one.period.as_str(), one.own), ("rolling_year 2027-01-01", Fen(2_400_000)));
    assert_eq!(one.days, (day("2026-03-01"), day("2027-02-28")));
    assert_eq!(by(&months[..2], &rule(Span::Year, 1, Counts::All, &[20_000])), []);
}

#[test]
fn what_counts_is_the_areas() {
    let paid = [of_area("430200", "2026-03-01", [30_000, 8_000, 5_000])];
    for (counts, own) in [(Counts::All, 30_000), (Counts::Copayment, 22_000), (Counts::InScope, 17_000)] {
        assert_eq!(by(&paid, &rule(Span::Year, 1, counts, &[1])), [told("year 2026-01-01", own, 1)]);
    }
}

#[test]
fn who_moved_is_one_person_by_the_lines_of_the_area_that_paid_last() {
    let months =
        [of_area("430200", "2026-02-01", [15_000, 0, 0]), of_area("430300", "2026-08-01", [10_000, 0, 0])];
    let rules = |of: Area, _: NaiveDate| {
        let line = if of == area("430300") { 24_000 } else { 20_000 };
        Some(rule(Span::Year, 1, Counts::All, &[line]))
    };
    let found = passed(&months, &rules);
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!((one.area, one.own, one.line), (area("430300"), Fen(2_500_000), Fen(2_400_000)));
    let dearer = |of: Area, _: NaiveDate| {
        Some(rule(Span::Year, 1, Counts::All, &[if of == area("430300") { 25_000 } else { 1 }]))
    };
    assert_eq!(passed(&months, &dearer), []);
    assert_eq!(passed(&months, &|_, _| None), [], "no rule, nothing said");
}
