//! The time of an application, in working days; waiting for the applicant counts only where the rule says so.

use chrono::NaiveDate;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::settlement::v1::Reimbursement;
use yizhan_runtime::clock::parse_date;

use super::steps::state;
use super::table::State;
use crate::rules::{CountedUntil, Reimbursements, SettlementFamilies};

/// Days count from today on, where they do not yet.
pub fn begin(
    of: &mut Reimbursement,
    rule: &Reimbursements,
    days: &WorkingDays<'_, SettlementFamilies>,
    today: NaiveDate,
) {
    if !of.clock_from.is_empty() {
        return;
    }
    let used = u32::try_from(of.working_days_used).unwrap_or(0);
    let (due, published) = days.add(today, rule.working_days.saturating_sub(used));
    (of.clock_from, of.due_date, of.calendar_published) = (today.to_string(), due.to_string(), published);
}

/// The applicant was told today what lacks.
pub fn wait(
    of: &mut Reimbursement,
    rule: &Reimbursements,
    days: &WorkingDays<'_, SettlementFamilies>,
    today: NaiveDate,
) {
    of.supplement_date = days.add(today, rule.supplement_days).0.to_string();
    let since = parse_date(&of.clock_from).filter(|_| !rule.supplement_counts);
    if let Some(since) = since {
        of.working_days_used += i32::try_from(days.between(since, today).0).unwrap_or(0);
        (of.clock_from, of.due_date) = (String::new(), String::new());
    }
}

/// The day by which it is to be done, while it is not; empty otherwise.
pub fn due<'r>(of: &'r Reimbursement, rule: &Reimbursements) -> &'r str {
    let open = match state(of) {
        State::Waiting | State::FirstReview | State::SecondReview => true,
        State::Approved | State::Bounced => rule.counted_until == CountedUntil::Paid,
        _ => false,
    };
    if open { &of.due_date } else { "" }
}

#[cfg(test)]
mod tests {
    use yizhan_terms::Area;

    use super::*;
    use crate::rules::{Rules, embedded_texts};

    #[test]
    fn waiting_for_papers_does_not_count_unless_the_rule_says_so() {
        let read =
            |(name, text): &(&str, &str)| yizhan_documents::load(name, text).expect("a shipped document");
        let rules: Rules = embedded_texts().iter().map(read).collect();
        let area = Area::parse("430200").unwrap();
        let days = WorkingDays::of(&rules, area);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let shipped = &rules.find::<Reimbursements>(area, day("2026-03-02")).unwrap().rule;
        // A Monday; 清明 is on the 6th of April.
        let mut of = Reimbursement { state: State::FirstReview.number(), ..Reimbursement::default() };
        begin(&mut of, shipped, &days, day("2026-03-02"));
        assert_eq!((of.due_date.as_str(), of.calendar_published), ("2026-03-23", true));
        let mut counted = of.clone();
        wait(&mut of, shipped, &days, day("2026-03-06"));
        assert_eq!(
            (of.working_days_used, of.due_date.as_str(), of.supplement_date.as_str()),
            (4, "", "2026-03-27")
        );
        assert_eq!(due(&of, shipped), "");
        begin(&mut of, shipped, &days, day("2026-03-23"));
        assert_eq!(of.due_date, "2026-04-08", "eleven more working days");
        begin(&mut of, shipped, &days, day("2026-03-25"));
        assert_eq!(of.due_date, "2026-04-08", "it counts already");

        let counting = Reimbursements { supplement_counts: true, ..shipped.clone() };
        wait(&mut counted, &counting, &days, day("2026-03-06"));
        begin(&mut counted, &counting, &days, day("2026-03-23"));
        assert_eq!(counted.due_date, "2026-03-23");
    }

    #[test]
    fn it_is_done_when_it_is_paid_or_where_the_area_says_so_decided() {
        let read =
            |(name, text): &(&str, &str)| yizhan_documents::load(name, text).expect("a shipped document");
        let rules: Rules = embedded_texts().iter().map(read).collect();
        let area = Area::parse("430200").unwrap();
        let paid = &rules.find::<Reimbursements>(area, "2026-03-02".parse().unwrap()).unwrap().rule;
        let decided = Reimbursements { counted_until: CountedUntil::Decided, ..paid.clone() };
        let of = |state: State| Reimbursement {
            state: state.number(),
            due_date: "2026-03-23".to_owned(),
            ..Reimbursement::default()
        };
        assert_eq!(due(&of(State::Approved), paid), "2026-03-23");
        assert_eq!(due(&of(State::Approved), &decided), "");
        assert_eq!(due(&of(State::Closed), paid), "");
    }
}
