//! enrollment: is this person entitled on this day? Away: the call fails, nothing is written.

use tonic::{Code, async_trait};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::{Caller, ServiceError};

/// What settlement asks of enrollment.
#[async_trait]
pub trait Enrollment: Send + Sync {
    /// What is true of a person on a day. PERSON_UNKNOWN when there is no such person;
    /// ENROLLMENT_AWAY when enrollment cannot answer.
    async fn eligibility(&self, question: GetEligibilityRequest) -> Result<Eligibility, ServiceError>;
}

/// Enrollment over gRPC.
pub struct EnrollmentPeer {
    client: EnrollmentServiceClient<PeerChannel>,
}

impl EnrollmentPeer {
    /// Connects when first asked.
    pub fn new(peer: &PeerConfig) -> anyhow::Result<EnrollmentPeer> {
        let channel = client::channel(peer, &Caller::Service { name: "settlement".to_owned() })?;
        Ok(EnrollmentPeer { client: EnrollmentServiceClient::new(channel) })
    }
}

#[async_trait]
impl Enrollment for EnrollmentPeer {
    async fn eligibility(&self, question: GetEligibilityRequest) -> Result<Eligibility, ServiceError> {
        let psn_no = question.psn_no.clone();
        let answer =
            self.client.clone().get_eligibility(question).await.map_err(|status| refusal(&psn_no, status))?;
        let missing =
            || ServiceError::internal(anyhow::anyhow!("enrollment answered without an eligibility"));
        answer.into_inner().eligibility.ok_or_else(missing)
    }
}

fn refusal(psn_no: &str, status: tonic::Status) -> ServiceError {
    match status.code() {
        Code::NotFound => ServiceError::not_found(
            "PERSON_UNKNOWN",
            format!("no person {psn_no} is registered"),
            "未查到该参保人员，请核对人员编号",
        )
        .with("psn_no", psn_no),
        Code::InvalidArgument => {
            let cause = RemoteError::from(&status);
            ServiceError::internal(anyhow::anyhow!("enrollment refused our question: {cause:?}"))
        }
        _ => ServiceError::unavailable(
            "ENROLLMENT_AWAY",
            "enrollment cannot answer; nothing was written",
            "参保服务暂不可用，未发生结算，请稍后重试",
        )
        .caused_by(status),
    }
}
