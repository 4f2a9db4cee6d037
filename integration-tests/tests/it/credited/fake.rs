//! A credit that says of practitioners what the test wants it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tonic::{Request, Response, Status};
use yizhan_proto::credit::v1::qualification_service_server::{
    QualificationService, QualificationServiceServer,
};
use yizhan_proto::credit::v1::*;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::server::{RunningServer, Server};
use yizhan_runtime::services;

/// What it is to say, and what it was asked.
#[derive(Clone, Default)]
pub struct FakeCredit(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    suspended: Vec<String>,
    asked: Vec<GetQualificationRequest>,
    silent: bool,
}

impl FakeCredit {
    /// Starts it.
    pub async fn start(&self) -> RunningServer {
        let server = Server::bind(ServerConfig::loopback()).unwrap();
        server.serve(services![QualificationServiceServer::new(self.clone())]).await.unwrap()
    }

    /// These are suspended from now on, everybody else is not.
    pub fn suspends(&self, practitioners: &[&str]) {
        self.0.lock().unwrap().suspended = practitioners.iter().map(|code| (*code).to_owned()).collect();
    }

    /// It answers nobody from now on.
    pub fn is_silent(&self) {
        self.0.lock().unwrap().silent = true;
    }

    /// It answers again.
    pub fn answers(&self) {
        self.0.lock().unwrap().silent = false;
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<GetQualificationRequest> {
        self.0.lock().unwrap().asked.clone()
    }
}

#[tonic::async_trait]
impl QualificationService for FakeCredit {
    async fn get_qualification(
        &self,
        request: Request<GetQualificationRequest>,
    ) -> Result<Response<GetQualificationResponse>, Status> {
        let request = request.into_inner();
        let (silent, suspended) = {
            let mut said = self.0.lock().unwrap();
            said.asked.push(request.clone());
            (said.silent, said.suspended.clone())
        };
        // Until it answers again, or who asked has gone.
        while silent && self.0.lock().unwrap().silent {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let answer = |question: QualificationQuestion| match suspended.contains(&question.practitioner_code) {
            true => Qualification {
                status: QualificationStatus::Suspended.into(),
                from_date: "2026-01-10".to_owned(),
                ends_on: "2026-02-09".to_owned(),
                basis: "长医保处〔2026〕3号".to_owned(),
                entry_id: "E1".to_owned(),
                practitioner_code: question.practitioner_code,
                day: question.day,
                points: 9,
                ..Qualification::default()
            },
            false => Qualification {
                status: QualificationStatus::Normal.into(),
                practitioner_code: question.practitioner_code,
                day: question.day,
                ..Qualification::default()
            },
        };
        let qualifications = request.questions.into_iter().map(answer).collect();
        Ok(Response::new(GetQualificationResponse { qualifications }))
    }

    async fn register_practitioners(
        &self,
        _: Request<RegisterPractitionersRequest>,
    ) -> Result<Response<RegisterPractitionersResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn leave_institution(
        &self,
        _: Request<LeaveInstitutionRequest>,
    ) -> Result<Response<LeaveInstitutionResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn decide_points(
        &self,
        _: Request<DecidePointsRequest>,
    ) -> Result<Response<DecidePointsResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn advance_points(
        &self,
        _: Request<AdvancePointsRequest>,
    ) -> Result<Response<AdvancePointsResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn get_points_matter(
        &self,
        _: Request<GetPointsMatterRequest>,
    ) -> Result<Response<GetPointsMatterResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn explain_points(
        &self,
        _: Request<ExplainPointsRequest>,
    ) -> Result<Response<ExplainPointsResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn list_points_matters(
        &self,
        _: Request<ListPointsMattersRequest>,
    ) -> Result<Response<ListPointsMattersResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn replay_points(
        &self,
        _: Request<ReplayPointsRequest>,
    ) -> Result<Response<ReplayPointsResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }
}
