//! Plans, selections and their lists as they are kept.

use prost::Message;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr};
use yizhan_proto::audit::v1::Selection;
use yizhan_runtime::clock::parse_date;
use yizhan_terms::Area;

use super::domain::plan::{Plan, PlanKind, Seen, key};
use super::domain::selection::List;
use crate::cases::INSPECTION;
use crate::records::{self, Column, Kept, Model};

impl Kept for Plan {
    const KINDS: &'static [i32] = &[1];

    fn area(&self) -> &str {
        self.area.as_str()
    }

    fn row(&self) -> Result<Model, DbErr> {
        Ok(Model {
            id: self.id.clone(),
            kind: 1,
            area: self.area.into(),
            subject: key(self.year, self.kind),
            state: if self.withdrawn { 2 } else { 1 },
            version: self.version,
            record: records::json(self)?,
            ..Model::default()
        })
    }

    fn read(record: &[u8]) -> Result<Plan, DbErr> {
        records::from_json(record)
    }
}

/// A selection is kept as it is told to who may see all of it, without its list and what was drawn.
impl Kept for Selection {
    const KINDS: &'static [i32] = &[2];

    fn area(&self) -> &str {
        &self.area
    }

    fn row(&self) -> Result<Model, DbErr> {
        Ok(Model {
            id: self.selection_id.clone(),
            kind: 2,
            area: self.area.clone(),
            state: self.state,
            version: self.version,
            record: self.encode_to_vec(),
            ..Model::default()
        })
    }

    fn read(record: &[u8]) -> Result<Selection, DbErr> {
        Selection::decode(record).map_err(|error| DbErr::Type(error.to_string()))
    }
}

/// A list has no steps of its own: the digest of it stands in those of its selection.
impl Kept for List {
    const KINDS: &'static [i32] = &[3];

    fn area(&self) -> &str {
        ""
    }

    fn row(&self) -> Result<Model, DbErr> {
        let record = records::json(self)?;
        Ok(Model { id: List::id(&self.selection_id), kind: 3, record, ..Model::default() })
    }

    fn read(record: &[u8]) -> Result<List, DbErr> {
        records::from_json(record)
    }
}

/// What checks make of their subjects, of a plan; one that was cancelled is of no plan.
pub async fn seen(db: &impl ConnectionTrait, plan_id: &str) -> Result<Vec<(String, Seen)>, DbErr> {
    let of = Condition::all().add(Column::Kind.eq(INSPECTION)).add(Column::Parent.eq(plan_id));
    let seen =
        |(code, case_id, day): (String, String, String)| (code, Seen { on: parse_date(&day), case_id });
    Ok(records::subjects(db, of).await?.into_iter().map(seen).collect())
}

/// The plan of a kind that an area has for a year.
pub async fn of_year(
    db: &impl ConnectionTrait,
    area: Area,
    (year, kind): (i32, PlanKind),
) -> Result<Option<Plan>, DbErr> {
    let of =
        records::of::<Plan>().add(Column::Area.eq(area.as_str())).add(Column::Subject.eq(key(year, kind)));
    Ok(records::all::<Plan>(db, of).await?.into_iter().find(|plan| !plan.withdrawn))
}
