//! Takes a step in the life of a filing: 受理, 办结, 不予备案, 退回补正, 补充材料, 转办, 撤回, 取消. Of two that take one at once, one does, and the
//! other is told what it finds.

use yizhan_proto::filing::v1::{AdvanceFilingRequest, AdvanceFilingResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};
use yizhan_terms::Area;
use yizhan_workflow::is_reason;

use crate::app::{Done, Register, Write};
use crate::filings::actors::{actor, check_opter, filing_unknown, may_see, occasion, relation};
use crate::filings::changes::{self, Held};
use crate::filings::domain::filing::Filing;
use crate::filings::domain::step::Action;
use crate::filings::domain::steps::table::Role;
use crate::filings::domain::steps::{Step, asked, says_why, take};
use crate::filings::messages::filing_message;
use crate::filings::store;
use crate::filings::submission::{check_kinds, read_materials};

/// Checks what can be checked without the state of the filing, and takes the step.
pub async fn advance_filing(
    register: &Register,
    caller: &Caller,
    mut request: AdvanceFilingRequest,
) -> Result<AdvanceFilingResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(register, &key).await? {
        return Ok(answer);
    }
    let found = store::find(&register.db, &request.filing_id).await?;
    let filing = found.filter(|filing| may_know(caller, &request.opter, filing));
    let filing = filing.ok_or_else(|| filing_unknown(&request.filing_id))?;
    let step = read(caller, &request, &filing, wrong)?;
    let advance = Advance { caller, request: &request, step };
    once::once(register, &key, |write| Box::pin(advance.write(write))).await
}

/// Any window may hand in papers for a filing it cannot look up: the person stands in front of it.
fn may_know(caller: &Caller, opter: &str, filing: &Filing) -> bool {
    may_see(caller, filing) || relation(caller, opter, filing).roles.contains(&Role::Filer)
}

/// The step as asked for; everything wrong at once. What a filing asks for never changes, so papers are checked against it here.
fn read(
    caller: &Caller,
    request: &AdvanceFilingRequest,
    filing: &Filing,
    mut wrong: Violations,
) -> Result<Step, ServiceError> {
    let action = wrong.some(asked(request.action), "action", Reason::ActionUnknown);
    check_opter(caller, &request.opter, &mut wrong);
    let given = !action.is_some_and(says_why) || !request.reason.trim().is_empty();
    wrong.require(given, "reason", Reason::ReasonRequired);
    wrong.require(is_reason(&request.reason), "reason", Reason::ReasonInvalid);
    let materials = if action == Some(Action::Supply) {
        let needed = Reason::Required.saying("请提交要补充的材料");
        wrong.require(!request.materials.is_empty(), "materials", needed);
        let materials = read_materials(&request.materials, caller, &mut wrong);
        check_kinds(&materials, &filing.requirements, &mut wrong);
        materials
    } else {
        let idle = Reason::FieldNotExpected.saying("只有补充材料时填写");
        wrong.require(request.materials.is_empty(), "materials", idle);
        Vec::new()
    };
    let to_area = if action == Some(Action::HandOver) {
        let office = Area::parse(&request.to_area).filter(|area| *area != Area::NATION);
        wrong.some(office, "to_area", Reason::AreaInvalid)
    } else {
        let idle = Reason::FieldNotExpected.saying("只有转办时填写");
        wrong.require(request.to_area.is_empty(), "to_area", idle);
        None
    };
    let (reason, materials) = (request.reason.clone(), materials.into_iter().flatten().collect());
    wrong.finish(action.map(|action| Step { action, reason, materials, to_area }))
}

/// A step to be taken.
struct Advance<'a> {
    caller: &'a Caller,
    request: &'a AdvanceFilingRequest,
    step: Step,
}

impl Advance<'_> {
    async fn write(
        &self,
        Write { tx, service: register, .. }: Write<'_>,
    ) -> Result<Done<AdvanceFilingResponse>, ServiceError> {
        let (held, filing) = self.hold(tx).await?;
        let replaced = match &filing.replaces {
            Some(old) => store::find(tx, old).await?.filter(|old| old.psn_no == filing.psn_no),
            None => None,
        };
        check_version(&filing, self.request.version)?;
        let opter = self.request.opter.as_str();
        let occasion = occasion(register, actor(self.caller, opter));
        let relation = relation(self.caller, opter, &filing);
        let taken = take(filing, &self.step, &relation, replaced, &occasion)?;
        // Its own step is the first one.
        let after =
            taken.first().map(|step| Filing { version: step.after.version + 1, ..step.after.clone() });
        let rules = register.rules.current();
        let filing = after.map(|after| filing_message(&after, &rules, occasion.today));
        let changed = changes::record(tx, register, held, taken).await?;
        Ok(Done { answer: AdvanceFilingResponse { filing, replayed: false }, changed })
    }

    /// The filing as it is once nobody else can change it.
    async fn hold(&self, tx: &DatabaseTransaction) -> Result<(Held, Filing), ServiceError> {
        let filing_id = &self.request.filing_id;
        let unknown = || filing_unknown(filing_id);
        let before = store::find(tx, filing_id).await?.ok_or_else(unknown)?;
        let held = Held::lock(tx, vec![before.psn_no.clone()]).await?;
        let filing = store::find(tx, filing_id).await?.ok_or_else(unknown)?;
        if filing.psn_no != before.psn_no {
            // The person's record was merged into another in between: begins again.
            return Err(changed_hands());
        }
        if !may_know(self.caller, &self.request.opter, &filing) {
            return Err(unknown());
        }
        Ok((held, filing))
    }
}

/// Who decides decides on what they saw. 0: whatever it is now.
fn check_version(filing: &Filing, known: i32) -> Result<(), ServiceError> {
    let current = filing.version;
    if known == 0 || known == current {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::FilingVersionStale,
        format!("the filing is at version {current}, the request at {known}"),
    )
    .with_text("该备案已有新的变动，请重新查看后再办理")
    .with("known", known)
    .with("current", current))
}

fn changed_hands() -> ServiceError {
    ServiceError::new(Reason::ConcurrentChange, "the filing moved to another person")
        .with_text("数据正在被修改，请重试")
}
