//! What can be said of a header and of a row without the register.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use yizhan_proto::enrollment::v1::{RosterAction, RosterHeader, RosterMode, RosterRow};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::person::domain::certificate::{CertificateKey, identity_faults};
use crate::person::domain::codes;
use crate::rosters::store::roster_rows::{ADD, NOTHING, REMOVE, StagedRow};
use crate::rules::{Department, Departments, Kind, Rules};
use yizhan_runtime::fields::MAX_TEXT;
use yizhan_terms::{Area, is_psn_no};

/// Rows of one message at most.
pub const MAX_ROWS_PER_MESSAGE: usize = 1000;
/// Rows of one roster at most.
pub const MAX_ROWS: i64 = 5_000_000;

/// Refuses a caller who may not speak for the department about the area.
pub fn check_speaker(caller: &Caller, poolarea_no: &str, department: &str) -> Result<(), ServiceError> {
    let area = Area::parse(poolarea_no);
    if caller.may_speak_for_department(area, department) {
        return Ok(());
    }
    let owns = caller.owned_area().zip(area).is_some_and(|(own, area)| own.covers(area));
    let error = if owns {
        ServiceError::new(Reason::DepartmentNotOwn, "the caller is not this department")
    } else {
        ServiceError::area_not_owned(poolarea_no)
    };
    Err(error.with("area", poolarea_no).with("department", department))
}

/// There is no such roster, or it is not the caller's to see. An id that could not be one is not repeated.
pub fn roster_unknown(roster_id: &str) -> ServiceError {
    let shown = if is_roster_id(roster_id) { roster_id } else { "" };
    ServiceError::new(Reason::RosterUnknown, "no such roster").with("roster_id", shown)
}

/// Whether it could be an id of a department's own.
pub fn is_roster_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Whether it could be the code of a department.
pub fn is_department_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Notes everything wrong with a header; gives its department and day if they are right.
pub fn check_header(header: &RosterHeader, rules: &Rules) -> Result<(Department, NaiveDate), ServiceError> {
    let mut violations = Violations::new();
    violations.require(is_roster_id(&header.roster_id), "header.roster_id", Reason::RosterIdInvalid);
    let area_fits = Area::parse(&header.poolarea_no).is_some();
    violations.require(area_fits, "header.poolarea_no", Reason::AreaInvalid);
    let mode_said = matches!(header.mode(), RosterMode::Full | RosterMode::Changes);
    violations.require(mode_said, "header.mode", Reason::CodeUnknown.saying("应为全量或增减名册"));
    let day =
        violations.some(parse_date(&header.effective_date), "header.effective_date", Reason::DateInvalid);
    let fits = (0..=MAX_ROWS).contains(&header.total_rows);
    violations.require(fits, "header.total_rows", Reason::CountInvalid.saying("总行数应为 0 至 5000000"));
    let found =
        Area::parse(&header.poolarea_no).zip(day).map(|(area, day)| rules.find::<Departments>(area, day));
    let department = match found {
        Some(Ok(departments)) => {
            let known = || departments.rule.codes().collect::<Vec<_>>().join("、");
            let department = departments.rule.of(&header.department);
            if department.is_none() {
                let text = format!("未知部门，应为 {}", known());
                violations.push("header.department", Reason::DepartmentUnknown.saying(text));
            }
            department
        }
        Some(Err(_)) => {
            let text = "该统筹区当日没有生效的部门数据清单";
            violations.push("header.department", Reason::DepartmentUnknown.saying(text));
            None
        }
        None => None,
    };
    if let Some(department) = department {
        check_kinds(header, department, &mut violations);
    }
    violations.finish(department.cloned().zip(day))
}

fn check_kinds(header: &RosterHeader, department: &Department, violations: &mut Violations) {
    let none = header.mode() == RosterMode::Full && header.kinds.is_empty();
    violations.require(!none, "header.kinds", Reason::KindsRequired);
    let mut seen = BTreeSet::new();
    for (at, name) in header.kinds.iter().take(100).enumerate() {
        let field = format!("header.kinds[{at}]");
        if name.is_empty() || department.kind(name, "").is_none() {
            let text = format!("该身份不由{}认定", department.name);
            violations.push(field, Reason::KindNotProduced.saying(text));
        } else if !seen.insert(name) {
            violations.push(field, Reason::Duplicate);
        }
    }
}

/// What rows of one roster are checked against.
pub struct RowRules {
    department: Department,
    covered: Vec<String>,
    full: bool,
    effective: NaiveDate,
    key: CertificateKey,
}

/// A row as it came, checked as far as it can be without the register.
pub struct CheckedRow {
    /// To be kept.
    pub row: StagedRow,
    /// Keyed digest of the certificate, where it names the person.
    pub certno_digest: Option<String>,
    /// The first thing wrong with it.
    pub refusal: Option<Reason>,
}

impl RowRules {
    /// Those of a roster with this header, of this department and day.
    pub fn of(
        header: &RosterHeader,
        department: Department,
        effective: NaiveDate,
        key: CertificateKey,
    ) -> RowRules {
        let full = header.mode() == RosterMode::Full;
        RowRules { department, full, covered: header.kinds.clone(), effective, key }
    }

    /// Looks at one row.
    pub fn check(&self, row_no: i64, row: &RosterRow) -> CheckedRow {
        let mut staged = StagedRow { row_no, action: NOTHING, ..StagedRow::default() };
        let mut refusals = Vec::new();
        let certno_digest = self.person(row, &mut staged).unwrap_or_else(|refusal| {
            refusals.push(refusal);
            None
        });
        match self.kind(row) {
            Ok(kind) => {
                staged.name.clone_from(&kind.name);
                staged.psn_idet_type.clone_from(&kind.psn_idet_type);
                let covered = self.covered.is_empty() || self.covered.contains(&kind.name);
                refusals.extend((!covered).then_some(Reason::KindNotCovered));
            }
            Err(refusal) => refusals.push(refusal),
        }
        refusals.extend(self.days(row, &mut staged).err());
        if !refusals.is_empty() {
            staged.action = NOTHING;
        }
        CheckedRow { row: staged, certno_digest, refusal: refusals.first().copied() }
    }

    fn person(&self, row: &RosterRow, staged: &mut StagedRow) -> Result<Option<String>, Reason> {
        if !row.psn_no.is_empty() {
            if !is_psn_no(&row.psn_no) {
                return Err(Reason::PsnNoInvalid);
            }
            staged.psn_no.clone_from(&row.psn_no);
            return Ok(None);
        }
        let fits = codes::is_psn_cert_type(&row.psn_cert_type)
            && !row.certno.trim().is_empty()
            && row.certno.chars().count() <= MAX_TEXT
            && !row.certno.chars().any(char::is_control);
        let faulty = row.psn_cert_type == codes::RESIDENT_IDENTITY_CARD
            && !identity_faults(&row.certno, None, "").is_empty();
        if !fits || faulty {
            return Err(Reason::CertificateInvalid);
        }
        Ok(Some(self.key.digest(&row.psn_cert_type, &row.certno)))
    }

    fn kind(&self, row: &RosterRow) -> Result<&Kind, Reason> {
        self.department.kind(&row.name, &row.psn_idet_type).ok_or(Reason::KindNotProduced)
    }

    fn days(&self, row: &RosterRow, staged: &mut StagedRow) -> Result<(), Reason> {
        let begndate = optional_date(&row.begndate)?;
        let enddate = optional_date(&row.enddate)?;
        match row.action() {
            RosterAction::Add => {
                let day = begndate.unwrap_or(self.effective);
                check_order(Some(day), enddate)?;
                staged.action = ADD;
                staged.day = day.to_string();
                staged.enddate = enddate.map(|day| day.to_string()).unwrap_or_default();
            }
            RosterAction::Remove if self.full => return Err(Reason::RemoveInFullRoster),
            RosterAction::Remove => {
                let day_before = self.effective.checked_sub_days(Days::new(1)).ok_or(Reason::DateInvalid)?;
                let last = enddate.unwrap_or(day_before);
                // The day before the first: the stretch was never so.
                let never = begndate.is_some_and(|first| first.pred_opt() == Some(last));
                check_order(begndate.filter(|_| !never), Some(last))?;
                staged.action = REMOVE;
                staged.day = last.to_string();
                staged.begndate = begndate.map(|day| day.to_string()).unwrap_or_default();
                staged.enddate.clone_from(&staged.day);
            }
            RosterAction::Unspecified => return Err(Reason::ActionInvalid),
        }
        Ok(())
    }
}

fn optional_date(text: &str) -> Result<Option<NaiveDate>, Reason> {
    if text.is_empty() { Ok(None) } else { parse_date(text).map(Some).ok_or(Reason::DateInvalid) }
}

fn check_order(begndate: Option<NaiveDate>, enddate: Option<NaiveDate>) -> Result<(), Reason> {
    let ordered = begndate.zip(enddate).is_none_or(|(first, last)| first <= last);
    if ordered { Ok(()) } else { Err(Reason::DatesReversed) }
}
