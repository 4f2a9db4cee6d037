//! What a version changes beside another, for whom: the difference of what the two say, on the days of the new one.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;
use yizhan_documents::Period;
use yizhan_terms::{Area, Care};

use super::said::{Said, statements};
use super::{explain, words};
use crate::model::Policy;

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Name and version of the one before.
    pub old: String,
    /// Name and version of the new one.
    pub new: String,
    /// First day of the new one: what it says is compared from then on, with what the one before says or last said.
    pub from: NaiveDate,
    /// In the order of the new document; what is gone stands at the end.
    pub changes: Vec<PolicyChange>,
}

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyChange {
    /// Id of the layer; empty outside layers.
    pub layer: String,
    /// Title of the layer, or of the part of the document.
    pub part: String,
    /// What changes, e.g. 起付线.
    pub about: String,
    /// For whom; empty where it is no row of a table.
    pub who: String,
    /// First day on which it does; `None`: from the first on.
    pub from: Option<NaiveDate>,
    /// Last day; `None`: until further notice.
    pub to: Option<NaiveDate>,
    /// What the one before says; `None`: nothing.
    pub old: Option<String>,
    /// What the new one says; `None`: nothing.
    pub new: Option<String>,
}

/// What `new` changes beside `old`.
pub fn changes(old: &Policy, new: &Policy) -> Changes {
    let (said_before, said_now) = (statements(&explain(old)), statements(&explain(new)));
    let mut found = head(old, new);
    let mut seen = BTreeSet::new();
    for said in said_now.iter().chain(&said_before) {
        // The title of a layer may change, and the layer stays the same.
        let key = key(said);
        if seen.insert(key) {
            found.extend(compare((old, &said_before), (new, &said_now), said));
        }
    }
    let name = |policy: &Policy| format!("{} {}", policy.id, policy.version);
    Changes { old: name(old), new: name(new), from: new.period.from, changes: found }
}

type Key<'s> = (&'s str, &'s str, &'s str, &'s str);

fn key(said: &Said) -> Key<'_> {
    let part = if said.layer.is_empty() { said.part.as_str() } else { "" };
    (&said.layer, part, &said.about, &said.who)
}

fn head(old: &Policy, new: &Policy) -> Vec<PolicyChange> {
    let areas = |policy: &Policy| policy.areas.iter().map(Area::as_str).collect::<Vec<_>>().join("、");
    let year = |policy: &Policy| format!("{} 月 {} 日起", policy.year_starts.0, policy.year_starts.1);
    let across = |policy: &Policy| match policy.across_years {
        crate::model::AcrossYears::Whole => "整笔结算".to_owned(),
        crate::model::AcrossYears::SplitByDays => "按天数分开结算".to_owned(),
    };
    type Tell<'t> = &'t dyn Fn(&Policy) -> String;
    let covers = |policy: &Policy| match &policy.covers {
        // In one order: what is only written otherwise is no change.
        Some(covers) => {
            let covered = Care::ALL.iter().filter(|care| covers.contains(care));
            covered.map(|care| care.label()).collect::<Vec<_>>().join("、")
        }
        None => "各层涉及的医疗类别".to_owned(),
    };
    let not_published = |policy: &Policy| {
        let said = policy.not_published.iter().map(|(care, why)| format!("{}（{why}）", care.label()));
        Some(said.collect::<Vec<_>>().join("、")).filter(|said| !said.is_empty()).unwrap_or("没有".to_owned())
    };
    let told: [(&str, Tell<'_>); 8] = [
        ("名称", &|policy| policy.title.clone()),
        ("统筹区", &areas),
        ("险种", &|policy| {
            policy.schemes.iter().map(|scheme| scheme.label()).collect::<Vec<_>>().join("、")
        }),
        ("施行", &|policy| words::period(policy.period)),
        ("政策年度", &year),
        ("跨年度住院", &across),
        ("结算的医疗类别", &covers),
        ("没有公布待遇的医疗类别", &not_published),
    ];
    let of = |(about, tell): (&str, Tell<'_>)| {
        let (old, new) = (tell(old), tell(new));
        (old != new).then(|| PolicyChange {
            layer: String::new(),
            part: "文件".to_owned(),
            about: about.to_owned(),
            who: String::new(),
            from: None,
            to: None,
            old: Some(old),
            new: Some(new),
        })
    };
    told.into_iter().filter_map(of).collect()
}

/// Where two say otherwise of one thing, stretch by stretch of the days of the new one.
fn compare(
    (old, said_before): (&Policy, &[Said]),
    (new, said_now): (&Policy, &[Said]),
    said: &Said,
) -> Vec<PolicyChange> {
    let of =
        |all: &[Said]| -> Vec<Said> { all.iter().filter(|other| key(other) == key(said)).cloned().collect() };
    let (before, now) = (of(said_before), of(said_now));
    let within = |day: &NaiveDate| new.period.contains(*day);
    let edges =
        before.iter().chain(&now).filter_map(|said| said.period).flat_map(|period| {
            [Some(period.from), period.to.and_then(|to| to.succ_opt())].into_iter().flatten()
        });
    let days: BTreeSet<NaiveDate> = edges.filter(within).chain([new.period.from]).collect();
    let mut found: Vec<PolicyChange> = Vec::new();
    for day in &days {
        let last = day.pred_opt();
        let (told, tells) = (on(&before, old.period, *day), on(&now, new.period, *day));
        if let Some(open) = found.last_mut().filter(|open| open.to.is_none()) {
            if open.old == told && open.new == tells {
                continue;
            }
            open.to = last;
        }
        if told != tells {
            found.push(PolicyChange {
                layer: said.layer.clone(),
                part: said.part.clone(),
                about: said.about.clone(),
                who: said.who.clone(),
                from: (*day != new.period.from).then_some(*day),
                to: None,
                old: told,
                new: tells,
            });
        }
    }
    found
}

/// What is said on a day; after the last day of a document what it said then.
fn on(said: &[Said], period: Period, day: NaiveDate) -> Option<String> {
    let day = period.to.map_or(day, |to| day.min(to));
    let holds = |said: &&Said| said.period.is_none_or(|period| period.contains(day));
    said.iter().find(holds).map(|said| said.value.clone())
}

/// What a change can be about, and the parts of a document, as `explain` names them, and in English.
const NAMES: &[(&str, &str)] = &[
    ("文件", "document"),
    ("名称", "title"),
    ("统筹区", "areas"),
    ("险种", "schemes"),
    ("施行", "in force"),
    ("政策年度", "policy year"),
    ("跨年度住院", "stay across years"),
    ("结算的医疗类别", "care that is settled"),
    ("没有公布待遇的医疗类别", "care not published"),
    ("年度累计", "totals of the year"),
    ("就诊期限与住院期间的变更", "terms of visits"),
    ("先行自付（目录条目未列比例时，按类别）", "prepay by class"),
    ("另加先行自付（全部范围内费用，先于各层）", "extra prepay"),
    ("统筹区内就医也问异地就医备案", "filing asked at home too"),
    ("异地就医备案核定的先行自付", "prepay by the filing register"),
    ("支付方", "payer"),
    ("适用", "applies to"),
    ("计算基数", "base"),
    ("只计基数的", "part of the base that counts"),
    ("先由个人自付", "prepaid by the person"),
    ("费用限额", "cost limit"),
    ("起付线以上费用限额", "cost limit above the deductible"),
    ("起付线", "deductible"),
    ("起付线按比例扣", "part of the deductible that is charged"),
    ("减去上一次住院已扣的起付线", "less the deductible of the stay before"),
    ("起付线年度累计不超过", "most deductible of a year"),
    ("支付比例", "ratio"),
    ("住院津贴每天", "allowance a day"),
    ("给付天数上限", "most days"),
    ("每项定额给付", "sum an item"),
    ("定额给付", "lump sum"),
    ("支付比例增减", "points on the ratio"),
    ("支付比例乘以", "factor of the ratio"),
    ("个人负担部分乘以", "factor of the person's part"),
    ("异地就医", "away from home"),
    ("有支付时不低于", "pays at least"),
    ("支付限额", "payment limit"),
    ("另加", "limit raised by"),
    ("零报销", "years without a claim"),
    ("计入累计", "adds to"),
    ("个人账户", "personal account"),
    ("亲属账户可共济的范围", "reach of a relative's account"),
    ("为近亲属缴纳居民医保费", "relatives' contributions from the account"),
    ("同日就诊", "visits of one day"),
    ("住院与另一次住院时间重叠（转院当日除外）", "two stays at once"),
    ("住院期间（入院、出院当日除外）的门诊、购药由基金支付的", "outpatient visit within a stay"),
    ("住院期间已有门诊、购药结算的", "stay around a settled visit"),
];

/// A name in English; what the document words itself stays, and the number of `起付线（2）`.
fn english(name: &str) -> String {
    let of = |name: &str| NAMES.iter().find(|(chinese, _)| *chinese == name).map(|(_, english)| *english);
    let numbered = || {
        let (name, number) = name.strip_suffix('）')?.rsplit_once('（')?;
        Some(format!("{} ({number})", of(name)?))
    };
    of(name).map(str::to_owned).or_else(numbered).unwrap_or_else(|| name.to_owned())
}

/// What stands around what the documents say.
struct Frame {
    compared: fn(&Changes) -> String,
    none: &'static str,
    heading: fn(&PolicyChange) -> String,
    change: fn(&PolicyChange) -> String,
}

impl Changes {
    /// What changes, in Chinese.
    pub fn chinese(&self) -> String {
        let compared = |of: &Changes| format!("{} → {}（自 {} 起比较）", of.old, of.new, of.from);
        let heading = |change: &PolicyChange| match change.layer.as_str() {
            "" => change.part.clone(),
            layer => format!("{}（{layer}）", change.part),
        };
        self.in_words(&Frame { compared, none: "没有变化", heading, change: PolicyChange::chinese })
    }

    fn in_words(&self, frame: &Frame) -> String {
        let mut lines = vec![(frame.compared)(self)];
        if self.changes.is_empty() {
            lines.push(format!("  {}", frame.none));
        }
        let mut part = None;
        for change in &self.changes {
            let this = (&change.layer, &change.part);
            if part != Some(this) {
                part = Some(this);
                lines.push(format!("\n{}", (frame.heading)(change)));
            }
            lines.push(format!("  {}", (frame.change)(change)));
        }
        lines.join("\n") + "\n"
    }
}

/// In English; what the documents say stays as `explain` says it.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compared = |of: &Changes| format!("{} → {} (compared from {})", of.old, of.new, of.from);
        let heading = |change: &PolicyChange| match change.layer.as_str() {
            "" => english(&change.part),
            layer => format!("layer {layer}: {}", change.part),
        };
        f.write_str(&self.in_words(&Frame {
            compared,
            none: "no change",
            heading,
            change: PolicyChange::to_string,
        }))
    }
}

impl PolicyChange {
    /// What changes, in Chinese.
    pub fn chinese(&self) -> String {
        let PolicyChange { about, who, from, to, old, new, .. } = self;
        let days = match (from, to) {
            (None, None) => String::new(),
            (Some(from), None) => format!("（自 {from} 起）"),
            (None, Some(to)) => format!("（至 {to}）"),
            (Some(from), Some(to)) => format!("（{from} 至 {to}）"),
        };
        let who = if who.is_empty() { String::new() } else { format!(" {who}") };
        match (old.as_deref(), new.as_deref()) {
            (None, Some("")) => format!("新增 {about}{who}{days}"),
            (None, Some(new)) => format!("新增 {about}{who}：{new}{days}"),
            (Some(""), None) => format!("取消 {about}{who}{days}"),
            (Some(old), None) => format!("取消 {about}{who}：原为 {old}{days}"),
            (old, new) => {
                let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
                format!("{about}{who}：{old} → {new}{days}")
            }
        }
    }
}

/// In English; what the documents say stays as `explain` says it.
impl fmt::Display for PolicyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PolicyChange { about, who, from, to, old, new, .. } = self;
        let days = match (from, to) {
            (None, None) => String::new(),
            (Some(from), None) => format!(" (from {from})"),
            (None, Some(to)) => format!(" (until {to})"),
            (Some(from), Some(to)) => format!(" ({from} to {to})"),
        };
        let who = if who.is_empty() { String::new() } else { format!(", {who}") };
        let about = english(about);
        match (old.as_deref(), new.as_deref()) {
            (None, Some("")) => write!(f, "new: {about}{who}{days}"),
            (None, Some(new)) => write!(f, "new: {about}{who}: {new}{days}"),
            (Some(""), None) => write!(f, "gone: {about}{who}{days}"),
            (Some(old), None) => write!(f, "gone: {about}{who}: was {old}{days}"),
            (old, new) => {
                let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
                write!(f, "{about}{who}: {old} → {new}{days}")
            }
        }
    }
}
