//! 信用支付: what conduct and defaults of a person do to what they may pay later, and in how many days is objected.

use rust_decimal::Decimal;
use yizhan_documents::{At, Kind, Map, rule, value};
use yizhan_money::MAX_FEN;

/// Items of a scheme at most.
const MAX_ITEMS: usize = 200;
/// Longest name of an item, as entries of the ledger keep it.
const MAX_ITEM: usize = 64;

/// 失信行为
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Names it.
    pub item: String,
    /// In Chinese.
    pub name: String,
    /// By which share of the base it lowers the limit, 0 to 1.
    pub lowers: Decimal,
    /// For so many months from its first day on.
    pub months: u32,
}

rule! {
    /// What follows for paying later. What several lower adds up; the whole closes it.
    pub struct PayLater {
        /// What a person without conduct may owe, fen; settlement's own rule may say less.
        limit_fen: i64 = limit;
        /// Working days from the day the person was told to the last one of an objection.
        objection_days: u32 = number(1, 250);
        /// From the objection to its decision.
        decision_days: u32 = number(1, 250);
        /// Months after the last thing that counted, after which nothing does any more.
        clean_months: u32 = number(1, 1_200);
        /// By which share a default that was repaid lowers the limit. One that is owed closes it.
        repaid_lowers: Decimal = share;
        /// For so many months from its repayment on.
        repaid_months: u32 = number(1, 1_200);
        /// Conduct that may be entered.
        items: Vec<Item> = items;
    }
}

impl PayLater {
    /// An item by its name.
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.item == name)
    }
}

fn limit(map: &Map, key: &str) -> Option<i64> {
    map.required(key, |at| value::whole(at, 1, MAX_FEN))
}

fn number(lowest: i64, highest: i64) -> impl Fn(&Map, &str) -> Option<u32> {
    move |map, key| map.required(key, |at| value::whole(at, lowest, highest))?.try_into().ok()
}

fn share(map: &Map, key: &str) -> Option<Decimal> {
    map.required(key, value::ratio)
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
    let map = at.map(&["item", "name", "lowers", "months"])?;
    let item = map.required("item", |at| {
        let name = at.text()?;
        if name.len() <= MAX_ITEM && name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(name.to_owned());
        }
        at.problem(Kind::InvalidValue, "at most 64 visible ASCII characters")
    });
    let name = map.required("name", |at| at.text().map(str::to_owned));
    let (lowers, months) = (share(&map, "lowers"), number(1, 1_200)(&map, "months"));
    Some(Item { item: item?, name: name?, lowers: lowers?, months: months? })
}
