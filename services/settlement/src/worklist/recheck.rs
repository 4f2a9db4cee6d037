//! A person's settlements, asked about and calculated again as the register is known now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use futures::{StreamExt, TryStreamExt, stream};
use yizhan_money::Fen;
use yizhan_policy::case::{self as policy_case, Accumulated, Case, DaysOut, Earlier, Person};
use yizhan_policy::{Outcome, Policy, visit_rules};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::{MedType, Payer};

use super::domain::{Funds, Says, Why};
use super::messages;
use super::store::Checked;
use crate::app::App;
use crate::books::merge::areas_of;
use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
use crate::books::store::{merged, parted, settlements};
use crate::settlements::again::{paid_by, paid_of, policy_of, why_of};
use crate::settlements::calculate::refused;
use crate::settlements::domain::chain::{Chain, Change, Settled};
use crate::settlements::domain::paid::Paid;
use crate::settlements::messages::part::after;
use crate::settlements::messages::stay::{self, Stay};
use crate::settlements::messages::visit::CheckedVisit;
use crate::settlements::messages::{case, previous};

/// Settlements read and asked about at a time.
const PAGE: u64 = 100;
/// Questions to enrollment at the same time.
const QUESTIONS: usize = 32;

/// Somebody about whom something changed.
#[derive(Clone, Debug)]
pub struct Touched {
    /// 人员编号 that stays.
    pub psn_no: String,
    /// First day about which the register may say otherwise; `None`: any.
    pub from: Option<NaiveDate>,
    /// The person's version from the change on: what was settled by it or a later one knew of the change.
    pub version: i64,
    /// Numbers that are merged into it and that the books do not know of yet.
    pub joining: Vec<merged::Model>,
}

/// Checks what stands of a person, where something stands of visits that end on the touched days. With it goes everything since the year
/// before, because what one visit would have added up to the next would have found.
///
/// # Errors
/// Where enrollment is away.
pub async fn recheck(app: &App, touched: &Touched) -> Result<Vec<Checked>, ServiceError> {
    let mut psn_nos = merged::numbers(&app.db, &touched.psn_no).await?;
    psn_nos.extend(touched.joining.iter().map(|merge| merge.psn_no.clone()));
    let areas: Vec<String> = areas_of(&app.db, &psn_nos).await?.into_iter().collect();
    let parted = parted::from(&app.db, &touched.psn_no).await?;
    // Parted before, and merged again since, it is the person's.
    let others = parted.iter().map(|parted| parted.psn_no.clone()).filter(|psn_no| !psn_nos.contains(psn_no));
    let others: Vec<String> = others.collect();
    let numbers = [psn_nos.clone(), others.clone()].concat();
    let wanted = settlements::Wanted { areas: &areas, psn_nos: &psn_nos, institution: None, days: None };
    if areas.is_empty() || !is_touched(app, touched, &wanted).await? {
        return Ok(Vec::new());
    }
    let from = touched.from.and_then(|day| NaiveDate::from_ymd_opt(day.year() - 1, 1, 1));
    let mut merges = merged::into(&app.db, &psn_nos[0]).await?;
    merges.extend(touched.joining.iter().cloned());
    let mut check =
        Check { app, psn_no: &psn_nos[0], chain: Chain::of(merges, parted), charged: BTreeMap::new() };
    let wanted = settlements::Wanted { psn_nos: &numbers, ..wanted };
    let (mut checked, mut after) = (Vec::new(), String::new());
    loop {
        let rows = settlements::standing(&app.db, &wanted, from, &after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(checked) };
        after.clone_from(&last.setl_id);
        let asked = stream::iter(rows).map(|row| async {
            match others.contains(&row.psn_no) {
                true => Ok(Asked::AnotherPerson(Box::new(row))),
                false => ask(app, &psn_nos[0], row).await.map(|visit| Asked::Own(Box::new(visit))),
            }
        });
        for asked in asked.buffered(QUESTIONS).try_collect::<Vec<Asked>>().await? {
            match asked {
                Asked::Own(visit) => checked.push(check.visit(*visit)?),
                Asked::AnotherPerson(row) => check.pass(*row)?,
            }
        }
    }
}

/// Whether something stands of the touched days that was settled before the change was known. Versions of two records cannot be compared.
async fn is_touched(
    app: &App,
    touched: &Touched,
    wanted: &settlements::Wanted<'_>,
) -> Result<bool, ServiceError> {
    let rows = settlements::standing(&app.db, wanted, touched.from, "", PAGE).await?;
    if wanted.psn_nos.len() > 1 || rows.len() as u64 == PAGE {
        return Ok(!rows.is_empty());
    }
    for row in &rows {
        if header(&settlements::answer_of(row)?).person_version < touched.version {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A settlement that stands, and what enrollment says of its person and days now; `None`: it does not know the person.
struct Visit {
    row: settlement::Model,
    answer: Settlement,
    case: Case,
    now: Option<Eligibility>,
    /// Whether the stay before it stands still, where it rests on one.
    previous_stands: bool,
}

/// A settlement on the way through a person's.
enum Asked {
    Own(Box<Visit>),
    /// Of another person who had been taken for this one: not to be checked, but it may have been counted.
    AnotherPerson(Box<settlement::Model>),
}

async fn ask(app: &App, psn_no: &str, row: settlement::Model) -> Result<Visit, ServiceError> {
    let answer = settlements::answer_of(&row)?;
    let case: Case = serde_json::from_str(&row.case_json).map_err(ServiceError::internal)?;
    let info = header(&answer);
    let mut question = GetEligibilityRequest {
        psn_no: psn_no.to_owned(),
        as_of: info.enddate.clone(),
        begndate: if info.begndate < info.enddate { info.begndate.clone() } else { String::new() },
        insutype: info.insutype.clone(),
        med_type: info.med_type.clone(),
        dise_codg: info.opsp_dise_code.clone(),
        ..GetEligibilityRequest::default()
    };
    let now = loop {
        match app.enrollment.eligibility(question.clone()).await {
            Ok(eligibility) => break Some(eligibility),
            Err(unknown) if unknown.reason() == Reason::PersonUnknown => break None,
            // Merged a moment ago: its own event will follow.
            Err(merged) if merged.reason() == Reason::PersonMerged => {
                let into = merged.metadata().get("merged_into").cloned();
                question.psn_no = into.ok_or(merged)?;
            }
            Err(away) => return Err(away),
        }
    };
    let previous_stands = match &case.visit.previous {
        None => true,
        Some(previous) => stands(app, &previous.setl_id).await?,
    };
    Ok(Visit { row, answer, case, now, previous_stands })
}

async fn stands(app: &App, setl_id: &str) -> Result<bool, ServiceError> {
    let Some(row) = settlements::by_id(&app.db, setl_id).await? else { return Ok(false) };
    Ok(settlements::reversal_of(&app.db, &row).await?.is_none())
}

/// A person's settlements being checked, in the order they were made.
struct Check<'c> {
    app: &'c App,
    psn_no: &'c str,
    chain: Chain,
    charged: previous::Charged,
}

/// What is known of a settlement now.
struct Judged {
    says: Says,
    would_add: Vec<Change>,
    /// What a stay in parts would come to up to it.
    up_to: Earlier,
    /// What would be charged since the first of stays that follow one another by transfer; `None`: nothing is paid.
    charged: Option<Fen>,
}

impl Check<'_> {
    fn pass(&mut self, row: settlement::Model) -> Result<(), ServiceError> {
        let added = paid_by(&settlements::answer_of(&row)?)?.added;
        let settlement::Model { poolarea_no, psn_no, setl_id, .. } = row;
        let would_add = Vec::new();
        self.chain.push(Settled { poolarea_no, psn_no, setl_id, added, would_add, reversed_by: None }, None);
        Ok(())
    }

    fn visit(&mut self, visit: Visit) -> Result<Checked, ServiceError> {
        let Paid { funds: paid, added, .. } = paid_by(&visit.answer)?;
        let Judged { says, would_add, up_to, charged } = self.judge(&visit, &paid, &added)?;
        let differs = !says.is_as_paid(&paid);
        let version_now = visit.now.as_ref().map_or(0, |now| now.person_version);
        let item = messages::item(self.psn_no, &visit.row, &visit.answer, (&paid, &says), version_now);
        let settlement::Model { poolarea_no, psn_no, setl_id, .. } = visit.row;
        self.charged.insert(setl_id.clone(), charged);
        let part = (header(&visit.answer).setl_part > 0).then_some(up_to);
        self.chain.push(Settled { poolarea_no, psn_no, setl_id, added, would_add, reversed_by: None }, part);
        Ok(Checked { item, differs })
    }

    /// What would be paid, added and charged now, and why. A part of a stay (中途结算) would be paid what the stay so far would come to beyond what
    /// its earlier parts would have come to.
    fn judge(&self, visit: &Visit, paid: &Funds, added: &[Change]) -> Result<Judged, ServiceError> {
        let parts = &header(&visit.answer).earlier_parts;
        let before = parts.last().and_then(|last| self.chain.up_to(last)).or(visit.case.earlier.as_ref());
        let before = before.cloned().unwrap_or_default();
        let as_it_was = previous::charged_by(&visit.answer, &visit.case);
        let as_settled = || after(visit.case.earlier.clone().unwrap_or_default(), &visit.answer);
        let unknown = |why| {
            let says = Says { why, would_pay: None };
            Ok(Judged { says, would_add: added.to_vec(), up_to: as_settled()?, charged: Some(as_it_was) })
        };
        let nothing = |why| {
            let says = Says { why, would_pay: Some(given_back(&before)) };
            Ok(Judged { says, would_add: taken_back(&before), up_to: Earlier::default(), charged: None })
        };
        let row = &visit.row;
        let Some(now) = &visit.now else {
            return unknown(Why::new(Reason::PersonUnknown, Reason::PersonUnknown.text()));
        };
        let book = self.app.policies.current();
        let policy = match policy_of(&book, row) {
            Ok(policy) => policy,
            Err(away) => return unknown(away),
        };
        let stay = match stay_as_known_now(visit, now.clone(), policy) {
            Ok(stay) => stay,
            Err(refusal) if refusal.reason() == Reason::NotEntitled => {
                return nothing(Why::new(&now.reason, &now.reason_text));
            }
            Err(refusal) => return nothing(why_of(&refusal)),
        };
        let area = &stay.eligibility.poolarea_no;
        if *area != row.poolarea_no {
            return nothing(Why::new(Reason::PaidByAnotherArea, format!("该次就诊现由统筹区 {area} 支付")));
        }
        let mut case = visit.case.clone();
        match case::person(&stay.eligibility) {
            Ok(person) => case.person = person,
            Err(refusal) => return nothing(why_of(&refusal)),
        }
        case.visit.not_covered = stay.not_covered;
        previous::follow(&mut case, &self.charged, visit.previous_stands);
        if !parts.is_empty() {
            case.earlier = Some(before.clone());
        }
        let otherwise = self.chain.before(&row.poolarea_no, &row.psn_no, &row.setl_id, parts);
        otherwise.apply(&mut case.accumulated);
        let why = match () {
            () if facts_of(&case) != facts_of(&visit.case) => facts_changed(&visit.case, &case),
            () if otherwise.parted => Why::new(Reason::RecordsParted, Reason::RecordsParted.text()),
            () if otherwise.merged => Why::new(Reason::RecordsMerged, Reason::RecordsMerged.text()),
            () => Why::new(Reason::EarlierVisits, Reason::EarlierVisits.text()),
        };
        if case == visit.case {
            let says = Says { why, would_pay: Some(paid.clone()) };
            return Ok(Judged {
                says,
                would_add: added.to_vec(),
                up_to: as_settled()?,
                charged: Some(as_it_was),
            });
        }
        match yizhan_policy::replay(policy, &case) {
            Err(refusal) => nothing(why_of(&refused(refusal))),
            Ok(outcome) => Ok(calculated(why, &before, &outcome, &case)),
        }
    }
}

/// What comes of a case as known now, `before` what its earlier parts would come to.
fn calculated(why: Why, before: &Earlier, outcome: &Outcome<'_>, case: &Case) -> Judged {
    let Paid { funds: would_pay, added: would_add, .. } = paid_of(outcome);
    Judged {
        says: Says { why, would_pay: Some(would_pay) },
        would_add,
        up_to: before.clone().and(outcome),
        charged: Some(previous::charged_now(outcome, case)),
    }
}

/// Whose facts count of the days of a visit, as when it is settled, by the rules of the policy that decided.
fn stay_as_known_now(visit: &Visit, now: Eligibility, policy: &Policy) -> Result<Stay, ServiceError> {
    let policy_case::Visit { begin, end, care, level, .. } = visit.case.visit;
    let med_type = MedType::from_code(&visit.row.med_type);
    let unreadable = || ServiceError::internal(anyhow::anyhow!("a settlement has no readable med_type"));
    let visited = CheckedVisit {
        reported: Default::default(),
        insutype: visit.case.scheme,
        med_type: med_type.ok_or_else(unreadable)?,
        begin,
        end,
        lines: Vec::new(),
    };
    let rules = visit_rules(policy, care, level, end).map_err(refused)?;
    stay::read(&visited, now)?.counted(&visited, &rules)
}

/// What the register says of a case.
fn facts_of(case: &Case) -> (&Person, &[DaysOut]) {
    (&case.person, &case.visit.not_covered)
}

/// What the funds would give back of earlier parts, where nothing is paid of the stay.
fn given_back(before: &Earlier) -> Funds {
    let of_funds = before.paid.iter().filter(|paid| paid.payer != Payer::Hospital);
    let mut funds = Funds::new();
    for paid in of_funds {
        *funds.entry(paid.fund_pay_type.code().to_owned()).or_insert(0) -= paid.paid_fen.0;
    }
    funds.retain(|_, fen| *fen != 0);
    funds
}

/// What accumulators would lose of earlier parts.
fn taken_back(before: &Earlier) -> Vec<Change> {
    let of_year = |(year, names): (&NaiveDate, &Accumulated)| {
        let year = *year;
        names.iter().map(move |(name, added)| (year, name.clone(), -added)).collect::<Vec<_>>()
    };
    before.changes.iter().flat_map(of_year).collect()
}

/// Names what of the person the policies would see otherwise.
fn facts_changed(then: &Case, now: &Case) -> Why {
    let out = |case: &Case| {
        let days = case.visit.not_covered.iter().map(|out| format!("{} 至 {}", out.from, out.to));
        days.collect::<Vec<_>>().join("、")
    };
    let (out_then, out_now) = (out(then), out(now));
    let (then, now) = (&then.person, &now.person);
    let names = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join("、");
    let mut told = Vec::new();
    let mut tell = |what: &str, then: String, now: String| {
        if then != now {
            let or_none = |text: String| if text.is_empty() { "无".to_owned() } else { text };
            told.push(format!("{what}由 {} 变为 {}", or_none(then), or_none(now)));
        }
    };
    tell("不享受待遇的日期", out_then, out_now);
    tell("人员类别", then.status.label().to_owned(), now.status.label().to_owned());
    tell("年龄", then.age.to_string(), now.age.to_string());
    tell("人员身份", names(&then.identities), names(&now.identities));
    tell("参加项目", names(&then.memberships), names(&now.memberships));
    tell("连续参保年数", then.years_insured.to_string(), now.years_insured.to_string());
    Why::new(Reason::FactsChanged, told.join("；"))
}
