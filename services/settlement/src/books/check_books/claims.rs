//! What stands is claimed once, by the settlement that stands, and what shares days is marked.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use yizhan_proto::settlement::v1::Settlement;

use super::Check;
use crate::books::domain::claims::{Days, Kind, meeting};
use crate::books::messages::claims::{claims_of, days_of};
use crate::books::messages::parts::header;
use crate::books::store::claims;
use crate::books::store::entities::{claim, settlement};

/// A visit that stands.
pub struct Visited {
    setl_id: String,
    days: Days,
    /// Those on the same days that its settlement names.
    marked: BTreeSet<String>,
}

impl Visited {
    /// The visit of a settlement.
    pub fn of(answer: &Settlement) -> Option<Visited> {
        let info = header(answer);
        let days = claims_of(answer).iter().find_map(days_of)?;
        let marked = info.same_days.iter().map(|other| other.setl_id.clone()).collect();
        Some(Visited { setl_id: info.setl_id.clone(), days, marked })
    }
}

impl Check<'_> {
    /// Compares what settlements claim with what they should; answers which of them stand.
    pub(super) async fn claims(
        &mut self,
        rows: &[settlement::Model],
        answers: &[Settlement],
    ) -> Result<BTreeSet<String>, DbErr> {
        let settled: Vec<(&str, Vec<claim::Model>)> = rows
            .iter()
            .zip(answers)
            .filter(|(row, _)| row.reverses_setl_id.is_empty())
            .map(|(row, answer)| (row.setl_id.as_str(), of_person(claims_of(answer), &row.psn_no)))
            .collect();
        let reversed = self.reversed(rows).await?;
        let keys: BTreeSet<[&String; 3]> =
            settled.iter().flat_map(|(_, claims)| claims.iter().map(key)).collect();
        let keys = keys.into_iter().map(|key| key.map(String::clone)).collect();
        let standing = claims::standing(self.db, keys).await?;
        let held: BTreeMap<[&String; 3], &claim::Model> =
            standing.iter().map(|claim| (key(claim), claim)).collect();
        for (setl_id, claims) in &settled {
            for claim in claims {
                let what = if claim.kind == Kind::Visit.code() { "visit" } else { "line" };
                let (stands, held) = (!reversed.contains(*setl_id), held.get(&key(claim)));
                match held {
                    Some(held) if *held == claim && stands => {}
                    Some(held) if held.held_by == claim.held_by && stands => self.report(format!(
                        "settlement {setl_id}: the claim on its {what} {} is not of its days or person",
                        claim.number
                    )),
                    Some(held) if held.held_by == claim.held_by => self.report(format!(
                        "settlement {setl_id}: is reversed and holds its {what} {} still",
                        claim.number
                    )),
                    Some(held) if stands => self.report(format!(
                        "settlement {setl_id}: its {what} {} stands in settlement {} too",
                        claim.number, held.held_by
                    )),
                    None if stands => self.report(format!(
                        "settlement {setl_id}: its {what} {} is claimed by nobody",
                        claim.number
                    )),
                    _ => {}
                }
            }
        }
        let standing = settled.iter().map(|(setl_id, _)| (*setl_id).to_owned());
        Ok(standing.filter(|setl_id| !reversed.contains(setl_id)).collect())
    }

    async fn reversed(&self, rows: &[settlement::Model]) -> Result<BTreeSet<String>, DbErr> {
        let persons: BTreeSet<&str> = rows.iter().map(|row| row.psn_no.as_str()).collect();
        let reversed = settlement::Entity::find()
            .select_only()
            .column(settlement::Column::ReversesSetlId)
            .filter(settlement::Column::PoolareaNo.eq(self.poolarea_no))
            .filter(settlement::Column::PsnNo.is_in(persons))
            .filter(settlement::Column::ReversesSetlId.ne(""))
            .into_tuple::<String>()
            .all(self.db)
            .await?;
        Ok(reversed.into_iter().collect())
    }

    /// Visits of one person that share days are named by the one that was settled later.
    pub(super) fn same_days(&mut self, visited: &[Visited]) {
        for (at, one) in visited.iter().enumerate() {
            for other in &visited[at + 1..] {
                let marked = one.marked.contains(&other.setl_id) || other.marked.contains(&one.setl_id);
                if !marked && meeting(one.days, other.days).is_some() {
                    let (one, other) = (&one.setl_id, &other.setl_id);
                    self.report(format!(
                        "settlement {one}: shares days with settlement {other}, and no mark says so"
                    ));
                }
            }
        }
    }
}

/// Visits are compared under the number that the settlement is kept under.
fn of_person(mut claims: Vec<claim::Model>, psn_no: &str) -> Vec<claim::Model> {
    let visits = claims.iter_mut().filter(|claim| claim.kind == Kind::Visit.code());
    visits.for_each(|visit| psn_no.clone_into(&mut visit.psn_no));
    claims
}

fn key(claim: &claim::Model) -> [&String; 3] {
    [&claim.kind, &claim.owner, &claim.number]
}
