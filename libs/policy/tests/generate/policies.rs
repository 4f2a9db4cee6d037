//! Random policies: with everything, and the special ones that some properties speak of.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::{Known, Period, Source};
use yizhan_policy::model::{
    AccountRules, Accumulator, AcrossYears, Band, Base, Benefit, Cap, CutOn, Deductible, DeductibleAmount,
    Fed, Feed, Handling, Layer, Per, Policy, Prepay, Quantity, Ratio, SameDays, Span, Table, Term, Together,
    Unit,
};
use yizhan_terms::{Area, Care, Fund, Insutype, Payer};

use super::choices::Choices;
use super::layers::{bands, layer};
use super::tables::{FACTS, Fact, Place, constant, table};

/// The accumulators of a policy while its layers are drawn; the first counts visits.
pub struct Accumulators {
    all: Vec<Accumulator>,
    /// Those that limit what is paid: layers may share them.
    pub paid: Vec<usize>,
    pub stays_fed: bool,
    /// Whether the policy year begins with a quarter, so that something may add up by the month.
    pub quarters: bool,
}

impl Accumulators {
    fn new(choices: &mut Choices) -> Accumulators {
        let stays = accumulator("stays", Unit::Count, choices.chance(50));
        Accumulators { all: vec![stays], paid: Vec::new(), stays_fed: false, quarters: false }
    }

    pub fn stays(&self) -> usize {
        0
    }

    pub fn new_money(&mut self, by_level: bool) -> usize {
        let name = format!("money_{}", self.all.len());
        self.all.push(accumulator(&name, Unit::Fen, by_level));
        self.all.len() - 1
    }

    /// What a limit reads, of which some add up by the month; not what several layers share.
    pub fn new_limited(&mut self, by_level: bool, by_month: bool) -> usize {
        let index = self.new_money(by_level);
        self.all[index].by_month = by_month;
        index
    }

    pub fn is_by_month(&self, index: usize) -> bool {
        self.all[index].by_month
    }

    pub fn new_days(&mut self) -> usize {
        let name = format!("days_{}", self.all.len());
        self.all.push(accumulator(&name, Unit::Days, false));
        self.all.len() - 1
    }

    pub fn new_paid(&mut self, by_level: bool) -> usize {
        let index = self.new_money(by_level);
        self.paid.push(index);
        index
    }
}

pub fn accumulator(name: &str, unit: Unit, by_level: bool) -> Accumulator {
    Accumulator { name: name.to_owned(), label: format!("累计{name}"), unit, by_level, by_month: false }
}

/// A policy with everything a document can say.
pub fn everything(choices: &mut Choices) -> Policy {
    let period = document_period(choices);
    let year_starts = choices.pick(&[(1, 1), (1, 1), (7, 1), (3, 15)]);
    let across_years = choices.pick(&[AcrossYears::Whole, AcrossYears::Whole, AcrossYears::SplitByDays]);
    let mut accumulators = Accumulators::new(choices);
    accumulators.quarters = year_starts.1 == 1;
    let class_prepay = choices
        .chance(70)
        .then(|| of_document(choices, period, vec![Fact::Class, Fact::Label, Fact::ListType]));
    let by_anything = FACTS.to_vec();
    let extra_prepay = match choices.chance(10) {
        true => Some(Prepay::Remote),
        false => choices.chance(20).then(|| Prepay::Table(of_document(choices, period, by_anything))),
    };
    let count = 1 + choices.below(6);
    let mut layers: Vec<Layer> =
        (0..count).map(|index| layer(choices, &mut accumulators, index, period)).collect();
    if extra_prepay == Some(Prepay::Remote) {
        // The register's prepay is taken once.
        layers.iter_mut().for_each(|layer| layer.prepay = layer.prepay.take_if(|one| one.table().is_some()));
    }
    let account = account_rules(choices);
    let mut policy = Policy {
        file: "random.yaml".to_owned(),
        id: "random".to_owned(),
        version: "1.0".to_owned(),
        digest: String::new(),
        title: "随机".to_owned(),
        areas: vec![Area::parse("430200").expect("an area")],
        schemes: vec![Insutype::Employee],
        period,
        composite: None,
        year_starts,
        across_years,
        visits: None,
        sources: vec![source("first", 'G'), source("second", 'P')],
        accumulators: accumulators.all,
        renames: Vec::new(),
        accumulators_line: 1,
        class_prepay,
        extra_prepay,
        filing_at_home: choices.chance(10),
        layers,
        account,
        same_days: same_days(choices),
        covers: choices.chance(85).then(|| Care::ALL.to_vec()),
        not_published: Vec::new(),
        found: Vec::new(),
        looks_back: None,
        together: Together::default(),
    };
    // Whether visits are counted: `nth` needs a layer that feeds the counter, which is not
    // declared at all where nothing reads it.
    super::walk::keep_what_is_used(&mut policy);
    policy
}

fn document_period(choices: &mut Choices) -> Period {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
    Period { from: day(2022, 1, 1), to: choices.pick(&[None, None, Some(day(2026, 6, 30))]) }
}

fn source(id: &str, quality: char) -> Source {
    let url = (quality == 'G').then(|| "https://example.org/文件".to_owned());
    Source { id: id.to_owned(), title: format!("来源{id}"), url, quality, of: None }
}

fn of_document(choices: &mut Choices, period: Period, facts: Vec<Fact>) -> Table<Decimal> {
    let place = Place { period, facts, counter: 0, needed: false };
    table(choices, &place, |choices: &mut Choices| choices.ratio(0, 400))
}

fn same_days(choices: &mut Choices) -> SameDays {
    let mut handling = || choices.pick(&[Handling::Refuse, Handling::Mark]);
    SameDays { two_stays: handling(), in_stay: handling(), around_visit: handling() }
}

fn account_rules(choices: &mut Choices) -> AccountRules {
    const PARTS: [Quantity; 4] =
        [Quantity::InScope, Quantity::PreSelf, Quantity::OverLimit, Quantity::FullSelf];
    let pays: Vec<Quantity> = PARTS.into_iter().filter(|_| choices.chance(60)).collect();
    let sharing = !pays.is_empty() && choices.chance(50);
    AccountRules { pays, sharing, ..AccountRules::default() }
}

/// Any policy, but with limits and deductibles that are the same for everybody: then what a
/// year may cost a payer or a person at most is known beforehand.
pub fn with_fixed_limits(choices: &mut Choices) -> Policy {
    let mut policy = everything(choices);
    let amount = |choices: &mut Choices| Decimal::from(choices.amount(3_000_000));
    for layer in &mut policy.layers {
        let period = layer.period;
        if let Some(cap) = &mut layer.cap {
            cap.amount = constant(period, Some(amount(choices).into()));
        }
        if let Some(cap) = &mut layer.cost_cap {
            cap.amount = constant(period, Some(amount(choices).into()));
        }
        if let Some(deductible) = &mut layer.deductible {
            deductible.amount = constant(period, DeductibleAmount::Fixed(amount(choices).into()));
            if deductible.used.is_some() {
                deductible.year_cap = choices.chance(50).then(|| constant(period, amount(choices)));
            }
            if deductible.per == Known::Value(Per::Visit) && deductible.year_cap.is_none() {
                deductible.used = None;
            }
        }
    }
    policy
}

/// A bare policy around these layers.
fn around(layers: Vec<Layer>, accumulators: Vec<Accumulator>, period: Period) -> Policy {
    Policy {
        file: "random.yaml".to_owned(),
        id: "random".to_owned(),
        version: "1".to_owned(),
        digest: String::new(),
        title: "随机".to_owned(),
        areas: vec![Area::parse("430200").expect("an area")],
        schemes: vec![Insutype::Employee],
        period,
        composite: None,
        year_starts: (1, 1),
        across_years: AcrossYears::Whole,
        visits: None,
        sources: vec![source("first", 'G')],
        accumulators,
        renames: Vec::new(),
        accumulators_line: 1,
        class_prepay: None,
        extra_prepay: None,
        filing_at_home: false,
        layers,
        account: AccountRules::default(),
        same_days: SameDays::default(),
        covers: Some(Care::ALL.to_vec()),
        not_published: Vec::new(),
        found: Vec::new(),
        looks_back: None,
        together: Together::default(),
    }
}

fn always() -> Period {
    Period { from: NaiveDate::from_ymd_opt(2022, 1, 1).expect("a day"), to: None }
}

/// One layer over the in-scope cost: a deductible and a scale, nothing yearly and no limit.
pub fn one_scale(choices: &mut Choices, cut_on: CutOn, bands: Vec<Band>) -> Policy {
    let deductible = choices.chance(70).then(|| Deductible {
        per: Known::Value(Per::Visit),
        per_line: 0,
        amount: constant(always(), DeductibleAmount::Fixed(Decimal::from(choices.amount(200_000)).into())),
        factor: None,
        less_previous: None,
        year_cap: None,
        used: None,
    });
    let benefit = Benefit::Scale { cut_on, reached: None, bands: constant(always(), bands) };
    around(vec![plain_layer(0, deductible, benefit)], Vec::new(), always())
}

/// Up to three layers, each over the in-scope cost that the ones before it left: a yearly
/// deductible, a scale that remembers how far the year reached, a yearly limit.
pub fn chain_of_yearly_scales(choices: &mut Choices) -> Policy {
    let mut accumulators = Vec::new();
    let layers =
        (0..1 + choices.below(3)).map(|index| yearly_layer(choices, index, &mut accumulators)).collect();
    around(layers, accumulators, always())
}

fn yearly_layer(choices: &mut Choices, index: usize, accumulators: &mut Vec<Accumulator>) -> Layer {
    let mut feeds = Vec::new();
    let mut yearly = |what| {
        accumulators.push(accumulator(&format!("yearly_{}", accumulators.len()), Unit::Fen, false));
        feeds.push(Feed { accumulator: accumulators.len() - 1, what });
        accumulators.len() - 1
    };
    let cut_on = choices.pick(&[CutOn::Net, CutOn::Absolute]);
    let reached = Some(yearly(if cut_on == CutOn::Net { Fed::Net } else { Fed::Base }));
    let deductible = choices.chance(75).then(|| Deductible {
        per: Known::Value(Per::Year),
        per_line: 0,
        // Even, so that half of it is whole.
        amount: constant(
            always(),
            DeductibleAmount::Fixed(Decimal::from(2 * choices.amount(800_000)).into()),
        ),
        factor: choices
            .chance(20)
            .then(|| constant(always(), choices.pick(&[Decimal::new(5, 1), Decimal::ZERO]))),
        less_previous: None,
        year_cap: choices.chance(20).then(|| constant(always(), Decimal::from(choices.amount(1_000_000)))),
        used: Some(yearly(Fed::Deductible)),
    });
    let cap = choices.chance(50).then(|| Cap {
        amount: constant(always(), Some(Decimal::from(choices.amount(10_000_000)).into())),
        used: Some(yearly(Fed::Paid)),
        per: Span::Year,
        carry: None,
        plus: None,
        net: false,
        unsaid: None,
    });
    let benefit = Benefit::Scale { cut_on, reached, bands: constant(always(), bands(choices)) };
    Layer { cap, feeds, ..plain_layer(index, deductible, benefit) }
}

/// Over the in-scope cost that the layers before it left.
fn plain_layer(index: usize, deductible: Option<Deductible>, benefit: Benefit) -> Layer {
    let term = |quantity, times| Term { quantity, times, lines: None, at_most: None };
    let mut terms = vec![term(Quantity::InScope, Decimal::ONE)];
    terms.extend((0..index).map(|earlier| term(Quantity::Paid(earlier), -Decimal::ONE)));
    Layer {
        id: format!("layer-{index}"),
        title: format!("第{index}层"),
        payer: Payer::Basic,
        fund_pay_type: Fund::EmployeePool,
        period: always(),
        when: Vec::new(),
        line: 1,
        base: Base { terms },
        base_factor: None,
        prepay: None,
        cost_cap: None,
        deductible,
        benefit,
        adjust: Vec::new(),
        same_when_remote: false,
        minimum: None,
        cap: None,
        feeds: Vec::new(),
        counts_paid: Vec::new(),
    }
}

/// Bands whose ratios rise, without an end.
pub fn rising_bands(choices: &mut Choices) -> Vec<Band> {
    let mut bands = bands(choices);
    let mut ratios: Vec<Decimal> = bands.iter().map(|_| choices.ratio(0, 1000)).collect();
    ratios.sort();
    for (band, ratio) in bands.iter_mut().zip(ratios) {
        band.ratio = Known::Value(Ratio::Fixed(ratio));
    }
    if let Some(last) = bands.last_mut() {
        last.upto = None;
    }
    bands
}
