//! Takes over filings of an earlier system, already in force. All rows or none.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use yizhan_proto::filing::v1::{ImportFilingsRequest, ImportFilingsResponse};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};
use yizhan_terms::Area;
use yizhan_terms::FilingKind;

use crate::app::{Done, Register, Write};
use crate::filings::actors::actor;
use crate::filings::changes::{self, Held, Taken};
use crate::filings::domain::filing::{Actor, Filing, State};
use crate::filings::domain::filing_row::{self, TakenOver};
use crate::filings::domain::step::Action;
use crate::filings::store;
use crate::rules::{Handling, Kinds, Places, RulesOf};

/// Rows of one import at most.
const MAX_ROWS: usize = 1000;

/// Takes over what is new, leaves what is known, and refuses everything if a row is wrong.
pub async fn import_filings(
    register: &Register,
    caller: &Caller,
    mut request: ImportFilingsRequest,
) -> Result<ImportFilingsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let area = &request.poolarea_no;
    if Area::parse(area).is_none() {
        wrong.push("poolarea_no", Reason::AreaInvalid);
        return Err(wrong.none().expect_err("one was just noted"));
    }
    caller.check_manages(area)?;
    if let Some(answer) = once::answered(register, &key).await? {
        return Ok(answer);
    }
    let rules = RulesOfArea::read(register, area)?;
    let rows = checked(&request, &rules.whole_provinces, wrong)?;
    let import = Import { by: actor(caller, ""), area, rules, rows };
    once::once(register, &key, |write| Box::pin(import.write(write))).await
}

/// What the home area's rules of today give a filing that was decided before.
struct RulesOfArea {
    whole_provinces: Vec<String>,
    /// Id and citation of the rule of a kind; of places for kinds that are not offered here.
    by_kind: Vec<(FilingKind, String, String)>,
    handling: Handling,
}

impl RulesOfArea {
    fn read(register: &Register, area: &str) -> Result<RulesOfArea, ServiceError> {
        let rules = register.rules.current();
        let rules = RulesOf { rules: &rules, area, day: register.clock.today() };
        let kinds = rules.find::<Kinds>()?;
        let places = rules.find::<Places>()?;
        let handling = rules.find::<Handling>()?;
        let basis = |kind: &FilingKind| match kinds.rule.find(*kind) {
            Some(_) => (*kind, format!("{}#{}", kinds.id, kind.code()), kinds.citation.clone()),
            None => (*kind, places.id.clone(), places.citation.clone()),
        };
        Ok(RulesOfArea {
            whole_provinces: places.rule.whole_provinces.clone(),
            by_kind: FilingKind::ALL.iter().map(basis).collect(),
            handling: handling.rule.clone(),
        })
    }

    fn basis(&self, kind: FilingKind) -> (String, String) {
        let found = self.by_kind.iter().find(|(of, _, _)| *of == kind);
        found.map(|(_, id, citation)| (id.clone(), citation.clone())).unwrap_or_default()
    }
}

fn checked(
    request: &ImportFilingsRequest,
    whole_provinces: &[String],
    mut wrong: Violations,
) -> Result<Vec<TakenOver>, ServiceError> {
    let count = request.rows.len();
    wrong.require(count > 0, "rows", Reason::RowsEmpty);
    if count > MAX_ROWS {
        let text = format!("每次最多 {MAX_ROWS} 行");
        wrong.push("rows", Reason::TooManyRows.saying(text)).with("limit", MAX_ROWS).with("count", count);
        return Err(wrong.none().expect_err("one was just noted"));
    }
    let mut seen = BTreeSet::new();
    let mut rows = Vec::with_capacity(count);
    for (at, row) in request.rows.iter().enumerate() {
        let once = seen.insert(&row.foreign_id);
        wrong.require(once, format!("rows[{at}].foreign_id"), Reason::DuplicateRow);
        rows.extend(filing_row::read(at, row.into(), &request.poolarea_no, whole_provinces, &mut wrong));
    }
    wrong.none()?;
    Ok(rows)
}

/// Rows to be taken over: all of a request, in its order.
struct Import<'i> {
    by: Actor,
    area: &'i str,
    rules: RulesOfArea,
    rows: Vec<TakenOver>,
}

impl Import<'_> {
    async fn write(
        &self,
        Write { tx, service: register, .. }: Write<'_>,
    ) -> Result<Done<ImportFilingsResponse>, ServiceError> {
        let new = self.new_rows(tx).await?;
        let psn_nos = new.iter().map(|row| row.psn_no.clone()).collect();
        let taken: Vec<Taken> = new.iter().map(|row| self.step(row, register)).collect();
        let answer = ImportFilingsResponse {
            row_count: self.rows.len() as i32,
            created_count: taken.len() as i32,
            unchanged_count: (self.rows.len() - taken.len()) as i32,
            replayed: false,
        };
        let held = Held::lock(tx, psn_nos).await?;
        let changed = changes::record(tx, register, held, taken).await?;
        Ok(Done { answer, changed })
    }

    /// Rows nobody has taken over yet. Of two imports that bring the same row at once, the key of foreign ids lets one through; the other runs
    /// again and finds it here.
    async fn new_rows(&self, tx: &DatabaseTransaction) -> Result<Vec<&TakenOver>, ServiceError> {
        let foreign_ids = self.rows.iter().map(|row| row.foreign_id.clone()).collect();
        let held = store::find_taken_over(tx, self.area, foreign_ids).await?;
        let mut wrong = Violations::new();
        let mut new = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let Some(known) = held.get(&row.foreign_id) else {
                new.push(row);
                continue;
            };
            for field in row.differs_from(known) {
                let text = "该原系统备案编号已导入，内容不同";
                wrong
                    .push(format!("rows[{at}].{field}"), Reason::RowDiffers.saying(text))
                    .with("filing_id", &known.filing_id);
            }
        }
        wrong.none()?;
        Ok(new)
    }

    /// In force as it stands: nothing of it is asked for, looked at or locked again.
    fn step(&self, row: &TakenOver, register: &Register) -> Taken {
        let clock = &register.clock;
        let (rule, citation) = self.rules.basis(row.kind);
        let filing = Filing {
            filing_id: new_id(),
            psn_no: row.psn_no.clone(),
            poolarea_no: self.area.to_owned(),
            insutype: row.insutype.clone(),
            kind: row.kind,
            place: row.place.clone(),
            begndate: row.begndate,
            enddate: row.enddate,
            state: State::InForce,
            requirements: Vec::new(),
            materials: Vec::new(),
            supply_by: None,
            referral: None,
            replaces: None,
            replaced_by: None,
            ended_on: None,
            locked_until: None,
            handling_area: self.area.to_owned(),
            clock_from: clock.today(),
            working_days: self.rules.handling.working_days,
            supply_days: self.rules.handling.supply_days,
            submitted_at: clock.now(),
            submitted_by: self.by.clone(),
            decided_at: Some(clock.now()),
            dcla_souc: SOURCE.to_owned(),
            rule,
            citation,
            foreign_id: Some(row.foreign_id.clone()),
            version: 0,
        };
        Taken {
            after: filing,
            from: None,
            action: Action::Submit,
            actor: self.by.clone(),
            reason: String::new(),
        }
    }
}

/// 申报来源 of what is taken over: 02 中心经办.
const SOURCE: &str = "02";
