//! 部门名册: the calls, nothing decided.

use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use yizhan_proto::enrollment::v1::roster_service_server::RosterService;
use yizhan_proto::enrollment::v1::{
    AbandonRosterRequest, AbandonRosterResponse, GetRosterRequest, GetRosterResponse, ListRosterRowsRequest,
    ListRosterRowsResponse, LoadRosterRequest, LoadRosterResponse,
};
use yizhan_runtime::{Caller, Reply, calls};

use crate::rosters::{self, Rosters};

calls! { RosterService for Rosters, working with |api| &api.register;
    get_roster(GetRosterRequest) -> GetRosterResponse = rosters::get_roster;
    list_roster_rows(ListRosterRowsRequest) -> ListRosterRowsResponse = rosters::list_roster_rows;
    abandon_roster(AbandonRosterRequest) -> AbandonRosterResponse = rosters::abandon_roster;
    .. {
        type LoadRosterStream = ReceiverStream<Result<LoadRosterResponse, Status>>;

        async fn load_roster(
            &self,
            request: Request<Streaming<LoadRosterRequest>>,
        ) -> Reply<Self::LoadRosterStream> {
            let caller = Caller::of(&request);
            let told = rosters::load(self.clone(), caller, request.into_inner());
            Ok(Response::new(ReceiverStream::new(told)))
        }
    }
}
