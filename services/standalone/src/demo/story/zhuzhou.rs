//! A stay by the published rules of a real city.

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::GetStatementRequest;
use yizhan_terms::Payer;

use super::super::bills::{LONG_STAY, stay};
use super::super::people::ZHUZHOU_RESIDENT;
use super::super::{Clients, must};
use super::{heading, info, settle};

/// Of 130280.84 yuan 103283.32 are in scope: 株洲's basic insurance, critical illness and assistance, worked by hand.
/// (103283.32 - 1200) × 65 %; of the rest 36929.16 above 8000 (60 + 5) %; of the rest 18125.21 above 1600 70 %.
const SHARES_FEN: [(Payer, i64); 3] =
    [(Payer::Basic, 6_635_416), (Payer::CriticalIllness, 1_880_395), (Payer::MedicalAssistance, 1_156_765)];

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(1, "A stay in 株洲, by what that city published: a resident of a family on 低保");
    let visit = stay(ZHUZHOU_RESIDENT, "390", "H43020000001", ["2026-03-02", "2026-03-14"], LONG_STAY);
    let settlement = settle(clients, "demo-zhuzhou", visit).await?;
    let info = info(Some(settlement.clone()))?;
    let request = GetStatementRequest { setl_id: info.setl_id.clone(), ..Default::default() };
    println!("\n{}", clients.settlement.get_statement(request).await?.into_inner().text);
    for (payer, expected) in SHARES_FEN {
        let layers = settlement.trace.iter().flat_map(|trace| &trace.layers);
        let paid: i64 = layers.filter(|layer| layer.payer == payer.code()).map(|layer| layer.paid_fen).sum();
        println!("   {:>8}  {}", Fen(paid), payer.label());
        must(paid == expected, "a share is not what was worked by hand")?;
    }
    let old = info.marks.iter().filter(|mark| mark.kind == "VALUE_OLD").count();
    println!("   {old} of the documents behind it are of years before 2026, and the statement says so.");
    must(old > 0, "nothing said that values are of years before")
}
