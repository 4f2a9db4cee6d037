//! What the lines of audit's plans name: a plan, a list that is frozen and one that was drawn from, a check of the institution, a sample.

use tonic::transport::Channel;
use yizhan_proto::audit::v1::plan_service_client::PlanServiceClient;
use yizhan_proto::audit::v1::*;
use yizhan_runtime::ids::new_id;

use super::by;

const AREA: &str = "999900";
const AGENCY: &str = "agency:999900";

fn entry(id: &str) -> ListEntry {
    ListEntry { id: id.into(), stratum: String::new() }
}

fn list(purpose: SelectionPurpose, public_on: &str, period: &str) -> FreezeListRequest {
    FreezeListRequest {
        request_id: new_id(),
        area: AREA.into(),
        purpose: purpose.into(),
        period: period.into(),
        entries: ["H99990000003", "H99990000002"].map(entry).into(),
        rate: "100%".into(),
        public_source: "福彩双色球 2026020 期".into(),
        public_on: public_on.into(),
        opter: "officer1".into(),
        ..FreezeListRequest::default()
    }
}

async fn freeze(plans: &mut PlanServiceClient<Channel>, list: FreezeListRequest) -> String {
    plans.freeze_list(by(AGENCY, list)).await.unwrap().into_inner().selection.unwrap().selection_id
}

async fn make_plan(plans: &mut PlanServiceClient<Channel>, year: i32) -> Plan {
    let subject =
        |code: &str| PlanSubject { code: code.into(), name: "某医院".into(), ..PlanSubject::default() };
    let plan = MakePlanRequest {
        request_id: new_id(),
        area: AREA.into(),
        year,
        kind: PlanKind::Institutions.into(),
        subjects: ["H99990000003", "H99990000002"].map(subject).into(),
        opter: "officer1".into(),
    };
    plans.make_plan(by(AGENCY, plan)).await.unwrap().into_inner().plan.unwrap()
}

/// Their ids.
pub async fn known(channel: Channel, today: &str) -> [(&'static str, String); 5] {
    let mut plans = PlanServiceClient::new(channel);
    make_plan(&mut plans, 2025).await;
    let plan = make_plan(&mut plans, 2026).await;
    let frozen = freeze(&mut plans, list(SelectionPurpose::Institutions, today, "")).await;
    let drawn = freeze(&mut plans, list(SelectionPurpose::Institutions, today, "")).await;
    let sample = freeze(&mut plans, list(SelectionPurpose::ManualPayments, "", "2026Q1")).await;
    for selection_id in [&drawn, &sample] {
        let draw = DrawSelectionRequest {
            request_id: new_id(),
            selection_id: selection_id.clone(),
            public_value: "07".into(),
            opter: "officer1".into(),
        };
        plans.draw_selection(by(AGENCY, draw)).await.unwrap();
    }
    let check = StartInspectionRequest {
        request_id: new_id(),
        area: AREA.into(),
        subject: "H99990000003".into(),
        start: InspectionStart::Report.into(),
        basis: "举报".into(),
        officers: vec!["a".into(), "b".into()],
        opter: "officer1".into(),
        ..StartInspectionRequest::default()
    };
    let check = plans.start_inspection(by(AGENCY, check)).await.unwrap().into_inner().inspection.unwrap();
    let notice = AdvanceInspectionRequest {
        request_id: new_id(),
        inspection_id: check.inspection_id.clone(),
        action: InspectionAction::GiveNotice.into(),
        file_id: "F1".into(),
        opter: "officer1".into(),
        ..AdvanceInspectionRequest::default()
    };
    plans.advance_inspection(by(AGENCY, notice)).await.unwrap();
    [
        ("$plan", plan.plan_id),
        ("$frozen", frozen),
        ("$drawn", drawn),
        ("$sample", sample),
        ("$inspection", check.inspection_id),
    ]
}
