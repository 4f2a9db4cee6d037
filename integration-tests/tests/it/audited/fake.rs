//! An audit that says what the test wants it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tonic::{Request, Response, Status};
use yizhan_proto::audit::v1::check_service_server::{CheckService, CheckServiceServer};
use yizhan_proto::audit::v1::*;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::server::{RunningServer, Server};
use yizhan_runtime::services;

/// What it is to say, and what it was asked.
#[derive(Clone, Default)]
pub struct FakeAudit(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    result: Vec<Violation>,
    asked: Vec<CheckRequest>,
    silent: bool,
}

impl FakeAudit {
    /// Starts it.
    pub async fn start(&self) -> RunningServer {
        let server = Server::bind(ServerConfig::loopback()).unwrap();
        server.serve(services![CheckServiceServer::new(self.clone())]).await.unwrap()
    }

    /// It finds this from now on.
    pub fn finds(&self, result: Vec<Violation>) {
        self.0.lock().unwrap().result = result;
    }

    /// It answers nobody from now on.
    pub fn is_silent(&self) {
        self.0.lock().unwrap().silent = true;
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<CheckRequest> {
        self.0.lock().unwrap().asked.clone()
    }
}

#[tonic::async_trait]
impl CheckService for FakeAudit {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let (silent, result) = {
            let mut said = self.0.lock().unwrap();
            said.asked.push(request.into_inner());
            (said.silent, said.result.clone())
        };
        if silent {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Ok(Response::new(CheckResponse { result }))
    }

    async fn pre_check(&self, _: Request<PreCheckRequest>) -> Result<Response<PreCheckResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn answer_violation(
        &self,
        _: Request<AnswerViolationRequest>,
    ) -> Result<Response<AnswerViolationResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }
}
