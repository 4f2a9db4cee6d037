//! 合并: the calls, nothing decided.

use yizhan_proto::enrollment::v1::merge_service_server::MergeService;
use yizhan_proto::enrollment::v1::{
    MergePersonsRequest, MergePersonsResponse, UnmergePersonsRequest, UnmergePersonsResponse,
};
use yizhan_runtime::calls;

use crate::app::Register;
use crate::merges;

calls! { MergeService for Register, working with |register| register;
    merge_persons(MergePersonsRequest) -> MergePersonsResponse = merges::merge_persons;
    unmerge_persons(UnmergePersonsRequest) -> UnmergePersonsResponse = merges::unmerge_persons;
}
