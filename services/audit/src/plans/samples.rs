//! Samples: what is listed of what was settled, a case of each that is drawn, and its end where the selection is given up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, Condition};
use yizhan_proto::audit::v1::{Case as Told, CaseAmount, CaseLine, CaseStep, ListEntry, Sample, Selection};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::desk::{Said, Write};
use super::freeze::MAX_ENTRIES;
use crate::app::Audit;
use crate::cases::{self, Action, Actor, Case, Inside, Kind, Role};
use crate::findings::store::{suspected, unsuspected};
use crate::plan_rules::{self, Purpose, Sampling};
use crate::visits::store::{self as visits, Column};

/// 案件来源 抽查评审.
const SAMPLED: &str = "6";

/// What is listed for a sample, each without a stratum: everything settled of its kind in the days; or what is given, if it was settled then.
pub async fn listed(
    audit: &Audit,
    (area, days, purpose): (Area, (NaiveDate, NaiveDate), Purpose),
    (rule, given): (&Sampling, &[ListEntry]),
    entries: BTreeSet<(String, String)>,
    wrong: &mut Violations,
) -> Result<BTreeSet<(String, String)>, ServiceError> {
    let of = Condition::all();
    let of = match purpose {
        Purpose::ManualPayments => of.add(Column::ByHand.eq(true)),
        Purpose::PassedBills => of.add(Column::ByHand.eq(false)).add(unsuspected()),
        Purpose::Large => of.add(Column::MedfeeSumamtFen.gte(rule.large_from_fen)),
        Purpose::Suspicious => of.add(suspected()),
        _ => of.add(Column::SetlId.is_in(given.iter().take(MAX_ENTRIES).map(|entry| entry.id.as_str()))),
    };
    let found = visits::settled(&audit.db, area, days, of, MAX_ENTRIES as u64 + 1).await?;
    if purpose.is_listed() {
        wrong.require(!found.is_empty(), "period", Reason::RowsEmpty.saying("该期间没有此类已结算单据"));
        let said = Reason::TooMany.saying("名单超过 20000 条，请缩短期间或按下级地区抽取");
        wrong.require(found.len() <= MAX_ENTRIES, "period", said);
        return Ok(found.into_iter().map(|setl_id| ("-".to_owned(), setl_id)).collect());
    }
    let found: BTreeSet<String> = found.into_iter().collect();
    for (at, entry) in given.iter().take(MAX_ENTRIES).enumerate() {
        wrong.require(found.contains(&entry.id), format!("entries[{at}].id"), Reason::SampleUnknown);
    }
    Ok(entries)
}

/// What was drawn waits for its reviews, each as a case.
pub async fn open(
    Write { tx, service, .. }: &Write<'_>,
    (selection, drawn): (&Selection, Vec<String>),
    (caller, said): (&Caller, &Said),
) -> Result<(), ServiceError> {
    let Some(purpose) = Purpose::of(selection.purpose).filter(|purpose| purpose.is_sample()) else {
        return Ok(());
    };
    let (rules, today) = (service.plan_rules.current(), service.clock.today());
    let area = |code: &str| code.parse::<Area>().map_err(ServiceError::internal);
    let rule: Sampling = plan_rules::find(&rules, area(&selection.area)?, today)?;
    // Each is a case of the area that paid, which may lie inside that which draws.
    let places = visits::places_of(*tx, drawn.iter().map(String::as_str).collect()).await?;
    let codes: BTreeSet<&String> = places.values().map(|[area, _]| area).collect();
    let begun = codes.into_iter().map(|code| Ok((code, cases::inside(service, area(code)?)?)));
    let begun: BTreeMap<&String, Inside> = begun.collect::<Result<_, ServiceError>>()?;
    let actor = Actor::of(caller, &said.opter);
    let case = |setl_id: &String| {
        let [area, fixmedins_code] = places.get(setl_id)?;
        let line = CaseLine { setl_id: setl_id.clone(), ..CaseLine::default() };
        let amount = CaseAmount { setl_id: setl_id.clone(), ..CaseAmount::default() };
        let (selection_id, setl_id) = (selection.selection_id.clone(), setl_id.clone());
        let told = Told {
            poolarea_no: area.clone(),
            fixmedins_code: fixmedins_code.clone(),
            case_souc: SAMPLED.to_owned(),
            title: format!("抽样评审：{}", purpose.label()),
            lines: vec![line],
            amounts: vec![amount],
            opinions_needed: if rule.two_people.contains(&purpose) { 2 } else { 1 },
            sample: Some(Sample { selection_id, setl_id }),
            ..Told::default()
        };
        let case = Case { told, inside: begun.get(area)?.clone() };
        Some(cases::opened(service, case, Kind::Sample, &actor))
    };
    cases::record(tx, service, drawn.iter().filter_map(case).collect()).await
}

/// What nobody has reviewed of a selection that is given up is reviewed no more.
pub async fn cancel(
    Write { tx, service, .. }: &Write<'_>,
    selection_id: &str,
    (caller, said): (&Caller, &Said),
) -> Result<(), ServiceError> {
    let actor = Actor::of(caller, &said.opter);
    let (today, now) = (service.clock.today(), service.clock.now());
    let cancelled = |sample| {
        let step = CaseStep { reason: said.reason.clone(), ..CaseStep::default() };
        cases::take(sample, (Action::Cancel, step), (&[Role::Selection], &actor), (today, now), None)
    };
    let samples = cases::hold_unreviewed(tx, selection_id).await?.into_iter().map(cancelled);
    cases::record(tx, service, samples.collect::<Result<_, _>>()?).await
}
