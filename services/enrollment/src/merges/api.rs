//! MergeService as tonic sees it.

use tonic::{Request, Response};
use yizhan_proto::enrollment::v1::merge_service_server::MergeService;
use yizhan_proto::enrollment::v1::{MergePersonsRequest, MergePersonsResponse};
use yizhan_runtime::{Caller, Reply};

use crate::app::Register;
use crate::merges::merge_persons::merge_persons;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct MergeApi(Register);

impl MergeApi {
    /// Over this register.
    pub fn new(register: Register) -> Self {
        MergeApi(register)
    }
}

#[tonic::async_trait]
impl MergeService for MergeApi {
    async fn merge_persons(&self, request: Request<MergePersonsRequest>) -> Reply<MergePersonsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(merge_persons(&self.0, &caller, request.into_inner()).await?))
    }
}
