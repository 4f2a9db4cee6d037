//! PlanService as tonic sees it.

use yizhan_proto::audit::v1::plan_service_server::PlanService;
use yizhan_proto::audit::v1::*;
use yizhan_runtime::calls;

use super::{change_plan, documents, freeze, get_plan, selections, start_inspection};
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
    freeze_list(FreezeListRequest) -> FreezeListResponse = freeze::freeze_list;
    draw_selection(DrawSelectionRequest) -> DrawSelectionResponse = selections::draw_selection;
    abandon_selection(AbandonSelectionRequest) -> AbandonSelectionResponse = selections::abandon_selection;
    get_selection(GetSelectionRequest) -> GetSelectionResponse = selections::get_selection;
    repeat_selection(RepeatSelectionRequest) -> RepeatSelectionResponse = selections::repeat_selection;
    list_selections(ListSelectionsRequest) -> ListSelectionsResponse = selections::list_selections;
    start_inspection(StartInspectionRequest) -> StartInspectionResponse = start_inspection::start_inspection;
    publish_plan_rules(PublishPlanRulesRequest) -> PublishPlanRulesResponse = documents::publish;
    list_plan_rules(ListPlanRulesRequest) -> ListPlanRulesResponse = documents::list;
    get_plan_rules(GetPlanRulesRequest) -> GetPlanRulesResponse = documents::get;
}
