//! A list is frozen, and how many are to be drawn of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;
use yizhan_documents::value::plain_number;
use yizhan_proto::audit::v1::{CaseAction, FreezeListRequest, FreezeListResponse, Selection, StratumSize};
use yizhan_runtime::clock::{day_text, timestamp};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, is_fixmedins_code};

use super::desk::{self, Done, Said, Write, done};
use super::domain::selection::{List, State, digest, list_text, period};
use super::grades::{self, ByGrade};
use super::samples;
use super::selections::told;
use crate::app::Audit;
use crate::plan_rules::{self, Purpose, Sampling, part_of};
use crate::records::{self, Kept as _};

/// Most entries of a list.
pub const MAX_ENTRIES: usize = 20_000;
/// Longest id of an entry.
const MAX_ENTRY: usize = 64;
/// Longest name of a stratum.
const MAX_STRATUM: usize = 30;

/// 封存名单.
pub async fn freeze_list(
    audit: &Audit,
    caller: &Caller,
    mut request: FreezeListRequest,
) -> Result<FreezeListResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(audit, &key).await? {
        return Ok(answer);
    }
    let today = audit.clock.today();
    let said = desk::said(caller, &request.opter, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("area", &request.area);
    fields.text("public_source", &request.public_source, true);
    let purpose = fields.some(Purpose::of(request.purpose), "purpose", Reason::CodeUnknown);
    let sampled = purpose.is_some_and(Purpose::is_sample);
    let days = if sampled { check_period(&request.period, purpose, today, &mut fields) } else { None };
    fields.require(sampled || request.period.is_empty(), "period", Reason::FieldNotExpected);
    let public_on =
        fields.optional("public_on", &request.public_on, |fields, field, day| fields.date(field, day));
    let public = public_on.flatten().is_some_and(|day| day >= today);
    fields.require(
        if sampled { request.public_on.is_empty() } else { public },
        "public_on",
        Reason::DateInvalid.saying("抽取机构和人员应填写公开日期，不早于今天；抽取单据不公开，不填写"),
    );
    let listed = purpose.is_some_and(Purpose::is_listed);
    let said_here = Reason::FieldNotExpected.saying("名单由系统按已结算单据生成");
    fields.require(!listed || request.entries.is_empty(), "entries", said_here);
    fields.require(listed || !request.entries.is_empty(), "entries", Reason::RowsEmpty);
    let mut entries = entries(&request, &mut wrong);
    let mut floor = None;
    if let (Some(area), Some(purpose), Some((first, last))) = (area, purpose, days) {
        desk::check_manages(caller, area.as_str())?;
        let rule: Sampling = plan_rules::find(&audit.plan_rules.current(), area, last)?;
        let of = (area, (first, last), purpose);
        entries = samples::listed(audit, of, (&rule, &request.entries), entries, &mut wrong).await?;
        floor = rule.needed(purpose, number(entries.len()));
    }
    let ByGrade { entries, sizes, rows } = if request.by_grade {
        graded(audit, caller, (&request, area), purpose, &mut wrong).await?
    } else {
        let sizes = sizes(&request, &entries, (sampled, floor), &mut wrong);
        ByGrade { entries, sizes, rows: Vec::new() }
    };
    let area = wrong.finish(area)?;
    desk::check_manages(caller, area.as_str())?;
    let (text, nonce) = (list_text(&sizes, &entries), nonce());
    let size = |(stratum, count): (String, u32)| StratumSize { stratum, count: count.cast_signed() };
    let selection = Selection {
        selection_id: new_id(),
        area: request.area,
        purpose: request.purpose,
        period: request.period,
        state: State::Frozen.number(),
        listed: number(entries.len()).cast_signed(),
        sizes: sizes.into_iter().map(size).collect(),
        public_source: request.public_source,
        list_digest: digest(&text),
        nonce_digest: digest(&nonce),
        nonce,
        frozen_at: Some(timestamp(audit.clock.now())),
        public_on: day_text(public_on.flatten()),
        version: 1,
        grade_rows: rows,
        ..Selection::default()
    };
    let list = List { selection_id: selection.selection_id.clone(), text };
    once::once(audit, &key, |write| Box::pin(freeze(write, (&selection, &list), &said))).await
}

/// The list by the grades of its institutions; of nobody where something else is wrong, or somebody may not draw there.
async fn graded(
    audit: &Audit,
    caller: &Caller,
    (request, area): (&FreezeListRequest, Option<Area>),
    purpose: Option<Purpose>,
    wrong: &mut Violations,
) -> Result<ByGrade, ServiceError> {
    let said = Reason::FieldNotExpected.saying("只有抽取机构可以按信用等级");
    wrong.require(purpose == Some(Purpose::Institutions), "by_grade", said);
    wrong.require(request.sizes.is_empty(), "sizes", Reason::FieldNotExpected);
    let named = request.entries.iter().any(|entry| !entry.stratum.is_empty());
    wrong.require(!named, "entries", Reason::FieldNotExpected.saying("按信用等级时不填写层"));
    let institutions = request.entries.iter().all(|entry| is_fixmedins_code(&entry.id));
    wrong.require(institutions, "entries", Reason::CodeUnknown);
    let rate = if request.rate.is_empty() { None } else { share(&request.rate, wrong) };
    let Some(area) = area.filter(|_| wrong.is_empty()) else { return Ok(ByGrade::default()) };
    desk::check_manages(caller, area.as_str())?;
    grades::by_grade(audit, (area, audit.clock.today()), request, rate, wrong).await
}

/// `5%`
fn share(rate: &str, wrong: &mut Violations) -> Option<Decimal> {
    let percent = rate.strip_suffix('%').filter(|text| text.len() <= 8).and_then(plain_number);
    let part = percent.filter(|percent| *percent > Decimal::ZERO && *percent <= Decimal::ONE_HUNDRED);
    let said = Reason::CountInvalid.saying("请填写抽取比例，如 5%，或各层数量");
    wrong.some(part, "rate", said).map(|part| part / Decimal::ONE_HUNDRED)
}

async fn freeze(
    write: Write<'_>,
    (selection, list): (&Selection, &List),
    said: &Said,
) -> Result<Done<FreezeListResponse>, ServiceError> {
    records::put(write.tx, list).await?;
    desk::record(write, selection.row()?, CaseAction::Freeze, said).await?;
    Ok(done(FreezeListResponse { selection: Some(told(selection, Some(list))), replayed: false }))
}

fn check_period(
    text: &str,
    purpose: Option<Purpose>,
    today: NaiveDate,
    fields: &mut Fields,
) -> Option<(NaiveDate, NaiveDate)> {
    let quarterly = purpose.is_some_and(Purpose::is_quarterly);
    let found = period(text).filter(|(first, _, quarter)| *first <= today && (*quarter || !quarterly));
    let said = Reason::DateInvalid
        .saying("应为已开始的季度（2026Q1）；零星报销和初审通过也可以为月份（2026-01）或日期");
    fields.some(found, "period", said).map(|(first, last, _)| (first, last))
}

/// `-` is the stratum of those that name none: a line of the list must not begin with a tab.
fn stratum(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// Whether it can be one of a list: nothing that a shell or a line could take for something else.
fn is_entry(id: &str, longest: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=longest).contains(&id.len()) && id.bytes().all(plain)
}

fn entries(request: &FreezeListRequest, wrong: &mut Violations) -> BTreeSet<(String, String)> {
    let (mut read, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let few = request.entries.len() <= MAX_ENTRIES;
    wrong.require(few, "entries", Reason::TooMany.saying("名单最多 20000 条"));
    for (at, entry) in request.entries.iter().take(MAX_ENTRIES).enumerate() {
        let prefix = format!("entries[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        let said = || Reason::TextInvalid.saying("应为字母、数字、-、_ 或 .");
        fields.require(is_entry(&entry.id, MAX_ENTRY), "id", said());
        let plain = entry.stratum.is_empty() || is_entry(&entry.stratum, MAX_STRATUM);
        fields.require(plain, "stratum", said());
        fields.require(ids.insert(&entry.id), "id", Reason::Duplicate);
        read.insert((stratum(&entry.stratum), entry.id.clone()));
    }
    read
}

/// How many of each stratum: as given, by rate, or as the rules say; never fewer in all than they say.
fn sizes(
    request: &FreezeListRequest,
    entries: &BTreeSet<(String, String)>,
    (sampled, floor): (bool, Option<u32>),
    wrong: &mut Violations,
) -> BTreeMap<String, u32> {
    let mut listed: BTreeMap<String, u32> = BTreeMap::new();
    entries.iter().for_each(|(stratum, _)| *listed.entry(stratum.clone()).or_default() += 1);
    let all: u32 = listed.values().sum();
    let each = |part: Decimal| {
        listed.iter().map(|(stratum, count)| (stratum.clone(), part_of(*count, part))).collect()
    };
    let sizes: BTreeMap<String, u32> = match (request.rate.as_str(), request.sizes.is_empty(), floor) {
        ("", true, Some(floor)) if all > 0 => each(Decimal::from(floor) / Decimal::from(all)),
        // What of area, period or list is wrong was told.
        ("", true, _) if sampled => BTreeMap::new(),
        ("", false, _) => given(request, &listed, wrong),
        (rate, true, _) => share(rate, wrong).map(each).unwrap_or_default(),
        _ => {
            wrong.push("rate", Reason::FieldNotExpected.saying("比例和各层数量只填写一种"));
            BTreeMap::new()
        }
    };
    let drawn: u32 = sizes.values().sum();
    if let Some(floor) = floor.filter(|floor| drawn < *floor && wrong.is_empty()) {
        let field = if request.sizes.is_empty() { "rate" } else { "sizes" };
        wrong
            .push(field, Reason::SampleRateBelowFloor)
            .with("floor", floor)
            .with("drawn", drawn)
            .with("listed", all);
    }
    sizes
}

fn given(
    request: &FreezeListRequest,
    listed: &BTreeMap<String, u32>,
    wrong: &mut Violations,
) -> BTreeMap<String, u32> {
    let mut sizes = BTreeMap::new();
    for (at, size) in request.sizes.iter().take(MAX_ENTRIES).enumerate() {
        let (stratum, count) = (stratum(&size.stratum), size.count.max(0).cast_unsigned());
        let fits = listed.get(&stratum).is_some_and(|listed| (1..=*listed).contains(&count));
        let fits = sizes.insert(stratum, count).is_none() && fits;
        let said = Reason::CountInvalid.saying("每层一次，1 至名单中该层的数量");
        wrong.require(fits, format!("sizes[{at}].count"), said);
    }
    sizes
}

/// 244 random bits that nobody is told before the draw.
fn nonce() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
