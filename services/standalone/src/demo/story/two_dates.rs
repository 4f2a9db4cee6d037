//! The policy of the day decides.

use yizhan_money::Fen;

use super::super::bills::{SHORT_STAY, Stay, visit};
use super::super::people::QUZHOU;
use super::super::{Clients, must};
use super::{heading, info, settle};

/// Tells it.
pub async fn tell(clients: &Clients) -> anyhow::Result<()> {
    heading(3, "The same bill of the same 衢州 employee on two dates: the policy of the day decides");
    let mut paid = Vec::new();
    for (year, begndate, enddate) in
        [("2018", "2018-05-02", "2018-05-08"), ("2020", "2020-05-02", "2020-05-08")]
    {
        let stay = Stay {
            psn_no: QUZHOU,
            insutype: "310",
            med_type: "21",
            fixmedins_code: "H33080000001",
            begndate,
            enddate,
            account: false,
        };
        let visit = visit(&stay, &format!("ZY{year}-0003"), SHORT_STAY)?;
        let (settlement, _) = settle(clients, &format!("demo-quzhou-{year}"), visit, String::new()).await?;
        let info = info(&settlement);
        println!(
            "   {year}: of {} yuan basic insurance pays {}, deductible {}",
            Fen(info.medfee_sumamt_fen),
            Fen(info.hifp_pay_fen),
            Fen(info.act_pay_dedc_fen)
        );
        paid.push(info.hifp_pay_fen);
    }
    must(paid[0] != paid[1], "the two policies gave the same amount")
}
