//! Rosters of departments: proto in, proto out.

use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};
use yizhan_proto::enrollment::v1::roster_service_server::RosterService;
use yizhan_proto::enrollment::v1::{
    AbandonRosterRequest, AbandonRosterResponse, GetRosterRequest, GetRosterResponse, ListRosterRowsRequest,
    ListRosterRowsResponse, LoadRosterRequest, LoadRosterResponse,
};
use yizhan_runtime::{Caller, Reply, ServiceError};

use crate::app::Register;
use crate::rosters::messages;
use crate::rosters::{self, Applier};

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct RosterApi {
    register: Register,
    applier: Applier,
    stopping: CancellationToken,
}

impl RosterApi {
    /// Over this register, with its applier; streams end when `stopping` is cancelled.
    pub fn new(register: Register, applier: Applier, stopping: CancellationToken) -> Self {
        RosterApi { register, applier, stopping }
    }
}

#[tonic::async_trait]
impl RosterService for RosterApi {
    type LoadRosterStream = ReceiverStream<Result<LoadRosterResponse, Status>>;

    async fn load_roster(
        &self,
        request: Request<Streaming<LoadRosterRequest>>,
    ) -> Reply<Self::LoadRosterStream> {
        let caller = Caller::of(&request);
        let (register, applier) = (self.register.clone(), self.applier.clone());
        let told = rosters::load(register, applier, caller, self.stopping.clone(), request.into_inner());
        Ok(Response::new(ReceiverStream::new(told)))
    }

    async fn get_roster(&self, request: Request<GetRosterRequest>) -> Reply<GetRosterResponse> {
        let caller = Caller::of(&request);
        let GetRosterRequest { poolarea_no, department, roster_id } = request.into_inner();
        let roster = rosters::get(&self.register, &caller, (&poolarea_no, &department, &roster_id)).await?;
        let roster = messages::roster(&roster).map_err(ServiceError::from)?;
        Ok(Response::new(GetRosterResponse { roster: Some(roster) }))
    }

    async fn list_roster_rows(
        &self,
        request: Request<ListRosterRowsRequest>,
    ) -> Reply<ListRosterRowsResponse> {
        let caller = Caller::of(&request);
        let (rows, next_page_token) =
            rosters::list_rows(&self.register, &caller, &request.into_inner()).await?;
        let rows = rows.into_iter().map(messages::row_result).collect();
        Ok(Response::new(ListRosterRowsResponse { rows, next_page_token }))
    }

    async fn abandon_roster(&self, request: Request<AbandonRosterRequest>) -> Reply<AbandonRosterResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(rosters::abandon(&self.register, &caller, request.into_inner()).await?))
    }
}
