use super::*;
use crate::settlements::messages::audited::withhold;

fn rules() -> Rules {
    Rules::embedded()
}

/// Where 长沙 says this of practitioners.
fn rules_of(said: &str) -> Rules {
    let text = format!(
        "rules: own\nversion: '1'\ntitle: 试\narea: '430100'\nsources: {{ s: {{ title: 试〔2025〕1号, quality: G }} }}\n\
         practitioners: [{{ from: 2025-01-01, source: s, suspended: refuse, terminated: refuse, {said} }}]\n"
    );
    let mut rules = rules();
    rules.publish(yizhan_documents::load("own.yaml", &text).unwrap());
    rules
}

fn row(feedetl_sn: &str, doctor: &str, day: &str) -> FeeLineResult {
    FeeLineResult {
        feedetl_sn: feedetl_sn.to_owned(),
        bilg_dr_codg: doctor.to_owned(),
        fee_ocur_date: day.to_owned(),
        inscp_scp_amt_fen: 100,
        ..FeeLineResult::default()
    }
}

fn answer(emergency: bool) -> Settlement {
    let info = SettlementInfo {
        setl_id: "S1".to_owned(),
        fixmedins_code: "H1".to_owned(),
        mdtrtarea_admvs: "430100".to_owned(),
        med_type: "21".to_owned(),
        enddate: "2026-01-20".to_owned(),
        dr_codg: "D2".to_owned(),
        inscp_scp_amt_fen: 500,
        fund_pay_sumamt_fen: 250,
        emergency,
        ..SettlementInfo::default()
    };
    let earlier = FeeLineResult { earlier_part: true, ..row("0", "D1", "2026-01-18") };
    let feedetail = vec![
        earlier,
        row("1", "D1", "2026-01-19"),
        row("2", "D1", "2026-01-20"),
        row("3", "D1", "2026-01-20"),
        row("4", "", ""),
        row("5", "D1", "2024-12-31"),
    ];
    Settlement { setlinfo: Some(info), feedetail, ..Settlement::default() }
}

fn said(answer: &Settlement, status: impl Fn(Key<'_>) -> QualificationStatus) -> Settlement {
    said_by(&rules(), answer, status)
}

fn said_by(
    rules: &Rules,
    answer: &Settlement,
    status: impl Fn(Key<'_>) -> QualificationStatus,
) -> Settlement {
    let asked = questions(rules, answer);
    let found = |question: &QualificationQuestion| Qualification {
        practitioner_code: question.practitioner_code.clone(),
        day: question.day.clone(),
        status: status(key_of(question)).into(),
        ..Qualification::default()
    };
    let found: Vec<_> = asked.iter().map(found).collect();
    withhold(tell(rules, answer.clone(), &asked, &found))
}

#[test]
fn everybody_is_asked_about_once_a_day() {
    let asked = questions(&rules(), &answer(false));
    let asked: Vec<_> = asked.iter().map(key_of).collect();
    let expected = [("D1", "2026-01-19", "H1"), ("D1", "2026-01-20", "H1"), ("D2", "2026-01-20", "H1")];
    assert_eq!(
        asked, expected,
        "the doctor of the visit where the line names none; nothing before there was 支付资格"
    );
}

#[test]
fn what_is_refused_is_the_institution_s() {
    let suspended = |(code, day, _): Key<'_>| match (code, day) {
        ("D1", "2026-01-20") => QualificationStatus::Suspended,
        ("D2", _) => QualificationStatus::Unregistered,
        _ => QualificationStatus::Normal,
    };
    let told = said(&answer(false), suspended);
    let credit = told.credit.as_ref().unwrap();
    let lines: Vec<_> = credit.lines.iter().map(|line| (line.feedetl_sn.as_str(), line.handling())).collect();
    assert_eq!(lines, [("2", LineHandling::Refused), ("3", LineHandling::Refused)]);
    assert_eq!(credit.withheld_fen, 100, "200 of 500 in scope, of which 250 are paid");
    let booked: Vec<_> = told.postings.iter().map(|one| (one.account.as_str(), one.amount_fen)).collect();
    assert_eq!(booked, [("institution/H1", -100), ("withheld/H1", 100)]);
    let marks = &told.setlinfo.as_ref().unwrap().marks;
    assert_eq!(
        (marks.len(), marks[0].kind.as_str(), marks[0].feedetl_sn.len()),
        (1, "PRACTITIONER_REFUSED", 2)
    );
    assert!(marks[0].text.contains("由医药机构承担"), "{}", marks[0].text);
}

#[test]
fn an_emergency_is_paid() {
    let told = said(&answer(true), |_| QualificationStatus::Terminated);
    let credit = told.credit.as_ref().unwrap();
    assert!(credit.lines.iter().all(|line| line.handling() == LineHandling::Emergency));
    assert_eq!((credit.lines.len(), credit.withheld_fen, told.postings.len()), (4, 0, 0));
}

/// Line and what became of it.
fn lines(told: &Settlement) -> Vec<(&str, LineHandling)> {
    let lines = &told.credit.as_ref().unwrap().lines;
    lines.iter().map(|line| (line.feedetl_sn.as_str(), line.handling())).collect()
}

fn marks_of(told: &Settlement) -> Vec<(&str, Vec<&str>)> {
    let marks = &told.setlinfo.as_ref().unwrap().marks;
    marks
        .iter()
        .map(|mark| (mark.kind.as_str(), mark.feedetl_sn.iter().map(String::as_str).collect()))
        .collect()
}

/// A line of D1, one that names nobody, and one of an earlier part that does not either; the visit names nobody.
fn nobody(med_type: &str, medins_type: &str, emergency: bool) -> Settlement {
    let mut answer = answer(emergency);
    let info = answer.setlinfo.as_mut().unwrap();
    (info.dr_codg, info.med_type) = (String::new(), med_type.to_owned());
    (info.begndate, info.medins_type) = ("2026-01-20".to_owned(), medins_type.to_owned());
    let earlier = FeeLineResult { earlier_part: true, ..row("0", "", "2026-01-20") };
    answer.feedetail = vec![earlier, row("1", "D1", "2026-01-20"), row("2", "", "2026-01-20")];
    answer
}

#[test]
fn a_line_that_names_nobody_is_as_the_rule_says() {
    use LineHandling::{Emergency, Marked, Refused};
    let kinds = [
        (Refused, "PRACTITIONER_REFUSED"),
        (Marked, "PRACTITIONER_UNNAMED"),
        (Emergency, "PRACTITIONER_UNNAMED"),
    ];
    // The rule, 医疗类别, 定点医药机构类型, whether an emergency; what becomes of the line.
    let cases: [(&str, &str, &str, bool, Option<LineHandling>); 12] = [
        ("unregistered: accept", "11", "1", false, None),
        ("unregistered: mark", "11", "1", false, None),
        ("unregistered: accept, unnamed: accept", "11", "1", false, None),
        ("unregistered: accept, unnamed: mark", "11", "1", false, Some(Marked)),
        ("unregistered: accept, unnamed: mark", "21", "1", true, Some(Marked)),
        ("unregistered: accept, unnamed: mark", "21", "", false, Some(Marked)),
        ("unregistered: accept, unnamed: refuse", "11", "1", false, Some(Refused)),
        ("unregistered: accept, unnamed: refuse", "21", "1", true, Some(Emergency)),
        ("unregistered: accept, unnamed: refuse", "13", "1", false, Some(Emergency)),
        ("unregistered: accept, unnamed: refuse", "41", "2", false, None),
        ("unregistered: accept, unnamed: refuse", "14", "2", false, None),
        ("unregistered: accept, unnamed: mark", "41", "", false, None),
    ];
    for (rule, med_type, medins_type, emergency, expected) in cases {
        let (rules, answer) = (rules_of(rule), nobody(med_type, medins_type, emergency));
        let told = said_by(&rules, &answer, |_| QualificationStatus::Normal);
        let case = format!("{rule}, {med_type}, {medins_type}, {emergency}");
        assert_eq!(lines(&told), Vec::from_iter(expected.map(|handling| ("2", handling))), "{case}");
        let kind = kinds
            .iter()
            .find(|(handling, _)| Some(*handling) == expected)
            .map(|(_, kind)| (*kind, vec!["2"]));
        assert_eq!(marks_of(&told), Vec::from_iter(kind.clone()), "{case}");
        let credit = told.credit.as_ref().unwrap();
        assert_eq!(credit.withheld_fen, if expected == Some(Refused) { 50 } else { 0 }, "{case}");
        assert!(
            credit
                .lines
                .iter()
                .all(|line| line.qualification.is_none() && line.rule == "own@1/practitioners/2025-01-01")
        );
        // Credit need not say anything for it.
        let away = withhold(pending(&rules, answer));
        let kinds: Vec<_> = kind.into_iter().chain([(PENDING, Vec::new())]).collect();
        assert_eq!(marks_of(&away), kinds, "{case}");
        assert_eq!(away.credit, told.credit.filter(|credit| !credit.lines.is_empty()), "{case}");
    }
}

#[test]
fn nobody_is_told_to_the_counter_and_in_bounds() {
    let many = |answer: &mut Settlement| {
        answer.feedetail = (0..150).map(|n| row(&n.to_string(), "", "2026-01-20")).collect()
    };
    for (rule, follows) in [("mark", "照常支付，待核查"), ("refuse", "由医药机构承担，不影响个人负担")]
    {
        let mut answer = nobody("11", "1", false);
        many(&mut answer);
        let told = said_by(&rules_of(&format!("unregistered: accept, unnamed: {rule}")), &answer, |_| {
            QualificationStatus::Normal
        });
        let [mark] = told.setlinfo.as_ref().unwrap().marks.as_slice() else { panic!("one mark") };
        assert!(
            mark.text.starts_with("未填开单人员，也未填就诊医师：") && mark.text.ends_with(follows),
            "{}",
            mark.text
        );
        assert_eq!((mark.feedetl_sn.len(), told.credit.as_ref().unwrap().lines.len()), (100, 150));
    }
}

#[test]
fn who_is_not_registered_is_marked_where_the_rule_says() {
    let visit = answer(false);
    let told = said_by(&rules_of("unregistered: mark"), &visit, |_| QualificationStatus::Unregistered);
    assert_eq!(
        lines(&told).iter().map(|(_, handling)| *handling).collect::<Vec<_>>(),
        [LineHandling::Marked; 4]
    );
    let kinds: Vec<_> = marks_of(&told).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["PRACTITIONER_MARKED"; 3], "one for each practitioner and day");
    let text = &told.setlinfo.as_ref().unwrap().marks[0].text;
    assert!(text.contains("未登记备案") && text.ends_with("照常支付，待核查"), "{text}");
    assert_eq!(told.credit.as_ref().unwrap().withheld_fen, 0);
    assert!(
        said(&visit, |_| QualificationStatus::Unregistered).credit.unwrap().lines.is_empty(),
        "the nation's"
    );
}

#[test]
fn an_emergency_lasts_as_long_as_the_rule_says() {
    use LineHandling::{Emergency, Refused};
    let rule = |days: &str| rules_of(&format!("unregistered: accept, unnamed: accept{days}"));
    // The rule, 医疗类别, whether reported as an emergency, first day; what becomes of lines of 01-18, 01-19 and 01-20, and of one without a day.
    let cases: [(&str, &str, bool, &str, [LineHandling; 4]); 13] = [
        ("", "21", false, "2026-01-18", [Refused; 4]),
        ("", "21", true, "2026-01-18", [Emergency; 4]),
        ("", "24", false, "2026-01-18", [Emergency; 4]),
        (", emergency_days: 1", "21", true, "2026-01-18", [Emergency, Refused, Refused, Refused]),
        (", emergency_days: 2", "21", true, "2026-01-18", [Emergency, Emergency, Refused, Refused]),
        (", emergency_days: 2", "24", false, "2026-01-18", [Emergency, Emergency, Refused, Refused]),
        (", emergency_days: 3", "24", false, "2026-01-18", [Emergency; 4]),
        (", emergency_days: 2", "52", true, "2026-01-18", [Emergency, Emergency, Refused, Refused]),
        // A later part of a stay tells the stay's first day.
        (", emergency_days: 2", "21", true, "2026-01-01", [Refused; 4]),
        (", emergency_days: 20", "21", true, "2026-01-01", [Emergency, Emergency, Emergency, Emergency]),
        (", emergency_days: 2", "21", false, "2026-01-18", [Refused; 4]),
        // Not a stay: whole.
        (", emergency_days: 1", "13", false, "2026-01-18", [Emergency; 4]),
        (", emergency_days: 1", "11", true, "2026-01-18", [Emergency; 4]),
    ];
    for (days, med_type, emergency, begndate, expected) in cases {
        let mut visit = answer(emergency);
        let info = visit.setlinfo.as_mut().unwrap();
        (info.med_type, info.begndate) = (med_type.to_owned(), begndate.to_owned());
        let days_of_lines = ["2026-01-18", "2026-01-19", "2026-01-20", ""];
        visit.feedetail =
            days_of_lines.iter().zip(["1", "2", "3", "4"]).map(|(day, sn)| row(sn, "D1", day)).collect();
        let rules = rule(days);
        let told = said_by(&rules, &visit, |_| QualificationStatus::Suspended);
        let became: Vec<_> = lines(&told).into_iter().map(|(_, handling)| handling).collect();
        let case = format!("{days}, {med_type}, {emergency}, {begndate}");
        assert_eq!(became, expected, "{case}");
        let again = |row| handling_of(&rules, header(&visit), row, QualificationStatus::Suspended);
        assert_eq!(
            Vec::from_iter(visit.feedetail.iter().filter_map(again)),
            expected,
            "as credit's feed has it: {case}"
        );
        let text = "急诊抢救计入院起";
        let over = emergency && !days.is_empty() || med_type == "24";
        let said = told.setlinfo.as_ref().unwrap().marks.iter().any(|mark| mark.text.contains(text));
        assert_eq!(said, over && expected.contains(&Refused), "{case}");
    }
}

#[test]
fn a_rule_of_practitioners_that_does_not_fit_is_refused() {
    let read = |said: &str| {
        let text = format!(
            "rules: own\nversion: '1'\ntitle: 试\narea: '430100'\nsources: {{ s: {{ title: 试, quality: G }} }}\n\
             practitioners: [{{ from: 2025-01-01, source: s, suspended: refuse, terminated: refuse, unregistered: accept, {said} }}]\n"
        );
        yizhan_documents::load::<crate::rules::SettlementFamilies>("own.yaml", &text)
            .map(drop)
            .map_err(|problems| problems.to_string())
    };
    for said in ["unnamed: mark", "emergency_days: 1", "unnamed: refuse, emergency_days: 366"] {
        assert_eq!(read(said), Ok(()), "{said}");
    }
    for (said, named) in [
        ("unnamed: pay", "unknown code `pay`"),
        ("emergency_days: 0", "from 1 to 366"),
        ("emergency_days: 367", "from 1 to 366"),
    ] {
        let problems = read(said).unwrap_err();
        assert!(problems.contains(named), "{said}: {problems}");
    }
}
