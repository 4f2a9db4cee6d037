//! The contract: proto in, proto out, nothing decided.

use std::pin::Pin;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use yizhan_proto::enrollment::v1 as pb;
use yizhan_proto::enrollment::v1::account_share_service_server::AccountShareService;
use yizhan_proto::enrollment::v1::enrollment_service_server::EnrollmentService;
use yizhan_runtime::{Caller, Reply, calls, contract};

use super::{
    check_insured, find_person, get_cache_status, get_eligibility, get_person, grant_account_share,
    import_account_shares, import_coverages, import_identities, import_memberships, import_persons,
    list_persons,
};
use crate::app::Register;
use crate::register::watch_register::watch_register;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct Api {
    register: Register,
    stopping: CancellationToken,
}

impl Api {
    /// Over this register; `stopping` ends endless streams.
    pub fn new(register: Register, stopping: CancellationToken) -> Self {
        Api { register, stopping }
    }
}

calls! { EnrollmentService for Api, working with |api| &api.register;
    import_persons(pb::ImportPersonsRequest) -> pb::ImportPersonsResponse = import_persons::import_persons;
    import_coverages(pb::ImportCoveragesRequest) -> pb::ImportCoveragesResponse = import_coverages::import_coverages;
    import_identities(pb::ImportIdentitiesRequest) -> pb::ImportIdentitiesResponse = import_identities::import_identities;
    import_memberships(pb::ImportMembershipsRequest) -> pb::ImportMembershipsResponse = import_memberships::import_memberships;
    import_account_shares(pb::ImportAccountSharesRequest) -> pb::ImportAccountSharesResponse = import_account_shares::import_account_shares;
    get_person(pb::GetPersonRequest) -> pb::GetPersonResponse = get_person::get_person;
    find_person(pb::FindPersonRequest) -> pb::FindPersonResponse = find_person::find_person;
    find_persons_by_tel(pb::FindPersonsByTelRequest) -> pb::FindPersonsByTelResponse = find_person::find_persons_by_tel;
    list_persons(pb::ListPersonsRequest) -> pb::ListPersonsResponse = list_persons::list_persons;
    get_eligibility(pb::GetEligibilityRequest) -> pb::GetEligibilityResponse = get_eligibility::get_eligibility;
    batch_get_eligibilities(pb::BatchGetEligibilitiesRequest) -> pb::BatchGetEligibilitiesResponse = get_eligibility::batch_get_eligibilities;
    check_insured(pb::CheckInsuredRequest) -> pb::CheckInsuredResponse = check_insured::check_insured;
    get_cache_status(pb::GetCacheStatusRequest) -> pb::GetCacheStatusResponse = get_cache_status::get_cache_status;
    .. {
        type WatchRegisterStream = Pin<Box<dyn Stream<Item = Result<pb::WatchRegisterResponse, Status>> + Send>>;

        async fn watch_register(
            &self,
            request: Request<pb::WatchRegisterRequest>,
        ) -> Reply<Self::WatchRegisterStream> {
            let caller = Caller::of(&request);
            contract::check(request.get_ref())?;
            let events = watch_register(
                &self.register,
                self.stopping.clone(),
                caller,
                &request.into_inner().resume_token,
            )
            .await?;
            Ok(Response::new(Box::pin(events)))
        }
    }
}

calls! { AccountShareService for Register, working with |register| register;
    grant_account_share(pb::GrantAccountShareRequest) -> pb::GrantAccountShareResponse = grant_account_share::grant_account_share;
    withdraw_account_share(pb::WithdrawAccountShareRequest) -> pb::WithdrawAccountShareResponse = grant_account_share::withdraw_account_share;
}
