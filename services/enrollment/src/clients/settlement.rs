//! settlement: what was a person paid so far? Away: the view goes without it, and says so.

use std::fmt::Debug;

use tonic::async_trait;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{Accumulator, GetAccumulatorsRequest};
use yizhan_runtime::Caller;
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;

/// What enrollment asks of settlement.
#[async_trait]
pub trait Settlement: Debug + Send + Sync {
    /// What a person's settlements under a pooling area add up to; `None` when settlement cannot answer.
    async fn accumulators(&self, psn_no: &str, poolarea_no: &str) -> Option<Vec<Accumulator>>;
}

/// Settlement over gRPC.
#[derive(Debug)]
pub struct SettlementPeer {
    client: SettlementServiceClient<PeerChannel>,
}

impl SettlementPeer {
    /// Connects when first asked.
    pub fn new(peer: &PeerConfig) -> anyhow::Result<SettlementPeer> {
        let channel = client::channel(peer, &Caller::Service { name: "enrollment".to_owned() })?;
        Ok(SettlementPeer { client: SettlementServiceClient::new(channel) })
    }
}

#[async_trait]
impl Settlement for SettlementPeer {
    async fn accumulators(&self, psn_no: &str, poolarea_no: &str) -> Option<Vec<Accumulator>> {
        let request =
            GetAccumulatorsRequest { psn_no: psn_no.to_owned(), poolarea_no: poolarea_no.to_owned() };
        match self.client.clone().get_accumulators(request).await {
            Ok(answer) => Some(answer.into_inner().accumulators),
            Err(status) => {
                tracing::warn!(code = ?status.code(), "settlement cannot tell what a person was paid");
                None
            }
        }
    }
}
