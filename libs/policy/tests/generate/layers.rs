//! Random layers with everything a document can say.

use rust_decimal::Decimal;
use yizhan_documents::{Known, Period};
use yizhan_policy::model::{
    Adjust, Amount, AtMost, Band, Base, Benefit, Cap, Condition, CutOn, DayCount, Deductible,
    DeductibleAmount, Fed, Feed, Layer, LineFilter, Per, Prepay, Quantity, Ratio, Share, Span, Table, Term,
    Unsaid,
};
use yizhan_terms::{Care, Fund, Payer};

use super::choices::Choices;
use super::policies::Accumulators;
use super::tables::{FACTS, Fact, Place, layer_when, table};

/// Basic insurance thrice: of the stay before only its deductible is known.
const PAYERS: [(Payer, Fund); 12] = [
    (Payer::Basic, Fund::EmployeePool),
    (Payer::Basic, Fund::EmployeePool),
    (Payer::Basic, Fund::EmployeePool),
    (Payer::CriticalIllness, Fund::LargeCosts),
    (Payer::UnionMutualAid, Fund::UnionMutualAid),
    (Payer::CivilServantSubsidy, Fund::CivilServants),
    (Payer::VeteransSubsidy, Fund::Veterans),
    (Payer::MedicalAssistance, Fund::FurtherAssistance),
    (Payer::CommercialInsurance, Fund::Commercial),
    (Payer::EnterpriseSupplement, Fund::Enterprise),
    (Payer::FiscalSubsidy, Fund::Fiscal),
    (Payer::Hospital, Fund::Hospital),
];

pub const PARTS: [Quantity; 5] =
    [Quantity::InScope, Quantity::Total, Quantity::PreSelf, Quantity::OverLimit, Quantity::FullSelf];

pub const LIST_TYPES: [&str; 3] = ["101", "201", "301"];
pub const LABELS: [&str; 2] = ["惠衢保特药", "高值耗材"];

/// Draws one layer.
pub struct Drawing<'d> {
    pub choices: &'d mut Choices,
    pub accumulators: &'d mut Accumulators,
    /// Number of the layer.
    pub index: usize,
    pub period: Period,
    facts: Vec<Fact>,
    feeds: Vec<Feed>,
}

pub fn layer(
    choices: &mut Choices,
    accumulators: &mut Accumulators,
    index: usize,
    document: Period,
) -> Layer {
    let period = period_within(choices, document);
    let counter = accumulators.stays();
    let (asked, mut when) = layer_when(choices, counter);
    let mut facts: Vec<Fact> = FACTS.into_iter().filter(|fact| !asked.contains(fact)).collect();
    facts.push(Fact::Nth);
    let (payer, fund) = choices.pick(&PAYERS);
    let care = when.iter().any(|one| matches!(one, Condition::Care(_)));
    let per_day = !care && choices.chance(6);
    if per_day {
        facts.retain(|fact| *fact != Fact::Care);
        when.insert(0, Condition::Care(vec![Care::Inpatient]));
    }
    let mut drawing = Drawing { choices, accumulators, index, period, facts, feeds: Vec::new() };
    let lump_sum = drawing.choices.chance(10);
    let mut layer = match (per_day, lump_sum) {
        (true, _) => drawing.per_day(),
        (_, true) => drawing.lump_sum(),
        _ => drawing.scale(),
    };
    layer.feeds = drawing.feeds;
    // Of the stay before only the deductible of basic insurance is known.
    let other = layer.deductible.as_mut().filter(|_| payer != Payer::Basic);
    other.into_iter().for_each(|deductible| deductible.less_previous = None);
    Layer {
        id: format!("layer-{index}"),
        title: format!("第{index}层"),
        payer,
        fund_pay_type: fund,
        when,
        ..layer
    }
}

fn period_within(choices: &mut Choices, document: Period) -> Period {
    let day = |year, month| chrono::NaiveDate::from_ymd_opt(year, month, 1).expect("a day");
    let from = if choices.chance(10) { day(2024, 3) } else { document.from };
    let to = if choices.chance(10) { Some(day(2025, 9)) } else { document.to };
    Period { from, to }
}

impl Drawing<'_> {
    /// A layer that does nothing yet.
    fn bare(&self, benefit: Benefit) -> Layer {
        Layer {
            id: String::new(),
            title: String::new(),
            payer: Payer::Basic,
            fund_pay_type: Fund::EmployeePool,
            period: self.period,
            when: Vec::new(),
            line: 1,
            base: Base { terms: Vec::new() },
            base_factor: None,
            prepay: None,
            cost_cap: None,
            deductible: None,
            benefit,
            adjust: Vec::new(),
            same_when_remote: false,
            minimum: None,
            cap: None,
            feeds: Vec::new(),
            counts_paid: Vec::new(),
        }
    }

    fn per_day(&mut self) -> Layer {
        let amount = self.needed(|choices| Decimal::from(choices.amount(30_000)));
        let limited = self.choices.chance(70);
        let most_days = limited.then(|| self.needed(|choices| choices.between(1, 90)));
        let used = (limited && self.choices.chance(60)).then(|| {
            let used = self.accumulators.new_days();
            self.feed(used, Fed::Days);
            used
        });
        let count = self.choices.pick(&[DayCount::Nights, DayCount::Days]);
        let from_day = self.choices.pick(&[1, 1, 2, 4, 11]);
        let unsaid = if limited { self.unsaid(Span::Year, None) } else { None };
        let mut layer = self.bare(Benefit::PerDay { amount, count, from_day, most_days, used, unsaid });
        layer.cap = self.choices.chance(30).then(|| self.cap(false));
        layer
    }

    fn lump_sum(&mut self) -> Layer {
        let by_item = self.choices.chance(40);
        let most = if by_item { 20_000 } else { 2_000_000 };
        let amount = self.needed(|choices| Decimal::from(choices.amount(most)));
        let mut layer = match by_item {
            true => {
                let lines = self.filter();
                self.bare(Benefit::PerItem { amount, lines })
            }
            false => self.bare(Benefit::LumpSum { amount }),
        };
        layer.cap = Some(self.cap(true));
        layer
    }

    fn scale(&mut self) -> Layer {
        let mut layer = self.bare(Benefit::LumpSum { amount: super::constant(self.period, Decimal::ZERO) });
        layer.base = self.base();
        layer.base_factor = self.maybe(12, |choices| choices.ratio(0, 1000));
        layer.prepay = self.maybe(12, |choices| choices.ratio(0, 500)).map(Prepay::Table);
        layer.cost_cap = self.choices.chance(20).then(|| self.cost_cap());
        layer.deductible = self.choices.chance(60).then(|| self.deductible());
        if layer.deductible.is_none() {
            // Without one there is no cost above it: said otherwise the loader asks what is meant.
            let used = layer.cost_cap.as_mut().filter(|cap| cap.net).map(|cap| {
                cap.net = false;
                cap.used
            });
            for feed in self.feeds.iter_mut().filter(|feed| used.flatten() == Some(feed.accumulator)) {
                feed.what = Fed::Base;
            }
        }
        let added = layer.base.terms.iter().filter(|term| term.times.is_sign_positive());
        let of_lines = added.map(|term| term.quantity).all(|quantity| PARTS.contains(&quantity));
        layer.benefit = if of_lines && self.choices.chance(20) { self.by_item() } else { self.bands() };
        layer.adjust = (0..self.choices.pick(&[0, 0, 1, 1, 2, 3])).map(|_| self.adjust()).collect();
        self.remote_care(&mut layer);
        layer.minimum = self.maybe(15, |choices| Decimal::from(choices.amount(50_000)));
        layer.cap = self.choices.chance(40).then(|| self.cap(false));
        if !self.accumulators.stays_fed && self.choices.chance(40) {
            self.accumulators.stays_fed = true;
            let counter = self.accumulators.stays();
            self.feed(counter, Fed::Visit);
        }
        layer
    }

    fn place(&self, needed: bool) -> Place {
        Place { period: self.period, facts: self.facts.clone(), counter: self.accumulators.stays(), needed }
    }

    fn needed<T>(&mut self, value: impl FnMut(&mut Choices) -> T) -> Table<T> {
        let place = self.place(true);
        table(self.choices, &place, value)
    }

    fn maybe<T>(&mut self, percent: usize, value: impl FnMut(&mut Choices) -> T) -> Option<Table<T>> {
        let place = self.place(false);
        self.choices.chance(percent).then(|| table(self.choices, &place, value))
    }

    fn feed(&mut self, accumulator: usize, what: Fed) {
        if !self.feeds.iter().any(|feed| feed.accumulator == accumulator) {
            self.feeds.push(Feed { accumulator, what });
        }
    }

    fn base(&mut self) -> Base {
        let more = self.choices.pick(&[0, 0, 1, 1, 2, 3]);
        Base { terms: (0..=more).map(|number| self.term(number == 0)).collect() }
    }

    fn term(&mut self, first: bool) -> Term {
        let quantity = self.quantity(first);
        let times = if self.choices.chance(15) { self.choices.ratio(0, 1000) } else { Decimal::ONE };
        let less = !first && self.choices.chance(70);
        let of_lines = PARTS.contains(&quantity) || quantity == Quantity::PaidElsewhere;
        let lines = of_lines && self.choices.chance(15);
        let lines = if lines { Some(self.filter()) } else { None };
        let at_most = self.choices.chance(12).then(|| AtMost {
            part: if self.choices.chance(50) { Decimal::ONE } else { self.choices.ratio(0, 1000) },
            of: self.quantity(false),
        });
        Term { quantity, times: if less { -times } else { times }, lines, at_most }
    }

    fn quantity(&mut self, first: bool) -> Quantity {
        let of_layer = if first { 15 } else { 75 };
        if self.index == 0 || !self.choices.chance(of_layer) {
            const OTHERS: [Quantity; 3] =
                [Quantity::Remaining, Quantity::InScopeLeft, Quantity::PaidElsewhere];
            return if self.choices.chance(20) {
                self.choices.pick(&OTHERS)
            } else {
                self.choices.pick(&PARTS)
            };
        }
        let earlier = self.choices.below(self.index);
        self.choices.pick(&[
            Quantity::Paid(earlier),
            Quantity::Paid(earlier),
            Quantity::DeductibleOf(earlier),
            Quantity::OverCostCap(earlier),
            Quantity::OverCap(earlier),
            Quantity::OverCapCost(earlier),
            Quantity::OverCapCost(earlier),
            Quantity::OverCapCost(earlier),
            Quantity::OverCapCost(earlier),
            Quantity::InScopeLeft,
        ])
    }

    fn filter(&mut self) -> LineFilter {
        let filter = LineFilter {
            list_types: self.choices.some_of(&LIST_TYPES, 40),
            labels: self.choices.some_of(&LABELS, 30),
            not_labels: self.choices.some_of(&LABELS, 20),
        };
        match filter == LineFilter::default() {
            true => LineFilter { list_types: vec![LIST_TYPES[0].to_owned()], ..filter },
            false => filter,
        }
    }

    fn deductible(&mut self) -> Deductible {
        let per = self.choices.pick(&[Per::Visit, Per::Year]);
        let per_unknown = self.choices.chance(2);
        let by_part = self.choices.chance(15);
        let amount = self.needed(|choices| match by_part {
            true => DeductibleAmount::PartOf(choices.ratio(0, 300), choices.pick(&PARTS)),
            false => DeductibleAmount::Fixed(amount(choices, 300_000)),
        });
        let factor = self.maybe(25, |choices| choices.ratio(0, 1000));
        let year_cap = self.maybe(30, |choices| Decimal::from(choices.amount(2_000_000)));
        let used = (per == Per::Year || year_cap.is_some()).then(|| {
            let used = self.accumulators.new_money(self.choices.chance(20));
            self.feed(used, Fed::Deductible);
            used
        });
        let less_previous =
            (per == Per::Visit && !by_part).then(|| self.maybe(45, |choices| choices.ratio(0, 1000)));
        let per = if per_unknown { Known::Unknown("没有写".to_owned()) } else { Known::Value(per) };
        Deductible {
            per,
            per_line: 0,
            amount,
            factor,
            less_previous: less_previous.flatten(),
            year_cap,
            used,
        }
    }

    fn by_item(&mut self) -> Benefit {
        let mut place = self.place(true);
        if self.choices.chance(80) {
            place.facts = vec![Fact::Class, Fact::ListType, Fact::Label];
        }
        let mut ratio = |choices: &mut Choices| choices.ratio(0, 1000);
        Benefit::ByItem { ratios: table(self.choices, &place, &mut ratio) }
    }

    fn bands(&mut self) -> Benefit {
        let cut_on = self.choices.pick(&[CutOn::Net, CutOn::Absolute]);
        let reached = self.choices.chance(35).then(|| {
            let reached = self.accumulators.new_money(false);
            self.feed(reached, if cut_on == CutOn::Net { Fed::Net } else { Fed::Base });
            reached
        });
        let mut bands = self.needed(bands);
        if self.choices.chance(5) {
            let last = bands.versions.iter_mut().flat_map(|version| &mut version.rows);
            let last = last.filter_map(|row| match &mut row.value {
                Known::Value(bands) if bands.len() > 1 => bands.last_mut(),
                _ => None,
            });
            last.for_each(|band| band.ratio = Known::Unknown("没有公布".to_owned()));
        }
        Benefit::Scale { cut_on, reached, bands }
    }

    fn adjust(&mut self) -> Adjust {
        let table = |drawing: &mut Self, low, high| {
            let place = drawing.place(false);
            table(drawing.choices, &place, |choices: &mut Choices| choices.ratio(low, high))
        };
        match self.choices.below(3) {
            0 => Adjust::Points(table(self, -200, 300)),
            1 => Adjust::Factor(table(self, 0, 1000)),
            _ => Adjust::PersonalFactor(table(self, 0, 1000)),
        }
    }

    /// Where what the filing register says takes effect, or that nothing changes.
    fn remote_care(&mut self, layer: &mut Layer) {
        if layer.prepay.is_none() && self.choices.chance(25) {
            layer.prepay = Some(Prepay::Remote);
        }
        if self.choices.chance(40) {
            let place = self.choices.below(layer.adjust.len() + 1);
            layer.adjust.insert(place, Adjust::Remote);
        }
        let changes = layer.prepay == Some(Prepay::Remote) || layer.adjust.contains(&Adjust::Remote);
        layer.same_when_remote = !changes && self.choices.chance(10);
    }

    /// A limit on the cost that enters: per visit, or per year.
    fn cost_cap(&mut self) -> Cap {
        let amount = self.needed(limit);
        let net = self.choices.chance(30);
        let used = self.choices.chance(60).then(|| {
            let by_month = self.accumulators.quarters && self.choices.chance(40);
            let used = self.accumulators.new_limited(self.choices.chance(15), by_month);
            self.feed(used, if net { Fed::Net } else { Fed::Base });
            used
        });
        let (per, carry) = self.time_of(used);
        let unsaid = self.unsaid(per, carry);
        Cap { amount, used, per, carry, plus: None, net, unsaid }
    }

    /// Whether the paper leaves the time of a limit out: read as of the year as far as it makes no difference.
    fn unsaid(&mut self, per: Span, carry: Option<Span>) -> Option<Unsaid> {
        let unsaid = per == Span::Year && carry.is_none() && self.choices.chance(4);
        unsaid.then(|| Unsaid { why: "没有写".to_owned(), line: 0 })
    }

    /// The time of a limit: of the year, where its accumulator does not add up by the month.
    fn time_of(&mut self, used: Option<usize>) -> (Span, Option<Span>) {
        if !used.is_some_and(|used| self.accumulators.is_by_month(used)) {
            return (Span::Year, None);
        }
        let per = self.choices.pick(&[Span::Month, Span::Month, Span::Quarter, Span::Year]);
        let carry = self.choices.pick(&[None, Some(Span::Quarter), Some(Span::Quarter), Some(Span::Year)]);
        (per, carry.filter(|_| per == Span::Month))
    }

    /// A limit on what is paid: per visit, per year, or shared with an earlier layer.
    fn cap(&mut self, yearly: bool) -> Cap {
        let amount = self.needed(limit);
        let used = (yearly || self.choices.chance(70)).then(|| {
            let shared = self.accumulators.paid.clone();
            let used = match !shared.is_empty() && self.choices.chance(40) {
                true => self.choices.pick(&shared),
                false if self.accumulators.quarters && self.choices.chance(30) => {
                    self.accumulators.new_limited(self.choices.chance(15), true)
                }
                false => self.accumulators.new_paid(self.choices.chance(15)),
            };
            self.feed(used, Fed::Paid);
            used
        });
        let (per, carry) = self.time_of(used);
        let unsaid = self.unsaid(per, carry);
        Cap { amount, used, per, carry, plus: None, net: false, unsaid }
    }
}

fn limit(choices: &mut Choices) -> Option<Amount> {
    if choices.chance(10) { None } else { Some(amount(choices, 20_000_000)) }
}

/// An amount, sometimes as a part or a multiple of a reference value.
fn amount(choices: &mut Choices, highest: i64) -> Amount {
    let fen = Decimal::from(choices.amount(highest));
    if !choices.chance(10) {
        return Amount::from(fen);
    }
    let times = if choices.chance(30) { Decimal::from(choices.between(1, 6)) } else { choices.ratio(1, 999) };
    let share = Share { times, of_fen: fen, name: "社平工资".to_owned() };
    Amount { fen: (times * fen).normalize(), share: Some(share) }
}

/// One ratio for everything, or bands that may end.
pub fn bands(choices: &mut Choices) -> Vec<Band> {
    let mut upto = 0;
    let mut bands = Vec::new();
    for _ in 0..choices.pick(&[0, 1, 2, 3]) {
        let widest = choices.pick(&[200_000, 20_000, 4_000_000]);
        upto += 1 + choices.amount(widest);
        bands.push(Band { upto: Some(Decimal::from(upto)), ratio: Known::Value(ratio(choices)) });
    }
    if bands.is_empty() || choices.chance(70) {
        bands.push(Band { upto: None, ratio: Known::Value(ratio(choices)) });
    }
    bands
}

fn ratio(choices: &mut Choices) -> Ratio {
    match choices.chance(10) {
        false => Ratio::Fixed(choices.ratio(0, 1000)),
        true => Ratio::ByAge { base: choices.ratio(400, 900), per_year: choices.ratio(0, 5) },
    }
}
