//! 启动: a check of an institution, or of a county, begins as a case.

use yizhan_proto::audit::v1::{
    Case as Told, Inspection, Selection, StartInspectionRequest, StartInspectionResponse,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, is_fixmedins_code};

use super::change_plan::standing;
use super::desk::{self, Done, Write, done};
use super::domain::plan::{Plan, PlanKind};
use super::domain::selection::{List, State, first};
use crate::app::Audit;
use crate::cases::{self, Actor, Case, Inside, Kind, gives};
use crate::plan_rules::Purpose;
use crate::records;

/// 案件来源 日常稽核: by plan.
const BY_PLAN: &str = "4";
/// So many can be recused of a check.
const MAX_RECUSED: usize = 20;

/// Begins it. What plan and selections say does not change behind it, so it is looked at before.
pub async fn start_inspection(
    audit: &Audit,
    caller: &Caller,
    mut request: StartInspectionRequest,
) -> Result<StartInspectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(audit, &key).await? {
        return Ok(answer);
    }
    let check = request.inspection.clone().unwrap_or_default();
    cases::check_opter(caller, &request.opter, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("area", &request.area);
    fields.require(cases::SOURCES.contains(&request.case_souc.as_str()), "case_souc", Reason::CodeUnknown);
    fields.text("title", &request.title, true);
    fields.text("inspection.basis", &check.basis, request.case_souc != BY_PLAN);
    let county = Area::parse(&check.admdvs).is_some() && request.fixmedins_code.is_empty();
    let institution = is_fixmedins_code(&request.fixmedins_code) && check.admdvs.is_empty();
    fields.require(county || institution, "fixmedins_code", Reason::CodeUnknown);
    let told = check.result_on.is_empty() && !check.answered_late;
    fields.require(told, "inspection.result_on", Reason::FieldNotExpected);
    cases::officers(&check.officers, &check.recused, &mut wrong);
    let area = wrong.finish(area)?;
    desk::check_manages(caller, area.as_str())?;
    let mut inside = cases::inside(audit, area)?;
    let mut wrong = Violations::new();
    cases::check_officers((&check.officers, &check.recused), &inside, &mut wrong);
    check_plan(audit, (&request, &check), &mut inside, &mut wrong).await?;
    wrong.none()?;
    let told = Told {
        poolarea_no: request.area,
        fixmedins_code: request.fixmedins_code,
        case_souc: request.case_souc,
        title: request.title,
        inspection: Some(check),
        ..Told::default()
    };
    let actor = Actor::of(caller, &request.opter);
    let case = Case { told, inside };
    once::once(audit, &key, |write| Box::pin(begin(write, case.clone(), (caller, &actor)))).await
}

async fn begin(
    write: Write<'_>,
    case: Case,
    (caller, actor): (&Caller, &Actor),
) -> Result<Done<StartInspectionResponse>, ServiceError> {
    // The plan is held: nobody takes the subject out of it meanwhile.
    let check = case.told.inspection.clone().unwrap_or_default();
    if !check.plan_id.is_empty() {
        let plan = standing(write.tx, &check.plan_id).await?;
        if !plan.subjects.contains_key(subject(&case.told.fixmedins_code, &check)) {
            return Err(ServiceError::invalid_field("fixmedins_code", Reason::SubjectNotPlanned));
        }
    }
    let opened = cases::opened(write.service, case, Kind::Inspection, actor);
    let case = Some(write.service.seen(caller, &opened.after));
    cases::record(write.tx, write.service, vec![opened]).await?;
    Ok(done(StartInspectionResponse { case, replayed: false }))
}

/// Who is checked.
fn subject<'c>(fixmedins_code: &'c str, check: &'c Inspection) -> &'c str {
    if check.admdvs.is_empty() { fixmedins_code } else { &check.admdvs }
}

/// By plan: who stands in it, and was drawn, by officers who were drawn. Otherwise nothing is drawn.
async fn check_plan(
    audit: &Audit,
    (request, check): (&StartInspectionRequest, &Inspection),
    inside: &mut Inside,
    wrong: &mut Violations,
) -> Result<(), ServiceError> {
    let by_plan = request.case_souc == BY_PLAN;
    let plan: Option<Plan> = records::find(&audit.db, &check.plan_id).await?;
    let plan = plan.filter(|plan| plan.area == inside.area && !plan.withdrawn);
    let known = plan.is_some() || !by_plan && check.plan_id.is_empty();
    let unknown = Reason::SubjectNotPlanned.saying("本地区没有该计划");
    let known = wrong.require(known, "inspection.plan_id", unknown);
    let who = subject(&request.fixmedins_code, check);
    let in_it = plan.as_ref().is_none_or(|plan| plan.subjects.contains_key(who));
    wrong.require(in_it, "fixmedins_code", Reason::SubjectNotPlanned);
    let of_county = plan.is_some_and(|plan| plan.kind == PlanKind::InternalControl);
    let fields = ["inspection.selection_id", "inspection.officer_selection_id"];
    if !by_plan || of_county {
        for (field, id) in fields.into_iter().zip([&check.selection_id, &check.officer_selection_id]) {
            let idle = Reason::FieldNotExpected.saying("只有年度计划中的机构检查随机抽取");
            wrong.require(id.is_empty(), field, idle);
        }
        wrong.require(of_county || check.admdvs.is_empty(), "fixmedins_code", Reason::CodeUnknown);
    } else if known {
        let drawn = drawn(audit, &check.selection_id, (Purpose::Institutions, inside.area)).await?;
        let given = gives(&drawn, std::slice::from_ref(&request.fixmedins_code), &[]);
        wrong.require(given, fields[0], Reason::NotDrawn);
        inside.drawn =
            self::drawn(audit, &check.officer_selection_id, (Purpose::Officers, inside.area)).await?;
        let given = gives(&inside.drawn, &check.officers, &check.recused);
        wrong.require(given, fields[1], Reason::NotDrawn);
    }
    Ok(())
}

/// The draw of a selection of the area that stands; of another nobody is drawn.
async fn drawn(
    audit: &Audit,
    id: &str,
    (purpose, area): (Purpose, Area),
) -> Result<Vec<(usize, Vec<String>)>, ServiceError> {
    let found: Option<Selection> = records::find(&audit.db, id).await?;
    let found = found.filter(|found| {
        (found.purpose, found.state) == (purpose.number(), State::Drawn.number())
            && found.area == area.as_str()
    });
    let Some(found) = found else { return Ok(Vec::new()) };
    let list: Option<List> = records::find(&audit.db, &List::id(id)).await?;
    Ok(list.map(|list| first(&list.text, &found.seed, MAX_RECUSED)).unwrap_or_default())
}
