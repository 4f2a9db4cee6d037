//! 医保支付资格记分: what items give how many points, what follows from points, and in how many days.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use yizhan_documents::{At, Kind, Map, rule, value};

/// Points of the lowest band, 1–3; each further band is as wide and lies above.
pub const BAND: u32 = 3;
/// Bands.
const BANDS: i64 = 4;
/// Items of a scheme at most.
const MAX_ITEMS: usize = 200;
/// Longest name of an item, as entries of the ledger keep it.
const MAX_ITEM: usize = 64;

yizhan_workflow::named! {
    /// 责任程度
    Responsibility {
        Ordinary = 1, "ORDINARY", "一般责任";
        Important = 2, "IMPORTANT", "重要责任";
        Main = 3, "MAIN", "主要责任";
    }
}

/// 记分情形
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Names it.
    pub item: String,
    /// In Chinese.
    pub name: String,
    /// 1 to 4.
    pub band: u32,
}

rule! {
    /// The point system.
    pub struct Points {
        /// Points of a calendar year from which somebody is suspended.
        suspended_from: u32 = number(1, 100);
        /// From which somebody is terminated.
        terminated_from: u32 = number(1, 100);
        /// Months of a suspension by the points of the year, one for each number between the two.
        suspension_months: BTreeMap<u32, u32> = months;
        /// Years without registration after the points of a year added up to it.
        barred_years: u32 = number(1, 50);
        /// After one decision gave as many.
        barred_years_at_once: u32 = number(1, 50);
        /// Working days from the decision to its notice.
        notice_days: u32 = number(1, 250);
        /// From the notice to its delivery.
        delivery_days: u32 = number(1, 250);
        /// From receipt to the last day of an appeal.
        appeal_days: u32 = number(1, 250);
        /// From the appeal to its decision, those of an appraisal not counted.
        decision_days: u32 = number(1, 250);
        /// Before the end of a suspension on which restoring may be applied for at the earliest.
        restore_apply_days: u32 = number(1, 250);
        /// From that application to its review.
        restore_review_days: u32 = number(1, 250);
        /// Points that a year may get back.
        repair_points: u32 = number(0, 100);
        /// Days after a decision on which a repair may be applied for at the earliest.
        repair_after_days: u32 = number(0, 3_660);
        /// Months that a shortened suspension lasts at least.
        repair_leaves_months: u32 = number(0, 100);
        /// Working days from that application to its review.
        repair_review_days: u32 = number(1, 250);
        /// What gives points.
        items: Vec<Item> = items;
    }
}

impl Points {
    /// What somebody of this responsibility is given for an item: the place in the band, from low to high.
    pub fn given(&self, item: &Item, responsibility: Responsibility) -> u32 {
        (item.band - 1) * BAND + responsibility.number().unsigned_abs()
    }

    /// What may be given: that; a band lower where it was disclosed, a band higher where others were instigated, inside 1 to 12.
    pub fn allowed(&self, given: u32, disclosed: bool, instigated: bool) -> RangeInclusive<u32> {
        let lowest = if disclosed { given.saturating_sub(BAND).max(1) } else { given };
        let highest = if instigated { (given + BAND).min(BAND * BANDS.unsigned_abs() as u32) } else { given };
        lowest..=highest
    }

    /// An item by its name.
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.item == name)
    }

    /// Months of a suspension at so many points; none below and beyond.
    pub fn months(&self, points: u32) -> Option<u32> {
        self.suspension_months.get(&points).copied()
    }
}

fn number(lowest: i64, highest: i64) -> impl Fn(&Map, &str) -> Option<u32> {
    move |map, key| map.required(key, |at| value::whole(at, lowest, highest))?.try_into().ok()
}

/// By points; without a hole from where suspension begins to where it ends.
fn months(map: &Map, key: &str) -> Option<BTreeMap<u32, u32>> {
    let whole = |at, highest| value::whole(at, 1, highest).and_then(|read| u32::try_from(read).ok());
    let begins = map.get("suspended_from").and_then(|at| whole(at, 100));
    let ends = map.get("terminated_from").and_then(|at| whole(at, 100));
    map.required(key, |at| {
        let entries = at.entries()?.into_iter();
        let read = entries.map(|(points, months)| Some((whole(points, 100)?, whole(months, 6)?)));
        let read = read.collect::<Option<BTreeMap<u32, u32>>>()?;
        let (Some(begins), Some(ends)) = (begins, ends) else { return Some(read) };
        if begins < ends && read.keys().copied().eq(begins..ends) && read.values().is_sorted() {
            return Some(read);
        }
        let message = format!("months that do not fall, one for each of {begins} to {} points", ends - 1);
        at.problem(Kind::InvalidValue, message)
    })
}

fn items(map: &Map, key: &str) -> Option<Vec<Item>> {
    map.required(key, |at| {
        let items = at.list_of(item)?;
        let mut names: Vec<&str> = items.iter().map(|item| item.item.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let fits = (1..=MAX_ITEMS).contains(&items.len()) && names.len() == items.len();
        if fits { Some(items) } else { at.problem(Kind::InvalidValue, "1 to 200 items, each once") }
    })
}

fn item(at: At) -> Option<Item> {
    let map = at.map(&["item", "name", "band"])?;
    let item = map.required("item", |at| {
        let name = at.text()?;
        if name.len() <= MAX_ITEM && name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(name.to_owned());
        }
        at.problem(Kind::InvalidValue, "at most 64 visible ASCII characters")
    });
    let name = map.required("name", |at| at.text().map(str::to_owned));
    let band = map.required("band", |at| value::whole(at, 1, BANDS));
    Some(Item { item: item?, name: name?, band: band?.try_into().ok()? })
}
