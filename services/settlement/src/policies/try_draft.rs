//! A draft tried on what was settled: read, settled again beside, counted, and forgotten.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_documents::Documents;
use yizhan_money::Fen;
use yizhan_policy::Policy;
use yizhan_policy::case::Accumulated;
use yizhan_policy::trial::{
    Changed, Group, MAX_YEARS_LATER, NotCompared, Options, PayerSums, Report, Side, Stored, Tally, Trial,
};
use yizhan_proto::settlement::v1::{
    NotTried, Settlement, TriedGroup, TriedPayer, TriedVisit, TryPolicyRequest, TryPolicyResponse,
};
use yizhan_rules::Publication;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::App;
use crate::books::store::entities::settlement;
use crate::books::store::settlements::answer_of;

/// Days whose visits are looked at, at most: a year.
const MAX_TRY_DAYS: i64 = 366;
/// Visits told at most of those that gain, and of those that lose.
const MAX_MOST: i32 = 100;

/// What is to be tried on what.
struct Asked {
    draft: Publication<Policy>,
    area: Area,
    days: [String; 2],
    options: Options,
}

/// One page of persons.
pub async fn try_policy(
    app: &App,
    caller: &Caller,
    request: TryPolicyRequest,
) -> Result<TryPolicyResponse, ServiceError> {
    let asked = read(&request)?;
    asked.draft.check_area(caller)?;
    let db = app.db.patient();
    let page = |after: Option<[String; 1]>, limit| persons(&db, &asked, after, limit);
    let key = |last: &String| [last.clone()];
    let (persons, next_page_token) = app.pages.asked(caller, &request).page(page, key).await?;
    let (book, draft) = (app.policies.current(), asked.draft.document());
    let mut versions = BTreeMap::new();
    let (mut by_hand, mut cases) = (0, Vec::new());
    for psn_no in persons {
        let of_person = of_person(&db, &asked, &psn_no, &book, &mut versions).await?;
        by_hand += of_person.by_hand;
        cases.push(of_person.cases);
    }
    let standing = |stored: &Stored| {
        let version = versions.get(&stored.id).copied();
        version.ok_or_else(|| "a settlement's policy version is not published".to_owned())
    };
    let mut trial = Trial::new(draft, standing, asked.options).beside((*book).clone());
    cases.into_iter().for_each(|cases| trial.person(cases));
    Ok(TryPolicyResponse { by_hand, next_page_token, ..told(trial.report()) })
}

fn read(request: &TryPolicyRequest) -> Result<Asked, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let begin = fields.date("begndate", &request.begndate);
    let end = fields.date("enddate", &request.enddate);
    let days = begin.zip(end).filter(|(begin, end)| {
        let few = (*end - *begin).num_days() < MAX_TRY_DAYS;
        let text = format!("最多 {MAX_TRY_DAYS} 天");
        fields.require(begin <= end, "enddate", Reason::DatesReversed)
            & fields.require(few, "enddate", Reason::TooManyDays.saying(text))
    });
    let within = |count: i32, most: u32| u32::try_from(count).ok().filter(|count| *count <= most);
    let years_later = within(request.years_later, MAX_YEARS_LATER);
    let text = format!("应在 0 至 {MAX_YEARS_LATER} 年之间");
    let years_later = fields.some(years_later, "years_later", Reason::CountInvalid.saying(text));
    let most = within(request.most, MAX_MOST.unsigned_abs());
    let text = format!("应在 0 至 {MAX_MOST} 之间");
    let most = fields.some(most, "most", Reason::CountInvalid.saying(text));
    let draft = Publication::<Policy>::read(&request.document, wrong)?;
    let mut wrong = Violations::new();
    let of_draft = area.is_some_and(|area| draft.document().areas.contains(&area));
    wrong.require(of_draft, "poolarea_no", Reason::PoolareaNotOfDocument);
    let all = area.zip(days).zip(years_later.zip(most));
    let ((area, (begin, end)), (years_later, most)) = wrong.finish(all)?;
    let options = Options { years_later, most: usize::try_from(most).unwrap_or_default() };
    Ok(Asked { draft, area, days: [begin, end].map(|day| day.to_string()), options })
}

/// Persons with settlements of the days, in order.
async fn persons(
    db: &DatabaseConnection,
    asked: &Asked,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let [after] = after.unwrap_or_default();
    settlement::Entity::find()
        .select_only()
        .column(settlement::Column::PsnNo)
        .distinct()
        .filter(settlement::Column::PoolareaNo.eq(asked.area.as_str()))
        .filter(settlement::Column::PsnNo.gt(after))
        .filter(settlement::Column::Enddate.between(asked.days[0].as_str(), asked.days[1].as_str()))
        .order_by_asc(settlement::Column::PsnNo)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// What stands of a person.
#[derive(Default)]
struct OfPerson {
    cases: Vec<Stored>,
    by_hand: i64,
}

/// Notes the policy version of each settlement in `versions`.
async fn of_person<'b>(
    db: &DatabaseConnection,
    asked: &Asked,
    psn_no: &str,
    book: &'b Documents<Policy>,
    versions: &mut BTreeMap<String, &'b Policy>,
) -> Result<OfPerson, ServiceError> {
    let rows = settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.eq(asked.area.as_str()))
        .filter(settlement::Column::PsnNo.eq(psn_no))
        .filter(settlement::Column::Enddate.between(asked.days[0].as_str(), asked.days[1].as_str()))
        .order_by_asc(settlement::Column::SetlId)
        .all(db)
        .await?;
    let reversed: BTreeSet<&str> = rows.iter().map(|row| row.reverses_setl_id.as_str()).collect();
    let stands = |row: &&settlement::Model| {
        row.reverses_setl_id.is_empty() && !reversed.contains(row.setl_id.as_str())
    };
    let mut all = OfPerson::default();
    for row in rows.iter().filter(stands) {
        if row.case_json.is_empty() {
            all.by_hand += 1;
            continue;
        }
        let case = serde_json::from_str(&row.case_json).map_err(ServiceError::internal)?;
        let added = Some(added(&answer_of(row)?)?);
        if let Some(policy) = book.version(&row.policy_id, &row.policy_version) {
            versions.insert(row.setl_id.clone(), policy.as_ref());
        }
        all.cases.push(Stored { person: psn_no.to_owned(), id: row.setl_id.clone(), case, added });
    }
    Ok(all)
}

/// What a settlement added to the totals of its years.
fn added(answer: &Settlement) -> Result<BTreeMap<NaiveDate, Accumulated>, ServiceError> {
    let mut added: BTreeMap<NaiveDate, Accumulated> = BTreeMap::new();
    for change in answer.trace.iter().flat_map(|trace| &trace.accumulators) {
        let year = change.policy_year.parse().map_err(ServiceError::internal)?;
        *added.entry(year).or_default().entry(change.accumulator.clone()).or_default() += change.added;
    }
    Ok(added)
}

fn told(report: Report) -> TryPolicyResponse {
    TryPolicyResponse {
        visits: count(report.cases),
        persons: count(report.persons),
        persons_gain: count(report.persons_gain),
        persons_lose: count(report.persons_lose),
        all: Some(group(String::new(), &report.all)),
        of_others: count(report.of_others),
        not_tried: report.not_compared.into_iter().map(not_tried).collect(),
        payers: report.payers.iter().map(payer).collect(),
        identities: groups(report.identities),
        levels: groups(report.levels),
        cares: groups(report.cares),
        statuses: groups(report.statuses),
        gain_most: report.gain_most.into_iter().map(visit).collect(),
        lose_most: report.lose_most.into_iter().map(visit).collect(),
        ..TryPolicyResponse::default()
    }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn groups(groups: Vec<Group>) -> Vec<TriedGroup> {
    groups.into_iter().map(|one| group(one.name, &one.tally)).collect()
}

fn group(name: String, tally: &Tally) -> TriedGroup {
    let Tally { gain_fen: Fen(gain_fen), lose_fen: Fen(lose_fen), .. } = *tally;
    let Tally { standing_fen: Fen(standing_fen), draft_fen: Fen(draft_fen), .. } = *tally;
    TriedGroup {
        name,
        visits: count(tally.cases),
        gain: count(tally.gain),
        gain_fen,
        lose: count(tally.lose),
        lose_fen,
        standing_fen,
        draft_fen,
    }
}

fn payer(sums: &PayerSums) -> TriedPayer {
    let PayerSums { payer, standing_fen: Fen(standing_fen), draft_fen: Fen(draft_fen) } = *sums;
    TriedPayer { payer: payer.code().to_owned(), standing_fen, draft_fen }
}

fn not_tried(one: NotCompared) -> NotTried {
    let side = match one.side {
        Side::Draft => "draft",
        Side::Standing => "standing",
        Side::Both => "both",
    };
    NotTried {
        side: side.to_owned(),
        reason: one.reason.to_owned(),
        visits: count(one.cases),
        setl_ids: one.first,
    }
}

fn visit(one: Changed) -> TriedVisit {
    TriedVisit {
        setl_id: one.id,
        level: one.level.code().to_owned(),
        medfee_sumamt_fen: one.total_fen.0,
        standing_fen: one.standing_fen.0,
        draft_fen: one.draft_fen.0,
        payers: one.payers.iter().map(payer).collect(),
    }
}
