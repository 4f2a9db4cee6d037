//! 记分: what one check found of one practitioner.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{
    DecidePointsRequest, DecidePointsResponse, Entry, EntryKind, PointsAct, SubjectKind,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;
use yizhan_workflow::is_reason;

use super::changes::Held;
use super::messages::{self, qualification};
use super::register::entry;
use crate::app::Credit;
use crate::ledger::{self, is_code, same, standing};
use crate::officer::check_opter;
use crate::proposals::{self, Named};
use crate::schemes::not_in_force;
use crate::schemes::points::{Points, Responsibility};

/// Acts in one decision at most.
const MAX_ACTS: usize = 50;
/// Acts that give no points at most.
const MAX_DISMISSED: usize = 200;
/// Items of an act at most.
const MAX_ITEMS: usize = 10;
/// Longest act_id.
const MAX_ACT_ID: usize = 64;

/// Begins a matter.
pub async fn decide_points(
    credit: &Credit,
    caller: &Caller,
    mut request: DecidePointsRequest,
) -> Result<DecidePointsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    wrong.require(is_code(&request.practitioner_code), "practitioner_code", Reason::Characters);
    wrong.require(!request.basis.trim().is_empty(), "basis", Reason::Required);
    wrong.require(is_reason(&request.basis), "basis", Reason::ReasonInvalid);
    let case = request.case_id.is_empty() || is_code(&request.case_id);
    wrong.require(case, "case_id", Reason::Characters);
    let fits = (1..=MAX_ACTS).contains(&request.acts.len());
    wrong.require(fits, "acts", Reason::CountInvalid.saying("每次 1 至 50 个行为"));
    check_dismissed(&request, &mut wrong);
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    fields.code("fixmedins_code", &request.fixmedins_code, is_fixmedins_code);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("decided_on", &request.decided_on, past);
    let day = day.map(|day| day.unwrap_or(today));
    let Some((area, day)) = area.zip(day) else { return Err(refused(wrong)) };
    caller.check_manages(&request.poolarea_no)?;
    let schemes = credit.schemes.current();
    let scheme = schemes.find::<Points>(area, day).map_err(not_in_force)?;
    let acts = request.acts.iter().take(MAX_ACTS).enumerate().map(|(at, act)| {
        let prefix = format!("acts[{at}].");
        judged(act, &scheme.rule, day, &mut Fields::within(&prefix, &mut wrong))
    });
    let acts: Vec<_> = acts.collect();
    let acts = wrong.finish(acts.into_iter().collect::<Option<Vec<_>>>())?;
    let place = (request.poolarea_no.as_str(), request.fixmedins_code.as_str(), request.opter.as_str());
    let entries = request.acts.iter().zip(acts).map(|(act, (item, points))| Entry {
        kind: EntryKind::PointsDecided.into(),
        item,
        value: points.to_string(),
        basis: request.basis.clone(),
        case_id: request.case_id.clone(),
        decision_no: request.decision_no,
        responsibility: act.responsibility,
        occurred_on: act.occurred_on.clone(),
        act_id: act.act_id.clone(),
        scheme: scheme.id.clone(),
        note: note(act).to_owned(),
        ..entry(caller, place, day)
    });
    let dismissed = request.dismissed.iter().map(|act| Entry {
        kind: EntryKind::ActClosed.into(),
        matter_id: act.act_id.clone(),
        basis: request.basis.clone(),
        case_id: request.case_id.clone(),
        decision_no: request.decision_no,
        act_id: act.act_id.clone(),
        note: act.reason.clone(),
        ..entry(caller, place, day)
    });
    let (code, decided) =
        (&request.practitioner_code, &Decided { acts: entries.collect(), dismissed: dismissed.collect() });
    once::once(credit, &key, |write| Box::pin(decided.write(write, caller, code))).await
}

/// Acts that give no points, each once, with the reason; only of a proposal.
fn check_dismissed(request: &DecidePointsRequest, wrong: &mut Violations) {
    let dismissed = &request.dismissed;
    let by_case = dismissed.is_empty() || !request.case_id.is_empty();
    wrong.require(by_case, "dismissed", Reason::FieldNotExpected);
    let fits = dismissed.len() <= MAX_DISMISSED;
    wrong.require(fits, "dismissed", Reason::TooMany.saying("最多 200 个行为"));
    let mut seen: BTreeSet<&str> = request.acts.iter().map(|act| act.act_id.as_str()).collect();
    for (at, act) in dismissed.iter().take(MAX_DISMISSED).enumerate() {
        let field = |name: &str| format!("dismissed[{at}].{name}");
        let once = is_code(&act.act_id) && seen.insert(&act.act_id);
        wrong.require(once, field("act_id"), Reason::Characters.saying("代码应为 1 至 30 位，且不重复"));
        wrong.require(!act.reason.trim().is_empty(), field("reason"), Reason::ReasonRequired);
        wrong.require(is_reason(&act.reason), field("reason"), Reason::ReasonInvalid);
    }
}

/// Item and points of an act: of its items the one that gives most.
pub fn judged(
    act: &PointsAct,
    scheme: &Points,
    day: NaiveDate,
    fields: &mut Fields,
) -> Option<(String, u32)> {
    let named =
        (1..=MAX_ACT_ID).contains(&act.act_id.len()) && act.act_id.bytes().all(|b| b.is_ascii_graphic());
    fields.require(named, "act_id", Reason::Characters.saying("1 至 64 位可见 ASCII 字符"));
    fields.past_date("occurred_on", &act.occurred_on, day);
    let count = (1..=MAX_ITEMS).contains(&act.items.len());
    fields.require(count, "items", Reason::CountInvalid.saying("1 至 10 个情形"));
    let items: Option<Vec<_>> = act.items.iter().map(|name| scheme.item(name)).collect();
    let items = fields.some(items, "items", Reason::CodeUnknown);
    let responsibility =
        fields.some(Responsibility::of(act.responsibility), "responsibility", Reason::CodeUnknown);
    let (items, responsibility) = (items?, responsibility?);
    // The first of equals.
    let item = items.into_iter().rev().max_by_key(|item| item.band)?;
    let given = scheme.given(item, responsibility);
    let asked = u32::try_from(act.points).unwrap_or(u32::MAX);
    let points = if asked == 0 { given } else { asked };
    let allowed = scheme.allowed(given, act.disclosed, act.instigated);
    if !allowed.contains(&points) {
        let told = format!("该情形应记 {} 至 {} 分", allowed.start(), allowed.end());
        fields.wrong("points", Reason::PointsOutsideBand.saying(told));
        return None;
    }
    Some((item.item.clone(), points))
}

fn note(act: &PointsAct) -> &'static str {
    match (act.disclosed, act.instigated) {
        (true, true) => "主动交代；胁迫、诱导、教唆他人",
        (true, false) => "主动交代",
        (false, true) => "胁迫、诱导、教唆他人",
        (false, false) => "",
    }
}

fn refused(wrong: Violations) -> ServiceError {
    match wrong.none() {
        Err(refused) => refused,
        Ok(()) => ServiceError::internal(anyhow::anyhow!("area or day is wrong without being told")),
    }
}

/// What was decided.
struct Decided {
    /// Acts that give points.
    acts: Vec<Entry>,
    /// Acts of the proposal that give none.
    dismissed: Vec<Entry>,
}

impl Decided {
    async fn write(
        &self,
        Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
        caller: &Caller,
        code: &str,
    ) -> Result<Done<DecidePointsResponse, ()>, ServiceError> {
        let subject = ledger::subject(SubjectKind::Practitioner, code);
        let mut held = Held::read(tx, credit, ledger::hold(tx, &subject).await?).await?;
        let before = held.entries.clone();
        let decided = same::decided(&standing(&before));
        same::check_once(&self.acts, &decided, &before)?;
        let first = self.acts.first().cloned().unwrap_or_default();
        let mut timeline = held.record(tx, credit, vec![first.clone()]).await?;
        let matter_id = held.entries.last().map(|first| first.matter_id.clone()).unwrap_or_default();
        let others = self.others(&matter_id);
        if !others.is_empty() {
            timeline = held.record(tx, credit, others).await?;
        }
        if !first.case_id.is_empty() {
            let by = (first.case_id.as_str(), first.decision_no);
            proposals::decided(tx, code, by, &matter_id, self.named()).await?;
        }
        let today = credit.clock.today();
        let matter = messages::matter(&held.entries, &matter_id, &held.schemes, (caller, today))?;
        let told = qualification(code, today, None, (&timeline, held.known.version));
        let related = same::related(&decided, &before, &first.case_id, &same::lines_of(&self.acts, &before));
        let seen = related.into_iter().filter(|entry| ledger::sees(caller, &subject, entry));
        let answer = DecidePointsResponse {
            matter: Some(matter),
            qualification: Some(told),
            replayed: false,
            open_proposals: proposals::waiting(tx, code, &first.poolarea_no).await?,
            same_case_matters: seen.map(|entry| entry.matter_id.clone()).collect(),
        };
        Ok(Done { answer, changed: () })
    }

    /// All entries but the first, which begins the matter.
    fn others(&self, matter_id: &str) -> Vec<Entry> {
        let acts = self.acts.iter().skip(1).cloned();
        let acts = acts.map(|entry| Entry { matter_id: matter_id.to_owned(), ..entry });
        let dismissed = self.dismissed.iter().cloned();
        let dismissed = dismissed.map(|entry| Entry { about_entry_id: matter_id.to_owned(), ..entry });
        acts.chain(dismissed).collect()
    }

    fn named(&self) -> Named {
        let names = |entries: &[Entry]| entries.iter().map(|entry| entry.act_id.clone()).collect();
        Named { acts: names(&self.acts), dismissed: names(&self.dismissed) }
    }
}
