//! Opens a transfer.

use yizhan_proto::enrollment::v1::{StartTransferRequest, StartTransferResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, is_psn_no};

use super::advance::take;
use crate::app::{Done, Register, Write, person_merged, person_unknown};
use crate::person::store::timelines::{self, StoredTimeline};
use crate::transfers::domain::codes::Direction;
use crate::transfers::domain::{Action, Initiator, Side, Sides, State, Taken, finish, next};
use crate::transfers::messages;
use crate::transfers::parties::{check_reason, due_now, sides, transfer_open};
use crate::transfers::store::entities::transfer;
use crate::transfers::store::transfers;

/// 免申即转.
const WITHOUT_APPLICATION: &str = "99";

/// By an agency of the initiating side, or by the person.
pub async fn start_transfer(
    register: &Register,
    caller: &Caller,
    mut request: StartTransferRequest,
) -> Result<StartTransferResponse, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let start = checked(caller, &request, violations)?;
    once::once(register, &key, |write| Box::pin(start.write(write))).await
}

fn checked<'a>(
    caller: &Caller,
    request: &'a StartTransferRequest,
    mut violations: Violations,
) -> Result<Start<'a>, ServiceError> {
    let unknown = Reason::CodeUnknown.saying("业务流程编码应为 T21 转入地发起或 T22 转出地发起");
    let initiator = violations.some(Initiator::from_code(&request.biz_prcs_codg), "biz_prcs_codg", unknown);
    violations.require(is_psn_no(&request.psn_no), "psn_no", Reason::PsnNoInvalid);
    for (field, area) in
        [("from_poolarea_no", &request.from_poolarea_no), ("to_poolarea_no", &request.to_poolarea_no)]
    {
        violations.require(Area::parse(area).is_some(), field, Reason::AreaInvalid);
    }
    let unknown = Reason::CodeUnknown.saying("转移方向应为 11、12、41 或 42");
    let direction = violations.some(Direction::from_code(&request.traf_prot_dirc), "traf_prot_dirc", unknown);
    let moves =
        request.from_poolarea_no != request.to_poolarea_no || direction.is_none_or(Direction::switches);
    violations.require(moves, "to_poolarea_no", Reason::TransferNowhere);
    let mode_fits = ["", WITHOUT_APPLICATION].contains(&request.trans_mode.as_str());
    violations.require(mode_fits, "trans_mode", Reason::CodeUnknown.saying("转移方式应为 99 免申即转或不填"));
    check_reason(&request.reason, false, &mut violations);
    let (initiator, direction) = violations.finish(initiator.zip(direction))?;
    let sides = sides(caller, &request.from_poolarea_no, &request.to_poolarea_no, &request.psn_no);
    let agency = sides.has(initiator.side());
    if !agency && (!sides.person || request.trans_mode == WITHOUT_APPLICATION) {
        return Err(ServiceError::area_not_owned(""));
    }
    let side = if agency { initiator.side() } else { Side::Person };
    Ok(Start { request, initiator, direction, sides, side })
}

/// A transfer to be opened.
struct Start<'a> {
    request: &'a StartTransferRequest,
    initiator: Initiator,
    direction: Direction,
    sides: Sides,
    side: Side,
}

impl Start<'_> {
    async fn write(
        &self,
        write @ Write { tx, service: register, .. }: Write<'_>,
    ) -> Result<Done<StartTransferResponse>, ServiceError> {
        self.check_person(tx, register).await?;
        let mut row = self.opened();
        let position = row.position();
        let reason = self.request.reason.clone();
        let opened = Taken { after: position, from: None, action: Action::Start, actor: self.side, reason };
        transfers::insert(tx, &row).await?;
        take(write, &mut row, opened).await?;
        if self.request.trans_mode == WITHOUT_APPLICATION {
            let step = next(position, Action::GenerateNotice, self.sides);
            let (after, side) = step.map_err(|_| ServiceError::area_not_owned(""))?;
            let (action, from) = (Action::GenerateNotice, Some(position.state));
            let noticed = Taken { after, from, action, actor: side, reason: String::new() };
            take(write, &mut row, noticed).await?;
        }
        let steps = transfers::steps(tx, &row.transfer_id).await?;
        let due = due_now(register);
        let transfer = Some(messages::whole(&row, steps, self.sides, &due)?);
        Ok(Done { answer: StartTransferResponse { transfer, replayed: false }, changed: Vec::new() })
    }

    /// The lock on the person lets one of two through who open a transfer at once.
    async fn check_person(&self, tx: &DatabaseTransaction, register: &Register) -> Result<(), ServiceError> {
        let psn_no = &self.request.psn_no;
        let held = timelines::lock(tx, [psn_no.clone()]).await?.remove(psn_no);
        let held = held.filter(|held| self.is_of_here(held)).ok_or_else(|| person_unknown(psn_no))?;
        if let Some(other) = &held.timeline.merged_into {
            return Err(person_merged(psn_no, other));
        }
        if let Some(open) = transfers::find_open(tx, &[psn_no]).await? {
            return Err(transfer_open(&open));
        }
        if held.timeline.person.die_date.is_some()
            || !finish::holds(&held.timeline, self.direction, register.clock.today())
        {
            return Err(super::finish::nothing_held());
        }
        if finish::is_retired(&held.timeline, self.direction) {
            return Err(super::finish::retired());
        }
        Ok(())
    }

    /// The sending area keeps the register; or the receiving area does, which enrolled the person first, and the sending area paid before.
    fn is_of_here(&self, held: &StoredTimeline) -> bool {
        let StartTransferRequest { from_poolarea_no, to_poolarea_no, .. } = self.request;
        let paid_there = || {
            let from_area = Area::parse(from_poolarea_no);
            from_area.is_some_and(|area| finish::paid_there(&held.timeline, self.direction, area).is_some())
        };
        let kept_by = held.poolarea_no.as_str();
        kept_by == from_poolarea_no || kept_by == to_poolarea_no && paid_there()
    }

    fn opened(&self) -> transfer::Model {
        let request = self.request;
        transfer::Model {
            transfer_id: new_id(),
            psn_no: request.psn_no.clone(),
            from_poolarea_no: request.from_poolarea_no.clone(),
            to_poolarea_no: request.to_poolarea_no.clone(),
            biz_prcs_codg: self.initiator,
            traf_prot_dirc: self.direction,
            trans_mode: request.trans_mode.clone(),
            node_codg: String::new(),
            state: State::Applied,
            locked_state: None,
            locked_side: None,
            step_count: 0,
            statement: Vec::new(),
            result: Vec::new(),
            waiting_since: None,
        }
    }
}
