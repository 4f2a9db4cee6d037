//! FeeService.

use yizhan_proto::settlement::v1::fee_service_server::FeeService;
use yizhan_proto::settlement::v1::{
    CancelFeesRequest, CancelFeesResponse, ListFeesRequest, ListFeesResponse, UploadFeesRequest,
    UploadFeesResponse,
};
use yizhan_runtime::calls;

use super::{cancel, list, upload};
use crate::app::Api;

calls! { FeeService for Api, working with |api| &api.0;
    upload_fees(UploadFeesRequest) -> UploadFeesResponse = upload::upload_fees;
    cancel_fees(CancelFeesRequest) -> CancelFeesResponse = cancel::cancel_fees;
    list_fees(ListFeesRequest) -> ListFeesResponse = list::list_fees;
}
