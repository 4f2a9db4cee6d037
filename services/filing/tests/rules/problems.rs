//! What is wrong with a document is told all at once, each at its place.

use yizhan_documents::load;
use yizhan_filing::rules::FilingFamilies;

/// Line and code of every problem.
fn told(body: &str) -> Vec<(usize, &'static str)> {
    let text = format!(
        "rules: x\nversion: \"1\"\ntitle: 试\narea: \"430200\"\nsources: {{ s: {{ title: t, quality: G }} }}\n{body}"
    );
    let problems = match load::<FilingFamilies>("x.yaml", &text) {
        Ok(_) => return Vec::new(),
        Err(problems) => problems,
    };
    problems.0.iter().map(|problem| (problem.line, problem.kind.code())).collect()
}

#[test]
fn kinds() {
    let problems = told("\
kinds:
  - from: 2026-01-01
    source: s
    offered:
      - { kind: \"06\", needs: [{ one_of: [commitment_letter] }], validity: until_changed, self_service: true }
      - { kind: \"07\", needs: [{ one_of: [certificate] }, { one_of: [certificate] }], validity: until_changed, lock_months: 7, self_service: yes }
      - { kind: \"07\", needs: [{ one_of: [passport] }], validity: { least_months: 6, most_months: 9 }, lock_months: 0, self_service: true }
      - { kind: \"11\", needs: [{ one_of: [certificate] }], validity: { least_months: 9, most_months: 6 }, lock_months: 1, self_service: true }
      - { kind: \"09\", status: [retired, retired], needs: [{ one_of: [certificate] }] }
");
    assert_eq!(
        problems,
        [
            (10, "INVALID_VALUE"),       // a commitment is no paper
            (10, "WRONG_TYPE"),          // a temporary kind holds for months
            (11, "DUPLICATE_VALUE"),     // certificate asked for twice
            (11, "INVALID_VALUE"),       // a lock of 7 months
            (11, "WRONG_TYPE"),          // yes
            (12, "DUPLICATE_VALUE"),     // 07 twice
            (12, "UNKNOWN_CODE"),        // passport
            (13, "RANGE_REVERSED"),      // 9 to 6 months
            (13, "MISPLACED_CONDITION"), // a lock of a temporary kind
            (14, "MISSING_KEY"),         // self_service
            (14, "UNKNOWN_CODE"),        // 09 is not offered
            (14, "DUPLICATE_VALUE"),     // retired twice
        ]
    );
}

#[test]
fn places_handling_and_the_rest() {
    let problems = told("\
places:
  - { from: 2026-01-01, source: s, whole_provinces: [\"460100\", \"100000\", \"460000\", \"460000\"], long_term_at_once: 0, temporary_at_once: 21 }
handling:
  - { from: 2026-01-01, source: s, working_days: 0, promised_days: 367, missing_days: 15, days_back: -1 }
admission: [{ from: 2026-01-01, source: s, inside_suffices: maybe }]
made_good: [{ from: 2026-01-01, source: s }]
returning: [{ from: 2026-01-01, source: s, direct: 1, papers_first: \"true\" }]
in_province: [{ from: 2026-01-01, source: nobody, filing_needed: true }]
emergency: [{ from: 2026-01-01, source: s, counts_as_filed: true }, { from: 2026-05-01, source: s, counts_as_filed: false }]
");
    assert_eq!(
        problems,
        [
            (7, "INVALID_VALUE"),
            (7, "INVALID_VALUE"),
            (7, "DUPLICATE_VALUE"),
            (7, "INVALID_VALUE"),
            (7, "INVALID_VALUE"),
            (9, "MISSING_KEY"),
            (9, "INVALID_VALUE"),
            (9, "INVALID_VALUE"),
            (9, "INVALID_VALUE"),
            (10, "WRONG_TYPE"),
            (11, "MISSING_KEY"),
            (12, "WRONG_TYPE"),
            (12, "WRONG_TYPE"),
            (13, "UNKNOWN_SOURCE"),
            (14, "TABLE_OVERLAP"),
        ]
    );
}

#[test]
fn treatment() {
    let problems = told("\
treatment:
  - from: 2026-01-01
    to: 2026-01-31
    source: s
    rows:
      - { when: { filing: [referral] }, points: -10 }
      - { when: { filing: [referral, emergency], in_province: false }, prepay: 10% }
      - { when: { filing: [temporary], age: { from: 60 } }, same: true }
      - { when: { filing: [exempt] }, manual: false }
      - { when: { filing: [returning] }, manual: true, points: -10 }
      - { when: { filing: [unfiled] }, points: 10 }
      - { when: { filing: [local, long_term] }, same: true, source: nobody }
  - from: 2026-02-01
    to: 2026-02-28
    source: s
    by_insutype:
      - { insutype: [\"310\", \"311\"], rows: [{ same: true }] }
      - { insutype: [\"310\"], rows: [{ when: { filing: [local] }, same: true }] }
  - { from: 2026-03-01, to: 2026-03-31, source: s }
  - { from: 2026-04-01, source: s, rows: [{ same: true }], by_insutype: [{ insutype: [\"310\"], rows: [{ same: true }] }] }
");
    assert_eq!(
        problems,
        [
            (12, "OVERLAPPING_ROWS"),
            (13, "MISPLACED_CONDITION"), // age is not known
            (14, "INVALID_VALUE"),       // manual: false
            (15, "CONFLICTING_KEYS"),
            (16, "POINTS_OUT_OF_RANGE"), // better than at home
            (17, "UNKNOWN_SOURCE"),
            (22, "UNKNOWN_CODE"),     // 311
            (23, "DUPLICATE_VALUE"),  // 310 twice
            (23, "UNREACHABLE_ROW"),  // care at home
            (24, "MISSING_KEY"),      // rows or by_insutype
            (25, "CONFLICTING_KEYS"), // not both
        ]
    );
}

/// A source that rows alone cite is used.
#[test]
fn sources_of_rows() {
    let document = |extra: &str| {
        format!(
            "rules: x\nversion: \"1\"\ntitle: 试\narea: \"430200\"\nsources:\n  s: {{ title: t, quality: G }}\n  r: {{ title: r, quality: R }}\n{extra}\
             treatment: [{{ from: 2026-01-01, source: s, rows: [{{ when: {{ filing: [unfiled] }}, manual: true, source: r }}] }}]\n"
        )
    };
    assert!(load::<FilingFamilies>("x.yaml", &document("")).is_ok());
    let unused = load::<FilingFamilies>("x.yaml", &document("  u: { title: u, quality: Z }\n")).unwrap_err();
    let codes: Vec<_> = unused.0.iter().map(|problem| (problem.line, problem.kind.code())).collect();
    assert_eq!(codes, [(8, "UNUSED_SOURCE"), (8, "UNKNOWN_CODE")]);
}

#[test]
fn calendar() {
    let problems = told(
        "\
calendar:
  - from: 2026-01-01
    to: 2026-12-31
    source: s
    holidays:
      - { name: 元旦, from: 2025-12-31, to: 2026-01-02 }
      - { name: 春节, from: 2026-02-15, to: 2026-02-23 }
      - { name: 除夕, from: 2026-02-14, to: 2026-02-16 }
      - { name: 暑假, from: 2026-07-01, to: 2026-08-31 }
      - { name: 国庆节, from: 2026-10-07, to: 2026-10-01 }
      - { name: 劳动节, from: 2026-05-01 }
    workdays: [2026-02-14, 2026-02-14, 2026-02-21, 2026-03-02, 2027-01-02, 2026-02-30]
  - { from: 2027-01-01, source: s, holidays: [{ name: 元旦, from: 2027-01-01, to: 2027-01-01 }] }
",
    );
    assert_eq!(
        problems,
        [
            (11, "OUTSIDE_PERIOD"),
            (13, "TABLE_OVERLAP"),
            (14, "INVALID_VALUE"), // 62 days
            (15, "DATES_REVERSED"),
            (16, "MISSING_KEY"),     // to
            (17, "DUPLICATE_VALUE"), // the 14th twice
            (17, "TABLE_OVERLAP"),   // within 春节
            (17, "INVALID_VALUE"),   // a Monday
            (17, "OUTSIDE_PERIOD"),
            (17, "INVALID_VALUE"), // no such day
            (18, "INVALID_VALUE"), // without a last day
        ]
    );
}
