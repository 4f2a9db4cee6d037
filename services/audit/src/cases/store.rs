//! Cases as they are kept, and which of them lists ask for.

use prost::Message;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DbErr};
use yizhan_proto::audit::v1::Case as Told;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_terms::Area;
use yizhan_workflow::Overdue;

use super::domain::{CASES, Case, Kind, Role, State};
use crate::records::{self, Column, Kept, Model};

/// [`Model::kind`] of cases is that of the contract behind this.
const CASE: i32 = 10;
/// [`Model::kind`] of checks.
pub const INSPECTION: i32 = CASE + Kind::Inspection.number();
/// Samples of a selection at most.
const MAX_SAMPLES: u64 = 20_000;
/// [`Model::kind`] of samples.
pub const SAMPLE: i32 = CASE + Kind::Sample.number();

impl Kept for Case {
    const KINDS: &'static [i32] = &[CASE + Kind::Recovery.number(), INSPECTION, SAMPLE];

    fn area(&self) -> &str {
        &self.told.poolarea_no
    }

    fn row(&self) -> Result<Model, DbErr> {
        let Case { told, inside } = self;
        let (check, sample) = (told.inspection.as_ref(), told.sample.as_ref());
        let county = check.map(|check| check.admdvs.clone()).unwrap_or_default();
        let parent = check.map(|check| &check.plan_id).or(sample.map(|sample| &sample.selection_id));
        // A check that was cancelled counts for no plan.
        let parent = parent.filter(|_| self.state() != State::Cancelled).cloned();
        let mut record = told.encode_length_delimited_to_vec();
        record.extend(records::json(inside)?);
        Ok(Model {
            id: told.case_id.clone(),
            kind: CASE + told.kind,
            area: inside.area.into(),
            parent: parent.unwrap_or_default(),
            subject: if county.is_empty() { told.fixmedins_code.clone() } else { county },
            day: check.map(|check| check.result_on.clone()).unwrap_or_default(),
            state: told.state,
            is_told: self.is_told(),
            clock_from: inside.clock_from.to_string(),
            working_days: inside.working_days.cast_signed(),
            version: told.version,
            record,
        })
    }

    fn read(mut record: &[u8]) -> Result<Case, DbErr> {
        let told =
            Told::decode_length_delimited(&mut record).map_err(|error| DbErr::Type(error.to_string()))?;
        Ok(Case { told, inside: records::from_json(record)? })
    }
}

/// Which cases are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'w> {
    /// Of this area and what lies inside it.
    pub area: Option<Area>,
    /// Of this institution.
    pub institution: Option<&'w str>,
    /// Only those that the institution was told of.
    pub is_told: bool,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only those of this plan or selection.
    pub parent: Option<&'w str>,
}

impl Wanted<'_> {
    /// As a condition.
    pub fn all(&self) -> Condition {
        records::of::<Case>()
            .add_option(self.area.map(|area| Column::Area.starts_with(area.prefix())))
            .add_option(self.institution.map(|code| Column::Subject.eq(code)))
            .add_option(self.is_told.then(|| Column::IsTold.eq(true)))
            .add_option(self.kind.map(|kind| Column::Kind.eq(CASE + kind.number())))
            .add_option(self.parent.map(|parent| Column::Parent.eq(parent)))
    }
}

/// The states in which cases wait for officers.
pub fn queued() -> Vec<State> {
    CASES.waits_for(&Role::OFFICERS)
}

/// Standing in one of these.
pub fn stand_at(states: &[State]) -> Expr {
    Column::State.is_in(states.iter().map(|state| state.number()))
}

/// Appealable cases that are over by these: they wait for officers, whether or not anybody has noted it.
pub fn silent(over: &[Overdue<Area>]) -> Condition {
    Condition::all().add(stand_at(&[State::Appealable])).add(records::late(over))
}

/// Appealable cases whose last day is over, some of them, nobody else changing them until the transaction ends.
pub async fn hold_silent(
    tx: &DatabaseTransaction,
    over: &[Overdue<Area>],
    limit: u64,
) -> Result<Vec<Case>, DbErr> {
    records::held(tx, records::of::<Case>().add(silent(over)), limit).await
}

/// Samples of a selection that nobody has reviewed, nobody else changing them until the transaction ends.
pub async fn hold_unreviewed(tx: &DatabaseTransaction, selection_id: &str) -> Result<Vec<Case>, DbErr> {
    let of = Wanted { kind: Some(Kind::Sample), parent: Some(selection_id), ..Wanted::default() };
    let wanted = of.all().add(stand_at(&[State::Sampled]));
    let samples = records::held::<Case>(tx, wanted, MAX_SAMPLES).await?;
    Ok(samples.into_iter().filter(|sample| sample.told.opinions.is_empty()).collect())
}
