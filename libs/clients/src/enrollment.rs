//! enrollment: is this person entitled on this day? Away: the call fails, nothing is written.

use futures::FutureExt;
use tonic::{Code, async_trait};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    BatchGetEligibilitiesRequest, Eligibility, GetEligibilityRequest, GetEligibilityResponse,
};
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::{Caller, ServiceError};

/// Calls under way at the same time; what is asked meanwhile goes into the next one.
const CALLS: usize = 2;

/// What others ask of enrollment.
#[async_trait]
pub trait Enrollment: Send + Sync {
    /// What is true of a person on a day. PERSON_UNKNOWN when there is no such person; PERSON_MERGED when another number
    /// took this one's place;
    /// ENROLLMENT_AWAY when enrollment cannot answer.
    async fn eligibility(&self, question: GetEligibilityRequest) -> Result<Eligibility, ServiceError>;
}

/// Enrollment over gRPC.
pub struct EnrollmentPeer {
    questions: Batcher<GetEligibilityRequest, Result<Eligibility, ServiceError>>,
}

impl EnrollmentPeer {
    /// As this service; connects when first asked.
    pub fn new(peer: &PeerConfig, service: &str) -> anyhow::Result<EnrollmentPeer> {
        let channel = client::channel(peer, &Caller::Service { name: service.to_owned() })?;
        let client = EnrollmentServiceClient::new(channel);
        let questions = Batcher::start(CALLS, move |questions| ask(client.clone(), questions).boxed());
        Ok(EnrollmentPeer { questions })
    }
}

#[async_trait]
impl Enrollment for EnrollmentPeer {
    async fn eligibility(&self, question: GetEligibilityRequest) -> Result<Eligibility, ServiceError> {
        self.questions.submit(question).await?
    }
}

/// Answers for each question, in order.
async fn ask(
    mut client: EnrollmentServiceClient<PeerChannel>,
    questions: Vec<GetEligibilityRequest>,
) -> Vec<Result<Eligibility, ServiceError>> {
    let persons: Vec<String> = questions.iter().map(|question| question.psn_no.clone()).collect();
    let request = BatchGetEligibilitiesRequest { requests: questions };
    match client.batch_get_eligibilities(request).await {
        Ok(response) => {
            let answers = response.into_inner().responses;
            persons.iter().zip(answers).map(|(psn_no, answer)| known(psn_no, answer)).collect()
        }
        Err(status) => persons.iter().map(|_| Err(refusal(status.clone()))).collect(),
    }
}

fn known(psn_no: &str, answer: GetEligibilityResponse) -> Result<Eligibility, ServiceError> {
    match answer.eligibility {
        Some(eligibility) => Ok(eligibility),
        None if answer.merged_into.is_empty() => Err(unknown(psn_no)),
        None => Err(merged(psn_no, &answer.merged_into)),
    }
}

fn merged(psn_no: &str, merged_into: &str) -> ServiceError {
    ServiceError::failed_precondition(
        "PERSON_MERGED",
        format!("the record {psn_no} was merged into {merged_into}"),
        "该人员编号已合并，请使用合并后的人员编号",
    )
    .with("psn_no", psn_no)
    .with("merged_into", merged_into)
}

fn unknown(psn_no: &str) -> ServiceError {
    ServiceError::not_found(
        "PERSON_UNKNOWN",
        format!("no person {psn_no} is registered"),
        "未查到该参保人员，请核对人员编号",
    )
    .with("psn_no", psn_no)
}

fn refusal(status: tonic::Status) -> ServiceError {
    match status.code() {
        Code::InvalidArgument => {
            let cause = RemoteError::from(&status);
            ServiceError::internal(anyhow::anyhow!("enrollment refused our question: {cause:?}"))
        }
        _ => ServiceError::unavailable(
            "ENROLLMENT_AWAY",
            "enrollment cannot answer; nothing was written",
            "参保服务暂不可用，本次操作未生效，请稍后重试",
        )
        .caused_by(status),
    }
}
