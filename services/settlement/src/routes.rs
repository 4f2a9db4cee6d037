//! The services of this process and their routes.

use std::sync::Arc;

use tonic::service::Routes;
use yizhan_proto::settlement::v1::account_service_server::AccountServiceServer;
use yizhan_proto::settlement::v1::catalogue_service_server::CatalogueServiceServer;
use yizhan_proto::settlement::v1::institution_service_server::InstitutionServiceServer;
use yizhan_proto::settlement::v1::policy_service_server::PolicyServiceServer;
use yizhan_proto::settlement::v1::settlement_service_server::SettlementServiceServer;
use yizhan_runtime::server::MAX_MESSAGE_BYTES;

use crate::app::App;

/// Full names of the services served.
pub const SERVICES: [&str; 5] = [
    "yizhan.settlement.v1.SettlementService",
    "yizhan.settlement.v1.InstitutionService",
    "yizhan.settlement.v1.CatalogueService",
    "yizhan.settlement.v1.PolicyService",
    "yizhan.settlement.v1.AccountService",
];

/// The services over an app. Cheap to clone.
#[derive(Clone)]
pub struct Api(pub Arc<App>);

/// The routes of all services.
pub fn routes(app: Arc<App>) -> Routes {
    let api = Api(app);
    macro_rules! limited {
        ($server:ident) => {
            $server::new(api.clone())
                .max_decoding_message_size(MAX_MESSAGE_BYTES)
                .max_encoding_message_size(MAX_MESSAGE_BYTES)
        };
    }
    Routes::new(limited!(SettlementServiceServer))
        .add_service(limited!(InstitutionServiceServer))
        .add_service(limited!(CatalogueServiceServer))
        .add_service(limited!(PolicyServiceServer))
        .add_service(limited!(AccountServiceServer))
}
