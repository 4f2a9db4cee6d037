//! `only` and `never`: for whom, where and for what an item may be used.

use yizhan_documents::{Facts, value};

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::condition::{About, Ask, asks};

/// `only`: an item that is for some only (限儿童, 限二级以上, 限适应症 …).
#[derive(Clone, Debug, PartialEq)]
pub struct Only {
    /// All must hold.
    allowed: Vec<Ask>,
    /// 备注限首次处方: continued within so many days of one that was allowed, nothing is against it.
    continues_days: Option<u32>,
}

/// `never`: an item that is not for some, or is paid to nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct Never {
    /// Against the rule where all hold.
    forbidden: Vec<Ask>,
}

const ALL: &[&str] = &["code", "diagnosis", "operation"];

impl KindOfRule for Only {
    const NAME: &'static str = "only";
    const KEYS: &'static [&'static str] = &["allowed", "continues_days"];
    const ABOUT: &'static [&'static str] = ALL;

    fn read(values: &Values) -> Option<Only> {
        let allowed = values.required("allowed", |at| asks(&at, values.sources));
        let days = values.optional("continues_days", |at| value::whole(at, 1, 366));
        let continues_days = days?.and_then(|days| u32::try_from(days).ok());
        Some(Only { allowed: allowed?, continues_days })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let against: Vec<On> = hits.iter().filter(|on| self.is_against(case, on)).copied().collect();
        let Some(first) = against.first() else { return };
        let facts = About { visit: case.visit, line: first.line() };
        let failed: Vec<String> =
            self.allowed.iter().filter(|ask| facts.fails(ask)).map(Ask::words).collect();
        found.extend(case.found_whole(&against, format!("{}：限{}", first.words(), failed.join("，"))));
    }

    fn looks_back(&self) -> u32 {
        self.continues_days.unwrap_or_default()
    }
}

impl Only {
    fn is_against(&self, case: &Case, on: &On) -> bool {
        let facts = About { visit: case.visit, line: on.line() };
        self.allowed.iter().any(|ask| facts.fails(ask)) && !self.continues(case, on)
    }

    fn continues(&self, case: &Case, on: &On) -> bool {
        let (Some(most), Some(line)) = (self.continues_days, on.line()) else { return false };
        case.others.iter().any(|visit| {
            let before = visit.lines.iter().filter(|other| on.point.is_about(other));
            before.filter(|other| (0..=i64::from(most)).contains(&(line.day - other.day).num_days())).any(
                |other| {
                    let facts = About { visit, line: Some(other) };
                    !self.allowed.iter().any(|ask| facts.fails(ask))
                },
            )
        })
    }
}

impl KindOfRule for Never {
    const NAME: &'static str = "never";
    const KEYS: &'static [&'static str] = &["forbidden"];
    const ABOUT: &'static [&'static str] = ALL;

    fn read(values: &Values) -> Option<Never> {
        Some(Never { forbidden: values.asks("forbidden")? })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let holds = |on: &&On| About { visit: case.visit, line: on.line() }.all_hold(&self.forbidden);
        let against: Vec<On> = hits.iter().filter(holds).copied().collect();
        let Some(first) = against.first() else { return };
        let why: Vec<String> = self.forbidden.iter().map(Ask::words).collect();
        let content = match why.is_empty() {
            true => format!("{}：不予支付", first.words()),
            false => format!("{}：不得用于{}", first.words(), why.join("，")),
        };
        found.extend(case.found_whole(&against, content));
    }
}
