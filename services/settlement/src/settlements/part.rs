//! 中途结算: a stay that is settled in parts, each behind the one before.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use yizhan_policy::case::Case;
use yizhan_policy::model::VisitRules;
use yizhan_proto::settlement::v1::{DrugTraceCode, EarlierPart, FeeLine, Settlement, Visit};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, ServiceError, Violations};

use super::messages::part::{SoFar, after, lines_after, part_of};
use super::messages::refunds::{net_earlier, unmatched};
use super::messages::visit::{CheckedVisit, check_dated, elsewhere, most_days};
use super::prepare::Prepared;
use super::standing;
use crate::app::App;
use crate::books::domain::claims::Kind;
use crate::books::messages::parts::{header, is_mid};
use crate::books::store::claims as store;
use crate::books::store::entities::{claim, settlement};
use crate::books::store::load::PersonState;
use crate::books::store::uploaded::VisitKey;
use crate::books::store::{recoveries, settlements};

/// Parts of a stay at most, the last one not counted: that is always possible.
pub const MAX_PARTS: usize = 60;
/// Lines of a stay that is settled in parts, at most: so many fit into an answer when all of them are otherwise than in earlier parts.
pub const MAX_STAY_LINES: usize = 10_000;

/// What stands of the visit that this one goes on behind; `None` where it is the first. `known` is what was read before, for another state
/// of the person.
///
/// # Errors
/// Where the visit is settled, or does not fit its earlier parts.
pub async fn behind(
    app: &App,
    prepared: &Prepared,
    state: &PersonState,
    known: Option<SoFar>,
) -> Result<Option<SoFar>, ServiceError> {
    let visit = &prepared.known.visit.reported;
    let Some(own) = state.visits.iter().find(|claim| standing::is_own(visit, claim)) else {
        return first(prepared).map(|()| None);
    };
    if let Some(known) = known.filter(|known| known.is_behind(&own.held_by)) {
        require_unrecovered(&app.db, prepared, &known).await?;
        return Ok(Some(known));
    }
    match last_part(&app.db, own).await? {
        Some((row, answer)) => {
            let so_far = next(prepared, &row, &answer)?;
            require_unrecovered(&app.db, prepared, &so_far).await?;
            let codes = codes_back(&app.db, &so_far).await?;
            Ok(Some(SoFar { codes, ..so_far }))
        }
        // Given back since, if there is none: the state has moved on.
        None => standing::refusal(app, visit, &[]).await?.map_or(Ok(None), Err),
    }
}

/// The settlement that holds a visit, where it is a part of a stay that goes on.
pub async fn last_part(
    db: &impl ConnectionTrait,
    held: &claim::Model,
) -> Result<Option<(settlement::Model, Settlement)>, ServiceError> {
    let Some(row) = settlements::by_id(db, &held.held_by).await? else { return Ok(None) };
    let answer = settlements::answer_of(&row)?;
    Ok(is_mid(&answer).then_some((row, answer)))
}

/// The last part of a stay that goes on; `None` where nothing stands of it, or all.
pub async fn open(
    db: &impl ConnectionTrait,
    visit: &VisitKey,
) -> Result<Option<settlement::Model>, ServiceError> {
    let key = [Kind::Visit.code(), &visit.fixmedins_code, &visit.mdtrt_id].map(str::to_owned);
    let standing = store::standing(db, vec![key]).await?;
    let Some(held) = standing.first() else { return Ok(None) };
    Ok(last_part(db, held).await?.map(|(row, _)| row))
}

/// The day since which a stay's length counts: where it is longer than it may be, the last day of the part that it goes on behind.
pub async fn length_since(
    app: &App,
    visit: &CheckedVisit,
    rules: &VisitRules,
) -> Result<NaiveDate, ServiceError> {
    let too_long = (visit.end - visit.begin).num_days() >= most_days(visit, rules);
    if !too_long || !visit.med_type.is_stay() {
        return Ok(visit.begin);
    }
    let Visit { fixmedins_code, mdtrt_id, .. } = &visit.reported;
    let key = VisitKey { fixmedins_code: fixmedins_code.clone(), mdtrt_id: mdtrt_id.clone() };
    let last = open(&app.db, &key).await?;
    Ok(last.and_then(|last| parse_date(&last.enddate)).unwrap_or(visit.begin))
}

/// Nothing stands of the visit: it has lines, and refunds are of these.
fn first(prepared: &Prepared) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    let none = prepared.known.visit.lines.is_empty();
    wrong.require(!none, "visit.feedetail", Reason::Required.saying("至少一条费用明细"));
    prepared.refunds.elsewhere.iter().for_each(|(name, refund)| unmatched(name, refund, &mut wrong));
    wrong.none()
}

/// Goes on behind the last part.
fn next(prepared: &Prepared, row: &settlement::Model, answer: &Settlement) -> Result<SoFar, ServiceError> {
    require_alike(prepared, answer)?;
    require_later(&prepared.known.visit.reported, answer)?;
    let case: Case = serde_json::from_str(&row.case_json).map_err(ServiceError::internal)?;
    let mut parts = header(answer).earlier_parts.clone();
    parts.push(part_of(header(answer)));
    let visit = &prepared.known.visit;
    require_room(visit.reported.mid_setl_flag, parts.len(), case.lines.len() + visit.lines.len())?;
    let mut wrong = Violations::new();
    check_dated(visit.lines.iter(), &mut wrong);
    elsewhere::require_again(&visit.reported, &header(answer).paid_elsewhere, &mut wrong);
    let earlier = after(case.earlier.unwrap_or_default(), answer)?;
    let mut lines = lines_after(case.lines, answer);
    let refunds = net_earlier(&mut lines, &prepared.refunds.elsewhere, &mut wrong);
    wrong.none()?;
    Ok(SoFar { parts, earlier, lines, refunds, codes: BTreeMap::new() })
}

/// A line that was recovered is not taken back as well: the funds would get twice what they paid for it.
async fn require_unrecovered(
    db: &impl ConnectionTrait,
    prepared: &Prepared,
    so_far: &SoFar,
) -> Result<(), ServiceError> {
    let refunds = &prepared.refunds.elsewhere;
    if refunds.is_empty() {
        return Ok(());
    }
    let setl_ids: Vec<&str> = so_far.parts.iter().map(|part| part.setl_id.as_str()).collect();
    for row in recoveries::standing(db, &setl_ids).await? {
        let lines = recoveries::recovery_of(&row)?.lines;
        let of = |refund: &FeeLine| lines.iter().any(|line| recoveries::holds(line, &refund.init_feedetl_sn));
        if refunds.iter().any(|(_, refund)| of(refund)) {
            return Err(recoveries::recovered(&row));
        }
    }
    Ok(())
}

/// So many parts and lines; the last part is always one more.
fn require_room(mid: bool, parts: usize, lines: usize) -> Result<(), ServiceError> {
    if mid && parts >= MAX_PARTS {
        let error = ServiceError::new(Reason::PartsTooMany, "too many parts of a stay");
        return Err(error.with("limit", MAX_PARTS));
    }
    if lines > MAX_STAY_LINES {
        let error =
            ServiceError::new(Reason::FeesTooMany, "too many lines of a stay that is settled in parts");
        return Err(error.with("limit", MAX_STAY_LINES).with("lines", lines));
    }
    Ok(())
}

/// The trace codes of lines that are taken back whole: they stood with the part that settled the line.
async fn codes_back(
    db: &impl ConnectionTrait,
    so_far: &SoFar,
) -> Result<BTreeMap<String, Vec<DrugTraceCode>>, ServiceError> {
    let whole = so_far.taken_back_whole();
    let mut codes = BTreeMap::new();
    let parts = if whole.is_empty() { &[][..] } else { so_far.parts.as_slice() };
    for part in parts {
        let Some(row) = settlements::by_id(db, &part.setl_id).await? else { continue };
        let rows = settlements::answer_of(&row)?.feedetail.into_iter();
        let own = rows.filter(|row| !row.earlier_part && whole.contains(row.feedetl_sn.as_str()));
        codes.extend(own.map(|row| (row.feedetl_sn, row.drug_trac_info)));
    }
    codes.retain(|_, codes: &mut Vec<DrugTraceCode>| !codes.is_empty());
    Ok(codes)
}

/// A stay is one person's, under one scheme, from one day on, in all its parts.
fn require_alike(prepared: &Prepared, answer: &Settlement) -> Result<(), ServiceError> {
    let (visit, info) = (&prepared.known.visit.reported, header(answer));
    let fields = [
        ("begndate", &visit.begndate, &info.begndate),
        ("insutype", &visit.insutype, &info.insutype),
        ("med_type", &visit.med_type, &info.med_type),
        ("poolarea_no", &prepared.known.stay.eligibility.poolarea_no, &info.poolarea_no),
    ];
    let differ = fields.into_iter().filter(|(_, now, then)| now != then);
    let differ: Vec<(&str, &String)> = differ.map(|(field, _, then)| (field, then)).collect();
    if differ.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = differ.iter().map(|(field, _)| *field).collect();
    let mut error = differs(&names, &info.setl_id);
    for (field, then) in differ {
        error = error.with(field, then);
    }
    Err(error)
}

/// The refusal of a part that is otherwise than the earlier ones.
pub fn differs(fields: &[&str], setl_id: &str) -> ServiceError {
    ServiceError::new(Reason::PartDiffers, "a part of the stay stands that says otherwise")
        .with("differs", fields.join(","))
        .with("setl_id", setl_id)
}

/// Parts follow each other in time. The last may end where the one before did.
fn require_later(visit: &Visit, answer: &Settlement) -> Result<(), ServiceError> {
    let info = header(answer);
    let stands = |part: &EarlierPart| visit.mid_setl_flag && part.enddate == visit.enddate;
    let same = info.earlier_parts.iter().find(|part| stands(part)).map(|part| &part.setl_id);
    let last = part_of(info);
    if let Some(setl_id) = same.or(stands(&last).then_some(&last.setl_id)) {
        let text = format!("该次住院截至 {} 的中途结算已经存在，不能重复结算", visit.enddate);
        return Err(ServiceError::new(Reason::VisitSettled, format!("settlement {setl_id} is this part"))
            .with_text(text)
            .with("setl_id", setl_id)
            .with("mdtrt_id", &visit.mdtrt_id));
    }
    if visit.enddate >= info.enddate {
        return Ok(());
    }
    Err(ServiceError::new(Reason::PartOutOfOrder, "a part of the stay with a later last day stands")
        .with_text(format!("该次住院已有截至 {} 的中途结算，不能再结算到更早的日期", info.enddate))
        .with("setl_id", &info.setl_id)
        .with("enddate", &info.enddate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stay_has_so_many_parts_and_lines() {
        let refused =
            |mid, parts, lines| require_room(mid, parts, lines).map_err(|error| error.reason()).err();
        assert_eq!(refused(true, MAX_PARTS - 1, MAX_STAY_LINES), None);
        assert_eq!(refused(true, MAX_PARTS, 1), Some(Reason::PartsTooMany));
        assert_eq!(refused(false, MAX_PARTS, 1), None, "the last part");
        assert_eq!(refused(false, 1, MAX_STAY_LINES + 1), Some(Reason::FeesTooMany));
    }
}
