//! Finishes a transfer: the person's timeline, register and documents in one transaction.

use chrono::{Datelike, Days, NaiveDate};
use prost::Message;
use yizhan_proto::enrollment::v1::{FinishTerms, TransferResult};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Reason, Said, ServiceError, Violations};
use yizhan_terms::{Area, Insutype};

use crate::app::{Write, person_unknown};
use crate::coverage::domain::contributions::arrears;
use crate::coverage::enrolment;
use crate::coverage::store::contributions;
use crate::person::domain::codes;
use crate::person::domain::timeline::{Coverage, MAX_ENTRIES, Timeline};
use crate::person::store::edit::{Edit, PERSON_MOVED};
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::changes;
use crate::transfers::domain::codes::{Direction, change_types};
use crate::transfers::domain::finish::{
    Begins, Fault, Finished, Terms, coverage_year_fits, finish, is_retired, paid_here, paid_there,
};
use crate::transfers::store::entities::transfer;
use crate::transfers::store::moves;

/// The new coverage begins so many days ahead at most.
const DAYS_AHEAD: u64 = 366;
/// What can begin on top of a basic scheme.
const MAX_SUPPLEMENTS: usize = 6;
const COVERAGE_YEAR: &str = "finish.coverage_year";

/// Terms that are well formed.
pub struct CheckedTerms {
    paid_on: NaiveDate,
    begndate: Option<NaiveDate>,
    coverage_year: Option<i32>,
    psn_type: String,
    hi_type: String,
    supplements: Vec<Insutype>,
    resd_code: String,
}

/// Checks what can be checked without the transfer.
pub fn checked_terms(
    terms: &FinishTerms,
    today: NaiveDate,
    violations: &mut Violations,
) -> Option<CheckedTerms> {
    let paid_on = if terms.paid_on.is_empty() { Some(today) } else { parse_date(&terms.paid_on) };
    let paid_on = violations.some(paid_on, "finish.paid_on", Reason::DateInvalid);
    let paid = paid_on.is_none_or(|day| day <= today);
    violations.require(paid, "finish.paid_on", Reason::InTheFuture);
    let begndate = parse_date(&terms.begndate);
    let dated = begndate.is_some() || terms.begndate.is_empty();
    violations.require(dated, "finish.begndate", Reason::DateInvalid);
    let near = begndate.is_none_or(|day| day <= today + Days::new(DAYS_AHEAD));
    violations.require(near, "finish.begndate", Reason::DateTooFar);
    let coverage_year = Some(terms.coverage_year).filter(|year| *year != 0);
    let near = coverage_year.is_none_or(|year| year <= today.year() + 1);
    violations.require(near, COVERAGE_YEAR, year_invalid());
    let known = codes::is_psn_type(&terms.psn_type);
    violations.require(known, "finish.psn_type", Reason::CodeUnknown);
    let known = terms.hi_type.is_empty() || codes::is_hi_type(&terms.hi_type);
    violations.require(known, "finish.hi_type", Reason::CodeUnknown);
    let few = terms.supplements.len() <= MAX_SUPPLEMENTS;
    violations.require(few, "finish.supplements", Reason::TooManySupplements);
    let mut supplements = Vec::new();
    for (at, code) in terms.supplements.iter().take(MAX_SUPPLEMENTS).enumerate() {
        let field = format!("finish.supplements[{at}]");
        let supplement = Insutype::from_code(code).filter(|scheme| !scheme.is_basic());
        let text = "应为附加险种 320、330、370、392、410 或 510";
        supplements.extend(violations.some(supplement, &field, Reason::CodeUnknown.saying(text)));
        let once = !terms.supplements[..at].contains(code);
        violations.require(once, field, Reason::DuplicateRow);
    }
    let code = &terms.resd_code;
    let fits = code.is_empty() || code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit());
    violations.require(fits, "finish.resd_code", Reason::ResdCodeInvalid);
    Some(CheckedTerms {
        paid_on: paid_on?,
        begndate,
        coverage_year,
        psn_type: terms.psn_type.clone(),
        hi_type: terms.hi_type.clone(),
        supplements,
        resd_code: code.clone(),
    })
}

impl CheckedTerms {
    /// Moves the person, and notes the result in the transfer.
    pub async fn finish(
        &self,
        write @ Write { tx, service: register, .. }: Write<'_>,
        row: &mut transfer::Model,
    ) -> Result<Vec<StoredTimeline>, ServiceError> {
        let (direction, today) = (row.traf_prot_dirc, register.clock.today());
        let begins = self.begins(direction, today)?;
        let held = timelines::lock(tx, [row.psn_no.clone()]).await?.remove(&row.psn_no);
        if held.as_ref().is_some_and(|held| is_insured_here(held, row)) {
            return Err(ServiceError::invalid_field("finish", Reason::FinishTermsNotExpected));
        }
        let held = held.filter(|held| held.poolarea_no.as_str() == row.from_poolarea_no);
        let held = held.ok_or_else(|| person_unknown(&row.psn_no))?;
        if held.timeline.person.die_date.is_some() {
            return Err(nothing_held());
        }
        if is_retired(&held.timeline, direction) {
            return Err(retired());
        }
        let terms = Terms {
            direction,
            from_area: held.poolarea_no,
            to_area: row.to_poolarea_no.parse().map_err(ServiceError::internal)?,
            today,
            paid_on: self.paid_on,
            begins,
            psn_type: self.psn_type.clone(),
            hi_type: self.hi_type.clone(),
            supplements: self.supplements.clone(),
        };
        let finished =
            finish(&held.timeline, &terms, &register.rules.load(tx).await?).map_err(not_finished)?;
        if finished.timeline.coverages.len() > MAX_ENTRIES {
            return Err(ServiceError::invalid_field("transfer_id", Reason::TooManyEntries));
        }
        let changed = self.move_person(write, row, held, &finished).await?;
        let version = changed.first().map_or(0, |person| person.version);
        let arrears_fen = owed(tx, row).await?;
        let told = result(&finished, today, version);
        row.result = TransferResult { arrears_fen, ..told }.encode_to_vec();
        Ok(changed)
    }

    fn begins(&self, direction: Direction, today: NaiveDate) -> Result<Begins, ServiceError> {
        let mut violations = Violations::new();
        // Not with the rest: the same request again, after New Year, is answered as it was.
        let year_fits = self.coverage_year.is_none_or(|year| coverage_year_fits(year, today));
        violations.require(year_fits, COVERAGE_YEAR, year_invalid());
        let fits = direction.takes(&self.psn_type);
        let differs = Reason::PsnTypeNotOfScheme.saying("人员类别与转入险种不一致");
        violations.require(fits, "finish.psn_type", differs);
        let begins = if direction.joins() == Insutype::Employee {
            let no_year = Reason::FieldNotExpected.saying("转入职工医保不填参保年度");
            violations.require(self.coverage_year.is_none(), COVERAGE_YEAR, no_year);
            let missing = Reason::DateInvalid.saying("转入职工医保应给出开始日期");
            violations.some(self.begndate, "finish.begndate", missing).map(Begins::On)
        } else {
            let no_day = Reason::FieldNotExpected.saying("转入居民医保不填开始日期");
            violations.require(self.begndate.is_none(), "finish.begndate", no_day);
            let missing = Reason::CoverageYearInvalid.saying("转入居民医保应给出参保年度");
            violations.some(self.coverage_year, COVERAGE_YEAR, missing).map(Begins::CoverageYear)
        };
        violations.finish(begins)
    }

    async fn move_person(
        &self,
        write @ Write { tx, .. }: Write<'_>,
        row: &transfer::Model,
        held: StoredTimeline,
        finished: &Finished,
    ) -> Result<Vec<StoredTimeline>, ServiceError> {
        let (from_area, to_area) = (&row.from_poolarea_no, &row.to_poolarea_no);
        if from_area != to_area {
            moves::to_area(tx, &row.psn_no, from_area, to_area, &self.resd_code).await?;
        } else if !self.resd_code.is_empty() {
            persons::set_resd_code(tx, from_area, &row.psn_no, &self.resd_code).await?;
        }
        let mut edit = Edit::of(held);
        edit.transferred = Some((row.transfer_id.clone(), edit.after.poolarea_no));
        edit.after.timeline = finished.timeline.clone();
        edit.after.poolarea_no = to_area.parse().map_err(ServiceError::internal)?;
        if from_area != to_area {
            edit.kind = PERSON_MOVED;
        }
        changes::record(write, vec![edit]).await
    }
}

/// What is owed of the schemes that are left.
async fn owed(tx: &DatabaseTransaction, row: &transfer::Model) -> Result<i64, ServiceError> {
    let recorded = contributions::of_person(tx, &row.psn_no).await?;
    let left = arrears(&recorded).into_iter().filter(|(insutype, ..)| row.traf_prot_dirc.leaves(*insutype));
    Ok(left.map(|(.., fen)| fen).sum())
}

/// Whether the receiving area enrolled the person before the transfer (EnrolMover).
fn is_insured_here(held: &StoredTimeline, row: &transfer::Model) -> bool {
    row.from_poolarea_no != row.to_poolarea_no && held.poolarea_no.as_str() == row.to_poolarea_no
}

/// What the sending area's statement is about: all of a person whose register it keeps; of one whom the receiving area enrolled first what
/// was insured elsewhere.
pub fn of_sender(held: &StoredTimeline, row: &transfer::Model) -> Timeline {
    let mut timeline = held.timeline.clone();
    if is_insured_here(held, row) {
        let here = |area: Area| area.as_str() == row.to_poolarea_no;
        timeline.coverages.retain(|stretch| stretch.poolarea_no.is_some_and(|area| !here(area)));
    }
    timeline
}

/// Finishes the transfer of a person who is insured in the receiving area already: no coverage changes, and the account may follow.
pub async fn finish_insured(
    write @ Write { tx, service: register, .. }: Write<'_>,
    row: &mut transfer::Model,
) -> Result<Vec<StoredTimeline>, ServiceError> {
    let held = timelines::lock(tx, [row.psn_no.clone()]).await?.remove(&row.psn_no);
    let held = held.ok_or_else(|| person_unknown(&row.psn_no))?;
    if !is_insured_here(&held, row) {
        return Err(ServiceError::invalid_field("finish", Reason::FinishTermsRequired));
    }
    if held.timeline.person.die_date.is_some() {
        return Err(nothing_held());
    }
    let direction = row.traf_prot_dirc;
    if is_retired(&held.timeline, direction) {
        return Err(retired());
    }
    let (from_area, to_area) = (row.from_poolarea_no.parse(), held.poolarea_no);
    let from_area: Area = from_area.map_err(ServiceError::internal)?;
    let old = paid_there(&held.timeline, direction, from_area).cloned();
    let new = paid_here(&held.timeline, direction, to_area).cloned();
    let (old, new) = old.zip(new).ok_or_else(nothing_held)?;
    let (out, into) = change_types(from_area, to_area);
    let finished = Finished {
        timeline: held.timeline.clone(),
        old_insutype: old.insutype,
        old_enddate: old.period.enddate.unwrap_or(new.period.begndate),
        old_change: out,
        entitled_begndate: new.entitled_begndate.unwrap_or(new.period.begndate),
        new: Coverage { psn_chg_type: into.code().to_owned(), ..new },
    };
    let mut edit = Edit::of(held);
    edit.transferred = Some((row.transfer_id.clone(), from_area));
    edit.touch();
    let (version, changed) = changes::record_one(write, edit).await?;
    let arrears_fen = owed(tx, row).await?;
    let told = result(&finished, register.clock.today(), version);
    row.result = TransferResult { arrears_fen, ..told }.encode_to_vec();
    Ok(changed)
}

fn result(finished: &Finished, today: NaiveDate, person_version: i64) -> TransferResult {
    let new = &finished.new;
    let waiting = new.waiting.as_ref();
    TransferResult {
        finished_on: today.to_string(),
        old_insutype: finished.old_insutype.to_string(),
        old_enddate: finished.old_enddate.to_string(),
        old_psn_chg_type: finished.old_change.code().to_owned(),
        new_insutype: new.insutype.to_string(),
        new_begndate: new.period.begndate.to_string(),
        new_enddate: new.period.enddate.map(|end| end.to_string()).unwrap_or_default(),
        new_psn_chg_type: new.psn_chg_type.clone(),
        entitled_begndate: finished.entitled_begndate.to_string(),
        waiting_months: waiting.map_or(0, |waiting| waiting.months() as i32),
        rule: waiting.map(|waiting| waiting.rule.clone()).unwrap_or_default(),
        citation: waiting.map(|waiting| waiting.citation.clone()).unwrap_or_default(),
        person_version,
        arrears_fen: 0,
    }
}

fn year_invalid() -> Said {
    Reason::CoverageYearInvalid.saying("参保年度应为本年或下一年")
}

/// The person has nothing that could be transferred.
pub fn nothing_held() -> ServiceError {
    ServiceError::new(
        Reason::TransferNothingHeld,
        "the person never had the scheme that is to be left, or died",
    )
}

/// Retired persons are not transferred.
pub fn retired() -> ServiceError {
    ServiceError::new(
        Reason::TransferOfRetired,
        "who is retired under the scheme that is to be left is not transferred",
    )
}

/// Why what was to begin does not.
pub fn not_finished(fault: Fault) -> ServiceError {
    let refused = |reason, message, text: String| ServiceError::new(reason, message).with_text(text);
    match fault {
        Fault::NothingHeld => nothing_held(),
        Fault::TooEarly(earliest) => refused(
            Reason::TransferTooEarly,
            "the old area pays until the day before `earliest`",
            format!("转出地的待遇尚未结束，最早可从 {earliest} 起参保"),
        )
        .with("earliest", earliest),
        Fault::NoDayLeft => refused(
            Reason::TransferNoDayLeft,
            "the old coverage reaches to the end of the coverage year",
            "转出地的待遇已覆盖至该参保年度末，请选择下一年度".to_owned(),
        ),
        Fault::PaidAhead(stretch) => refused(
            Reason::TransferPaidAhead,
            "a later stretch of the old scheme is paid and would be lost",
            format!("该人员已缴纳自 {} 起的参保费，请先退费或改为从该日起转入", stretch.period.begndate),
        )
        .with("insutype", stretch.insutype)
        .with("begndate", stretch.period.begndate),
        Fault::NoRule(missing) => enrolment::error(missing),
        Fault::Refused(why) => enrolment::error(*why),
    }
}
