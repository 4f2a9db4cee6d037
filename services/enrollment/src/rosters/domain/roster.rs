//! What the rows of a roster that are about one person do to that person's identities.

use chrono::{Days, NaiveDate};
use yizhan_runtime::Reason;

use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Identity, MAX_ENTRIES};

/// Why a row is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Nobody of that number or certificate is registered.
    PersonUnknown,
    /// Another pooling area keeps the register.
    PersonOfOtherArea,
    /// The record was merged into another one.
    PersonMerged,
    /// Not a 人员编号.
    PsnNoInvalid,
    /// Type or number cannot be one.
    CertificateInvalid,
    /// The department does not produce that kind.
    KindNotProduced,
    /// The header does not name the kind.
    KindNotCovered,
    /// Neither ADD nor REMOVE.
    ActionInvalid,
    /// A full roster says who is there.
    RemoveInFullRoster,
    /// Not a date.
    DateInvalid,
    /// Ends before it begins.
    DateOrder,
    /// Repeats or contradicts an earlier row.
    DuplicateRow,
    /// Overlaps a stretch that begins later.
    IdentityOverlap,
    /// There is nothing to end.
    IdentityNotHeld,
    /// More stretches or rows than a person can have.
    TooManyEntries,
}

impl Refusal {
    const ALL: [Refusal; 15] = [
        Refusal::PersonUnknown,
        Refusal::PersonOfOtherArea,
        Refusal::PersonMerged,
        Refusal::PsnNoInvalid,
        Refusal::CertificateInvalid,
        Refusal::KindNotProduced,
        Refusal::KindNotCovered,
        Refusal::ActionInvalid,
        Refusal::RemoveInFullRoster,
        Refusal::DateInvalid,
        Refusal::DateOrder,
        Refusal::DuplicateRow,
        Refusal::IdentityOverlap,
        Refusal::IdentityNotHeld,
        Refusal::TooManyEntries,
    ];

    /// The stable reason.
    pub fn reason(self) -> Reason {
        self.told().0
    }

    /// For people.
    pub fn text(self) -> &'static str {
        self.told().1
    }

    /// From the stable reason.
    pub fn from_reason(reason: &str) -> Option<Refusal> {
        Refusal::ALL.into_iter().find(|refusal| refusal.reason() == reason)
    }

    fn told(self) -> (Reason, &'static str) {
        match self {
            Refusal::PersonUnknown => (Reason::PersonUnknown, "参保登记中没有该人员"),
            Refusal::PersonOfOtherArea => (Reason::PersonOfOtherArea, "该人员的参保登记不在本统筹区"),
            Refusal::PersonMerged => (Reason::PersonMerged, "该人员编号已合并到另一编号"),
            Refusal::PsnNoInvalid => (Reason::PsnNoInvalid, "人员编号应为 1 至 30 位字母、数字、- 或 _"),
            Refusal::CertificateInvalid => (Reason::CertificateInvalid, "证件类型或证件号码不正确"),
            Refusal::KindNotProduced => (Reason::KindNotProduced, "该身份不由本部门认定"),
            Refusal::KindNotCovered => (Reason::KindNotCovered, "名册首部未列出该身份"),
            Refusal::ActionInvalid => (Reason::ActionInvalid, "应为新增或移出"),
            Refusal::RemoveInFullRoster => (Reason::RemoveInFullRoster, "全量名册不含移出行，未列入即为移出"),
            Refusal::DateInvalid => (Reason::DateInvalid, "日期格式应为 YYYY-MM-DD"),
            Refusal::DateOrder => (Reason::DatesReversed, "结束日期不能早于开始日期"),
            Refusal::DuplicateRow => (Reason::DuplicateRow, "与名册中同一人同一身份的另一行重复或矛盾"),
            Refusal::IdentityOverlap => (Reason::IdentityOverlap, "与之后开始的同一身份时段重叠，请先移出"),
            Refusal::IdentityNotHeld => (Reason::IdentityNotHeld, "该人员当日没有本部门认定的该身份"),
            Refusal::TooManyEntries => (Reason::TooManyEntries, "该人员的同类记录过多"),
        }
    }
}

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Has it.
    Add,
    /// Has it no longer.
    Remove,
}

/// A row of one person that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Number of the row.
    pub row: i64,
    /// What it says.
    pub action: Action,
    /// 人员身份类别; may be empty.
    pub psn_idet_type: String,
    /// Name of the kind.
    pub name: String,
    /// Add: a day on which it holds, from which a new stretch begins. Remove: the last day.
    pub day: NaiveDate,
    /// Remove: only the stretch that began on this day.
    pub begndate: Option<NaiveDate>,
    /// Add: the last day. Remove: `day`.
    pub enddate: Option<NaiveDate>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new stretch.
    Added,
    /// A stretch ends on another day.
    Updated,
    /// Ended.
    Ended,
    /// Known.
    Unchanged,
    /// Not applied.
    Refused(Refusal),
}

impl Claim {
    /// Add says so of these days.
    fn period(&self) -> Period {
        Period { begndate: self.day, enddate: self.enddate }
    }

    fn conflicts_with(&self, other: &Claim) -> bool {
        let same_kind = self.name == other.name && self.psn_idet_type == other.psn_idet_type;
        same_kind
            && match (self.action, other.action) {
                (Action::Add, Action::Add) => self.period().overlaps(&other.period()),
                (Action::Remove, Action::Remove) => self.day == other.day,
                (Action::Add, Action::Remove) => self.period().contains(other.day),
                (Action::Remove, Action::Add) => other.period().contains(self.day),
            }
    }

    fn is_about(&self, identity: &Identity, department: &str) -> bool {
        identity.department == department
            && identity.name == self.name
            && identity.psn_idet_type == self.psn_idet_type
    }
}

/// The rows that repeat or contradict an earlier one.
pub fn duplicates(claims: &[Claim]) -> Vec<i64> {
    let mut accepted: Vec<&Claim> = Vec::new();
    let mut refused = Vec::new();
    for claim in claims {
        if accepted.iter().any(|earlier| earlier.conflicts_with(claim)) {
            refused.push(claim.row);
        } else {
            accepted.push(claim);
        }
    }
    refused
}

/// Makes a person's identities what the rows say, and tells what became of each. Doing it twice does nothing the second time:
/// removals come first, additions in the order of their days, and no two rows speak of the same days.
pub fn place(identities: &mut Vec<Identity>, department: &str, claims: &[Claim]) -> Vec<(i64, Outcome)> {
    let refused = duplicates(claims);
    let mut told: Vec<(i64, Outcome)> =
        refused.iter().map(|row| (*row, Outcome::Refused(Refusal::DuplicateRow))).collect();
    let mut rest: Vec<&Claim> = claims.iter().filter(|claim| !refused.contains(&claim.row)).collect();
    rest.sort_by_key(|claim| (claim.action == Action::Add, claim.day));
    for claim in rest {
        let outcome = match claim.action {
            Action::Add => add(identities, department, claim),
            Action::Remove => remove(identities, department, claim),
        };
        told.push((claim.row, outcome));
    }
    told
}

fn add(identities: &mut Vec<Identity>, department: &str, claim: &Claim) -> Outcome {
    let held = identities
        .iter()
        .position(|held| claim.is_about(held, department) && held.period.contains(claim.day));
    let later = identities.iter().any(|other| {
        claim.is_about(other, department)
            && other.period.begndate > claim.day
            && claim.period().overlaps(&other.period)
    });
    match held {
        Some(at) if identities[at].period.enddate == claim.enddate => Outcome::Unchanged,
        _ if later => Outcome::Refused(Refusal::IdentityOverlap),
        Some(at) => {
            identities[at].period.enddate = claim.enddate;
            Outcome::Updated
        }
        None if identities.len() >= MAX_ENTRIES => Outcome::Refused(Refusal::TooManyEntries),
        None => {
            insert(identities, claim, department);
            Outcome::Added
        }
    }
}

fn insert(identities: &mut Vec<Identity>, claim: &Claim, department: &str) {
    use crate::person::domain::entry::Entry;
    let new = Identity {
        psn_idet_type: claim.psn_idet_type.clone(),
        name: claim.name.clone(),
        period: claim.period(),
        department: department.to_owned(),
    };
    let at = identities.partition_point(|other| other.key() <= new.key());
    identities.insert(at, new);
}

fn remove(identities: &mut [Identity], department: &str, claim: &Claim) -> Outcome {
    let meant = |held: &&mut Identity| {
        claim.is_about(held, department)
            && held.period.contains(claim.day)
            && claim.begndate.is_none_or(|begndate| held.period.begndate == begndate)
    };
    match identities.iter_mut().find(meant) {
        None => Outcome::Refused(Refusal::IdentityNotHeld),
        Some(held) if held.period.enddate == Some(claim.day) => Outcome::Unchanged,
        Some(held) => {
            held.period.enddate = Some(claim.day);
            Outcome::Ended
        }
    }
}

/// Ends what a full roster misses: the department's identities of those kinds that hold on the day end the day before; those
/// that began on the very day never were. Gives how many.
pub fn end_absent(
    identities: &mut Vec<Identity>,
    department: &str,
    effective: NaiveDate,
    is_absent: impl Fn(&Identity) -> bool,
) -> i64 {
    let Some(day_before) = effective.checked_sub_days(Days::new(1)) else { return 0 };
    let mut count = 0;
    identities.retain_mut(|held| {
        if held.department != department || !held.period.contains(effective) || !is_absent(held) {
            return true;
        }
        count += 1;
        held.period.enddate = Some(day_before);
        held.period.begndate <= day_before
    });
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "civil-affairs";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn held(begndate: &str, enddate: &str) -> Identity {
        let period = Period { begndate: day(begndate), enddate: enddate.parse().ok() };
        Identity { psn_idet_type: "2303".into(), name: "低保".into(), period, department: OURS.into() }
    }

    fn claim(row: i64, action: Action, from: &str, enddate: &str) -> Claim {
        let enddate = if action == Action::Add { enddate.parse().ok() } else { Some(day(from)) };
        let (psn_idet_type, name) = ("2303".into(), "低保".into());
        Claim { row, action, psn_idet_type, name, day: day(from), begndate: None, enddate }
    }

    fn add(row: i64, from: &str, enddate: &str) -> Claim {
        claim(row, Action::Add, from, enddate)
    }

    fn remove(row: i64, last: &str) -> Claim {
        claim(row, Action::Remove, last, "")
    }

    /// Applies, and again: what the second time tells and leaves must be no change.
    fn placed(mut identities: Vec<Identity>, claims: &[Claim]) -> (Vec<(i64, Outcome)>, Vec<Identity>) {
        let mut told = place(&mut identities, OURS, claims);
        let before = identities.clone();
        for (row, outcome) in place(&mut identities, OURS, claims) {
            let quiet = matches!(outcome, Outcome::Unchanged | Outcome::Refused(_));
            assert!(quiet, "row {row} again: {outcome:?}");
        }
        assert_eq!(identities, before, "the same rows again change nothing");
        told.sort_by_key(|(row, _)| *row);
        (told, identities)
    }

    #[test]
    fn an_addition_begins_continues_or_shortens() {
        use Outcome::*;
        let cases: &[(&[Identity], Claim, Outcome, &[Identity])] = &[
            (&[], add(1, "2024-02-29", ""), Added, &[held("2024-02-29", "")]),
            (&[held("2024-01-01", "")], add(1, "2024-01-01", ""), Unchanged, &[held("2024-01-01", "")]),
            (&[held("2024-01-01", "")], add(1, "2024-06-01", ""), Unchanged, &[held("2024-01-01", "")]),
            (
                &[held("2024-01-01", "2024-12-31")],
                add(1, "2024-12-31", "2025-12-31"),
                Updated,
                &[held("2024-01-01", "2025-12-31")],
            ),
            (
                &[held("2024-01-01", "2024-12-31")],
                add(1, "2025-01-01", ""),
                Added,
                &[held("2024-01-01", "2024-12-31"), held("2025-01-01", "")],
            ),
            (
                &[held("2024-01-01", "")],
                add(1, "2024-01-01", "2024-06-30"),
                Updated,
                &[held("2024-01-01", "2024-06-30")],
            ),
            (
                &[held("2024-06-01", "")],
                add(1, "2024-01-01", ""),
                Refused(Refusal::IdentityOverlap),
                &[held("2024-06-01", "")],
            ),
            (
                &[held("2024-01-01", "2024-03-31"), held("2024-06-01", "")],
                add(1, "2024-01-01", "2024-06-01"),
                Refused(Refusal::IdentityOverlap),
                &[held("2024-01-01", "2024-03-31"), held("2024-06-01", "")],
            ),
        ];
        for (before, claim, outcome, after) in cases {
            let (told, identities) = placed(before.to_vec(), std::slice::from_ref(claim));
            assert_eq!((told[0].1, identities.as_slice()), (*outcome, *after), "{claim:?}");
        }
    }

    #[test]
    fn a_removal_ends_what_holds_and_nothing_else() {
        let (told, left) = placed(vec![held("2024-01-01", "")], &[remove(1, "2024-05-31")]);
        assert_eq!((told[0].1, left), (Outcome::Ended, vec![held("2024-01-01", "2024-05-31")]));
        for identities in [vec![], vec![held("2024-06-01", "")], vec![held("2024-01-01", "2024-05-30")]] {
            let (told, left) = placed(identities.clone(), &[remove(1, "2024-05-31")]);
            assert_eq!(told[0].1, Outcome::Refused(Refusal::IdentityNotHeld));
            assert_eq!(left, identities);
        }
        let other = Identity { department: "veterans".into(), ..held("2024-01-01", "") };
        let (told, left) = placed(vec![other.clone()], &[remove(1, "2024-05-31")]);
        assert_eq!((told[0].1, left), (Outcome::Refused(Refusal::IdentityNotHeld), vec![other]));
    }

    #[test]
    fn order_in_the_file_does_not_matter() {
        let rows = [add(1, "2024-06-01", ""), remove(2, "2024-05-31")];
        let (told, left) = placed(vec![held("2023-01-01", "")], &rows);
        assert_eq!(told, [(1, Outcome::Added), (2, Outcome::Ended)]);
        assert_eq!(left, [held("2023-01-01", "2024-05-31"), held("2024-06-01", "")]);
        let rows = [add(1, "2024-04-01", ""), add(2, "2024-01-01", "2024-03-31")];
        let (_, left) = placed(vec![held("2024-01-01", "")], &rows);
        assert_eq!(left, [held("2024-01-01", "2024-03-31"), held("2024-04-01", "")]);
    }

    #[test]
    fn rows_that_repeat_or_contradict_are_refused() {
        let refused = Outcome::Refused(Refusal::DuplicateRow);
        let twice = [add(1, "2024-01-01", ""), add(2, "2024-01-01", "")];
        assert_eq!(placed(vec![], &twice).0, [(1, Outcome::Added), (2, refused)]);
        let against = [remove(1, "2024-05-31"), add(2, "2024-01-01", "")];
        let (told, left) = placed(vec![held("2024-01-01", "")], &against);
        assert_eq!(told, [(1, Outcome::Ended), (2, refused)]);
        assert_eq!(left, [held("2024-01-01", "2024-05-31")]);
    }

    #[test]
    fn absence_ends_the_day_before() {
        let other = Identity { department: String::new(), ..held("2024-01-01", "") };
        let over = held("2023-01-01", "2023-12-31");
        let mut identities =
            vec![over.clone(), other.clone(), held("2024-01-01", ""), held("2024-03-01", "")];
        assert_eq!(end_absent(&mut identities, OURS, day("2024-03-01"), |_| true), 2);
        assert_eq!(identities, [over, other, held("2024-01-01", "2024-02-29")]);
    }
}
