//! What the lines of audit's plans name: a plan, a list that is frozen, and one that was drawn from.

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

fn list(public_on: &str) -> FreezeListRequest {
    FreezeListRequest {
        request_id: new_id(),
        area: AREA.into(),
        purpose: SelectionPurpose::Institutions.into(),
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
pub async fn known(channel: Channel, today: &str) -> [(&'static str, String); 3] {
    let mut plans = PlanServiceClient::new(channel);
    make_plan(&mut plans, 2025).await;
    let plan = make_plan(&mut plans, 2026).await;
    let frozen = freeze(&mut plans, list(today)).await;
    let drawn = freeze(&mut plans, list(today)).await;
    let draw = DrawSelectionRequest {
        request_id: new_id(),
        selection_id: drawn.clone(),
        public_value: "07".into(),
        opter: "officer1".into(),
    };
    plans.draw_selection(by(AGENCY, draw)).await.unwrap();
    [("$plan", plan.plan_id), ("$frozen", frozen), ("$drawn", drawn)]
}
