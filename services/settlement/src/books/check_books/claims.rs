//! What stands is claimed once, by the settlement that stands, and what shares days is marked.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::db::find_rows;

use super::{Check, PAGE};
use crate::books::domain::claims::{Days, holders, meeting, numbers_in};
use crate::books::messages::claims::{claims_of, days_of, institution_of, owner_of};
use crate::books::messages::parts::header;
use crate::books::store::claims::{self, Claims, Key, Ten, key_of, ten_of};
use crate::books::store::entities::{claim, claimed_line, settlement};
use crate::books::store::settlements::{self, answer_of};

/// A visit that stands.
pub struct Visited {
    setl_id: String,
    days: Days,
    /// Those on the same days that its settlement names.
    marked: BTreeSet<String>,
    /// Of a stay in parts (中途结算) its institution and number, and whether this part stands.
    part: Option<(String, String)>,
    stands: bool,
}

impl Visited {
    /// The visit of a settlement that stands, or a part of a stay; `None` for what is reversed otherwise.
    pub fn of(answer: &Settlement, stands: bool) -> Option<Visited> {
        let info = header(answer);
        let part = (info.setl_part > 0).then(|| (info.fixmedins_code.clone(), info.mdtrt_id.clone()));
        let days = claims_of(answer).rows.iter().find_map(days_of).filter(|_| stands || part.is_some())?;
        let marked = info.same_days.iter().map(|other| other.setl_id.clone()).collect();
        Some(Visited { setl_id: info.setl_id.clone(), days, marked, part, stands })
    }

    /// Whether its settlement names another on the same days.
    pub fn marks(&self, setl_id: &str) -> bool {
        self.marked.contains(setl_id)
    }
}

/// The settlements of each visit that stands, the last that stands at last: of a stay in parts all there were, whose marks count together.
fn by_visit(visited: &[Visited]) -> Vec<Vec<&Visited>> {
    let (parts, whole): (Vec<&Visited>, Vec<&Visited>) = visited.iter().partition(|one| one.part.is_some());
    let mut visits: Vec<Vec<&Visited>> = whole.into_iter().map(|one| vec![one]).collect();
    let mut stays: BTreeMap<&Option<(String, String)>, Vec<&Visited>> = BTreeMap::new();
    parts.into_iter().for_each(|one| stays.entry(&one.part).or_default().push(one));
    visits.extend(stays.into_values());
    visits.iter_mut().for_each(|visit| visit.sort_by_key(|one| (one.stands, one.days.end)));
    visits.retain(|visit| visit.last().is_some_and(|last| last.stands));
    visits
}

/// What is held of what some settlements should hold.
struct Held {
    rows: BTreeMap<Key, claim::Model>,
    lines: BTreeMap<Ten, claimed_line::Model>,
    /// Parts of stays (中途结算) whose visit a later part holds, each with that one.
    passed_on: BTreeSet<(String, String)>,
}

impl Check<'_> {
    /// Compares what settlements hold with what they should; answers which of them stand.
    pub(super) async fn claims(
        &mut self,
        rows: &[settlement::Model],
        answers: &[Settlement],
    ) -> Result<BTreeSet<String>, DbErr> {
        let reversed = self.reversed(rows).await?;
        let settled = rows.iter().zip(answers).filter(|(row, _)| row.reverses_setl_id.is_empty());
        let settled: Vec<(&settlement::Model, Claims)> =
            settled.map(|(row, answer)| (row, of_person(claims_of(answer), self.stays(row)))).collect();
        let mut held = self.held(&settled).await?;
        held.passed_on = self.passed_on(answers, &held).await?;
        let mut standing = BTreeSet::new();
        for (row, claims) in &settled {
            self.owners.insert(row.fixmedins_code.clone());
            let stands = !reversed.contains(&row.setl_id);
            if stands {
                standing.insert(row.setl_id.clone());
            }
            for fault in held.faults(&row.setl_id, claims, stands) {
                self.report(format!("settlement {}: {fault}", row.setl_id));
            }
        }
        Ok(standing)
    }

    async fn held(&self, settled: &[(&settlement::Model, Claims)]) -> Result<Held, DbErr> {
        let keys: BTreeSet<Key> = settled.iter().flat_map(|(_, claims)| &claims.rows).map(key_of).collect();
        let tens: BTreeSet<Ten> = settled.iter().flat_map(|(_, claims)| &claims.lines).map(ten_of).collect();
        let rows = claims::standing(self.db, keys.into_iter().collect()).await?;
        let lines = claims::lines(self.db, tens.into_iter().collect()).await?;
        Ok(Held {
            rows: rows.into_iter().map(|row| (key_of(&row), row)).collect(),
            lines: lines.into_iter().map(|line| (ten_of(&line), line)).collect(),
            passed_on: BTreeSet::new(),
        })
    }

    /// Of parts of stays that do not hold their visit: the later ones that do. Only what stands is held, and only on what stands a part rests.
    async fn passed_on(
        &mut self,
        answers: &[Settlement],
        held: &Held,
    ) -> Result<BTreeSet<(String, String)>, DbErr> {
        let parts = answers.iter().filter(|answer| header(answer).setl_part > 0);
        let keys = parts.flat_map(|part| claims_of(part).rows);
        let holders: BTreeSet<&str> =
            keys.filter_map(|key| held.rows.get(&key_of(&key))).map(|row| row.held_by.as_str()).collect();
        if holders.is_empty() {
            return Ok(BTreeSet::new());
        }
        let keys = holders.into_iter().map(|setl_id| [setl_id.to_owned()]).collect();
        let rows = find_rows::<settlement::Entity, 1>(self.db, [settlement::Column::SetlId], keys).await?;
        let mut passed_on = BTreeSet::new();
        for row in rows {
            let answer = answer_of(&row)?;
            let earlier: Vec<&str> =
                header(&answer).earlier_parts.iter().map(|part| part.setl_id.as_str()).collect();
            let reversed = settlements::reversals_in(self.db, [row.poolarea_no.clone()], &earlier).await?;
            for setl_id in reversed.keys() {
                self.report(format!(
                    "settlement {}: rests on part {setl_id}, which is reversed",
                    row.setl_id
                ));
            }
            passed_on.extend(earlier.into_iter().map(|earlier| (earlier.to_owned(), row.setl_id.clone())));
        }
        Ok(passed_on)
    }

    /// The number of the settlement's person that stays.
    fn stays<'r>(&'r self, row: &'r settlement::Model) -> &'r str {
        self.merged.get(&row.psn_no).unwrap_or(&row.psn_no)
    }

    async fn reversed(&self, rows: &[settlement::Model]) -> Result<BTreeSet<String>, DbErr> {
        let reversed = settlement::Entity::find()
            .select_only()
            .column(settlement::Column::ReversesSetlId)
            .filter(settlement::Column::PoolareaNo.eq(self.poolarea_no))
            .filter(settlement::Column::ReversesSetlId.is_in(rows.iter().map(|row| row.setl_id.as_str())))
            .filter(settlement::Column::ReversesSetlId.ne(""))
            .into_tuple::<String>()
            .all(self.db)
            .await?;
        Ok(reversed.into_iter().collect())
    }

    /// Visits of one person, under whichever number, that share days are named by the one that was settled later.
    pub(super) fn same_days(&mut self, visited: &[Visited]) {
        let mut visits: Vec<(&Visited, Vec<&Visited>)> =
            by_visit(visited).into_iter().filter_map(|visit| Some((*visit.last()?, visit))).collect();
        visits.sort_by_key(|(last, _)| last.days.begin);
        for (at, (one, visit)) in visits.iter().enumerate() {
            let until_then =
                visits[at + 1..].iter().take_while(|(other, _)| other.days.begin <= one.days.end);
            for (other, met) in until_then {
                let marks =
                    |one: &Visited, other: &Visited| one.marks(&other.setl_id) || other.marks(&one.setl_id);
                let marked = visit.iter().any(|one| met.iter().any(|other| marks(one, other)));
                if !marked && meeting(one.days, other.days).is_some() {
                    let (one, other) = (&one.setl_id, &other.setl_id);
                    self.report(format!("settlement {one}: shares days with {other}, and no mark says so"));
                }
            }
        }
    }

    /// Lines of the institutions of this area's settlements are held by settlements that there are, each line by one.
    pub(super) async fn of_institutions(&mut self) -> Result<(), DbErr> {
        for owner in std::mem::take(&mut self.owners) {
            self.fees(&owner).await?;
            let mut behind: Option<String> = None;
            loop {
                let lines = claims::lines_behind(self.db, &owner, behind.as_deref(), PAGE).await?;
                let Some(last) = lines.last() else { break };
                behind = Some(last.ten.clone());
                self.holders_of(&lines).await?;
            }
        }
        Ok(())
    }

    async fn holders_of(&mut self, lines: &[claimed_line::Model]) -> Result<(), DbErr> {
        let named = lines.iter().flat_map(|line| holders(&line.held_by));
        let named: BTreeSet<&str> = named.map(|(setl_id, _)| setl_id).collect();
        let known = settlements::known(self.db, named.iter().copied()).await?;
        let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
        for setl_id in named.difference(&known) {
            self.report(format!("settlement {setl_id}: holds lines and is gone"));
        }
        for line in lines {
            let held: i64 = holders(&line.held_by).map(|(_, digits)| digits).sum();
            if held != line.digits {
                let (owner, ten) = (&line.owner, &line.ten);
                self.report(format!(
                    "lines {ten} of institution {owner}: what is held is not what its holders hold"
                ));
            }
        }
        Ok(())
    }
}

impl Held {
    /// What is wrong with what a settlement holds, which stands or is reversed.
    fn faults(&self, setl_id: &str, claims: &Claims, stands: bool) -> Vec<String> {
        let rows = claims.rows.iter().filter_map(|row| {
            let (number, held) = (&row.number, self.rows.get(&key_of(row)));
            let own = held.is_some_and(|held| held.held_by == row.held_by);
            match held {
                _ if own && !stands => Some(format!("is reversed and holds its visit {number} still")),
                Some(held) if own && held != row => {
                    Some(format!("holds its visit {number} of other days or persons"))
                }
                Some(held)
                    if !own && self.passed_on.contains(&(setl_id.to_owned(), held.held_by.clone())) =>
                {
                    None
                }
                Some(held) if !own && stands => {
                    Some(format!("its visit {number} stands in settlement {} too", held.held_by))
                }
                None if stands => Some(format!("its visit {number} is claimed by nobody")),
                _ => None,
            }
        });
        let lines = claims.lines.iter().filter_map(|line| {
            let held = self.lines.get(&ten_of(line)).map(|held| held.held_by.as_str()).unwrap_or_default();
            let own = holders(held).any(|(holder, digits)| holder == setl_id && digits == line.digits);
            let other =
                holders(held).find(|(holder, digits)| *holder != setl_id && digits & line.digits != 0);
            let numbers = numbers_in(&line.ten, line.digits).join(", ");
            match other {
                _ if own && !stands => Some(format!("is reversed and holds its lines {numbers} still")),
                _ if own || !stands => None,
                Some((other, digits)) => {
                    let numbers = numbers_in(&line.ten, digits & line.digits).join(", ");
                    Some(format!("its lines {numbers} stand in settlement {other} too"))
                }
                None => Some(format!("its lines {numbers} are claimed by nobody")),
            }
        });
        rows.chain(lines).collect()
    }
}

/// Visits are compared under the number of their person that stays.
fn of_person(mut claims: Claims, psn_no: &str) -> Claims {
    for visit in &mut claims.rows {
        psn_no.clone_into(&mut visit.psn_no);
        if institution_of(visit).is_empty() {
            visit.owner = owner_of("", (&visit.poolarea_no, psn_no)).into_owned();
        }
    }
    claims
}
