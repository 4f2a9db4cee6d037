//! filing: how does a visit away from home count, and what is applied? Away: visits outside the pooling area fail, nothing is written.

use std::sync::Arc;

use futures::FutureExt;
use tonic::{Status, async_trait};
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::filing::v1::{BatchFindFilingRequest, FilingAnswer, FindFilingRequest};
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::{Caller, Reason, ServiceError};

use crate::guard::Guard;
use crate::peer::{Peer, Questions, Reply};

const FILING: Peer =
    Peer { service: "filing", away: Reason::FilingAway, told_on: &[Reason::RulesNotInForce] };

/// What others ask of filing.
#[async_trait]
pub trait Filing: Send + Sync {
    /// How a visit counts and what settlement must apply. RULES_NOT_IN_FORCE where no rules are known for the place and
    /// day; FILING_AWAY when filing cannot answer.
    async fn find(&self, question: FindFilingRequest) -> Result<FilingAnswer, ServiceError>;
}

/// Filing over gRPC.
pub struct FilingPeer {
    questions: Questions<FindFilingRequest, FilingAnswer>,
}

impl FilingPeer {
    /// As this service; connects when first asked.
    pub fn new(peer: &PeerConfig, service: &str) -> anyhow::Result<FilingPeer> {
        let channel = client::channel(peer, &Caller::Service { name: service.to_owned() })?;
        let client = FilingServiceClient::new(channel);
        let guard = Arc::new(Guard::new(FILING.service, peer.deadline));
        let questions = FILING.in_batches(guard, move |questions| ask(client.clone(), questions).boxed());
        Ok(FilingPeer { questions })
    }
}

#[async_trait]
impl Filing for FilingPeer {
    async fn find(&self, question: FindFilingRequest) -> Result<FilingAnswer, ServiceError> {
        self.questions.ask(question).await
    }
}

async fn ask(
    mut client: FilingServiceClient<PeerChannel>,
    requests: Vec<FindFilingRequest>,
) -> Result<Vec<Reply<FilingAnswer>>, Status> {
    let response = client.batch_find_filing(BatchFindFilingRequest { requests }).await?.into_inner();
    // A service may ask about everybody.
    let none = || ServiceError::internal(anyhow::anyhow!("filing gave no answer"));
    Ok(response.responses.into_iter().map(|response| response.answer.ok_or_else(none)).collect())
}
