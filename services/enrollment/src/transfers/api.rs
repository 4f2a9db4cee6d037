//! 关系转移接续: a table of calls, nothing decided.

use yizhan_proto::enrollment::v1::transfer_service_server::TransferService;
use yizhan_proto::enrollment::v1::{
    AdvanceTransferRequest, AdvanceTransferResponse, GetTransferRequest, GetTransferResponse,
    ListTransfersRequest, ListTransfersResponse, StartTransferRequest, StartTransferResponse,
};

use crate::app::Register;
use crate::transfers;

yizhan_runtime::api! {
    /// TransferService as tonic sees it.
    TransferApi: TransferService over Register, by transfers;
    start_transfer(StartTransferRequest) -> StartTransferResponse;
    advance_transfer(AdvanceTransferRequest) -> AdvanceTransferResponse;
    get_transfer(GetTransferRequest) -> GetTransferResponse;
    list_transfers(ListTransfersRequest) -> ListTransfersResponse;
}
