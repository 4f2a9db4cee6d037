//! A visit as far as it stands: of a stay that was settled in parts (中途结算) all of them, as if they were one bill.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use prost::Message;
use sea_orm::{ConnectionTrait, DbErr};
use yizhan_proto::audit::v1::{Encounter, EncounterLine};
use yizhan_runtime::{ServiceError, Violations};

use super::messages::understand;
use super::store::{self, Model};
use crate::rules::Visit;

/// A visit that was settled.
#[derive(Clone, Debug)]
pub struct Standing {
    /// As it was sent, its parts put together.
    pub encounter: Encounter,
    /// As rules ask about it.
    pub visit: Visit,
    /// 统筹区 that paid, institution and 就诊ID.
    pub key: [String; 2],
    /// 人员编号 that stays, where the person's records were merged.
    pub psn_no: String,
    /// Settlement could not have all of it checked.
    pub unchecked: bool,
    /// 结算ID of each part.
    setl_ids: Vec<String>,
    /// Of a stay in parts, the settlement of each line of the earlier ones.
    lines: BTreeMap<String, String>,
}

impl Standing {
    /// 结算ID of a line; of the visit as a whole, that of its last part.
    pub fn setl_id_of(&self, feedetl_sn: Option<&str>) -> &str {
        feedetl_sn.and_then(|line| self.lines.get(line)).unwrap_or(&self.visit.setl_id)
    }

    /// Whether this settlement is of it.
    pub fn rests_on(&self, setl_id: &str) -> bool {
        self.setl_ids.iter().any(|own| own == setl_id)
    }

    /// Where it stands among the person's visits: by last day, those of one day as they were settled.
    pub fn place(&self) -> (NaiveDate, &str) {
        (self.visit.end, &self.visit.setl_id)
    }
}

/// What stands of a person and ended within these days, as far as audit has heard: by last day.
///
/// # Errors
/// What the database says.
pub async fn earlier<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    days: (NaiveDate, NaiveDate),
) -> Result<Vec<Visit>, ServiceError> {
    let known = together(store::of_person(db, psn_no, days).await?)?;
    Ok(known.into_iter().map(|standing| standing.visit).collect())
}

/// Visits of their settlements, by last day. Everything that is stored was understood when it came.
pub fn together(rows: Vec<Model>) -> Result<Vec<Standing>, ServiceError> {
    let mut visits: BTreeMap<[String; 2], Vec<Model>> = BTreeMap::new();
    for row in rows {
        visits.entry([row.fixmedins_code.clone(), row.mdtrt_id.clone()]).or_default().push(row);
    }
    let mut standing = visits.into_iter().map(of_parts).collect::<Result<Vec<_>, _>>()?;
    standing.sort_by(|one, other| one.place().cmp(&other.place()));
    Ok(standing)
}

fn of_parts((key, mut parts): ([String; 2], Vec<Model>)) -> Result<Standing, ServiceError> {
    parts.sort_by(|one, other| (one.setl_part, &one.setl_id).cmp(&(other.setl_part, &other.setl_id)));
    let sent = parts.iter().map(decoded).collect::<Result<Vec<_>, _>>()?;
    let mut lines = BTreeMap::new();
    for part in &sent[..sent.len().saturating_sub(1)] {
        lines.extend(part.lines.iter().map(|line| (line.feedetl_sn.clone(), part.setl_id.clone())));
    }
    let setl_ids = parts.iter().map(|part| part.setl_id.clone()).collect();
    let encounter = joined(sent);
    let mut wrong = Violations::new();
    let visit = understand(&encounter, None, &mut wrong);
    let psn_no = parts.last().map(|last| last.psn_no.clone()).unwrap_or_default();
    let unchecked = parts.iter().any(|part| part.unchecked);
    Ok(Standing { visit: wrong.finish(visit)?, encounter, key, psn_no, unchecked, setl_ids, lines })
}

fn decoded(row: &Model) -> Result<Encounter, DbErr> {
    let setl_id = &row.setl_id;
    Encounter::decode(row.encounter.as_slice())
        .map_err(|error| DbErr::Type(format!("visit {setl_id}: {error}")))
}

/// The last part with the lines of those before it, whose amounts it is beyond.
fn joined(parts: Vec<Encounter>) -> Encounter {
    let parts = parts.into_iter();
    parts
        .reduce(|before, part| Encounter {
            lines: before.lines.into_iter().chain(part.lines).collect(),
            operations: before
                .operations
                .into_iter()
                .filter(|one| !part.operations.contains(one))
                .chain(part.operations.clone())
                .collect(),
            emergency: before.emergency || part.emergency,
            medfee_sumamt_fen: before.medfee_sumamt_fen + part.medfee_sumamt_fen,
            fund_pay_sumamt_fen: before.fund_pay_sumamt_fen + part.fund_pay_sumamt_fen,
            psn_part_amt_fen: before.psn_part_amt_fen + part.psn_part_amt_fen,
            ..part
        })
        .unwrap_or_default()
}

/// The lines of a visit that something is about.
pub fn lines_of<'e>(
    encounter: &'e Encounter,
    numbers: &'e [&str],
) -> impl Iterator<Item = &'e EncounterLine> {
    encounter.lines.iter().filter(|line| {
        let about = |number: &str| numbers.contains(&number);
        about(&line.feedetl_sn) || about(&line.init_feedetl_sn)
    })
}
