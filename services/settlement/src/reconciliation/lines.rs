//! 3202 对明细账.

use std::collections::BTreeMap;

use chrono::DateTime;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    DifferenceKind, ReconcileLinesRequest, ReconcileLinesResponse, StatementDifference, StatementLine,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::scope::{self, Asked};
use crate::app::App;
use crate::books::store::reconciled::{self, Settled, Statements};
use crate::fields::{MAX_ID, check_id};

/// Days of a period at most.
const MAX_LINES_DAYS: u64 = 31;
/// Lines of a batch, and settlements compared with them, at most.
const MAX_BATCH: usize = 1000;

/// Compares a batch of the institution's list with what the books have between its first and last line.
pub async fn reconcile_lines(
    app: &App,
    caller: &Caller,
    request: ReconcileLinesRequest,
) -> Result<ReconcileLinesResponse, ServiceError> {
    let mut wrong = Violations::new();
    let asked = Asked {
        fixmedins_code: &request.fixmedins_code,
        setl_optins: &request.setl_optins,
        insutype: &request.insutype,
        clr_type: &request.clr_type,
        days: (&request.stmt_begndate, &request.stmt_enddate),
    };
    let statements = scope::read(caller, asked, MAX_LINES_DAYS, &mut wrong);
    check_lines(&request, &mut Fields::of(&mut wrong));
    let statements = wrong.finish(statements)?;
    scope::require_party(caller, &asked)?;
    let after = request.after_setl_id.as_str();
    let last = request.lines.last().map(|line| line.setl_id.as_str());
    let up_to = if request.last { None } else { Some(last.unwrap_or(after)) };
    let ours = statements.lines(&app.db, (after, up_to), MAX_BATCH + 1).await?;
    // More than fit an answer: as far as they go.
    let reached = (ours.len() > MAX_BATCH).then(|| ours[MAX_BATCH - 1].setl_id.clone());
    let within = |setl_id: &str| reached.as_deref().is_none_or(|reached| setl_id <= reached);
    let ours: BTreeMap<&str, &Settled> =
        ours.iter().map(|row| (row.setl_id.as_str(), row)).filter(|(setl_id, _)| within(setl_id)).collect();
    let theirs: BTreeMap<&str, &StatementLine> = request
        .lines
        .iter()
        .map(|line| (line.setl_id.as_str(), line))
        .filter(|(setl_id, _)| within(setl_id))
        .collect();
    let strange: Vec<&str> = theirs.keys().filter(|setl_id| !ours.contains_key(**setl_id)).copied().collect();
    let elsewhere = elsewhere(app, caller, &statements, &strange).await?;
    let elsewhere = elsewhere.iter().map(|row| (row.setl_id.as_str(), row)).collect();
    let next_setl_id = match reached {
        Some(reached) => reached,
        None if request.last => String::new(),
        None => last.unwrap_or(after).to_owned(),
    };
    Ok(ReconcileLinesResponse { next_setl_id, ..compare(&ours, &theirs, &elsewhere) })
}

fn check_lines(request: &ReconcileLinesRequest, fields: &mut Fields<'_>) {
    let fits = request.after_setl_id.len() <= MAX_ID;
    fields.require(fits, "after_setl_id", Reason::TooLong.saying(format!("最多 {MAX_ID} 个字符")));
    if request.lines.len() > MAX_BATCH {
        let said = Reason::TooManyRows.saying(format!("每次最多 {MAX_BATCH} 行"));
        fields.wrong("lines", said).with("limit", MAX_BATCH);
        return;
    }
    // Without a line it is not known up to where to compare.
    fields.require(request.last || !request.lines.is_empty(), "lines", Reason::RowsEmpty);
    let mut before = request.after_setl_id.as_str();
    for (at, line) in request.lines.iter().enumerate() {
        let field = |name: &str| format!("lines[{at}].{name}");
        check_id(fields, &field("setl_id"), &line.setl_id);
        fields.require(line.setl_id.as_str() > before, &field("setl_id"), Reason::NotInOrder);
        let known = ["", "0", "1"].contains(&line.refd_setl_flag.as_str());
        fields.require(known, &field("refd_setl_flag"), Reason::CodeUnknown);
        before = &line.setl_id;
    }
}

/// What the institution has in this period and the books have in another, or of another area, as far as the caller may know.
async fn elsewhere(
    app: &App,
    caller: &Caller,
    statements: &Statements<'_>,
    setl_ids: &[&str],
) -> Result<Vec<Settled>, ServiceError> {
    let whole = caller.may_act_for_institution(statements.fixmedins_code);
    let nation = Area::NATION.codes();
    let all = (nation.start().to_string(), nation.end().to_string());
    let areas = if whole { &all } else { &statements.areas };
    Ok(reconciled::among(&app.db, statements.fixmedins_code, areas, setl_ids).await?)
}

fn compare(
    ours: &BTreeMap<&str, &Settled>,
    theirs: &BTreeMap<&str, &StatementLine>,
    elsewhere: &BTreeMap<&str, &Settled>,
) -> ReconcileLinesResponse {
    let mut answer = ReconcileLinesResponse::default();
    let mut setl_ids: Vec<&str> = ours.keys().chain(theirs.keys()).copied().collect();
    setl_ids.sort_unstable();
    setl_ids.dedup();
    for setl_id in setl_ids {
        let (here, there) = (ours.get(setl_id).copied(), theirs.get(setl_id).copied());
        match kind_of(here, there, elsewhere.contains_key(setl_id)) {
            None => answer.equal_count += 1,
            Some(kind) => {
                let here = here.or(elsewhere.get(setl_id).copied());
                answer.differences.push(difference(kind, here, there));
            }
        }
    }
    answer
}

fn kind_of(here: Option<&Settled>, there: Option<&StatementLine>, elsewhere: bool) -> Option<DifferenceKind> {
    let (here, there) = match (here, there) {
        (Some(here), Some(there)) => (here, there),
        (Some(_), None) => return Some(DifferenceKind::MissingThere),
        (None, _) if elsewhere => return Some(DifferenceKind::Elsewhere),
        (None, _) => return Some(DifferenceKind::MissingHere),
    };
    let ours = line_of(here);
    let amounts =
        |line: &StatementLine| [line.medfee_sumamt_fen, line.fund_pay_sumamt_fen, line.acct_pay_fen];
    if amounts(&ours) != amounts(there) {
        return Some(DifferenceKind::AmountsDiffer);
    }
    let same = there.refd_setl_flag.is_empty() || there.refd_setl_flag == ours.refd_setl_flag;
    (!same).then_some(DifferenceKind::Reversed)
}

fn line_of(row: &Settled) -> StatementLine {
    let reversed = !row.reverses_setl_id.is_empty() || !row.reversal_setl_id.is_empty();
    StatementLine {
        setl_id: row.setl_id.clone(),
        refd_setl_flag: if reversed { "1" } else { "0" }.to_owned(),
        medfee_sumamt_fen: row.medfee_sumamt_fen,
        fund_pay_sumamt_fen: row.fund_pay_sumamt_fen,
        acct_pay_fen: row.acct_pay_fen,
    }
}

fn difference(
    kind: DifferenceKind,
    row: Option<&Settled>,
    there: Option<&StatementLine>,
) -> StatementDifference {
    let here = row.map(line_of);
    let setl_id = here.as_ref().or(there).map(|line| line.setl_id.clone());
    StatementDifference {
        setl_id: setl_id.unwrap_or_default(),
        kind: kind.into(),
        text: text_of(kind, here.as_ref(), there),
        there: there.cloned(),
        here,
        setl_time: row.and_then(|row| DateTime::from_timestamp_micros(row.setl_time_us)).map(timestamp),
        reversal_setl_id: row.map(|row| row.reversal_setl_id.clone()).unwrap_or_default(),
    }
}

fn text_of(kind: DifferenceKind, here: Option<&StatementLine>, there: Option<&StatementLine>) -> String {
    let amounts = |line: &StatementLine| {
        let [fee, fund, account] =
            [line.medfee_sumamt_fen, line.fund_pay_sumamt_fen, line.acct_pay_fen].map(Fen);
        format!("医疗费 {fee}、基金 {fund}、个人账户 {account}")
    };
    let flag = |line: Option<&StatementLine>| match line.map(|line| line.refd_setl_flag.as_str()) {
        Some("1") => "已撤销",
        _ => "未撤销",
    };
    match (kind, here, there) {
        (DifferenceKind::MissingHere, ..) => "机构有，中心无".to_owned(),
        (DifferenceKind::MissingThere, ..) => "中心有，机构无".to_owned(),
        (DifferenceKind::Elsewhere, ..) => {
            "中心有，但不属于本次对账的期间、经办机构、险种或清算类别".to_owned()
        }
        (DifferenceKind::AmountsDiffer, Some(here), Some(there)) => {
            format!("金额不同：中心 {}；机构 {}", amounts(here), amounts(there))
        }
        (DifferenceKind::Reversed, here, there) => format!("中心{}，机构{}", flag(here), flag(there)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(setl_id: &str, fen: i64, reversal: &str) -> Settled {
        Settled {
            setl_id: setl_id.to_owned(),
            setl_time_us: 0,
            medfee_sumamt_fen: fen,
            fund_pay_sumamt_fen: fen / 2,
            acct_pay_fen: 0,
            reverses_setl_id: String::new(),
            reversal_setl_id: reversal.to_owned(),
        }
    }

    #[test]
    fn each_difference_has_its_name() {
        let rows = [row("A", 10, ""), row("B", 10, ""), row("C", 10, "D"), row("E", 10, "")];
        let ours = rows.iter().map(|row| (row.setl_id.as_str(), row)).collect();
        let line = |row: &Settled, fen: i64| StatementLine {
            medfee_sumamt_fen: fen,
            refd_setl_flag: "0".to_owned(),
            ..line_of(row)
        };
        let (other, old) = (row("X", 10, ""), row("Y", 10, ""));
        let said =
            [line(&rows[0], 10), line(&rows[1], 11), line(&rows[2], 10), line(&other, 10), line(&old, 10)];
        let theirs = said.iter().map(|line| (line.setl_id.as_str(), line)).collect();
        let answer = compare(&ours, &theirs, &BTreeMap::from([("Y", &old)]));
        let told: Vec<_> = answer.differences.iter().map(|one| (one.setl_id.as_str(), one.kind())).collect();
        assert_eq!(
            told,
            [
                ("B", DifferenceKind::AmountsDiffer),
                ("C", DifferenceKind::Reversed),
                ("E", DifferenceKind::MissingThere),
                ("X", DifferenceKind::MissingHere),
                ("Y", DifferenceKind::Elsewhere),
            ]
        );
        assert_eq!(answer.equal_count, 1);
        assert_eq!(answer.differences[1].reversal_setl_id, "D");
        assert_eq!(
            answer.differences[0].text,
            "金额不同：中心 医疗费 0.10、基金 0.05、个人账户 0.00；机构 医疗费 0.11、基金 0.05、个人账户 0.00"
        );
    }
}
