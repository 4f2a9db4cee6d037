//! Random selections: a list is frozen, drawn from once, and can be drawn again by anybody.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;
use yizhan_documents::value::plain_number;
use yizhan_proto::audit::v1::{
    AbandonSelectionRequest, AbandonSelectionResponse, DrawSelectionRequest, DrawSelectionResponse,
    FreezeListRequest, FreezeListResponse,
};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};

use super::desk::{self, Done, Write, done};
use super::domain::item::{self, Item};
use super::domain::selection::{List, Selection, State, digest, draw, list_text, period, seed};
use super::domain::{Head, Said, Waits};
use super::messages::selection_message;
use super::store;
use super::store::entities::plan_record::Column;
use crate::app::Audit;
use crate::plan_rules::{self, Purpose, Sampling, part_of};

/// Most entries of a list.
const MAX_ENTRIES: usize = 20_000;
/// Longest name of a stratum.
const MAX_STRATUM: usize = 30;

/// 封存名单.
pub async fn freeze_list(
    audit: &Audit,
    caller: &Caller,
    mut request: FreezeListRequest,
) -> Result<FreezeListResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let today = audit.clock.today();
    let said = desk::said(caller, (&request.opter, "", ""), &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("area", &request.area);
    fields.text("public_source", &request.public_source, true);
    let purpose = Purpose::ALL.iter().copied().find(|purpose| purpose.number() == request.purpose);
    let purpose = fields.some(purpose, "purpose", Reason::CodeUnknown);
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
    let entries = entries(&request, &mut wrong);
    let rule = match (area, days) {
        (Some(area), Some((_, last))) => {
            Some(plan_rules::find::<Sampling>(&audit.plan_rules.current(), area, last)?)
        }
        _ => None,
    };
    let floor = rule.zip(purpose).and_then(|(rule, purpose)| rule.needed(purpose, number(entries.len())));
    let sizes = sizes(&request, &entries, (sampled, floor), &mut wrong);
    let (area, purpose) = wrong.finish(area.zip(purpose))?;
    desk::check_manages(caller, area)?;
    let text = list_text(&sizes, &entries);
    let selection = Selection {
        head: Head::new(new_id(), area),
        purpose,
        period: request.period.clone(),
        state: State::Frozen,
        listed: number(entries.len()),
        sizes,
        public_source: request.public_source.clone(),
        list_digest: digest(&text),
        nonce: nonce(),
        frozen_at: audit.clock.now(),
        public_value: String::new(),
        seed: String::new(),
        drawn_at: None,
        public_on: public_on.flatten(),
        abandoned_for: String::new(),
    };
    let list = List { head: selection.head.clone(), text, drawn: Vec::new() };
    once::once(audit, &key, |write| Box::pin(freeze(write, (&selection, &list), &said))).await
}

async fn freeze(
    write: Write<'_>,
    (selection, list): (&Selection, &List),
    said: &Said,
) -> Result<Done<FreezeListResponse>, ServiceError> {
    store::write(write.tx, std::slice::from_ref(list)).await?;
    let selection = desk::record(write, selection.clone(), "FREEZE", said).await?;
    let selection = Some(selection_message(&selection, Some(list)));
    Ok(done(FreezeListResponse { selection, replayed: false }))
}

fn check_period(
    text: &str,
    purpose: Option<Purpose>,
    today: NaiveDate,
    fields: &mut Fields,
) -> Option<(NaiveDate, NaiveDate)> {
    let quarterly = purpose.is_some_and(Purpose::is_quarterly);
    let found = period(text).filter(|(first, _, quarter)| *first <= today && (*quarter || !quarterly));
    let said =
        Reason::DateInvalid.saying("应为已开始的季度（2026Q1）；零星报销和初审通过也可以为月份（2026-01）");
    fields.some(found, "period", said).map(|(first, last, _)| (first, last))
}

/// `-` is the stratum of those that name none: a line of the list must not begin with a tab.
fn stratum(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

fn entries(request: &FreezeListRequest, wrong: &mut Violations) -> BTreeSet<(String, String)> {
    let (mut read, mut ids) = (BTreeSet::new(), BTreeSet::new());
    wrong.require(!request.entries.is_empty(), "entries", Reason::RowsEmpty);
    let few = request.entries.len() <= MAX_ENTRIES;
    wrong.require(few, "entries", Reason::TooMany.saying("名单最多 20000 条"));
    for (at, entry) in request.entries.iter().take(MAX_ENTRIES).enumerate() {
        let prefix = format!("entries[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        let said = || Reason::TextInvalid.saying("应为字母、数字、-、_ 或 .");
        fields.require(desk::is_entry(&entry.id, usize::MAX), "id", said());
        let plain = entry.stratum.is_empty() || desk::is_entry(&entry.stratum, MAX_STRATUM);
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
        (rate, true, _) => {
            let percent = rate.strip_suffix('%').filter(|text| text.len() <= 8).and_then(plain_number);
            let part = percent.filter(|percent| *percent > Decimal::ZERO && *percent <= Decimal::ONE_HUNDRED);
            let part =
                wrong.some(part, "rate", Reason::CountInvalid.saying("请填写抽取比例，如 5%，或各层数量"));
            part.map(|percent| each(percent / Decimal::ONE_HUNDRED)).unwrap_or_default()
        }
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

/// 抽取.
pub async fn draw_selection(
    audit: &Audit,
    caller: &Caller,
    mut request: DrawSelectionRequest,
) -> Result<DrawSelectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let found = store::find(&audit.db, &request.selection_id).await?;
    desk::managed::<Selection>(caller, found, Reason::SelectionUnknown)?;
    let said = desk::said(caller, (&request.opter, "", ""), &mut wrong);
    let plain = |b: u8| b.is_ascii_graphic() || b == b' ';
    let fits = (1..=50).contains(&request.public_value.len()) && request.public_value.bytes().all(plain);
    wrong.require(fits, "public_value", Reason::TextInvalid.saying("应为 1 至 50 位可见 ASCII 字符"));
    wrong.none()?;
    once::once(audit, &key, |write| Box::pin(write_draw(write, &request, &said))).await
}

async fn write_draw(
    write: Write<'_>,
    request: &DrawSelectionRequest,
    said: &Said,
) -> Result<Done<DrawSelectionResponse>, ServiceError> {
    let (mut selection, mut list) = held(write.tx, &request.selection_id).await?;
    if selection.state != State::Frozen {
        return Err(desk::refused(
            &selection,
            if selection.state == State::Drawn { &["ABANDON"] } else { &[] },
        ));
    }
    selection.state = State::Drawn;
    selection.public_value.clone_from(&request.public_value);
    selection.seed = seed(&selection.nonce, &selection.public_value, &selection.list_digest);
    selection.drawn_at = Some(write.service.clock.now());
    list.drawn = draw(&list.text, &selection.seed);
    store::write(write.tx, std::slice::from_ref(&list)).await?;
    let selection = desk::record(write, selection, "DRAW", said).await?;
    if selection.purpose.is_sample() {
        open_sample(write, &selection, &list.drawn, said).await?;
    }
    let selection = Some(selection_message(&selection, Some(&list)));
    Ok(done(DrawSelectionResponse { selection, replayed: false }))
}

/// What was drawn waits for its reviews.
async fn open_sample(
    Write { tx, service, cause }: Write<'_>,
    selection: &Selection,
    drawn: &[String],
    said: &Said,
) -> Result<(), ServiceError> {
    let (today, purpose, area) = (service.clock.today(), selection.purpose, selection.head.area);
    let rule: Sampling = plan_rules::find(&service.plan_rules.current(), area, today)?;
    let item = |item_id: &String| Item {
        head: Head {
            version: 1,
            standing: vec![1],
            ..Head::new(Item::id(&selection.head.id, item_id), area)
        },
        selection_id: selection.head.id.clone(),
        item_id: item_id.clone(),
        purpose,
        two_people: rule.two_people.contains(&purpose),
        state: item::State::Waiting,
        reviews: Vec::new(),
        case_id: String::new(),
        waits: Some(Waits { since: today, working_days: rule.review_days }),
    };
    let items: Vec<Item> = drawn.iter().map(item).collect();
    store::write(tx, &items).await?;
    let by = (cause.caller.as_str(), said);
    Ok(store::append(tx, &items, item::Action::Draw.name(), by, service.clock.now()).await?)
}

/// 作废.
pub async fn abandon_selection(
    audit: &Audit,
    caller: &Caller,
    mut request: AbandonSelectionRequest,
) -> Result<AbandonSelectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let found = store::find(&audit.db, &request.selection_id).await?;
    desk::managed::<Selection>(caller, found, Reason::SelectionUnknown)?;
    let said = desk::said_why(caller, (&request.opter, &request.reason), &mut wrong);
    wrong.none()?;
    once::once(audit, &key, |write| Box::pin(abandon(write, &request, &said))).await
}

async fn abandon(
    write: Write<'_>,
    request: &AbandonSelectionRequest,
    said: &Said,
) -> Result<Done<AbandonSelectionResponse>, ServiceError> {
    let (mut selection, list) = held(write.tx, &request.selection_id).await?;
    if selection.state == State::Abandoned {
        return Err(desk::refused(&selection, &[]));
    }
    selection.state = State::Abandoned;
    selection.abandoned_for.clone_from(&said.reason);
    let unreviewed =
        store::of_area::<Item>(write.tx, selection.head.area, (Column::Parent, &selection.head.id)).await?;
    for item in unreviewed.into_iter().filter(|item| item.state == item::State::Waiting) {
        desk::record(write, item.dropped(), item::Action::Drop.name(), said).await?;
    }
    let selection = desk::record(write, selection, "ABANDON", said).await?;
    let selection = Some(selection_message(&selection, Some(&list)));
    Ok(done(AbandonSelectionResponse { selection, replayed: false }))
}

async fn held(tx: &DatabaseTransaction, selection_id: &str) -> Result<(Selection, List), ServiceError> {
    let unknown = || ServiceError::new(Reason::SelectionUnknown, "no such selection");
    let selection = store::hold(tx, selection_id).await?.ok_or_else(unknown)?;
    let list = store::find(tx, selection_id).await?.ok_or_else(unknown)?;
    Ok((selection, list))
}
