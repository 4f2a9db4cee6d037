//! Agreements and measured values.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_documents::value::plain_number;
use yizhan_proto::credit::v1::{
    Entry, EntryKind, GradeAgreement, GradeIndicator, ImportGradeIndicatorsRequest,
    ImportGradeIndicatorsResponse, SubjectKind,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;

use super::changes::Held;
use super::messages;
use crate::app::Credit;
use crate::ledger::{self, standing};
use crate::officer::{check_opter, check_said, check_year};
use crate::schemes::scorecard::Scorecard;

/// Agreements, and values, of a request at most.
pub const MAX_GRADE_ROWS: usize = 500;

/// Imports them. An institution is known from its first agreement on.
pub async fn import(
    credit: &Credit,
    caller: &Caller,
    mut request: ImportGradeIndicatorsRequest,
) -> Result<ImportGradeIndicatorsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    check_said("basis", &request.basis, true, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    check_year(request.year, &mut fields);
    let (agreements, rows) = (request.agreements.len(), request.rows.len());
    let fits = agreements <= MAX_GRADE_ROWS && rows <= MAX_GRADE_ROWS && agreements + rows > 0;
    fields.require(fits, "rows", Reason::TooMany.saying(format!("每次 1 至 {MAX_GRADE_ROWS} 行")));
    let area = wrong.finish(area)?;
    caller.check_manages(&request.poolarea_no)?;
    let schemes = credit.schemes.current();
    let scheme = messages::scheme(&schemes, area, request.year)?;
    let mut wrong = Violations::new();
    check_agreements(&request.agreements, credit.clock.today(), &mut wrong);
    check_values(&scheme.rule, &request.rows, &mut wrong);
    wrong.none()?;
    once::once(credit, &key, |write| Box::pin(enter(write, caller, (&request, &scheme.id)))).await
}

fn check_agreements(agreements: &[GradeAgreement], today: chrono::NaiveDate, wrong: &mut Violations) {
    let mut seen = BTreeSet::new();
    for (at, one) in agreements.iter().enumerate() {
        let prefix = format!("agreements[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        fields.require(is_fixmedins_code(&one.fixmedins_code), "fixmedins_code", Reason::CodeUnknown);
        fields.require(seen.insert(&one.fixmedins_code), "fixmedins_code", Reason::Duplicate);
        let signed_on = fields.past_date("signed_on", &one.signed_on, today);
        let ended_on = fields.optional("ended_on", &one.ended_on, Fields::date).flatten();
        let in_order = signed_on.zip(ended_on).is_none_or(|(signed_on, ended_on)| signed_on <= ended_on);
        fields.require(in_order, "ended_on", Reason::DatesReversed);
    }
}

fn check_values(scheme: &Scorecard, rows: &[GradeIndicator], wrong: &mut Violations) {
    let mut seen = BTreeSet::new();
    for (number, row) in rows.iter().enumerate() {
        let mut fields = Fields::row(number, wrong);
        fields.require(is_fixmedins_code(&row.fixmedins_code), "fixmedins_code", Reason::CodeUnknown);
        let known = scheme.measured.iter().any(|one| one.code == row.indicator);
        fields.require(known, "indicator", Reason::GradeIndicatorUnknown);
        fields.require(plain_number(&row.value).is_some(), "value", Reason::RankingValueInvalid);
        fields.require(seen.insert((&row.fixmedins_code, &row.indicator)), "indicator", Reason::Duplicate);
    }
}

/// What is said of one institution.
#[derive(Default)]
struct Said<'r> {
    agreement: Option<&'r GradeAgreement>,
    values: Vec<&'r GradeIndicator>,
}

async fn enter(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    (request, scheme): (&ImportGradeIndicatorsRequest, &str),
) -> Result<Done<ImportGradeIndicatorsResponse, ()>, ServiceError> {
    let mut all: BTreeMap<&str, Said> = BTreeMap::new();
    for one in &request.agreements {
        all.entry(&one.fixmedins_code).or_default().agreement = Some(one);
    }
    for row in &request.rows {
        all.entry(&row.fixmedins_code).or_default().values.push(row);
    }
    let mut changed = 0;
    // In the order of their codes, as everybody locks them.
    for (code, said) in all {
        let subject = ledger::subject(SubjectKind::Institution, code);
        let known = match said.agreement {
            Some(_) => ledger::make_known(tx, &subject, &request.poolarea_no).await?,
            None => ledger::hold(tx, &subject).await.map_err(|error| error.with("fixmedins_code", code))?,
        };
        let mut held = Held::read(tx, credit, known, &request.poolarea_no).await?;
        let base = Entry {
            basis: request.basis.clone(),
            scheme: scheme.to_owned(),
            ..messages::entry(caller, (&request.poolarea_no, &request.opter), credit.clock.today())
        };
        let entries = new_entries(&held, &said, &base, request.year);
        changed += entries.len();
        if !entries.is_empty() {
            held.record(tx, credit, entries).await?;
        }
    }
    let changed = changed.try_into().map_err(ServiceError::internal)?;
    Ok(Done { answer: ImportGradeIndicatorsResponse { changed, replayed: false }, changed: () })
}

/// What is new or other than before.
fn new_entries(held: &Held, said: &Said, base: &Entry, year: i32) -> Vec<Entry> {
    let agreement = said.agreement.map(|one| Entry {
        kind: EntryKind::Agreement.into(),
        from_date: one.signed_on.clone(),
        until_date: one.ended_on.clone(),
        ..base.clone()
    });
    let values = said.values.iter().map(|row| {
        let value = Entry {
            kind: EntryKind::GradeIndicator.into(),
            item: row.indicator.clone(),
            value: row.value.clone(),
            ..base.clone()
        };
        messages::of_year(value, year)
    });
    let stands = standing(&held.entries);
    let what = |entry: &Entry| {
        // An agreement is one thing, whatever it says; a value is one by indicator and year.
        let year = if entry.kind() == EntryKind::Agreement { String::new() } else { entry.from_date.clone() };
        (entry.kind, entry.item.clone(), year)
    };
    let says = |entry: &Entry| (entry.value.clone(), entry.from_date.clone(), entry.until_date.clone());
    let is_new = |entry: &Entry| {
        let before = stands.iter().rev().find(|before| what(before) == what(entry));
        before.is_none_or(|before| says(before) != says(entry))
    };
    agreement.into_iter().chain(values).filter(is_new).collect()
}
