//! 关系转移接续: the calls, nothing decided.

use yizhan_proto::enrollment::v1::transfer_service_server::TransferService;
use yizhan_proto::enrollment::v1::{
    AdvanceTransferRequest, AdvanceTransferResponse, EnrolMoverRequest, EnrolMoverResponse,
    GetTransferRequest, GetTransferResponse, ListTransfersRequest, ListTransfersResponse,
    StartTransferRequest, StartTransferResponse,
};
use yizhan_runtime::calls;

use crate::app::Register;
use crate::transfers;

calls! { TransferService for Register, working with |register| register;
    enrol_mover(EnrolMoverRequest) -> EnrolMoverResponse = transfers::enrol_mover;
    start_transfer(StartTransferRequest) -> StartTransferResponse = transfers::start_transfer;
    advance_transfer(AdvanceTransferRequest) -> AdvanceTransferResponse = transfers::advance_transfer;
    get_transfer(GetTransferRequest) -> GetTransferResponse = transfers::get_transfer;
    list_transfers(ListTransfersRequest) -> ListTransfersResponse = transfers::list_transfers;
}
