//! 3201 对总账.

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{ReconcileTotalsRequest, ReconcileTotalsResponse, StatementTotals};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::scope::{self, Asked};
use crate::app::App;
use crate::books::store::reconciled::Totals;

/// Days of a period at most.
const MAX_TOTALS_DAYS: u64 = 366;

/// Compares the totals of a period.
pub async fn reconcile_totals(
    app: &App,
    caller: &Caller,
    request: ReconcileTotalsRequest,
) -> Result<ReconcileTotalsResponse, ServiceError> {
    let mut wrong = Violations::new();
    let asked = Asked {
        fixmedins_code: &request.fixmedins_code,
        setl_optins: &request.setl_optins,
        insutype: &request.insutype,
        clr_type: &request.clr_type,
        days: (&request.stmt_begndate, &request.stmt_enddate),
    };
    let statements = scope::read(caller, asked, MAX_TOTALS_DAYS, &mut wrong);
    let flag = request.refd_setl_flag.as_str();
    let mut fields = Fields::of(&mut wrong);
    fields.require(["", "0", "1"].contains(&flag), "refd_setl_flag", Reason::CodeUnknown);
    fields.require(request.totals.is_some(), "totals", Reason::Required);
    let (statements, theirs) = wrong.finish(statements.zip(request.totals))?;
    scope::require_party(caller, &asked)?;
    let [settled, reversed] = statements.totals(&app.db.patient()).await?;
    let (settled, reversed) = match flag {
        "0" => (settled, Totals::default()),
        "1" => (Totals::default(), reversed),
        _ => (settled, reversed),
    };
    let totals = told(settled, reversed)?;
    let differs = differences(&totals, &theirs);
    Ok(ReconcileTotalsResponse {
        equal: differs.is_empty(),
        stmt_rslt_dscr: if differs.is_empty() { "一致".to_owned() } else { differs.join("；") },
        totals: Some(totals),
        refd_cnt: reversed.count,
    })
}

fn told(settled: Totals, reversed: Totals) -> Result<StatementTotals, ServiceError> {
    let sum = |at: usize| i64::try_from(settled.fen[at] + reversed.fen[at]).map_err(ServiceError::internal);
    Ok(StatementTotals {
        medfee_sumamt_fen: sum(0)?,
        fund_pay_sumamt_fen: sum(1)?,
        acct_pay_fen: sum(2)?,
        fixmedins_setl_cnt: settled.count + reversed.count,
    })
}

fn differences(here: &StatementTotals, there: &StatementTotals) -> Vec<String> {
    let amounts = [
        ("医疗费总额", here.medfee_sumamt_fen, there.medfee_sumamt_fen),
        ("基金支付总额", here.fund_pay_sumamt_fen, there.fund_pay_sumamt_fen),
        ("个人账户支出", here.acct_pay_fen, there.acct_pay_fen),
    ];
    let differ = amounts.into_iter().filter(|(_, here, there)| here != there);
    let mut told: Vec<String> = differ
        .map(|(name, here, there)| {
            let by = Fen(there.saturating_sub(here));
            format!("{name}：中心 {}，机构 {}，相差 {by}", Fen(here), Fen(there))
        })
        .collect();
    let (ours, theirs) = (here.fixmedins_setl_cnt, there.fixmedins_setl_cnt);
    if ours != theirs {
        told.push(format!("结算笔数：中心 {ours}，机构 {theirs}"));
    }
    told
}
