//! credit: how are these institutions graded, and what does that change? Away: the call fails, nothing is written.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use tonic::{Status, async_trait};
use yizhan_proto::credit::v1::grade_service_client::GradeServiceClient;
use yizhan_proto::credit::v1::{GetGradeRequest, InstitutionGrade};
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::{Caller, Reason, ServiceError};

use crate::guard::Guard;
use crate::peer::Peer;

const CREDIT: Peer = Peer { service: "credit", away: Reason::CreditAway, told_on: &[] };
/// Institutions of one call, as GetGrade takes them.
const AT_ONCE: usize = 200;

/// What audit asks of credit.
#[async_trait]
pub trait Grades: Send + Sync {
    /// The grades of institutions that the agency of an area gave and that are in force on a day, with what they change; of everybody asked about.
    ///
    /// # Errors
    /// CREDIT_AWAY where credit cannot answer.
    async fn grades(
        &self,
        poolarea_no: &str,
        codes: Vec<String>,
        day: &str,
    ) -> Result<BTreeMap<String, InstitutionGrade>, ServiceError>;
}

/// Credit over gRPC.
pub struct GradesPeer {
    client: GradeServiceClient<PeerChannel>,
    guard: Guard,
}

impl GradesPeer {
    /// As this service; connects when first asked.
    pub fn new(peer: &PeerConfig, service: &str) -> anyhow::Result<GradesPeer> {
        let channel = client::channel(peer, &Caller::Service { name: service.to_owned() })?;
        let guard = Guard::new(CREDIT.service, peer.deadline);
        Ok(GradesPeer { client: GradeServiceClient::new(channel), guard })
    }

    async fn ask(&self, request: GetGradeRequest) -> Result<Vec<InstitutionGrade>, Status> {
        let asked = request.fixmedins_codes.len();
        let grades = self.client.clone().get_grade(request).await?.into_inner().grades;
        // A callee that leaves one out breaks its contract.
        if grades.len() == asked { Ok(grades) } else { Err(Status::data_loss("a grade is missing")) }
    }
}

#[async_trait]
impl Grades for GradesPeer {
    async fn grades(
        &self,
        poolarea_no: &str,
        codes: Vec<String>,
        day: &str,
    ) -> Result<BTreeMap<String, InstitutionGrade>, ServiceError> {
        let question = |some: &[String]| GetGradeRequest {
            poolarea_no: poolarea_no.to_owned(),
            fixmedins_codes: some.to_vec(),
            day: day.to_owned(),
        };
        let ask = || try_join_all(codes.chunks(AT_ONCE).map(|some| self.ask(question(some))));
        let told = self.guard.read(1, ask).await;
        let told = told.map_err(|status| CREDIT.refusal(status))?.concat();
        Ok(told.into_iter().map(|grade| (grade.fixmedins_code.clone(), grade)).collect())
    }
}
