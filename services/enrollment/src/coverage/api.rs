//! The contract of coverages: proto in, proto out, nothing decided.

use yizhan_proto::enrollment::v1 as pb;
use yizhan_proto::enrollment::v1::coverage_service_server::CoverageService;
use yizhan_proto::enrollment::v1::household_service_server::HouseholdService;
use yizhan_runtime::calls;

use super::{
    change_coverage, entitlement_rules, households, import_disease_entitlements, list_contributions,
    list_person_changes, record_contributions, record_death, record_residences, register_newborn,
    repair_waiting, reverify_disease_entitlement, take_back_change,
};
use crate::app::Register;

calls! { CoverageService for Register, working with |register| register;
    change_coverage(pb::ChangeCoverageRequest) -> pb::ChangeCoverageResponse = change_coverage::change_coverage;
    record_death(pb::RecordDeathRequest) -> pb::RecordDeathResponse = record_death::record_death;
    record_contributions(pb::RecordContributionsRequest) -> pb::RecordContributionsResponse = record_contributions::record_contributions;
    list_contributions(pb::ListContributionsRequest) -> pb::ListContributionsResponse = list_contributions::list_contributions;
    repair_waiting(pb::RepairWaitingRequest) -> pb::RepairWaitingResponse = repair_waiting::repair_waiting;
    register_newborn(pb::RegisterNewbornRequest) -> pb::RegisterNewbornResponse = register_newborn::register_newborn;
    reverify_disease_entitlement(pb::ReverifyDiseaseEntitlementRequest) -> pb::ReverifyDiseaseEntitlementResponse = reverify_disease_entitlement::reverify_disease_entitlement;
    import_disease_entitlements(pb::ImportDiseaseEntitlementsRequest) -> pb::ImportDiseaseEntitlementsResponse = import_disease_entitlements::import_disease_entitlements;
    list_person_changes(pb::ListPersonChangesRequest) -> pb::ListPersonChangesResponse = list_person_changes::list_person_changes;
    record_residences(pb::RecordResidencesRequest) -> pb::RecordResidencesResponse = record_residences::record_residences;
    take_back_change(pb::TakeBackChangeRequest) -> pb::TakeBackChangeResponse = take_back_change::take_back_change;
    publish_entitlement_rules(pb::PublishEntitlementRulesRequest) -> pb::PublishEntitlementRulesResponse = entitlement_rules::publish;
    list_entitlement_rules(pb::ListEntitlementRulesRequest) -> pb::ListEntitlementRulesResponse = entitlement_rules::list;
    get_entitlement_rules(pb::GetEntitlementRulesRequest) -> pb::GetEntitlementRulesResponse = entitlement_rules::get;
}

calls! { HouseholdService for Register, working with |register| register;
    record_households(pb::RecordHouseholdsRequest) -> pb::RecordHouseholdsResponse = households::record_households;
    get_household(pb::GetHouseholdRequest) -> pb::GetHouseholdResponse = households::get_household;
}
