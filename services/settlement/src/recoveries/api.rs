//! RecoveryService.

use yizhan_proto::settlement::v1::recovery_service_server::RecoveryService;
use yizhan_proto::settlement::v1::{ListRecoveriesRequest, ListRecoveriesResponse};
use yizhan_runtime::calls;

use super::list::list_recoveries;
use crate::app::Api;

calls! { RecoveryService for Api, working with |api| &api.0;
    list_recoveries(ListRecoveriesRequest) -> ListRecoveriesResponse = list_recoveries;
}
