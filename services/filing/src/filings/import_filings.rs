//! Takes over filings of an earlier system, already in force. All rows or none.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_proto::filing::v1::{FilingRow, ImportFilingsRequest, ImportFilingsResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, FilingKind, Insutype};

use crate::app::{Done, Register, Write};
use crate::filings::actors::{actor, occasion};
use crate::filings::changes::{self, Held};
use crate::filings::domain::filing::{Filing, State};
use crate::filings::domain::home_rules::{HomeRules, Subject};
use crate::filings::domain::step::{Action, Occasion};
use crate::filings::store;
use crate::filings::submission::filed_place;
use crate::rules::RulesOf;

/// Rows of one import at most.
const MAX_ROWS: usize = 1000;
/// Longest id in an earlier system.
const MAX_FOREIGN_ID: usize = 64;
/// 申报来源 of what is taken over: 02 中心经办.
const SOURCE: &str = "02";

/// Takes over what is new, leaves what is known, and refuses everything if a row is wrong.
pub async fn import_filings(
    register: &Register,
    caller: &Caller,
    mut request: ImportFilingsRequest,
) -> Result<ImportFilingsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let Some(area) = Fields::of(&mut wrong).area("poolarea_no", &request.poolarea_no) else {
        return wrong.finish(None);
    };
    caller.check_manages(area.as_str())?;
    if let Some(answer) = once::answered(register, &key).await? {
        return Ok(answer);
    }
    let taken_over = occasion(register, actor(caller, ""));
    let rules = register.rules.current();
    let home = HomeRules::of(RulesOf { rules: &rules, area, day: taken_over.today })?;
    let filings = read(&request.rows, &home, &taken_over, &mut wrong);
    let filings = wrong.finish(filings)?;
    let import = Import { area, filings, taken_over };
    once::once(register, &key, |write| Box::pin(import.write(write))).await
}

/// The filings of the rows, if all are right.
fn read(
    rows: &[FilingRow],
    home: &HomeRules,
    taken_over: &Occasion,
    wrong: &mut Violations,
) -> Option<Vec<Filing>> {
    let count = rows.len();
    wrong.require(count > 0, "rows", Reason::RowsEmpty);
    if count > MAX_ROWS {
        let text = format!("每次最多 {MAX_ROWS} 行");
        wrong.push("rows", Reason::TooManyRows.saying(text)).with("limit", MAX_ROWS).with("count", count);
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut filings = Vec::with_capacity(count);
    for (at, row) in rows.iter().enumerate() {
        let once = seen.insert(&row.foreign_id);
        wrong.require(once, format!("rows[{at}].foreign_id"), Reason::DuplicateRow);
        filings.push(filing(at, row, home, taken_over, wrong));
    }
    filings.into_iter().collect()
}

/// In force as it stands: nothing of it is asked for, looked at or locked again. Whether it overlaps others is not asked: it was decided
/// elsewhere, by the rules of its day, and the agency answers for it; of several that cover a visit the best one counts.
fn filing(
    at: usize,
    row: &FilingRow,
    home: &HomeRules,
    taken_over: &Occasion,
    wrong: &mut Violations,
) -> Option<Filing> {
    let mut fields = Fields::row(at, wrong);
    let id = &row.foreign_id;
    let fits = (1..=MAX_FOREIGN_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    let text = "原系统备案编号应为 1 至 64 位可见 ASCII 字符";
    fields.require(fits, "foreign_id", Reason::ForeignIdInvalid.saying(text));
    let psn_no = fields.psn_no("psn_no", &row.psn_no);
    let insutype = fields.coded("insutype", &row.insutype, Insutype::settled);
    let kind = fields.coded("out_fil_type", &row.out_fil_type, FilingKind::from_code);
    let place = filed_place(&row.rloc_admdvs, home, &mut fields);
    let begndate = fields.date("begndate", &row.begndate);
    let enddate = enddate(&row.enddate, begndate, kind, &mut fields);
    let subject = Subject {
        psn_no: psn_no?,
        insutype: insutype?,
        kind: kind?,
        place: place?,
        begndate: begndate?,
        enddate: enddate?,
    };
    Some(Filing {
        state: State::InForce,
        decided_at: Some(taken_over.now),
        foreign_id: Some(id.clone()),
        ..home.filing(subject, SOURCE, taken_over)
    })
}

/// Long-term filings have none, temporary ones need one.
fn enddate(
    text: &str,
    begndate: Option<NaiveDate>,
    kind: Option<FilingKind>,
    fields: &mut Fields,
) -> Option<Option<NaiveDate>> {
    let long_term = kind.map(FilingKind::is_long_term);
    let Some(enddate) = fields.optional("enddate", text, Fields::date)? else {
        let needed = Reason::Required.saying("临时外出备案须有截止日期");
        return fields.require(long_term != Some(false), "enddate", needed).then_some(None);
    };
    fields.require(begndate.is_none_or(|begin| begin <= enddate), "enddate", Reason::DatesReversed);
    fields.require(long_term != Some(true), "enddate", Reason::EnddateNotForKind);
    Some(Some(enddate))
}

/// Filings to be taken over: all of a request, in its order.
struct Import {
    area: Area,
    filings: Vec<Filing>,
    taken_over: Occasion,
}

impl Import {
    async fn write(
        &self,
        Write { tx, service: register, .. }: Write<'_>,
    ) -> Result<Done<ImportFilingsResponse>, ServiceError> {
        let new = self.new_filings(tx).await?;
        let (count, created) = (self.filings.len(), new.len());
        let held = Held::lock(tx, new.iter().map(|filing| filing.psn_no.clone()).collect()).await?;
        let taken = new.into_iter().map(|filing| self.taken_over.step(None, Action::Submit, filing.clone()));
        let changed = changes::record(tx, register, held, taken.collect()).await?;
        let answer = ImportFilingsResponse {
            row_count: count as i32,
            created_count: created as i32,
            unchanged_count: (count - created) as i32,
            replayed: false,
        };
        Ok(Done { answer, changed })
    }

    /// What nobody has taken over yet. Of two imports that bring the same row at once, the key of foreign ids lets one through; the other runs
    /// again and finds it here.
    async fn new_filings(&self, tx: &DatabaseTransaction) -> Result<Vec<&Filing>, ServiceError> {
        let foreign_ids = self.filings.iter().filter_map(|filing| filing.foreign_id.clone()).collect();
        let held = store::find_taken_over(tx, self.area, foreign_ids).await?;
        let mut wrong = Violations::new();
        let mut new = Vec::new();
        for (at, filing) in self.filings.iter().enumerate() {
            let Some(known) = filing.foreign_id.as_ref().and_then(|id| held.get(id)) else {
                new.push(filing);
                continue;
            };
            for field in differences(filing, known) {
                let text = "该原系统备案编号已导入，内容不同";
                wrong
                    .push(format!("rows[{at}].{field}"), Reason::RowDiffers.saying(text))
                    .with("filing_id", &known.filing_id);
            }
        }
        wrong.finish(Some(new))
    }
}

/// What of a row a filing that was taken over before does not say, by the row's fields.
fn differences(row: &Filing, known: &Filing) -> Vec<&'static str> {
    let same = [
        ("psn_no", row.psn_no == known.psn_no),
        ("insutype", row.insutype == known.insutype),
        ("out_fil_type", row.kind == known.kind),
        ("rloc_admdvs", row.place == known.place),
        ("begndate", row.begndate == known.begndate),
        ("enddate", row.enddate == known.enddate),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}
