//! credit: may the funds pay for what these practitioners did on their days? Away, or late: it is settled all the same, with a mark. And what may a
//! person pay later? Away, or late: nothing.

use std::time::Duration;

use futures::future::try_join_all;
use tonic::{Request, Status, async_trait};
use yizhan_proto::credit::v1::person_credit_service_client::PersonCreditServiceClient;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::{
    GetPayLaterTermsRequest, GetPayLaterTermsResponse, GetQualificationRequest, Qualification,
    QualificationQuestion,
};
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::{Caller, deadline};

use crate::guard::Guard;

/// Questions of one call, as GetQualification takes them; what is more goes in calls beside it.
const AT_ONCE: usize = 200;

/// What settlement asks of credit.
#[async_trait]
pub trait Credit: Send + Sync {
    /// How practitioners stand, in the order of the questions: one call for up to 200.
    ///
    /// # Errors
    /// Where credit did not answer all of it in time, or not at all: nobody is refused for that.
    async fn qualifications(
        &self,
        questions: Vec<QualificationQuestion>,
    ) -> Result<Vec<Qualification>, Status>;

    /// What persons may pay later, in the order of the question.
    ///
    /// # Errors
    /// Where credit did not answer in time, or not at all: nothing is deferred then.
    async fn pay_later_terms(
        &self,
        question: GetPayLaterTermsRequest,
    ) -> Result<GetPayLaterTermsResponse, Status>;
}

/// Credit over gRPC.
pub struct CreditPeer {
    client: QualificationServiceClient<PeerChannel>,
    persons: PersonCreditServiceClient<PeerChannel>,
    deadline: Duration,
    guard: Guard,
}

impl CreditPeer {
    /// As this service; connects when first asked. What is not answered by the deadline, which is shorter than that of other calls, is late.
    pub fn new(peer: &PeerConfig, service: &str, deadline: Duration) -> anyhow::Result<CreditPeer> {
        let channel = client::channel(peer, &Caller::Service { name: service.to_owned() })?;
        let persons = PersonCreditServiceClient::new(channel.clone());
        let guard = Guard::new("credit", deadline);
        Ok(CreditPeer { client: QualificationServiceClient::new(channel), persons, deadline, guard })
    }

    async fn ask(&self, questions: &[QualificationQuestion]) -> Result<Vec<Qualification>, Status> {
        let mut request = Request::new(GetQualificationRequest { questions: questions.to_vec() });
        request.set_timeout(deadline::allowed(self.deadline));
        let answer = self.client.clone().get_qualification(request).await?.into_inner().qualifications;
        // A callee that leaves one out breaks its contract.
        let whole = answer.len() == questions.len();
        if whole { Ok(answer) } else { Err(Status::data_loss("an answer to a question is missing")) }
    }
}

#[async_trait]
impl Credit for CreditPeer {
    async fn qualifications(
        &self,
        questions: Vec<QualificationQuestion>,
    ) -> Result<Vec<Qualification>, Status> {
        let ask = || try_join_all(questions.chunks(AT_ONCE).map(|some| self.ask(some)));
        Ok(self.guard.read(1, ask).await?.concat())
    }

    async fn pay_later_terms(
        &self,
        question: GetPayLaterTermsRequest,
    ) -> Result<GetPayLaterTermsResponse, Status> {
        let asked = question.psn_nos.len();
        let ask = || {
            let (mut persons, mut request) = (self.persons.clone(), Request::new(question.clone()));
            request.set_timeout(deadline::allowed(self.deadline));
            async move { persons.get_pay_later_terms(request).await }
        };
        let answer = self.guard.read(1, ask).await?.into_inner();
        let whole = answer.terms.len() == asked;
        if whole { Ok(answer) } else { Err(Status::data_loss("the terms of a person are missing")) }
    }
}
