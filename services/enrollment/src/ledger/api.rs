//! 参保台账: the calls, nothing decided.

use yizhan_proto::enrollment::v1::ledger_service_server::LedgerService;
use yizhan_proto::enrollment::v1::{
    GetLedgerRequest, GetLedgerResponse, ListUnenrolledRequest, ListUnenrolledResponse,
};
use yizhan_runtime::calls;

use crate::app::Register;
use crate::ledger;

calls! { LedgerService for Register, working with |register| register;
    get_ledger(GetLedgerRequest) -> GetLedgerResponse = ledger::get_ledger;
    list_unenrolled(ListUnenrolledRequest) -> ListUnenrolledResponse = ledger::list_unenrolled;
}
