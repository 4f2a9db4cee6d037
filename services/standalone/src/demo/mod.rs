//! `yizhan demo`: a guided run against the real servers, started here and reached over gRPC.
//! It ends with an error when anything is not as it should be.

mod bills;
mod people;
mod register;
mod story;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use tonic::Request;
use yizhan_proto::enrollment::v1::coverage_service_client::CoverageServiceClient;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::settlement::v1::account_service_client::AccountServiceClient;
use yizhan_proto::settlement::v1::catalogue_service_client::CatalogueServiceClient;
use yizhan_proto::settlement::v1::institution_service_client::InstitutionServiceClient;
use yizhan_proto::settlement::v1::policy_service_client::PolicyServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_runtime::Caller;
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;

use crate::platform::Platform;

/// The clients the demo uses: generated code over a plain connection, as an integrator's.
pub struct Clients {
    enrollment: EnrollmentServiceClient<PeerChannel>,
    coverages: CoverageServiceClient<PeerChannel>,
    settlement: SettlementServiceClient<PeerChannel>,
    institutions: InstitutionServiceClient<PeerChannel>,
    catalogue: CatalogueServiceClient<PeerChannel>,
    policies: PolicyServiceClient<PeerChannel>,
    accounts: AccountServiceClient<PeerChannel>,
    /// Where filing is: every filing is made and decided by somebody else.
    filing: String,
}

impl Clients {
    fn of(platform: &Platform) -> anyhow::Result<Clients> {
        let to = |url: String| client::channel(&PeerConfig::at(url), &Caller::LocalAdministrator);
        let enrollment = to(platform.enrollment.url())?;
        let settlement = to(platform.settlement.url())?;
        Ok(Clients {
            enrollment: EnrollmentServiceClient::new(enrollment.clone()),
            coverages: CoverageServiceClient::new(enrollment),
            settlement: SettlementServiceClient::new(settlement.clone()),
            institutions: InstitutionServiceClient::new(settlement.clone()),
            catalogue: CatalogueServiceClient::new(settlement.clone()),
            policies: PolicyServiceClient::new(settlement.clone()),
            accounts: AccountServiceClient::new(settlement),
            filing: platform.filing.url(),
        })
    }

    /// Filing, as this caller reaches it.
    fn filing_as(&self, caller: &Caller) -> anyhow::Result<FilingServiceClient<PeerChannel>> {
        Ok(FilingServiceClient::new(client::channel(&PeerConfig::at(self.filing.clone()), caller)?))
    }
}

/// Runs the demo in a folder.
pub async fn demo(folder: PathBuf) -> anyhow::Result<()> {
    start_afresh(&folder)?;
    let platform = Platform::start_in(&folder).await?;
    println!(
        "Servers: enrollment {}, filing {}, settlement {}; data in {}",
        platform.enrollment.url(),
        platform.filing.url(),
        platform.settlement.url(),
        folder.display()
    );
    let clients = Clients::of(&platform)?;
    register::register(&clients).await.context("registering")?;
    people::enrol(clients.enrollment.clone()).await.context("enrolling")?;
    story::tell(&clients, &folder).await?;
    platform.stop().await;
    Ok(())
}

/// Removes the databases an earlier demo left, and nothing else.
fn start_afresh(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ours =
            ["enrollment.db", "filing.db", "settlement.db"].iter().any(|database| name.starts_with(database));
        if ours {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// A request of ours.
fn ask<T>(message: T) -> Request<T> {
    Request::new(message)
}

/// Fails the demo when something is not as it should be.
fn must(holds: bool, what: &str) -> anyhow::Result<()> {
    ensure!(holds, "the demo found a defect: {what}");
    Ok(())
}
