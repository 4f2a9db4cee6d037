//! The contract: proto in, proto out, nothing decided.

use std::pin::Pin;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use yizhan_proto::enrollment::v1::enrollment_service_server::EnrollmentService;
use yizhan_proto::enrollment::v1::{
    BatchGetEligibilitiesRequest, BatchGetEligibilitiesResponse, FindPersonRequest, FindPersonResponse,
    FindPersonsByTelRequest, FindPersonsByTelResponse, GetCacheStatusRequest, GetCacheStatusResponse,
    GetEligibilityRequest, GetEligibilityResponse, GetPersonRequest, GetPersonResponse,
    ImportAccountSharesRequest, ImportAccountSharesResponse, ImportCoveragesRequest, ImportCoveragesResponse,
    ImportIdentitiesRequest, ImportIdentitiesResponse, ImportMembershipsRequest, ImportMembershipsResponse,
    ImportPersonsRequest, ImportPersonsResponse, ListPersonsRequest, ListPersonsResponse,
    WatchRegisterRequest, WatchRegisterResponse,
};
use yizhan_runtime::{Caller, Reply};

use crate::app::Register;
use crate::register::find_person::{find_person, find_persons_by_tel};
use crate::register::get_cache_status::get_cache_status;
use crate::register::get_eligibility::{batch_get_eligibilities, get_eligibility};
use crate::register::get_person::{get_person, get_person_in_clear};
use crate::register::import_account_shares::import_account_shares;
use crate::register::import_coverages::import_coverages;
use crate::register::import_identities::import_identities;
use crate::register::import_memberships::import_memberships;
use crate::register::import_persons::import_persons;
use crate::register::list_persons::list_persons;
use crate::register::messages;
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

#[tonic::async_trait]
impl EnrollmentService for Api {
    async fn import_persons(&self, request: Request<ImportPersonsRequest>) -> Reply<ImportPersonsResponse> {
        let caller = Caller::of(&request);
        let outcome = import_persons(&self.register, &caller, request.into_inner()).await?;
        Ok(Response::new(ImportPersonsResponse { outcome: Some(outcome) }))
    }

    async fn import_coverages(
        &self,
        request: Request<ImportCoveragesRequest>,
    ) -> Reply<ImportCoveragesResponse> {
        let caller = Caller::of(&request);
        let outcome = import_coverages(&self.register, &caller, request.into_inner()).await?;
        Ok(Response::new(ImportCoveragesResponse { outcome: Some(outcome) }))
    }

    async fn import_identities(
        &self,
        request: Request<ImportIdentitiesRequest>,
    ) -> Reply<ImportIdentitiesResponse> {
        let caller = Caller::of(&request);
        let outcome = import_identities(&self.register, &caller, request.into_inner()).await?;
        Ok(Response::new(ImportIdentitiesResponse { outcome: Some(outcome) }))
    }

    async fn import_memberships(
        &self,
        request: Request<ImportMembershipsRequest>,
    ) -> Reply<ImportMembershipsResponse> {
        let caller = Caller::of(&request);
        let outcome = import_memberships(&self.register, &caller, request.into_inner()).await?;
        Ok(Response::new(ImportMembershipsResponse { outcome: Some(outcome) }))
    }

    async fn import_account_shares(
        &self,
        request: Request<ImportAccountSharesRequest>,
    ) -> Reply<ImportAccountSharesResponse> {
        let caller = Caller::of(&request);
        let outcome = import_account_shares(&self.register, &caller, request.into_inner()).await?;
        Ok(Response::new(ImportAccountSharesResponse { outcome: Some(outcome) }))
    }

    async fn get_person(&self, request: Request<GetPersonRequest>) -> Reply<GetPersonResponse> {
        let caller = Caller::of(&request);
        let GetPersonRequest { psn_no, unmask, purpose } = request.into_inner();
        let (person, clear) = if unmask {
            let (person, clear) = get_person_in_clear(&self.register, &caller, &psn_no, &purpose).await?;
            (person, Some(messages::in_clear(clear)))
        } else {
            (get_person(&self.register, &caller, &psn_no).await?, None)
        };
        Ok(Response::new(GetPersonResponse { person: Some(messages::person(person)), in_clear: clear }))
    }

    async fn find_person(&self, request: Request<FindPersonRequest>) -> Reply<FindPersonResponse> {
        let caller = Caller::of(&request);
        let FindPersonRequest { psn_cert_type, certno } = request.into_inner();
        let found = find_person(&self.register, &caller, &psn_cert_type, certno.into()).await?;
        Ok(Response::new(messages::found_person(&found)))
    }

    async fn find_persons_by_tel(
        &self,
        request: Request<FindPersonsByTelRequest>,
    ) -> Reply<FindPersonsByTelResponse> {
        let caller = Caller::of(&request);
        let tel = request.into_inner().tel.into();
        let found = find_persons_by_tel(&self.register, &caller, tel).await?;
        let persons = found.iter().map(messages::found_person).collect();
        Ok(Response::new(FindPersonsByTelResponse { persons }))
    }

    async fn list_persons(&self, request: Request<ListPersonsRequest>) -> Reply<ListPersonsResponse> {
        let caller = Caller::of(&request);
        let ListPersonsRequest { poolarea_no, page_size, page_token } = request.into_inner();
        let page = list_persons(&self.register, &caller, &poolarea_no, (page_size, &page_token)).await?;
        let persons = page.0.into_iter().map(messages::person).collect();
        Ok(Response::new(ListPersonsResponse { persons, next_page_token: page.1 }))
    }

    async fn get_eligibility(
        &self,
        request: Request<GetEligibilityRequest>,
    ) -> Reply<GetEligibilityResponse> {
        let caller = Caller::of(&request);
        let eligibility = get_eligibility(&self.register, &caller, request.into_inner()).await?;
        let eligibility = Some(eligibility);
        Ok(Response::new(GetEligibilityResponse { eligibility, merged_into: String::new() }))
    }

    async fn batch_get_eligibilities(
        &self,
        request: Request<BatchGetEligibilitiesRequest>,
    ) -> Reply<BatchGetEligibilitiesResponse> {
        let caller = Caller::of(&request);
        let requests = request.into_inner().requests;
        let responses = batch_get_eligibilities(&self.register, &caller, requests).await?;
        Ok(Response::new(BatchGetEligibilitiesResponse { responses }))
    }

    async fn get_cache_status(
        &self,
        request: Request<GetCacheStatusRequest>,
    ) -> Reply<GetCacheStatusResponse> {
        let caller = Caller::of(&request);
        let stats = get_cache_status(&self.register, &caller)?;
        Ok(Response::new(messages::cache_status(&stats)))
    }

    type WatchRegisterStream = Pin<Box<dyn Stream<Item = Result<WatchRegisterResponse, Status>> + Send>>;

    async fn watch_register(
        &self,
        request: Request<WatchRegisterRequest>,
    ) -> Reply<Self::WatchRegisterStream> {
        let caller = Caller::of(&request);
        let events = watch_register(
            &self.register,
            self.stopping.clone(),
            caller,
            &request.into_inner().resume_token,
        )?;
        Ok(Response::new(Box::pin(events)))
    }
}
