//! Following other services: enrollment's register, for filings follow their persons; settlement, for the figures.

mod register;
mod settlements;

use tokio_util::sync::CancellationToken;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_runtime::Caller;
use yizhan_runtime::client::{channel, feed_channel};
use yizhan_runtime::follow::{Follower, follow};
use yizhan_runtime::server::MAX_MESSAGE_BYTES;

use crate::config::FilingConfig;
use crate::register::Register;
use register::FollowRegister;
use settlements::FollowSettlements;

/// Sets to work what follows others, until the server stops.
pub fn start(register: &Register, config: &FilingConfig, stopping: &CancellationToken) -> anyhow::Result<()> {
    let caller = Caller::Service { name: "filing".to_owned() };
    let persons = FollowRegister {
        register: register.clone(),
        feed: EnrollmentServiceClient::new(feed_channel(&config.enrollment, &caller)?),
        questions: EnrollmentServiceClient::new(channel(&config.enrollment, &caller)?),
    };
    keep(persons, register, stopping);
    if let Some(settlement) = &config.settlement {
        let feed = SettlementServiceClient::new(feed_channel(settlement, &caller)?);
        let feed = feed.max_decoding_message_size(MAX_MESSAGE_BYTES);
        keep(FollowSettlements { feed }, register, stopping);
    }
    Ok(())
}

fn keep(follower: impl Follower, register: &Register, stopping: &CancellationToken) {
    let following = follow(register.db.clone(), follower);
    tokio::spawn(stopping.clone().run_until_cancelled_owned(following));
}
