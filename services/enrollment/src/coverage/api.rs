//! The contract of coverages: proto in, proto out, nothing decided.

use tonic::{Request, Response};
use yizhan_proto::enrollment::v1::coverage_service_server::CoverageService;
use yizhan_proto::enrollment::v1::{
    ChangeCoverageRequest, ChangeCoverageResponse, GetEntitlementRulesRequest, GetEntitlementRulesResponse,
    ImportDiseaseEntitlementsRequest, ImportDiseaseEntitlementsResponse, ListContributionsRequest,
    ListContributionsResponse, ListEntitlementRulesRequest, ListEntitlementRulesResponse,
    PublishEntitlementRulesRequest, PublishEntitlementRulesResponse, RecordContributionsRequest,
    RecordContributionsResponse, RecordDeathRequest, RecordDeathResponse, RegisterNewbornRequest,
    RegisterNewbornResponse, RepairWaitingRequest, RepairWaitingResponse, ReverifyDiseaseEntitlementRequest,
    ReverifyDiseaseEntitlementResponse,
};
use yizhan_runtime::{Caller, Reply};

use crate::app::Register;
use crate::coverage::change_coverage::change_coverage;
use crate::coverage::entitlement_rules;
use crate::coverage::import_disease_entitlements::import_disease_entitlements;
use crate::coverage::list_contributions::list_contributions;
use crate::coverage::record_contributions::record_contributions;
use crate::coverage::record_death::record_death;
use crate::coverage::register_newborn::register_newborn;
use crate::coverage::repair_waiting::repair_waiting;
use crate::coverage::reverify_disease_entitlement::reverify_disease_entitlement;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct CoverageApi {
    register: Register,
}

impl CoverageApi {
    /// Over this register.
    pub fn new(register: Register) -> Self {
        CoverageApi { register }
    }
}

#[tonic::async_trait]
impl CoverageService for CoverageApi {
    async fn change_coverage(
        &self,
        request: Request<ChangeCoverageRequest>,
    ) -> Reply<ChangeCoverageResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(change_coverage(&self.register, &caller, request.into_inner()).await?))
    }

    async fn record_death(&self, request: Request<RecordDeathRequest>) -> Reply<RecordDeathResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(record_death(&self.register, &caller, request.into_inner()).await?))
    }

    async fn record_contributions(
        &self,
        request: Request<RecordContributionsRequest>,
    ) -> Reply<RecordContributionsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(record_contributions(&self.register, &caller, request.into_inner()).await?))
    }

    async fn list_contributions(
        &self,
        request: Request<ListContributionsRequest>,
    ) -> Reply<ListContributionsResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(list_contributions(&self.register, &caller, request.into_inner()).await?))
    }

    async fn repair_waiting(&self, request: Request<RepairWaitingRequest>) -> Reply<RepairWaitingResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(repair_waiting(&self.register, &caller, request.into_inner()).await?))
    }

    async fn register_newborn(
        &self,
        request: Request<RegisterNewbornRequest>,
    ) -> Reply<RegisterNewbornResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(register_newborn(&self.register, &caller, request.into_inner()).await?))
    }

    async fn reverify_disease_entitlement(
        &self,
        request: Request<ReverifyDiseaseEntitlementRequest>,
    ) -> Reply<ReverifyDiseaseEntitlementResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(reverify_disease_entitlement(&self.register, &caller, request.into_inner()).await?))
    }

    async fn import_disease_entitlements(
        &self,
        request: Request<ImportDiseaseEntitlementsRequest>,
    ) -> Reply<ImportDiseaseEntitlementsResponse> {
        let caller = Caller::of(&request);
        let outcome = import_disease_entitlements(&self.register, &caller, request.into_inner()).await?;
        Ok(Response::new(ImportDiseaseEntitlementsResponse { outcome: Some(outcome) }))
    }

    async fn publish_entitlement_rules(
        &self,
        request: Request<PublishEntitlementRulesRequest>,
    ) -> Reply<PublishEntitlementRulesResponse> {
        let caller = Caller::of(&request);
        Ok(Response::new(entitlement_rules::publish(&self.register, &caller, request.into_inner()).await?))
    }

    async fn list_entitlement_rules(
        &self,
        request: Request<ListEntitlementRulesRequest>,
    ) -> Reply<ListEntitlementRulesResponse> {
        Ok(Response::new(entitlement_rules::list(&self.register, request.into_inner()).await?))
    }

    async fn get_entitlement_rules(
        &self,
        request: Request<GetEntitlementRulesRequest>,
    ) -> Reply<GetEntitlementRulesResponse> {
        let rules = entitlement_rules::get(&self.register, request.into_inner()).await?;
        Ok(Response::new(GetEntitlementRulesResponse { rules: Some(rules) }))
    }
}
