//! `share`: what some items are of the whole: of a visit's bill, or of what an institution billed in a month (统计指标).

use rust_decimal::Decimal;
use yizhan_documents::value;

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::Visit;
use crate::rules::domain::found::sum;
use crate::rules::domain::window::Window;

/// The most that some items should be of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    share: Decimal,
    within: Window,
}

impl KindOfRule for Share {
    const NAME: &'static str = "share";
    const KEYS: &'static [&'static str] = &["share"];

    fn read(values: &Values) -> Option<Share> {
        let share = values.required("share", value::ratio);
        Some(Share { share: share?, within: values.scope? })
    }

    fn may_repeat(&self) -> bool {
        true
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let Some(on) = hits.first().filter(|_| !self.is_statistic()) else { return };
        let part = sum(hits.iter().filter_map(On::line).map(|line| line.amount_fen));
        if let Some(words) = self.exceeds(part, total(case.visit)) {
            found.push(case.found(on, "share", Vec::new(), format!("{}{words}", on.point.name)));
        }
    }
}

impl Share {
    /// Whether it is of an institution's month or year.
    pub fn is_statistic(&self) -> bool {
        matches!(self.within, Window::Month | Window::Year)
    }

    /// Whether it is of a year.
    pub fn is_of_year(&self) -> bool {
        self.within == Window::Year
    }

    /// How it exceeds the most, in words.
    pub fn exceeds(&self, part_fen: i64, total_fen: i64) -> Option<String> {
        let over = Decimal::from(part_fen) > self.share * Decimal::from(total_fen);
        let percent = percent([part_fen, total_fen]).filter(|_| over)?;
        Some(format!(
            "占比 {percent}%，参考 {}%",
            (self.share * Decimal::ONE_HUNDRED).round_dp(1).normalize()
        ))
    }
}

/// What a part is of the whole; `None` where there is no whole.
pub fn percent([part_fen, total_fen]: [i64; 2]) -> Option<Decimal> {
    let share = || Decimal::from(part_fen) / Decimal::from(total_fen);
    (total_fen > 0).then(|| (share() * Decimal::ONE_HUNDRED).round_dp(1).normalize())
}

/// The lines of a bill, fen.
pub fn total(visit: &Visit) -> i64 {
    sum(visit.lines.iter().map(|line| line.amount_fen))
}
