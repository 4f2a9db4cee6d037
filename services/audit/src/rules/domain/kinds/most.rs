//! `most`: at most so much of an item in a recipe, a day, a visit, some days in a row: quantity, days, kinds, days of supply, doses, money.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use yizhan_documents::{At, Kind, value};

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::Line;
use crate::rules::domain::document::words;
use crate::rules::domain::dose::daily_dose;
use crate::rules::domain::found::{FoundLine, part_of, payable};
use crate::rules::domain::window::{Place, Window};

/// A measure, its most, and what it is taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct Most {
    of: Measure,
    most: Decimal,
    within: Window,
    /// Items whose codes begin alike for so many characters are of one kind.
    alike: Option<usize>,
}

words! {
    /// What is measured.
    Measure {
        /// 数量
        Quantity = "quantity";
        /// Days on which it was charged.
        Days = "days";
        /// Different items.
        Kinds = "kinds";
        /// Lines.
        Times = "times";
        /// 周期天数; lines without them are not asked about.
        Supply = "supply";
        /// 数量 for each of the 周期天数.
        Daily = "daily";
        /// 单次剂量 × 使用频次, in mg; lines on which they cannot be read are not asked about.
        Dose = "dose";
        /// Money.
        Amount = "amount";
    }
}

impl Measure {
    fn unit(self) -> &'static str {
        match self {
            Measure::Quantity => "",
            Measure::Days => " 天",
            Measure::Kinds => " 种",
            Measure::Times => " 次",
            Measure::Supply => " 天用量",
            Measure::Daily => "（每日用量）",
            Measure::Dose => " mg（每日剂量）",
            Measure::Amount => " 元",
        }
    }
}

impl KindOfRule for Most {
    const NAME: &'static str = "most";
    const KEYS: &'static [&'static str] = &["of", "most", "within", "alike"];

    fn read(values: &Values) -> Option<Most> {
        let of = values.required("of", |at| at.code(Measure::ALL, Measure::word));
        let within = values.window("within");
        let alike = values.optional("alike", |at| value::whole(at, 1, 50));
        let of = of?;
        let most = values.required("most", |at| match of {
            Measure::Amount => value::amount(at),
            _ => number(&at),
        });
        let alike = alike?.and_then(|length| usize::try_from(length).ok());
        Some(Most { of, most: most?, within: within?, alike })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let Some(on) = hits.first() else { return };
        let (within, most) = self.with_days_not_told(case, hits);
        let mut places = self.places(case, hits);
        places.sort_by(|a, b| bucket(within, a, b).then_with(|| when(a).cmp(&when(b))));
        for together in places.chunk_by(|a, b| bucket(within, a, b).is_eq()) {
            found.extend(self.over(case, on, (within, most), together));
        }
    }

    fn looks_back(&self) -> u32 {
        self.within.looks_back()
    }

    /// Groups of items overlap.
    fn may_repeat(&self) -> bool {
        self.of == Measure::Kinds
    }
}

/// A number that is not below zero.
fn number(at: &At) -> Option<Decimal> {
    let text = at.scalar("a number")?;
    let number = value::plain_number(text).filter(|number| *number >= Decimal::ZERO);
    number.or_else(|| at.problem(Kind::InvalidValue, format!("`{text}` is not a number of zero or more")))
}

/// Lines that are never looked at together stand in different buckets.
fn bucket(within: Window, a: &Place, b: &Place) -> Ordering {
    let visit = || a.visit.mdtrt_id.cmp(&b.visit.mdtrt_id);
    match within {
        Window::Recipe => visit().then_with(|| a.line.recipe.cmp(&b.line.recipe)),
        Window::Line => visit().then_with(|| a.line.number.cmp(&b.line.number)),
        Window::Day => visit().then_with(|| a.line.day.cmp(&b.line.day)),
        Window::Visit | Window::Hours(_) => visit(),
        Window::Days(_) | Window::Month | Window::Year | Window::Supply => Ordering::Equal,
    }
}

/// In order of time: what came later is the excess.
fn when<'v>(place: &Place<'v>) -> impl Ord + 'v {
    let (visit, line) = (place.visit, place.line);
    (line.day, line.time, visit.begin, &visit.mdtrt_id, &line.number)
}

impl Most {
    /// Lines without a day stand on the last of the visit: of a stay, its days together are looked at instead.
    fn with_days_not_told(&self, case: &Case, hits: &[On]) -> (Window, Decimal) {
        let told = hits.iter().filter_map(On::line).all(|line| line.dated);
        if self.within != Window::Day || told {
            return (self.within, self.most);
        }
        let days = (case.visit.end - case.visit.begin).num_days() + 1;
        (Window::Visit, self.most * Decimal::from(days))
    }

    fn places<'v>(&self, case: &Case<'v>, hits: &[On<'v>]) -> Vec<Place<'v>> {
        let visit = case.visit;
        let mut places: Vec<Place> =
            hits.iter().filter_map(On::line).map(|line| Place { visit, line }).collect();
        let others = if self.within.looks_back() > 0 { case.others } else { &[] };
        let first = hits.first();
        for (on, visit) in first.into_iter().flat_map(|on| others.iter().map(move |visit| (on, *visit))) {
            let lines = visit.lines.iter().filter(|line| case.is_asked(on.point, visit, Some(line)));
            places.extend(lines.filter(|line| on.point.is_about(line)).map(|line| Place { visit, line }));
        }
        places.retain(|place| self.within.is_known(place.line));
        places
    }

    /// What is too much among lines that may be looked at together, in order of time; told where it is on lines of this visit.
    fn over(
        &self,
        case: &Case,
        on: &On,
        (within, most): (Window, Decimal),
        together: &[Place],
    ) -> Option<Found> {
        let mut kept: Vec<(Place, Decimal)> = Vec::new();
        let mut lines = Vec::new();
        let mut last = None;
        for place in together {
            let Some(value) = self.value(place) else { continue };
            let joined = || kept.iter().filter(|(other, _)| within.joins(*other, *place));
            if joined().any(|(other, _)| self.counts_once(other, place)) {
                continue;
            }
            let used: Decimal = joined().map(|(_, value)| value).sum();
            let over = (used + value - most).clamp(Decimal::ZERO, value);
            if over > Decimal::ZERO && std::ptr::eq(place.visit, case.visit) {
                lines.push(self.excess(case, place, over, value));
                last = Some(*place);
            }
            if over < value {
                kept.push((*place, value - over));
            }
        }
        let last = last?;
        let beside = kept.iter().map(|(place, _)| *place).filter(|place| within.joins(*place, last));
        let beside = beside.filter(|place| !std::ptr::eq(place.line, last.line));
        lines.extend(beside.map(|place| case.involved(place.visit, place.line)));
        let shown = if self.of == Measure::Amount { most / Decimal::ONE_HUNDRED } else { most };
        let (window, unit) = (within.words(), self.of.unit());
        let content = format!("{}：{window}限 {}{unit}", on.words(), shown.normalize());
        Some(case.found(on, "", lines, content))
    }

    fn excess(&self, case: &Case, place: &Place, over: Decimal, value: Decimal) -> FoundLine {
        match self.of {
            Measure::Amount => case.against_fen(place.line, part_of(1, over)),
            _ => case.against(place.line, over / value),
        }
    }

    /// What counts of a line; `None` where that was not reported.
    fn value(&self, place: &Place) -> Option<Decimal> {
        let line = place.line;
        let value = match self.of {
            Measure::Quantity => line.quantity,
            Measure::Days | Measure::Kinds | Measure::Times => Decimal::ONE,
            Measure::Supply => Decimal::from(line.days?),
            Measure::Daily => line.quantity / Decimal::from(line.days?),
            Measure::Dose => daily_dose(&line.dose)?,
            Measure::Amount => Decimal::from(payable(place.visit, line)),
        };
        (value > Decimal::ZERO).then_some(value)
    }

    /// A day and a kind count once.
    fn counts_once(&self, one: &Place, other: &Place) -> bool {
        match self.of {
            Measure::Days => one.line.day == other.line.day,
            Measure::Kinds => self.kind(one.line) == self.kind(other.line),
            _ => false,
        }
    }

    fn kind<'l>(&self, line: &'l Line) -> &'l str {
        self.alike.and_then(|length| line.code.get(..length)).unwrap_or(&line.code)
    }
}
