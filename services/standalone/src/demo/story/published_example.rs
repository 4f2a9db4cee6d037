//! An example a district published, reproduced to the fen.

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::Visit;

use super::super::bills::{lines, stay};
use super::super::people::YUBEI;
use super::super::{Clients, must};
use super::{heading, settle};

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(
        3,
        "A published example: 重庆渝北 2023, a low-margin family, 52,000 yuan of which 50,000 in scope",
    );
    let priced = [("XC05CAQ005B014010204139", 100, 50_000), ("XJ06AAA006B001020178976", 2, 100_000)];
    let stay = stay(YUBEI, "390", "H50011200001", ["2023-06-01", "2023-06-20"], &[]);
    let visit = Visit {
        feedetail: lines(&stay.mdtrt_id, priced.into_iter()),
        tags: vec!["规范转诊".into(), "市内就医".into()],
        ..stay
    };
    let settlement = settle(clients, "demo-yubei", visit).await?;
    for row in settlement.setldetail.iter().filter(|row| row.fund_payamt_fen != 0) {
        println!("   {:>10}  {} {}", Fen(row.fund_payamt_fen), row.fund_pay_type_name, row.layer_id);
    }
    let paid = settlement.setlinfo.unwrap_or_default().fund_pay_sumamt_fen;
    println!("   {:>10}  in all; the district published 46374.80 (2023-10-30).", Fen(paid));
    must(paid == 4_637_480, "the published example is not reproduced")
}
