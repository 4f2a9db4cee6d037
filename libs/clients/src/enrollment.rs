//! enrollment: is this person entitled on this day? Away: the call fails, nothing is written.

use std::sync::Arc;

use futures::FutureExt;
use tonic::{Status, async_trait};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::rights_service_client::RightsServiceClient;
use yizhan_proto::enrollment::v1::{
    AuthorizeLookRequest, AuthorizeLookResponse, BatchGetEligibilitiesRequest, Eligibility,
    GetEligibilityRequest, GetEligibilityResponse,
};
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::{Caller, Reason, ServiceError};

use crate::guard::Guard;
use crate::peer::{Peer, Questions, Reply};

const ENROLLMENT: Peer = Peer {
    service: "enrollment",
    away: Reason::EnrollmentAway,
    told_on: &[
        Reason::PersonUnknown,
        Reason::PersonMerged,
        Reason::GrantUnknown,
        Reason::GrantWithdrawn,
        Reason::GrantNotBegun,
        Reason::GrantEnded,
        Reason::GrantOtherPurpose,
        Reason::GrantOutOfScope,
    ],
};

/// What others ask of enrollment.
#[async_trait]
pub trait Enrollment: Send + Sync {
    /// What is true of a person on a day. PERSON_UNKNOWN when there is no such person; PERSON_MERGED when another number
    /// took this one's place;
    /// ENROLLMENT_AWAY when enrollment cannot answer.
    async fn eligibility(&self, question: GetEligibilityRequest) -> Result<Eligibility, ServiceError>;

    /// Lets somebody be shown what the asking service keeps of a person; the look is logged when this is answered. Refused with
    /// PERSON_UNKNOWN, PERSON_MERGED or what the grant says (GRANT_UNKNOWN, GRANT_WITHDRAWN …); ENROLLMENT_AWAY when enrollment
    /// cannot answer: then nothing may be shown.
    async fn authorize_look(&self, look: AuthorizeLookRequest)
    -> Result<AuthorizeLookResponse, ServiceError>;
}

/// Enrollment over gRPC.
pub struct EnrollmentPeer {
    questions: Questions<GetEligibilityRequest, Eligibility>,
    rights: RightsServiceClient<PeerChannel>,
    guard: Arc<Guard>,
}

impl EnrollmentPeer {
    /// As this service; connects when first asked.
    pub fn new(peer: &PeerConfig, service: &str) -> anyhow::Result<EnrollmentPeer> {
        let channel = client::channel(peer, &Caller::Service { name: service.to_owned() })?;
        let rights = RightsServiceClient::new(channel.clone());
        let client = EnrollmentServiceClient::new(channel);
        let ask = move |questions| ask(client.clone(), questions).boxed();
        let guard = Arc::new(Guard::new(ENROLLMENT.service, peer.deadline));
        let questions = ENROLLMENT.in_batches(guard.clone(), ask);
        Ok(EnrollmentPeer { questions, rights, guard })
    }
}

#[async_trait]
impl Enrollment for EnrollmentPeer {
    async fn eligibility(&self, question: GetEligibilityRequest) -> Result<Eligibility, ServiceError> {
        self.questions.ask(question).await
    }

    async fn authorize_look(
        &self,
        look: AuthorizeLookRequest,
    ) -> Result<AuthorizeLookResponse, ServiceError> {
        // Enrollment gathers the looks of one moment into one commit itself. Each is entered in a log: none is asked for twice.
        let mut rights = self.rights.clone();
        let answer = self.guard.once(rights.authorize_look(look)).await;
        answer.map(tonic::Response::into_inner).map_err(|status| ENROLLMENT.refusal(status))
    }
}

/// Refuses who is not entitled, with enrollment's reason and the way out.
///
/// # Errors
/// NOT_ENTITLED.
pub fn require_entitled(eligibility: &Eligibility) -> Result<(), ServiceError> {
    let Eligibility { entitled, as_of, reason, reason_text, way_out, .. } = eligibility;
    if *entitled {
        return Ok(());
    }
    Err(ServiceError::new(Reason::NotEntitled, format!("not entitled on {as_of}: {reason}"))
        .with_text(format!("{reason_text}；{way_out}"))
        .with("why", reason)
        .with("as_of", as_of)
        .with("way_out", way_out))
}

/// Answers for each question, in order.
async fn ask(
    mut client: EnrollmentServiceClient<PeerChannel>,
    questions: Vec<GetEligibilityRequest>,
) -> Result<Vec<Reply<Eligibility>>, Status> {
    let persons: Vec<String> = questions.iter().map(|question| question.psn_no.clone()).collect();
    let request = BatchGetEligibilitiesRequest { requests: questions };
    let answers = client.batch_get_eligibilities(request).await?.into_inner().responses;
    Ok(persons.iter().zip(answers).map(|(psn_no, answer)| known(psn_no, answer)).collect())
}

fn known(psn_no: &str, answer: GetEligibilityResponse) -> Result<Eligibility, ServiceError> {
    match answer.eligibility {
        Some(eligibility) => Ok(eligibility),
        None if answer.merged_into.is_empty() => Err(unknown(psn_no)),
        None => Err(person_merged(psn_no, &answer.merged_into)),
    }
}

/// Another number took this one's place: PERSON_MERGED.
pub fn person_merged(psn_no: &str, merged_into: &str) -> ServiceError {
    ServiceError::new(Reason::PersonMerged, format!("the record {psn_no} was merged into {merged_into}"))
        .with("psn_no", psn_no)
        .with("merged_into", merged_into)
}

fn unknown(psn_no: &str) -> ServiceError {
    ServiceError::new(Reason::PersonUnknown, format!("no person {psn_no} is registered"))
        .with_text("未查到该参保人员，请核对人员编号")
        .with("psn_no", psn_no)
}
