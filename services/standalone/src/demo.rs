//! `yizhan demo`: a guided run against the real servers, started here and reached over gRPC.
//! It ends with an error when anything is not as it should be.

pub mod bills;
mod people;
pub mod register;
mod story;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use yizhan_proto::enrollment::v1::account_share_service_client::AccountShareServiceClient;
use yizhan_proto::enrollment::v1::coverage_service_client::CoverageServiceClient;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::settlement::v1::account_service_client::AccountServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::clock::AheadClock;
use yizhan_runtime::config::{PeerConfig, Service};
use yizhan_runtime::{Caller, Clock};

use crate::platform::Platform;

/// The clients the demo uses: generated code over a plain connection, as an integrator's.
pub struct Clients {
    enrollment: EnrollmentServiceClient<PeerChannel>,
    coverages: CoverageServiceClient<PeerChannel>,
    shares: AccountShareServiceClient<PeerChannel>,
    settlement: SettlementServiceClient<PeerChannel>,
    accounts: AccountServiceClient<PeerChannel>,
    /// Where filing is: every filing is made and decided by somebody else.
    filing: String,
    /// Where audit is: every step of a case is by somebody else.
    audit: String,
    /// Where credit is, likewise.
    credit: String,
    /// Where settlement is, for those who do not call as its administrator.
    settlement_url: String,
    /// What time it is for every service.
    clock: Clock,
    /// Moves it on.
    hand: AheadClock,
}

impl Clients {
    /// Filing, as this caller reaches it.
    fn filing_as(&self, caller: &Caller) -> anyhow::Result<FilingServiceClient<PeerChannel>> {
        Ok(FilingServiceClient::new(client::channel(&PeerConfig::at(self.filing.clone()), caller)?))
    }

    /// Audit, as this caller reaches it.
    fn audit_as(&self, caller: &Caller) -> anyhow::Result<PeerChannel> {
        client::channel(&PeerConfig::at(self.audit.clone()), caller)
    }

    /// Credit, as this caller reaches it.
    fn credit_as(&self, caller: &Caller) -> anyhow::Result<PeerChannel> {
        client::channel(&PeerConfig::at(self.credit.clone()), caller)
    }

    /// Settlement, as this caller reaches it.
    fn settlement_as(&self, caller: &Caller) -> anyhow::Result<PeerChannel> {
        client::channel(&PeerConfig::at(self.settlement_url.clone()), caller)
    }
}

/// Runs the demo in a folder.
pub async fn demo(folder: PathBuf) -> anyhow::Result<()> {
    start_afresh(&folder)?;
    let (clock, hand) = Clock::ahead();
    let platform = Platform::start_in(&folder, &clock).await?;
    let Platform { enrollment, filing, audit, credit, settlement } = &platform;
    println!(
        "Servers: enrollment {}, filing {}, audit {}, credit {}, settlement {}; data in {}",
        enrollment.url(),
        filing.url(),
        audit.url(),
        credit.url(),
        settlement.url(),
        folder.display()
    );
    let to = |url: String| client::channel(&PeerConfig::at(url), &Caller::LocalAdministrator);
    let settlement_url = settlement.url();
    let (enrollment, settlement) = (to(enrollment.url())?, to(settlement_url.clone())?);
    register::register(&settlement).await.context("registering")?;
    let mut clients = Clients {
        enrollment: EnrollmentServiceClient::new(enrollment.clone()),
        coverages: CoverageServiceClient::new(enrollment.clone()),
        shares: AccountShareServiceClient::new(enrollment),
        settlement: SettlementServiceClient::new(settlement.clone()),
        accounts: AccountServiceClient::new(settlement),
        filing: filing.url(),
        audit: audit.url(),
        credit: credit.url(),
        settlement_url,
        clock,
        hand,
    };
    people::enrol(&mut clients.enrollment).await.context("enrolling")?;
    story::tell(&mut clients, &folder).await?;
    platform.stop().await;
    Ok(())
}

/// Removes the databases an earlier demo left, and nothing else.
fn start_afresh(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if Service::ALL.iter().any(|service| name.starts_with(&format!("{service}.db"))) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Fails the demo when something is not as it should be.
fn must(holds: bool, what: &str) -> anyhow::Result<()> {
    ensure!(holds, "the demo found a defect: {what}");
    Ok(())
}
