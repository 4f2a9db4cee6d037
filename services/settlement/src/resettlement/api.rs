//! ResettlementService.

use yizhan_proto::settlement::v1::resettlement_service_server::ResettlementService;
use yizhan_proto::settlement::v1::{
    FindLaterVisitsRequest, FindLaterVisitsResponse, ResettleRequest, ResettleResponse,
};
use yizhan_runtime::calls;

use super::find_later_visits::find_later_visits;
use super::resettle::resettle;
use crate::app::Api;

calls! { ResettlementService for Api, working with |api| &api.0;
    find_later_visits(FindLaterVisitsRequest) -> FindLaterVisitsResponse = find_later_visits;
    resettle(ResettleRequest) -> ResettleResponse = resettle;
}
