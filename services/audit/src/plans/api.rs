//! PlanService as tonic sees it.

use yizhan_proto::audit::v1::plan_service_server::PlanService;
use yizhan_proto::audit::v1::*;
use yizhan_runtime::calls;

use super::{change_plan, documents, get_plan, get_selection, inspect, list_inspections, samples, select};
use crate::app::Audit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct PlanApi(Audit);

impl PlanApi {
    /// Over audit.
    pub fn new(audit: Audit) -> Self {
        PlanApi(audit)
    }
}

calls! { PlanService for PlanApi, working with |api| &api.0;
    make_plan(MakePlanRequest) -> MakePlanResponse = change_plan::make_plan;
    change_plan(ChangePlanRequest) -> ChangePlanResponse = change_plan::change_plan;
    undo_plan_change(UndoPlanChangeRequest) -> UndoPlanChangeResponse = change_plan::undo_plan_change;
    get_plan(GetPlanRequest) -> GetPlanResponse = get_plan::get_plan;
    list_plan_subjects(ListPlanSubjectsRequest) -> ListPlanSubjectsResponse = get_plan::list_plan_subjects;
    list_plans(ListPlansRequest) -> ListPlansResponse = get_plan::list_plans;
    freeze_list(FreezeListRequest) -> FreezeListResponse = select::freeze_list;
    draw_selection(DrawSelectionRequest) -> DrawSelectionResponse = select::draw_selection;
    abandon_selection(AbandonSelectionRequest) -> AbandonSelectionResponse = select::abandon_selection;
    get_selection(GetSelectionRequest) -> GetSelectionResponse = get_selection::get_selection;
    repeat_selection(RepeatSelectionRequest) -> RepeatSelectionResponse = get_selection::repeat_selection;
    list_selections(ListSelectionsRequest) -> ListSelectionsResponse = get_selection::list_selections;
    start_inspection(StartInspectionRequest) -> StartInspectionResponse = inspect::start_inspection;
    advance_inspection(AdvanceInspectionRequest) -> AdvanceInspectionResponse = inspect::advance_inspection;
    get_inspection(GetInspectionRequest) -> GetInspectionResponse = list_inspections::get_inspection;
    list_inspections(ListInspectionsRequest) -> ListInspectionsResponse = list_inspections::list_inspections;
    advance_item(AdvanceItemRequest) -> AdvanceItemResponse = samples::advance_item;
    list_items(ListItemsRequest) -> ListItemsResponse = samples::list_items;
    get_sampling(GetSamplingRequest) -> GetSamplingResponse = samples::get_sampling;
    publish_plan_rules(PublishPlanRulesRequest) -> PublishPlanRulesResponse = documents::publish;
    list_plan_rules(ListPlanRulesRequest) -> ListPlanRulesResponse = documents::list;
    get_plan_rules(GetPlanRulesRequest) -> GetPlanRulesResponse = documents::get;
}
