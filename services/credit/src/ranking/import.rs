//! Measured values are imported until the ranking is published.

use std::collections::BTreeMap;

use yizhan_documents::value::plain_number;
use yizhan_proto::credit::v1::{
    Entry, EntryKind, ImportRankingIndicatorsRequest, ImportRankingIndicatorsResponse, RankingIndicator,
    SubjectKind,
};
use yizhan_rules::months::last_of_year;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;

use super::store::{self, Figure};
use super::{check_rows, messages, open_year};
use crate::app::Credit;
use crate::ledger;
use crate::officer::{check_opter, check_said, check_year};
use crate::schemes::ranking::Ranking;

/// Imports them. An institution is known from its first value on: the import says who takes part.
pub async fn import(
    credit: &Credit,
    caller: &Caller,
    mut request: ImportRankingIndicatorsRequest,
) -> Result<ImportRankingIndicatorsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    check_said("basis", &request.basis, true, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    check_year(request.year, &mut fields);
    check_rows(request.rows.len(), &mut fields);
    let area = wrong.finish(area)?;
    caller.check_manages(&request.poolarea_no)?;
    let (scheme, named) = messages::scheme(&credit.schemes.current(), area, last_of_year(request.year))?;
    check_values(&scheme, &request.rows)?;
    once::once(credit, &key, |write| Box::pin(enter(write, caller, (&request, &named)))).await
}

fn check_values(scheme: &Ranking, rows: &[RankingIndicator]) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    let mut seen = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        let mut fields = Fields::row(number, &mut wrong);
        fields.require(is_fixmedins_code(&row.fixmedins_code), "fixmedins_code", Reason::CodeUnknown);
        let known = scheme.indicators.iter().any(|one| one.code == row.indicator);
        fields.require(known, "indicator", Reason::RankingIndicatorUnknown);
        fields.require(plain_number(&row.value).is_some(), "value", Reason::RankingValueInvalid);
        let first = seen.insert((&row.fixmedins_code, &row.indicator), number).is_none();
        fields.require(first, "indicator", Reason::Duplicate);
    }
    wrong.none()
}

async fn enter(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    (request, scheme): (&ImportRankingIndicatorsRequest, &str),
) -> Result<Done<ImportRankingIndicatorsResponse, ()>, ServiceError> {
    open_year(tx, &request.poolarea_no, request.year).await?;
    let there = store::figures(tx, &request.poolarea_no, request.year).await?;
    let there: BTreeMap<_, _> =
        there.into_iter().map(|row| ((row.fixmedins_code, row.indicator), row.measured)).collect();
    let same = |row: &RankingIndicator| {
        there
            .get(&(row.fixmedins_code.clone(), row.indicator.clone()))
            .is_some_and(|value| *value == row.value)
    };
    let mut by_institution: BTreeMap<&str, Vec<&RankingIndicator>> = BTreeMap::new();
    for row in request.rows.iter().filter(|row| !same(row)) {
        by_institution.entry(&row.fixmedins_code).or_default().push(row);
    }
    let mut figures = Vec::new();
    for (code, rows) in by_institution {
        let subject = ledger::subject(SubjectKind::Institution, code);
        let mut known = ledger::make_known(tx, &subject, &request.poolarea_no).await?;
        let entries = rows.iter().map(|row| Entry {
            poolarea_no: request.poolarea_no.clone(),
            kind: EntryKind::RankingIndicator.into(),
            item: row.indicator.clone(),
            value: row.value.clone(),
            basis: request.basis.clone(),
            decided_on: credit.clock.today().to_string(),
            from_date: format!("{}-01-01", request.year),
            until_date: format!("{}-12-31", request.year),
            opter: request.opter.clone(),
            actor: caller.to_string(),
            scheme: scheme.to_owned(),
            ..Entry::default()
        });
        let entries = ledger::append(tx, credit, &mut known, entries.collect()).await?;
        figures.extend(entries.into_iter().map(|entry| Figure {
            poolarea_no: request.poolarea_no.clone(),
            ranking_year: request.year,
            fixmedins_code: code.to_owned(),
            indicator: entry.item,
            measured: entry.value,
            entry_id: entry.entry_id,
        }));
    }
    let changed = figures.len().try_into().map_err(ServiceError::internal)?;
    store::write_figures(tx, figures).await?;
    Ok(Done { answer: ImportRankingIndicatorsResponse { changed, replayed: false }, changed: () })
}
