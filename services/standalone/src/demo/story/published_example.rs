//! An example a district published, reproduced to the fen.

use yizhan_money::Fen;

use super::super::bills::{Stay, line, visit_of};
use super::super::people::YUBEI;
use super::super::{Clients, must};
use super::{heading, info, settle};

/// Tells it.
pub async fn tell(clients: &Clients) -> anyhow::Result<()> {
    heading(
        2,
        "A published example: 重庆渝北 2023, a low-margin family, 52,000 yuan of which 50,000 in scope",
    );
    let stay = Stay {
        psn_no: YUBEI,
        insutype: "390",
        med_type: "21",
        fixmedins_code: "H50011200001",
        begndate: "2023-06-01",
        enddate: "2023-06-20",
        account: false,
    };
    let lines = vec![
        line("1", "XC05CAQ005B014010204139", 100, "500")?,
        line("2", "XJ06AAA006B001020178976", 2, "1000")?,
    ];
    let mut visit = visit_of(&stay, "ZY2023-0002", lines)?;
    visit.tags = vec!["规范转诊".into(), "市内就医".into()];
    let (settlement, _) = settle(clients, "demo-yubei", visit, String::new()).await?;
    for row in settlement.setldetail.iter().filter(|row| row.fund_payamt_fen != 0) {
        println!("   {:>10}  {} {}", Fen(row.fund_payamt_fen), row.fund_pay_type_name, row.layer_id);
    }
    let paid = info(&settlement).fund_pay_sumamt_fen;
    println!("   {:>10}  in all; the district published 46374.80 (2023-10-30).", Fen(paid));
    must(paid == 4_637_480, "the published example is not reproduced")
}
