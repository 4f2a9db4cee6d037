//! Care away from home (异地就医): what a filing (备案) is worth. One bill in 上海, four people insured in 绍兴.

mod filing;

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    FilingRecord, GetStatementRequest, RemoteCitation, SettlementInfo, Visit,
};
use yizhan_runtime::Clock;

use super::super::bills::{DAY_IN_HOSPITAL, stay};
use super::super::people::{FALLS_ILL, FILES_LATE, LIVES_AWAY, NEVER_FILED};
use super::super::register::FAR_FROM_HOME;
use super::super::{Clients, must};
use super::{amounts, heading, info, preview, settle, settle_quoted};

/// How the bill must come out, worked by hand from 11500.00 in scope: less what is borne first (先自理) for being away, less 1200
/// of 起付线, 80 % are paid. 340.00 are borne first wherever one is treated, 5.00 are above a ceiling.
///
/// How the visit counts, what is applied, and what is borne first, by the fund and by the person, in fen.
type ByHand = (&'static str, &'static str, [i64; 3]);

/// (11500 − 1200) × 80 %
const LIVING_THERE: ByHand = ("long_term", "same", [0, 824_000, 360_500]);
/// (11500 − 15 % − 1200) × 80 %
const EMERGENCY: ByHand = ("emergency", "prepay 0.15", [172_500, 686_000, 498_500]);
/// The same.
const FILED_LATE: ByHand = ("temporary", EMERGENCY.1, EMERGENCY.2);
/// (11500 − 25 % − 1200) × 80 %
const NOT_FILED: ByHand = ("unfiled", "prepay 0.25", [287_500, 594_000, 590_500]);
/// 乙类: 10 % of 3400.
const BORNE_ANYWHERE_FEN: i64 = 34_000;

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(
        8,
        "Care away from home (异地就医): people insured in 绍兴, one bill of 上海, filed and not filed",
    );
    let filed_on = filing::to_live_there(clients, LIVES_AWAY).await?;
    let today = Clock::system().today();
    let yesterday = today.pred_opt().context("no day before today")?.to_string();
    let today = today.to_string();
    let treated = |psn_no, days| stay(psn_no, "310", FAR_FROM_HOME, days, DAY_IN_HOSPITAL);

    let bill = treated(LIVES_AWAY, [&filed_on, &filed_on]);
    let filed = info(Some(settle(clients, "demo-away-filed", bill).await?))?;
    show_filing_on_statement(clients, &filed).await?;
    let bill = treated(NEVER_FILED, [&yesterday, &today]);
    let unfiled = info(Some(settle(clients, "demo-away-unfiled", bill).await?))?;
    let marked = Visit { emergency: true, ..treated(FALLS_ILL, [&yesterday, &today]) };
    let emergency = info(Some(settle(clients, "demo-away-emergency", marked).await?))?;

    println!(
        "   The bill of {} yuan, {} in scope: (in scope - borne first - 1200 起付线) x 80 % is paid",
        Fen(filed.medfee_sumamt_fen),
        Fen(filed.inscp_scp_amt_fen)
    );
    must((filed.medfee_sumamt_fen, filed.inscp_scp_amt_fen) == (1_184_500, 1_150_000), "it is another bill")?;
    println!("   {:>12}{:>12}{:>12}", "borne first", "fund", "person");
    row("filed to live there", &filed, &LIVING_THERE)?;
    row("nothing filed", &unfiled, &NOT_FILED)?;
    row("nothing filed, emergency (急诊抢救)", &emergency, &EMERGENCY)?;
    one_call_more(clients, treated(FILES_LATE, [&yesterday, &today])).await
}

/// The rows of the printed statement that say how the visit is filed and what follows.
async fn show_filing_on_statement(clients: &mut Clients, info: &SettlementInfo) -> anyhow::Result<()> {
    let request = GetStatementRequest { setl_id: info.setl_id.clone(), ..Default::default() };
    let statement = clients.settlement.get_statement(request).await?.into_inner().text;
    let rows = statement.lines().skip_while(|line| !line.starts_with("备案类别："));
    let rows: Vec<&str> = rows.take_while(|line| !line.starts_with('─')).collect();
    println!("   On the statement (结算单):");
    rows.iter().for_each(|row| println!("      {row}"));
    let printed = rows.concat();
    let record = record(info)?;
    let basis = record.basis.as_ref().context("a filing that counts by no rule")?;
    let (_, applied) = applied(record)?;
    let said = [&record.filing_class_name, &basis.title, &basis.rule_id, &applied.title, &applied.rule_id];
    must(
        said.into_iter().all(|said| printed.contains(said)),
        "the statement does not cite the rules of remote care",
    )
}

fn record(info: &SettlementInfo) -> anyhow::Result<&FilingRecord> {
    info.filing.as_ref().context("settlement did not ask filing")
}

/// What was applied, and the rule behind it.
fn applied(record: &FilingRecord) -> anyhow::Result<(String, &RemoteCitation)> {
    let rule = record.treatment.as_ref().context("nothing was applied")?;
    let what = format!("{} {}", rule.treatment, rule.value).trim().to_owned();
    Ok((what, rule.citation.as_ref().context("applied without a rule")?))
}

/// One result, with the rules that decided; it must be as worked by hand.
fn row(who: &str, info: &SettlementInfo, by_hand: &ByHand) -> anyhow::Result<()> {
    come_out(info, by_hand)?;
    let [first, fund, person] = by_hand.2.map(Fen);
    println!("   {first:>12}{fund:>12}{person:>12}   {who}");
    print_rules(record(info)?)
}

/// By which rule the visit counts so, and by which that much is borne first; one rule may say both.
fn print_rules(record: &FilingRecord) -> anyhow::Result<()> {
    let (what, rate) = applied(record)?;
    if let Some(basis) = record.basis.as_ref().filter(|basis| *basis != rate) {
        println!("      counts: {}  {}", basis.rule_id, basis.title);
    }
    println!("      {what}: {}  {}", rate.rule_id, rate.title);
    Ok(())
}

/// Fails where a result is not as worked by hand.
fn come_out(info: &SettlementInfo, (class, must_apply, expected): &ByHand) -> anyhow::Result<()> {
    let (applied, rule) = applied(record(info)?)?;
    let cited = rule.rule_id.starts_with("shaoxing-filing@") && !rule.title.is_empty();
    let counts = info.out_filing == *class && applied == *must_apply && cited;
    must(counts, &format!("counts as {}, {applied}, by {}", info.out_filing, rule.rule_id))?;
    let [_, fund, person] = amounts(info);
    let amounts = [info.preselfpay_amt_fen - BORNE_ANYWHERE_FEN, fund.0, person.0];
    must(amounts == *expected, &format!("{class} came out as {amounts:?}, not {expected:?}"))
}

/// 补办: nothing is filed until the hospital says what that costs.
async fn one_call_more(clients: &mut Clients, bill: Visit) -> anyhow::Result<()> {
    let (before, _) = preview(clients, &bill).await?;
    come_out(&before, &NOT_FILED)?;
    let advice = &record(&before)?.way_out;
    println!(
        "   A fourth, nothing filed, is to be discharged. Preview (预结算): {} yuan to pay; {advice}",
        Fen(before.psn_part_amt_fen)
    );
    must(advice.contains("补办"), "nobody is told to file before discharge")?;

    filing::on_the_phone(clients, FILES_LATE).await?;
    let (after, quote_id) = preview(clients, &bill).await?;
    come_out(&after, &FILED_LATE)?;
    let (settlement, _) = settle_quoted(clients, "demo-away-late", bill, quote_id).await?;
    let after = info(Some(settlement))?;
    come_out(&after, &FILED_LATE)?;
    let record = record(&after)?;
    print_rules(record)?;
    let basis = record.basis.as_ref().context("a filing that counts by no rule")?;
    must(basis.rule_id.contains("/made_good/"), "the filing was not made good before discharge")?;
    println!(
        "   settles: {} yuan to pay. One call more, and the family pays {} yuan less.",
        Fen(after.psn_part_amt_fen),
        Fen(before.psn_part_amt_fen - after.psn_part_amt_fen)
    );
    Ok(())
}
