//! 合并: a table of calls, nothing decided.

use yizhan_proto::enrollment::v1::merge_service_server::MergeService;
use yizhan_proto::enrollment::v1::{MergePersonsRequest, MergePersonsResponse};

use crate::app::Register;
use crate::merges;

yizhan_runtime::api! {
    /// MergeService as tonic sees it.
    MergeApi: MergeService over Register, by merges;
    merge_persons(MergePersonsRequest) -> MergePersonsResponse;
}
