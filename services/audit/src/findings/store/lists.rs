//! Pages of findings, by area, last day of the visit and jr_id.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use yizhan_terms::Area;

use super::{Column, Entity, Model};
use crate::findings::domain::State;

/// Which of them.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The area that paid, with everything inside it; `None`: any.
    pub area: Option<Area>,
    /// Only of this institution.
    pub institution: Option<String>,
    /// Only by this rule.
    pub rule_id: Option<String>,
    /// Only in this state.
    pub state: Option<State>,
    /// Those of rules that are being tried, or the others.
    pub shadow: bool,
}

/// A page behind one of them.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    after: Option<[String; 3]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let area = wanted.area.map(Area::codes);
    let area = area.map(|codes| Column::PoolareaNo.between(codes.start().as_str(), codes.end().as_str()));
    // As the index finding_open says it, word for word.
    let state = wanted.state.map(|state| Expr::cust(format!("state = {}", state.number())));
    let condition = Condition::all()
        .add(Column::Shadow.eq(wanted.shadow))
        .add_option(area)
        .add_option(state)
        .add_option(wanted.institution.as_ref().map(|code| Column::FixmedinsCode.eq(code)))
        .add_option(wanted.rule_id.as_ref().map(|rule| Column::RuleId.eq(rule)));
    let mut page =
        Entity::find().filter(condition).cursor_by((Column::PoolareaNo, Column::Enddate, Column::JrId));
    if let Some([poolarea_no, enddate, jr_id]) = after {
        page.after((poolarea_no, enddate, jr_id));
    }
    page.first(limit).all(db).await
}
