//! The policy of the day decides.

use yizhan_money::Fen;

use super::super::bills::{SHORT_STAY, stay};
use super::super::people::QUZHOU;
use super::super::{Clients, must};
use super::{heading, info, settle};

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(4, "The same bill of the same 衢州 employee on two dates: the policy of the day decides");
    let mut paid = Vec::new();
    for (year, days) in [("2018-01", ["2018-01-02", "2018-01-08"]), ("2020", ["2020-05-02", "2020-05-08"])] {
        let visit = stay(QUZHOU, "310", "H33080000001", days, SHORT_STAY);
        let info = info(Some(settle(clients, &format!("demo-quzhou-{year}"), visit).await?))?;
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
