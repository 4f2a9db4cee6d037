//! WorklistService.

use yizhan_proto::settlement::v1::worklist_service_server::WorklistService;
use yizhan_proto::settlement::v1::{
    CloseWorkItemRequest, CloseWorkItemResponse, GetWorkItemRequest, GetWorkItemResponse,
    ListWorklistRequest, ListWorklistResponse,
};
use yizhan_runtime::calls;

use super::queries;
use crate::app::Api;

calls! { WorklistService for Api, working with |api| &api.0;
    list_worklist(ListWorklistRequest) -> ListWorklistResponse = queries::list;
    get_work_item(GetWorkItemRequest) -> GetWorkItemResponse = queries::get;
    close_work_item(CloseWorkItemRequest) -> CloseWorkItemResponse = queries::close;
}
