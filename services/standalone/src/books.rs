//! `yizhan check-books`: the books of areas are folded again by settlement, which counts and tells what does not agree; what the chart's CronJob runs.

use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use yizhan_proto::settlement::v1::CheckBooksRequest;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_runtime::Caller;
use yizhan_runtime::client;
use yizhan_runtime::config::PeerConfig;

use crate::shown::{TlsArguments, told};

/// Who asks: a rule of `server.callers` lets the certificate speak for it.
const OPERATOR: &str = "books";
/// How long one area may take: as long as settlement allows it.
const DEADLINE: Duration = Duration::from_secs(600);

/// Where settlement is, and whose books are checked.
#[derive(Args)]
pub struct BooksArguments {
    /// Address of settlement (一站式结算), http://… or https://…
    #[arg(long)]
    settlement: String,
    /// A pooling area (统筹区), by its six digits; again for another.
    #[arg(long, required = true)]
    area: Vec<String>,
    /// The certificate speaks for `operator:books`.
    #[command(flatten)]
    tls: TlsArguments,
}

/// Asks for one area after the other, and says of each how much was gone through and how many differences there are. Which they are, is only for who
/// keeps the books: differences name settlements.
///
/// # Errors
/// An area could not be checked, or does not agree; the others are checked all the same.
pub async fn check(arguments: BooksArguments) -> anyhow::Result<()> {
    let peer =
        PeerConfig { deadline: DEADLINE, tls: arguments.tls.peer(), ..PeerConfig::at(arguments.settlement) };
    let caller = Caller::Operator { name: OPERATOR.to_owned() };
    let mut settlement = SettlementServiceClient::new(client::channel(&peer, &caller).context("settlement")?);
    let mut wrong = Vec::new();
    for area in &arguments.area {
        match settlement.check_books(CheckBooksRequest { poolarea_no: area.clone() }).await {
            Ok(answer) => {
                let books = answer.into_inner();
                let differences = books.discrepancies.len();
                println!("{area}: {} settlements, {differences} differences", books.settlements);
                wrong.extend((differences > 0).then(|| format!("{area}: {differences} differences")));
            }
            Err(status) => wrong.push(format!("{area}: {}", told(&status.into()))),
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}
