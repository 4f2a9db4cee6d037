//! A settlement as credit's later answers make it: what was withheld goes back, what should have been is told.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use yizhan_money::Fen;
use yizhan_proto::credit::v1::QualificationStatus;
use yizhan_proto::settlement::v1::{LineHandling, RecoveredLine, Settlement, WorkItem};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Reason, ServiceError};

use super::Said;
use super::decided::Decided;
use crate::books::messages::parts::header;
use crate::books::messages::practitioners::{is_pending, key, own};
use crate::books::messages::withheld::{
    Withheld, refused_lines, refusing, withheld_by, withheld_for_practitioners, without,
};
use crate::books::store::practitioner_days::{self, Asked, Model, UNASKED, kept};
use crate::books::store::recoveries::{self, Lifted};
use crate::books::store::{merged, settlements};
use crate::rules::Rules;
use crate::settlements::messages::credited::{handling_of, stood};
use crate::worklist::store::{Checked, FoundBy, record};

/// Lines, and practitioners' days, that an item names at most.
const NAMED: usize = 10;

/// 费用明细流水号
type Lines = BTreeSet<String>;

/// Takes account of what credit says now of some who gave its services. Looked at again, nothing is done twice.
pub async fn look(
    tx: &DatabaseTransaction,
    rules: &Rules,
    (setl_id, said): (&str, &Said),
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let Some(row) = settlements::by_id(tx, setl_id).await? else { return Ok(()) };
    let answer = settlements::answer_of(&row)?;
    let days = known_now(tx, &answer, said).await?;
    if !refused_lines(&answer).is_empty() {
        settlements::keep_from_reversal(tx, &row).await?;
    }
    if settlements::reversal_of(tx, &row).await?.is_some() {
        let item = WorkItem { setl_id: setl_id.to_owned(), ..WorkItem::default() };
        return record(tx, FoundBy::Credit, &[Checked { item, differs: false }], at).await;
    }
    let decided = Decided::read(tx, &row).await?;
    let mut lifted = recoveries::lifted_of(tx, &answer).await?;
    let now = Now::of(rules, &answer, (&days, &lifted), &decided);
    if !now.payable.is_empty() {
        let lines = given_back(&answer, &lifted, &now.payable);
        lifted.given_back_fen += lines.iter().map(|line| line.withheld_fen).sum::<i64>();
        lifted.lines.extend(now.payable.iter().cloned());
        recoveries::give_back(tx, header(&answer), lines, at).await?;
    }
    if days.values().any(|day| day.status == UNASKED) {
        // Looked at again once credit has said all of it.
        return Ok(());
    }
    let psn_no = merged::stays(tx, &row.psn_no).await?;
    let item = now.item(&answer, &lifted, &days)?;
    let checked = Checked { differs: item.calculated, item: WorkItem { psn_no, ..item } };
    record(tx, FoundBy::Credit, &[checked], at).await
}

/// Everybody of a settlement as known now, which the books take account of from here on.
async fn known_now(
    tx: &DatabaseTransaction,
    answer: &Settlement,
    said: &Said,
) -> Result<BTreeMap<Asked, Model>, ServiceError> {
    let mut days = BTreeMap::new();
    for day in practitioner_days::of_settlement(tx, answer).await? {
        let asked = day.asked();
        let day = match said.get(&asked) {
            None => day,
            Some(now) => {
                let (status, qualification) = kept(now);
                practitioner_days::know(tx, &day, status, qualification.clone()).await?;
                Model { status, qualification, ..day }
            }
        };
        days.insert(asked, day);
    }
    Ok(days)
}

/// What of each line goes back to the institution. One after the other, so that they add up.
fn given_back(answer: &Settlement, lifted: &Lifted, payable: &Lines) -> Vec<RecoveredLine> {
    let mut lines = lifted.lines.clone();
    let mut withheld = withheld_for_practitioners(answer, &lines);
    let line = |feedetl_sn: &String| {
        lines.insert(feedetl_sn.clone());
        let left = withheld_for_practitioners(answer, &lines);
        let back = std::mem::replace(&mut withheld, left) - left;
        RecoveredLine { feedetl_sn: feedetl_sn.clone(), withheld_fen: back.0, ..RecoveredLine::default() }
    };
    payable.iter().map(line).collect()
}

/// Lines of which something else follows now.
#[derive(Debug, Default)]
struct Now {
    /// Refused then, payable now.
    payable: Lines,
    /// Likewise, but audit decided on them.
    waiting: Lines,
    /// Paid then, refused now.
    unpayable: Lines,
    /// Of those the lines of each practitioner and day.
    by_day: BTreeMap<Asked, Vec<String>>,
}

impl Now {
    fn of(
        rules: &Rules,
        answer: &Settlement,
        (days, lifted): (&BTreeMap<Asked, Model>, &Lifted),
        decided: &Decided,
    ) -> Now {
        let (info, refused) = (header(answer), refused_lines(answer));
        let mut now = Now::default();
        for row in own(answer) {
            // Of a line that names nobody credit says nothing, then or now.
            let Some((code, day, place)) = key(info, row) else { continue };
            let asked = [code, day, place].map(str::to_owned);
            let Some(known) = days.get(&asked).filter(|known| known.status != UNASKED) else { continue };
            let status = QualificationStatus::try_from(known.status).unwrap_or_default();
            let refuses = handling_of(rules, info, row, status) == Some(LineHandling::Refused);
            let line = row.feedetl_sn.clone();
            let withheld = refused.contains(line.as_str()) && !lifted.lines.contains(&line);
            let told = match (withheld, refuses) {
                (true, false) if decided.waits_for(&line) => &mut now.waiting,
                (true, false) => {
                    now.payable.insert(line);
                    continue;
                }
                (false, true) if !decided.recovered(&line) => &mut now.unpayable,
                _ => continue,
            };
            told.insert(line.clone());
            now.by_day.entry(asked).or_default().push(line);
        }
        now
    }

    /// What is to be told of it; its amounts are those of the institution, which alone gets otherwise. Not `calculated`: nothing is to be told.
    fn item(
        &self,
        answer: &Settlement,
        lifted: &Lifted,
        days: &BTreeMap<Asked, Model>,
    ) -> Result<WorkItem, ServiceError> {
        let info = header(answer);
        let standing = without(answer.clone(), &lifted.lines);
        let borne =
            total(withheld_by(&refusing(standing.clone(), &self.unpayable))) - total(withheld_by(&standing));
        let with_waiting = lifted.lines.union(&self.waiting).cloned().collect();
        let due = withheld_for_practitioners(answer, &lifted.lines)
            - withheld_for_practitioners(answer, &with_waiting);
        let paid_fen = info.fund_pay_sumamt_fen - total(withheld_by(answer)).0 + lifted.given_back_fen;
        let differs_fen = (due - borne).0;
        let why = if borne.0 > 0 { Reason::PractitionerUnpayable } else { Reason::PractitionerLifted };
        Ok(WorkItem {
            poolarea_no: info.poolarea_no.clone(),
            setl_id: info.setl_id.clone(),
            fixmedins_code: info.fixmedins_code.clone(),
            begndate: info.begndate.clone(),
            enddate: info.enddate.clone(),
            why: why.code().to_owned(),
            why_text: self.text(answer, (borne, due), days)?,
            calculated: borne.0 > 0 || due.0 > 0,
            paid_fen,
            would_pay_fen: paid_fen + differs_fen,
            differs_fen,
            ..WorkItem::default()
        })
    }

    /// Who stood how, with their lines, and what follows.
    fn text(
        &self,
        answer: &Settlement,
        (borne, due): (Fen, Fen),
        days: &BTreeMap<Asked, Model>,
    ) -> Result<String, ServiceError> {
        let mut told = Vec::new();
        for (asked, lines) in self.by_day.iter().take(NAMED) {
            let Some(day) = days.get(asked) else { continue };
            let named = lines.iter().take(NAMED).cloned().collect::<Vec<_>>().join(",");
            told.push(format!("{}（明细 {named}）", stood(&day.qualification()?)));
        }
        let pending = is_pending(header(answer));
        let when = if pending { "结算时未能核对" } else { "结算后得知" };
        let mut follows = Vec::new();
        if borne.0 > 0 {
            follows.push(format!("{when}，基金已付的 {borne} 元应由医药机构承担"));
        }
        if due.0 > 0 {
            follows.push(format!("拒付的 {due} 元本可返还，但该明细已有稽核决定"));
        }
        Ok(format!("{}：{}", told.join("；"), follows.join("；")))
    }
}

fn total(withheld: Withheld) -> Fen {
    withheld.by_credit + withheld.by_audit
}
