//! 参保台账: a table of calls, nothing decided.

use yizhan_proto::enrollment::v1::ledger_service_server::LedgerService;
use yizhan_proto::enrollment::v1::{
    GetLedgerRequest, GetLedgerResponse, ListUnenrolledRequest, ListUnenrolledResponse,
};

use crate::app::Register;
use crate::ledger;

yizhan_runtime::api! {
    /// LedgerService as tonic sees it.
    LedgerApi: LedgerService over Register, by ledger;
    get_ledger(GetLedgerRequest) -> GetLedgerResponse;
    list_unenrolled(ListUnenrolledRequest) -> ListUnenrolledResponse;
}
