//! 违约: what is not repaid by the last day of grace.

use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};
use yizhan_proto::settlement::v1::{DeclareDefaultsRequest, DeclareDefaultsResponse, DeferralState as State};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, ServiceError};
use yizhan_terms::Area;

use crate::app::App;
use crate::books::store::deferrals::{self, Column, Entity};

/// Declared at a time at most.
pub const MAX_DEFAULTS: u64 = 500;

/// Declares those of an area.
pub async fn declare_defaults(
    app: &App,
    caller: &Caller,
    mut request: DeclareDefaultsRequest,
) -> Result<DeclareDefaultsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    let area = Fields::of(&mut wrong).area("poolarea_no", &request.poolarea_no);
    let area = wrong.finish(area)?;
    caller.check_manages(&request.poolarea_no)?;
    once::once(app, &key, |write| Box::pin(declare(write, area))).await
}

async fn declare(
    Write { tx, service: app, .. }: Write<'_, '_, App>,
    area: Area,
) -> Result<Done<DeclareDefaultsResponse, ()>, ServiceError> {
    let wanted = || {
        Condition::all()
            .add(Column::PoolareaNo.starts_with(area.prefix()))
            .add(Column::State.eq(i32::from(State::Open)))
            .add(Column::Defaulted.eq(false))
            .add(Column::GraceUntil.lt(app.clock.today().to_string()))
    };
    let mut deferral_ids = Vec::new();
    for mut of in deferrals::hold_all(tx, wanted(), MAX_DEFAULTS).await? {
        deferrals::write(tx, &mut of, Vec::new(), app.clock.now()).await?;
        deferral_ids.push(of.deferral_id);
    }
    let left = Entity::find().filter(wanted()).count(tx).await?;
    let left = i64::try_from(left).unwrap_or(i64::MAX);
    Ok(Done { answer: DeclareDefaultsResponse { deferral_ids, left, replayed: false }, changed: () })
}
