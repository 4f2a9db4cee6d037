//! Stories, a line a step: the day, what is done, and what comes of it: of a matter where it stands, its last day, how the practitioner stands and their points of
//! the year; or why not.

use yizhan_testkit::both_databases;

use crate::desk::Desk;

/// What it shows, and its lines.
type Story = (&'static str, &'static [(&'static str, &'static str)]);

/// 2026-03-02 is a Monday; 2026-04-04 to 06 and 2026-05-01 to 05 are holidays.
const STORIES: &[Story] = &[
    (
        "notice 5, delivery 3, appeal 10, decision 20 working days, without those of an appraisal; what is struck was never there; taken back step by step",
        &[
            ("2026-01-05 register 1", "NORMAL 0"),
            ("2026-03-02 decide acts=article-38/3+agreement/3", "DECIDED 2026-03-09 SUSPENDED 9"),
            ("2026-03-02 DELIVER", "POINTS_STEP_REFUSED"),
            ("2026-03-09 NOTICE as=1", "POINTS_STEP_REFUSED"),
            ("2026-03-09 NOTICE", "NOTICED 2026-03-12 SUSPENDED 9"),
            ("2026-03-12 DELIVER day=2026-03-06", "day DATES_REVERSED"),
            ("2026-03-12 DELIVER", "DELIVERED 2026-03-26 SUSPENDED 9"),
            ("2026-03-26 APPEAL papers=0", "file_ids REQUIRED"),
            ("2026-03-26 APPEAL reason=", "reason REASON_REQUIRED"),
            ("2026-03-27 APPEAL", "APPEAL_TOO_LATE"),
            ("2026-03-26 APPEAL as=1", "APPEALED 2026-04-24 SUSPENDED 9"),
            ("2026-04-01 APPRAISE as=1", "POINTS_STEP_REFUSED"),
            ("2026-04-01 APPRAISE", "APPRAISED - SUSPENDED 9"),
            ("2026-04-02 DECIDE_APPEAL", "POINTS_STEP_REFUSED"),
            ("2026-04-10 RETURN_APPRAISAL", "APPEALED 2026-05-07 SUSPENDED 9"),
            ("2026-04-13 RETURN_APPRAISAL", "POINTS_STEP_REFUSED"),
            ("2026-04-13 DECIDE_APPEAL a1=4", "points[0].points POINTS_OUTSIDE_BAND"),
            ("2026-04-13 DECIDE_APPEAL a1=-1", "points[0].points POINTS_OUTSIDE_BAND"),
            ("2026-04-13 DECIDE_APPEAL a1=2", "SETTLED - NORMAL 8"),
            ("2026-04-13 stands 1 on=2026-03-02", "NORMAL 8"),
            ("2026-04-14 TAKE_BACK version=1", "CASE_VERSION_STALE"),
            ("2026-04-14 TAKE_BACK", "APPEALED 2026-05-07 SUSPENDED 9"),
            ("2026-04-14 stands 1 on=2026-03-02", "SUSPENDED 9"),
            ("2026-04-14 TAKE_BACK", "APPRAISED - SUSPENDED 9"),
            ("2026-04-14 TAKE_BACK", "APPEALED 2026-04-24 SUSPENDED 9"),
        ],
    ),
    (
        "restoring: 15 working days before the end, reviewed in 10, refused, granted, and counting from the day after the end",
        &[
            ("2026-01-05 register 1", "NORMAL 0"),
            ("2026-03-02 decide acts=in-anothers-name/3", "DECIDED 2026-03-09 SUSPENDED 9"),
            ("2026-03-03 NOTICE", "NOTICED 2026-03-06 SUSPENDED 9"),
            ("2026-03-04 DELIVER", "DELIVERED 2026-03-18 SUSPENDED 9"),
            ("2026-03-19 RESTORE", "POINTS_STEP_REFUSED"),
            ("2026-04-08 APPLY_RESTORE as=1", "POINTS_STEP_REFUSED"),
            ("2026-04-09 APPLY_RESTORE as=2", "POINTS_MATTER_UNKNOWN"),
            ("2026-04-09 APPLY_RESTORE as=1", "RESTORING 2026-04-23 SUSPENDED 9"),
            ("2026-04-10 RESTORE as=1", "POINTS_STEP_REFUSED"),
            ("2026-04-10 REFUSE_RESTORE reason=", "reason REASON_REQUIRED"),
            ("2026-04-10 REFUSE_RESTORE", "SETTLED - SUSPENDED 9"),
            ("2026-04-13 APPLY_RESTORE", "RESTORING 2026-04-27 SUSPENDED 9"),
            ("2026-04-20 RESTORE", "SETTLED - SUSPENDED 9"),
            ("2026-05-02 stands 1", "SUSPENDED 9"),
            ("2026-05-03 stands 1", "NORMAL 9"),
            ("2026-05-04 APPLY_RESTORE", "POINTS_STEP_REFUSED"),
            ("2026-05-06 TAKE_BACK", "RESTORING 2026-04-27 SUSPENDED 9"),
            ("2026-05-06 RESTORE", "SETTLED - NORMAL 9"),
            ("2026-05-06 stands 1 on=2026-05-05", "SUSPENDED 9"),
        ],
    ),
    (
        "nobody restores who is not suspended or is terminated",
        &[
            ("2026-01-05 register 1", "NORMAL 0"),
            ("2026-03-02 decide acts=article-38/3", "DECIDED 2026-03-09 NORMAL 6"),
            ("2026-03-03 NOTICE", "NOTICED 2026-03-06 NORMAL 6"),
            ("2026-03-04 DELIVER", "DELIVERED 2026-03-18 NORMAL 6"),
            ("2026-04-20 APPLY_RESTORE", "POINTS_STEP_REFUSED"),
            ("2026-04-20 decide acts=article-38/3", "DECIDED 2026-04-27 TERMINATED 12"),
            ("2026-04-21 NOTICE", "NOTICED 2026-04-24 TERMINATED 12"),
            ("2026-04-21 DELIVER", "DELIVERED 2026-05-08 TERMINATED 12"),
            ("2026-06-01 APPLY_RESTORE", "POINTS_STEP_REFUSED"),
        ],
    ),
    (
        "repair: with papers, after 30 days, 3 points a year at most, a month of the suspension at least, nothing of another year; granted and refused",
        &[
            ("2026-01-05 register 1", "NORMAL 0"),
            ("2026-03-02 decide acts=article-40/1", "DECIDED 2026-03-09 SUSPENDED 10"),
            ("2026-03-03 NOTICE", "NOTICED 2026-03-06 SUSPENDED 10"),
            ("2026-03-04 DELIVER", "DELIVERED 2026-03-18 SUSPENDED 10"),
            ("2026-03-31 APPLY_REPAIR", "POINTS_STEP_REFUSED"),
            ("2026-04-01 APPLY_REPAIR papers=0", "file_ids RECTIFICATION_MISSING"),
            ("2026-04-01 APPLY_REPAIR as=1", "REPAIRING 2026-04-16 SUSPENDED 10"),
            ("2026-04-02 REPAIR", "repaired_points FIELD_NOT_EXPECTED"),
            ("2026-04-02 REFUSE_REPAIR points=1", "repaired_points FIELD_NOT_EXPECTED"),
            ("2026-04-02 REPAIR points=-1", "repaired_points COUNT_INVALID"),
            ("2026-04-02 REPAIR points=4", "repaired_points REPAIR_TOO_MUCH"),
            ("2026-04-02 REPAIR until=2026-04-01", "until_date REPAIR_TOO_MUCH"),
            ("2026-04-02 REPAIR until=2026-07-02", "until_date REPAIR_TOO_MUCH"),
            ("2026-04-02 REPAIR points=2 until=2026-04-02 as=1", "POINTS_STEP_REFUSED"),
            ("2026-04-02 REPAIR points=2 until=2026-04-02", "SETTLED - SUSPENDED 8"),
            ("2026-04-03 APPLY_RESTORE", "RESTORING 2026-04-20 SUSPENDED 8"),
            ("2026-04-07 RESTORE", "SETTLED - NORMAL 8"),
            ("2026-05-06 APPLY_REPAIR", "REPAIRING 2026-05-19 NORMAL 8"),
            ("2026-05-07 REPAIR points=2", "repaired_points REPAIR_TOO_MUCH"),
            ("2026-05-07 REPAIR until=2026-05-08", "until_date REPAIR_TOO_MUCH"),
            ("2026-05-07 REFUSE_REPAIR reason=", "reason REASON_REQUIRED"),
            ("2026-05-07 REFUSE_REPAIR", "SETTLED - NORMAL 8"),
            ("2026-05-08 APPLY_REPAIR", "REPAIRING 2026-05-21 NORMAL 8"),
            ("2026-05-11 REPAIR points=1", "SETTLED - NORMAL 7"),
            ("2026-05-12 TAKE_BACK", "REPAIRING 2026-05-21 NORMAL 8"),
            ("2026-05-12 REPAIR points=1", "SETTLED - NORMAL 7"),
            ("2027-01-11 APPLY_REPAIR", "REPAIRING 2027-01-25 NORMAL 0"),
            ("2027-01-12 REPAIR points=1", "repaired_points REPAIR_TOO_MUCH"),
        ],
    ),
    (
        "registered and left, and both taken back",
        &[
            ("2026-01-05 leave 1", "SUBJECT_UNKNOWN"),
            ("2026-01-05 register 1", "NORMAL 0"),
            ("2026-02-01 leave 2", "NOT_REGISTERED_THERE"),
            ("2026-02-01 leave 1 until=2026-01-04", "NOT_REGISTERED_THERE"),
            ("2026-02-01 leave 1 until=2026-02-02", "until_date IN_THE_FUTURE"),
            ("2026-02-01 leave 1 as=2", "AREA_NOT_OWNED"),
            ("2026-02-01 leave 1 as=1", "NORMAL 0"),
            ("2026-02-02 stands 1", "UNREGISTERED 0"),
            ("2026-02-02 leave 1", "NOT_REGISTERED_THERE"),
            ("2026-02-02 unleave 1 until=2026-02-01", "until_date FIELD_NOT_EXPECTED"),
            ("2026-02-02 unleave 1", "NORMAL 0"),
            ("2026-02-03 leave 1 until=2026-02-02", "UNREGISTERED 0"),
            ("2026-02-03 register 1", "NORMAL 0"),
            ("2026-02-03 unleave 1", "UNREGISTERED 0"),
            ("2026-02-03 unleave 1", "NORMAL 0"),
            ("2026-02-03 unleave 1", "UNREGISTERED 0"),
            ("2026-02-03 unleave 1", "NOT_REGISTERED_THERE"),
            ("2026-02-03 stands 1 on=2026-01-10", "UNREGISTERED 0"),
        ],
    ),
    (
        "points inside the band, the highest item of an act, an act once",
        &[
            ("2026-01-05 register 1", "NORMAL 0"),
            ("2026-03-02 decide acts=agreement/3:4", "acts[0].points POINTS_OUTSIDE_BAND"),
            ("2026-03-02 decide acts=agreement/3:2", "acts[0].points POINTS_OUTSIDE_BAND"),
            ("2026-03-02 decide acts=agreement/1+article-38/2:6", "acts[1].points POINTS_OUTSIDE_BAND"),
            ("2026-03-02 decide acts=article-38/3d:2", "acts[0].points POINTS_OUTSIDE_BAND"),
            ("2026-03-02 decide acts=agreement/1i:5", "acts[0].points POINTS_OUTSIDE_BAND"),
            ("2026-03-02 decide acts=nowhere/1", "acts[0].items CODE_UNKNOWN"),
            ("2026-03-02 decide acts=agreement/1+agreement/1 act=W1", "ACT_COUNTED"),
            ("2026-03-02 decide acts=agreement/1 act=W1", "DECIDED 2026-03-09 NORMAL 1"),
            ("2026-03-02 decide acts=agreement/1 act=W1", "ACT_COUNTED"),
            ("2026-03-02 TAKE_BACK", "WITHDRAWN - NORMAL 0"),
            ("2026-03-02 decide acts=agreement,article-38/1 act=W1", "DECIDED 2026-03-09 NORMAL 4"),
            ("2026-03-02 decide acts=article-38/3d:3", "DECIDED 2026-03-09 NORMAL 7"),
            ("2026-03-02 decide acts=agreement/1i:4", "DECIDED 2026-03-09 SUSPENDED 11"),
        ],
    ),
    (
        "terminated: no registration for three years",
        &[
            ("2026-01-05 register 1", "NORMAL 0"),
            ("2026-03-02 decide acts=article-38/3+article-39/3", "DECIDED 2026-03-09 TERMINATED 12"),
            ("2026-03-03 register 2", "TERMINATED_STILL"),
            ("2029-03-02 register 1", "TERMINATED_STILL"),
            ("2029-03-03 register 1 from=2029-03-02", "TERMINATED_STILL"),
            ("2029-03-03 register 1", "NORMAL 0"),
            ("2029-03-03 stands 2", "UNREGISTERED 0"),
        ],
    ),
];

both_databases! {
    async fn every_step_is_taken(db: TestDatabase) {
        let (desk, mut otherwise) = (Desk::open(&db).await, Vec::new());
        for (number, (shows, lines)) in STORIES.iter().enumerate() {
            let mut story = desk.story(number);
            for (line, expected) in *lines {
                let told = story.follow(line).await;
                if told != *expected {
                    otherwise.push(format!("{shows}: {line}: {told}, not {expected}"));
                }
            }
        }
        assert!(otherwise.is_empty(), "{otherwise:#?}");
    }
}
