//! One payer's turn: base → cost limit → deductible → scale → minimum → payment limit.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::Known;
use yizhan_money::{Fen, MAX_FEN, round_half_up};

use super::accumulators::Totals;
use super::continuity;
use super::counts;
use super::facts::Facts;
use super::refusal::Refusal;
use super::remote;
use super::segments::Segment;
use super::table::{look_up_with, require, step};
use crate::case::{Counted, Line, RemoteRule};
use crate::model::{
    Adjust, Band, Benefit, Cap, CutOn, Deductible, DeductibleAmount, Fed, Layer, LayerIndex, LineFilter, Per,
    Prepay, Quantity, Ratio, Span, Table, Term, Unsaid,
};
use crate::outcome::{
    BandTrace, CapTrace, CarriedTrace, CountTrace, DeductibleTrace, LayerTrace, Parts, Step, TermTrace,
};

/// What later layers may ask of an earlier one.
#[derive(Clone, Copy, Default)]
struct Done {
    paid: Fen,
    deductible: Decimal,
    over_cost_cap: Decimal,
    over_cap: Decimal,
    over_cap_cost: Fen,
}

/// What a visit has used of a layer so far. The parts of a stay split by days share what is
/// meant per visit: deductible, limits, lump sum.
#[derive(Clone, Copy, Default)]
pub(super) struct InVisit {
    charged: Decimal,
    entered: Decimal,
    paid: Fen,
    days: i64,
}

/// The layers of one segment, one after the other.
pub(super) struct Run<'r, 'a> {
    facts: &'r Facts<'a>,
    segment: &'r Segment,
    totals: &'r mut Totals<'a>,
    /// By layer, what earlier segments of this visit used.
    in_visit: &'r mut [InVisit],
    done: Vec<Done>,
    left: Fen,
    parts: Parts,
}

impl<'r, 'a> Run<'r, 'a> {
    pub fn new(
        facts: &'r Facts<'a>,
        segment: &'r Segment,
        totals: &'r mut Totals<'a>,
        in_visit: &'r mut [InVisit],
    ) -> Run<'r, 'a> {
        let mut parts = Parts::default();
        segment.lines.iter().for_each(|line| parts.add(line));
        let done = vec![Done::default(); facts.policy.layers.len()];
        // What was paid elsewhere nobody pays once more.
        let left = (parts.total_fen - segment.elsewhere()).at_least_zero();
        Run { facts, segment, totals, in_visit, done, left, parts }
    }

    /// Applies a layer, or says why it does not apply.
    pub fn apply(&mut self, index: LayerIndex) -> Result<LayerTrace<'a>, Refusal> {
        let layer = &self.facts.policy.layers[index];
        let mut trace = LayerTrace::new(layer, self.segment.policy_year, self.left);
        trace.skipped = if layer.period.contains(self.facts.day) {
            self.facts.first_failing(&layer.when)
        } else {
            Some("not_in_force")
        };
        if trace.skipped.is_some() {
            return Ok(trace);
        }
        trace.applied = true;
        let before = self.in_visit[index];
        self.enter(layer, before, &mut trace)?;
        let exact = if trace.base_fen.is_zero() && !trace.beside_bill {
            Decimal::ZERO
        } else {
            self.charge_deductible(layer, before, &mut trace)?;
            self.limit_net(layer, before, &mut trace)?;
            let benefit = self.benefit(layer, before, &mut trace)?;
            let raised = self.raise_to_minimum(layer, benefit, &mut trace)?;
            self.limit(layer.cap.as_ref(), before.paid.decimal(), raised, &mut trace.cap)?
        };
        self.pay(exact, &mut trace);
        self.remember(index, layer, &trace);
        Ok(trace)
    }

    /// What enters: terms, base factor, extra prepay, cost limit.
    fn enter(&self, layer: &'a Layer, before: InVisit, trace: &mut LayerTrace<'a>) -> Result<(), Refusal> {
        let mut base = Decimal::ZERO;
        for term in &layer.base.terms {
            let amount = self.term_amount(term);
            base += amount * term.times;
            trace.terms.push(TermTrace {
                quantity: self.quantity_name(term.quantity),
                amount_fen: round_half_up(amount),
                times: term.times,
            });
        }
        base = base.max(Decimal::ZERO);
        if base > Decimal::from(MAX_FEN) {
            let reason = "what enters a layer is above the limit of 16 digits";
            return Err(Refusal::BadCase { field: "lines".into(), reason });
        }
        if let Some(step) = self.step("base_factor", layer.base_factor.as_ref())? {
            base *= step.value;
            trace.kept_out.push(step);
        }
        let prepay = match &layer.prepay {
            Some(Prepay::Table(table)) => step("prepay", table, self.facts)?,
            Some(Prepay::Remote) => remote::prepay("prepay", self.remote()),
            None => None,
        };
        if let Some(step) = prepay {
            base -= base * step.value;
            trace.kept_out.push(step);
        }
        trace.base_fen = match layer.cost_cap.as_ref().filter(|cap| !cap.net && !base.is_zero()) {
            None => base,
            cap => self.limit(cap, before.entered, base, &mut trace.cost_cap)?,
        };
        Ok(())
    }

    /// A cost limit that counts above the deductible: what it keeps out is the highest of the cost, the deductible stays whole.
    fn limit_net(
        &self,
        layer: &'a Layer,
        before: InVisit,
        trace: &mut LayerTrace<'a>,
    ) -> Result<(), Refusal> {
        let (charged, entered) = (trace.charged(), before.entered - before.charged);
        let net = trace.base_fen - charged;
        if let Some(cap) = layer.cost_cap.as_ref().filter(|cap| cap.net && !net.is_zero()) {
            trace.base_fen = charged + self.limit(Some(cap), entered, net, &mut trace.cost_cap)?;
        }
        Ok(())
    }

    fn term_amount(&self, term: &Term) -> Decimal {
        let amount = match &term.lines {
            Some(filter) => self.filtered(term.quantity, filter).decimal(),
            None => self.quantity(term.quantity),
        };
        term.at_most.map_or(amount, |most| amount.min(self.quantity(most.of) * most.part))
    }

    fn quantity(&self, quantity: Quantity) -> Decimal {
        match quantity {
            Quantity::Remaining => self.left.decimal(),
            Quantity::InScopeLeft => self.in_scope_left().decimal(),
            Quantity::PaidElsewhere => self.segment.elsewhere().decimal(),
            Quantity::Paid(layer) => self.done[layer].paid.decimal(),
            Quantity::DeductibleOf(layer) => self.done[layer].deductible,
            Quantity::OverCostCap(layer) => self.done[layer].over_cost_cap,
            Quantity::OverCap(layer) => self.done[layer].over_cap,
            Quantity::OverCapCost(layer) => self.done[layer].over_cap_cost.decimal(),
            part => part_of(&self.parts, part).decimal(),
        }
    }

    /// The in-scope cost less what earlier layers paid of it.
    fn in_scope_left(&self) -> Fen {
        let paying =
            self.facts.policy.layers.iter().zip(&self.done).filter(|(layer, _)| layer.pays_in_scope());
        (self.parts.in_scope_fen - paying.map(|(_, done)| done.paid).sum::<Fen>()).at_least_zero()
    }

    fn filtered(&self, quantity: Quantity, filter: &LineFilter) -> Fen {
        let segment = self.segment;
        let lines = self.facts.case.lines.iter().zip(segment.lines.iter().zip(&segment.lines_elsewhere));
        let of_line = |(parts, elsewhere): (&Parts, &Fen)| match quantity {
            Quantity::PaidElsewhere => *elsewhere,
            part => part_of(parts, part),
        };
        lines.filter(|(line, _)| filter.counts(line)).map(|(_, split)| of_line(split)).sum()
    }

    fn quantity_name(&self, quantity: Quantity) -> std::borrow::Cow<'static, str> {
        quantity.name(&self.facts.policy.layers)
    }

    fn charge_deductible(
        &self,
        layer: &'a Layer,
        before: InVisit,
        trace: &mut LayerTrace<'a>,
    ) -> Result<(), Refusal> {
        let Some(deductible) = &layer.deductible else { return Ok(()) };
        let found = require(&deductible.amount, self.facts)?;
        let (stated, charged_before) = match found.value {
            DeductibleAmount::Fixed(amount) => (amount.fen, before.charged),
            // A part of this segment's bill: what earlier segments were charged was theirs.
            DeductibleAmount::PartOf(ratio, quantity) => (self.quantity(*quantity) * ratio, Decimal::ZERO),
        };
        let mut steps = Vec::new();
        let open = self.open_deductible(deductible, stated, charged_before, &mut steps)?;
        let charged_fen = open.min(trace.base_fen);
        trace.deductible =
            Some(DeductibleTrace { stated_fen: stated, steps, charged_fen, cited: found.cited });
        Ok(())
    }

    /// What is still open of a deductible at this visit.
    fn open_deductible(
        &self,
        deductible: &'a Deductible,
        stated: Decimal,
        charged_before: Decimal,
        steps: &mut Vec<Step<'a>>,
    ) -> Result<Decimal, Refusal> {
        let used = deductible.used.map_or(Decimal::ZERO, |used| Decimal::from(self.totals.now(used)));
        let mut open = stated;
        if let Some(step) = self.step("deductible_factor", deductible.factor.as_ref())? {
            open *= step.value;
            steps.push(step);
        }
        if let Some(step) = self.less_previous(deductible, open)? {
            open -= step.value;
            steps.push(step);
        }
        open -= match &deductible.per {
            Known::Value(Per::Year) => used,
            Known::Value(Per::Visit) => charged_before,
            Known::Unknown(_) if open.is_zero() => Decimal::ZERO,
            Known::Unknown(reason) => {
                let table = deductible.amount.path.trim_end_matches("amount").to_owned() + "per";
                return Err(unknown(&table, deductible.per_line, reason));
            }
        };
        if let Some(step) = self.step("year_cap", deductible.year_cap.as_ref())? {
            open = open.min(step.value - used);
            steps.push(step);
        }
        Ok(open.max(Decimal::ZERO))
    }

    /// 补差: what was charged at the stay before is taken off, in fen, as far as there is something to take it off.
    fn less_previous(&self, deductible: &'a Deductible, open: Decimal) -> Result<Option<Step<'a>>, Refusal> {
        let Some(previous) = &self.facts.case.visit.previous else { return Ok(None) };
        let step = self.step("less_previous", deductible.less_previous.as_ref())?;
        Ok(step.map(|step| Step { value: open.min(previous.deductible_fen.decimal() * step.value), ..step }))
    }

    /// What the scale gives, or the lump sum; exact.
    fn benefit(
        &self,
        layer: &'a Layer,
        before: InVisit,
        trace: &mut LayerTrace<'a>,
    ) -> Result<Decimal, Refusal> {
        match &layer.benefit {
            Benefit::LumpSum { amount } => {
                let found = require(amount, self.facts)?;
                trace.decided_by = Some(found.cited);
                Ok((*found.value - before.paid.decimal()).max(Decimal::ZERO))
            }
            Benefit::Scale { cut_on, reached, bands } => {
                let charged = trace.charged();
                if charged >= trace.base_fen {
                    return Ok(Decimal::ZERO);
                }
                let start = reached.map_or(Decimal::ZERO, |reached| Decimal::from(self.totals.now(reached)));
                let (from, to) = match cut_on {
                    CutOn::Absolute => (start + charged, start + trace.base_fen),
                    CutOn::Net => (start, start + trace.base_fen - charged),
                };
                self.scale(layer, bands, from, to, trace)
            }
            Benefit::ByItem { ratios } => self.by_item(layer, ratios, trace),
            Benefit::PerDay { amount, count, from_day, most_days, used, unsaid } => {
                let (counted, days) = counts::days(self.facts.case, self.segment, *count, *from_day);
                let most = most_days.as_ref().map(|table| require(table, self.facts)).transpose()?;
                let most = most.map(|found| *found.value);
                let done = used.map_or(before.days, |used| self.totals.now(used));
                let paid = most.map_or(days, |most| days.min((most - done).max(0)));
                if let (Some(unsaid), Some(table), Some(most)) = (unsaid, most_days, most) {
                    let taken = used.map_or(most, |_| done.max(before.days));
                    let open = [most, most - taken].map(Decimal::from);
                    require_no_difference(unsaid, &table.path, days.into(), open)?;
                }
                self.one_by_one(amount, ("days", counted, paid), trace)
            }
            Benefit::PerItem { amount, lines } => {
                let items = counts::items(self.facts.case, self.segment, lines);
                self.one_by_one(amount, ("items", items, items), trace)
            }
        }
    }

    /// So many times a sum; nothing is asked where there are none.
    fn one_by_one(
        &self,
        amount: &'a Table<Decimal>,
        (kind, counted, paid): (&'static str, i64, i64),
        trace: &mut LayerTrace<'a>,
    ) -> Result<Decimal, Refusal> {
        let mut each_fen = Decimal::ZERO;
        if paid > 0 {
            let found = require(amount, self.facts)?;
            trace.decided_by = Some(found.cited);
            each_fen = *found.value;
        }
        trace.counted = Some(CountTrace { kind, counted, paid, each_fen });
        let within = |sum: &Decimal| *sum <= Decimal::from(MAX_FEN);
        each_fen.checked_mul(Decimal::from(paid)).filter(within).ok_or_else(|| Refusal::BadCase {
            field: "lines".into(),
            reason: "what is paid for all of them is above the limit of 16 digits",
        })
    }

    /// The cost above the deductible, spread over the lines by what they add to the base; each kind, a row of the table, has its own ratio. Spread to
    /// the fen in the order of the rows, so that every amount comes out.
    fn by_item(
        &self,
        layer: &'a Layer,
        ratios: &'a Table<Decimal>,
        trace: &mut LayerTrace<'a>,
    ) -> Result<Decimal, Refusal> {
        let net = trace.base_fen - trace.charged();
        if net <= Decimal::ZERO {
            return Ok(Decimal::ZERO);
        }
        let mut kinds = BTreeMap::new();
        for (index, line) in self.facts.case.lines.iter().enumerate() {
            let adds = self.adds(layer, index, line);
            if adds.is_zero() {
                continue;
            }
            let found = look_up_with(ratios, self.facts, &self.facts.of_line(line))?;
            let none = || Refusal::NoRule { table: ratios.path.clone(), day: self.facts.day };
            let found = found.ok_or_else(none)?;
            kinds.entry(found.row).or_insert((Decimal::ZERO, found)).0 += adds;
        }
        self.adjust(layer, trace)?;
        let all: Decimal = kinds.values().map(|(adds, _)| adds).sum();
        let (mut upto, mut from_fen, mut sum) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for (adds, found) in kinds.into_values() {
            trace.decided_by.get_or_insert(found.cited);
            let (stated, line) = (*found.value, Some(found.cited.line));
            upto += adds;
            let to_fen = if upto == all { net } else { spread(net, upto, all) };
            let ratio = adjusted(stated, &trace.adjustments);
            let amount_fen = (to_fen - from_fen) * ratio;
            sum += amount_fen;
            trace.bands.push(BandTrace { from_fen, to_fen, stated, ratio, amount_fen, line });
            from_fen = to_fen;
        }
        Ok(sum)
    }

    /// What a line adds to the base of a layer that adds parts of the bill only.
    fn adds(&self, layer: &Layer, index: usize, line: &Line) -> Decimal {
        let parts = &self.segment.lines[index];
        let added = layer.base.terms.iter().filter(|term| term.times.is_sign_positive());
        let counts = added.filter(|term| term.lines.as_ref().is_none_or(|filter| filter.counts(line)));
        counts.map(|term| part_of(parts, term.quantity).decimal() * term.times).sum()
    }

    fn scale(
        &self,
        layer: &'a Layer,
        bands: &'a Table<Vec<Band>>,
        from: Decimal,
        to: Decimal,
        trace: &mut LayerTrace<'a>,
    ) -> Result<Decimal, Refusal> {
        let found = require(bands, self.facts)?;
        trace.decided_by = Some(found.cited);
        self.adjust(layer, trace)?;
        let (mut lower, mut sum) = (Decimal::ZERO, Decimal::ZERO);
        for band in found.value {
            let upper = band.upto.unwrap_or(Decimal::MAX);
            let (start, end) = (from.max(lower), to.min(upper));
            if start < end {
                let stated = match &band.ratio {
                    Known::Value(ratio) => self.ratio(*ratio),
                    Known::Unknown(reason) => return Err(unknown(&bands.path, found.cited.line, reason)),
                };
                let ratio = adjusted(stated, &trace.adjustments);
                let amount_fen = (end - start) * ratio;
                sum += amount_fen;
                trace.bands.push(BandTrace {
                    from_fen: start,
                    to_fen: end,
                    stated,
                    ratio,
                    amount_fen,
                    line: None,
                });
            }
            lower = upper;
        }
        Ok(sum)
    }

    /// The changes to the layer's ratios that apply.
    fn adjust(&self, layer: &'a Layer, trace: &mut LayerTrace<'a>) -> Result<(), Refusal> {
        for adjust in &layer.adjust {
            let step = match adjust {
                Adjust::Points(table) => step("points", table, self.facts)?,
                Adjust::Factor(table) => step("factor", table, self.facts)?,
                Adjust::PersonalFactor(table) => step("personal_factor", table, self.facts)?,
                Adjust::Remote => remote::ratio(self.remote()),
            };
            trace.adjustments.extend(step);
        }
        Ok(())
    }

    fn ratio(&self, ratio: Ratio) -> Decimal {
        match ratio {
            Ratio::Fixed(ratio) => ratio,
            Ratio::ByAge { base, per_year } => {
                let by_age = base + per_year * Decimal::from(self.facts.case.person.age);
                by_age.clamp(Decimal::ZERO, Decimal::ONE)
            }
        }
    }

    fn raise_to_minimum(
        &self,
        layer: &'a Layer,
        amount: Decimal,
        trace: &mut LayerTrace<'a>,
    ) -> Result<Decimal, Refusal> {
        if amount.is_zero() {
            return Ok(amount);
        }
        match self.step("minimum", layer.minimum.as_ref())? {
            Some(step) if amount < step.value => {
                let raised = step.value;
                trace.minimum = Some(step);
                Ok(raised)
            }
            _ => Ok(amount),
        }
    }

    /// An amount within a limit: of the year, or of the visit, which used `before` already.
    /// The trace gets what the limit kept out.
    fn limit(
        &self,
        cap: Option<&'a Cap>,
        before: Decimal,
        amount: Decimal,
        trace: &mut Option<CapTrace<'a>>,
    ) -> Result<Decimal, Refusal> {
        let Some(cap) = cap else { return Ok(amount) };
        let found = require(&cap.amount, self.facts)?;
        let monthly = found.value.as_ref().map(|limit| limit.fen);
        let (carried, used, kept_back) = self.carried(cap, monthly);
        let used = used.unwrap_or(before);
        if let (Some(unsaid), Some(limit)) = (&cap.unsaid, monthly) {
            let most = cap.used.map_or(limit, |_| used.max(before));
            require_no_difference(unsaid, &cap.amount.path, amount, [limit, limit - most])?;
        }
        let limit_fen =
            carried.map_or(monthly, |carried| Some(carried.monthly_fen * Decimal::from(carried.months)));
        let raise = cap.plus.zip(limit_fen);
        let raise =
            raise.and_then(|(plus, limit)| continuity::raise(plus, (limit, used), self.facts, self.totals));
        let raised = raise.as_ref().map_or(Decimal::ZERO, |raise| raise.raise_fen);
        let open_fen = limit_fen.map(|limit| (limit + raised - used).min(kept_back).max(Decimal::ZERO));
        let within = open_fen.map_or(amount, |open| amount.min(open));
        *trace = Some(CapTrace {
            limit_fen,
            open_fen,
            kept_out_fen: amount - within,
            cited: found.cited,
            raise,
            carried,
        });
        Ok(within)
    }

    /// What was used of a limit in its time; of one of the month that carries over, how many months of it count as well, and the most that is
    /// open in any case. Months are counted from that of the recognition of the disease on. Where it is not known nothing was surely left of the
    /// months before, and this one is not paid what later ones, settled before, took of it.
    fn carried(
        &self,
        cap: &Cap,
        monthly: Option<Decimal>,
    ) -> (Option<CarriedTrace>, Option<Decimal>, Decimal) {
        let Some(index) = cap.used else { return (None, None, Decimal::MAX) };
        let used = |span| Decimal::from(self.totals.within(index, span));
        let (Some(carry), Some(monthly_fen)) = (cap.carry, monthly) else {
            return (None, Some(used(cap.per)), Decimal::MAX);
        };
        let since = self.facts.case.visit.disease.as_ref().and_then(|disease| disease.since);
        let all = |since| self.totals.months_begun(carry, since);
        match since {
            Some(since) => {
                let carried = CarriedTrace { monthly_fen, months: all(since), since_unknown: false };
                (Some(carried), Some(used(carry)), Decimal::MAX)
            }
            None => {
                let carried = CarriedTrace { monthly_fen, months: 1, since_unknown: true };
                let most = monthly_fen * Decimal::from(all(NaiveDate::MIN)) - used(carry);
                (Some(carried), Some(used(Span::Month)), most)
            }
        }
    }

    /// Rounds, and never pays more than what is left of the bill.
    fn pay(&mut self, exact: Decimal, trace: &mut LayerTrace<'a>) {
        let rounded = round_half_up(exact);
        trace.paid_fen = rounded;
        if !trace.beside_bill {
            trace.paid_fen = rounded.min(self.left);
            trace.beyond_bill_fen = rounded - trace.paid_fen;
            self.left -= trace.paid_fen;
        }
        trace.left_fen = self.left;
    }

    /// Notes what later layers may ask, and feeds the accumulators.
    fn remember(&mut self, index: LayerIndex, layer: &Layer, trace: &LayerTrace<'a>) {
        let charged = trace.charged();
        let kept_out =
            |cap: &Option<CapTrace<'a>>| cap.as_ref().map_or(Decimal::ZERO, |cap| cap.kept_out_fen);
        let in_visit = &mut self.in_visit[index];
        in_visit.charged += charged;
        in_visit.entered += trace.base_fen;
        in_visit.paid += trace.paid_fen;
        let days = trace.counted.filter(|counted| counted.kind == "days").map_or(0, |counted| counted.paid);
        in_visit.days += days;
        let claims = !in_visit.entered.is_zero() || in_visit.paid != Fen::ZERO;
        let counts = claims || self.facts.case.counted == Counted::Every;
        self.done[index] = Done {
            paid: if trace.beside_bill { Fen::ZERO } else { trace.paid_fen },
            deductible: charged,
            over_cost_cap: kept_out(&trace.cost_cap),
            over_cap: kept_out(&trace.cap),
            over_cap_cost: over_cap_cost(layer, trace),
        };
        for feed in &layer.feeds {
            let amount = match feed.what {
                Fed::Paid => trace.paid_fen.0,
                Fed::Deductible => round_half_up(charged).0,
                Fed::Base => round_half_up(trace.base_fen).0,
                Fed::Net => round_half_up(trace.base_fen - charged).0,
                Fed::Raised => trace.cap.as_ref().map_or(0, |cap| cap.drawn(trace.paid_fen).0),
                Fed::Days => days,
                Fed::Visit => i64::from(self.segment.last && counts),
            };
            self.totals.add(feed.accumulator, amount);
        }
    }

    fn step(
        &self,
        kind: &'static str,
        table: Option<&'a Table<Decimal>>,
    ) -> Result<Option<Step<'a>>, Refusal> {
        table.map_or(Ok(None), |table| step(kind, table, self.facts))
    }

    /// What the filing register says of this visit away from home.
    fn remote(&self) -> Option<&'a RemoteRule> {
        self.facts.case.visit.remote.as_ref()
    }
}

/// The part of an amount that one number is of another.
fn share(amount: Decimal, part: Decimal, of: Decimal) -> Decimal {
    // An amount and a part of 14 digits each are multiplied exactly; above that the quotient is exact enough.
    amount.checked_mul(part).map_or_else(|| amount * (part / of), |product| product / of)
}

/// The same, to the fen.
fn spread(amount: Decimal, part: Decimal, of: Decimal) -> Decimal {
    round_half_up(share(amount, part, of)).decimal().min(amount)
}

/// A limit of which nobody knows the time is used as if none of it were gone, or all that may be: what comes out otherwise is refused.
fn require_no_difference(
    unsaid: &Unsaid,
    table: &str,
    amount: Decimal,
    open: [Decimal; 2],
) -> Result<(), Refusal> {
    let [whole, least] = open.map(|open| amount.min(open.max(Decimal::ZERO)));
    let per = || table.rsplit_once('.').map_or(table.to_owned(), |(limit, _)| format!("{limit}.per"));
    if whole == least { Ok(()) } else { Err(unknown(&per(), unsaid.line, &unsaid.why)) }
}

fn unknown(table: &str, line: usize, reason: &str) -> Refusal {
    Refusal::UnknownValue { table: table.to_owned(), line, reason: reason.to_owned() }
}

/// The cost that a payment limit left unpaid: from the top of the bands down, as far as they would have given what it kept out.
fn over_cap_cost(layer: &Layer, trace: &LayerTrace<'_>) -> Fen {
    let Some(cap) = &trace.cap else { return Fen::ZERO };
    let by_bands: Decimal = trace.bands.iter().map(|band| band.amount_fen).sum();
    let given = trace.minimum.as_ref().map_or(by_bands, |minimum| minimum.value);
    let mut unpaid = by_bands - (given - cap.kept_out_fen);
    if matches!(layer.benefit, Benefit::ByItem { .. }) {
        // Of all kinds alike: there is no order among them.
        let net = trace.base_fen - trace.charged();
        return if unpaid > Decimal::ZERO { round_half_up(share(net, unpaid, by_bands)) } else { Fen::ZERO };
    }
    let mut cost = Decimal::ZERO;
    for band in trace.bands.iter().rev() {
        if unpaid <= Decimal::ZERO {
            break;
        }
        let whole = unpaid >= band.amount_fen;
        cost += if whole { band.to_fen - band.from_fen } else { unpaid / band.ratio };
        unpaid -= band.amount_fen;
    }
    round_half_up(cost)
}

/// A ratio after its adjustments, each kept between 0 and 100 %.
fn adjusted(stated: Decimal, steps: &[Step<'_>]) -> Decimal {
    steps.iter().fold(stated, |ratio, step| {
        let ratio = match step.kind {
            "points" => ratio + step.value,
            "factor" => ratio * step.value,
            "personal_factor" => Decimal::ONE - (Decimal::ONE - ratio) * step.value,
            other => unreachable!("{other} is no change to a ratio: `scale` makes these steps"),
        };
        ratio.clamp(Decimal::ZERO, Decimal::ONE)
    })
}

fn part_of(parts: &Parts, quantity: Quantity) -> Fen {
    match quantity {
        Quantity::Total => parts.total_fen,
        Quantity::InScope => parts.in_scope_fen,
        Quantity::PreSelf => parts.pre_self_fen,
        Quantity::OverLimit => parts.over_limit_fen,
        Quantity::FullSelf => parts.full_self_fen,
        other => unreachable!("{other:?} is not a part of the bill: the loader checks filters"),
    }
}

impl LineFilter {
    pub(super) fn counts(&self, line: &Line) -> bool {
        let marked = |labels: &[String]| labels.iter().any(|label| line.labels.contains(label));
        (self.list_types.is_empty() || self.list_types.contains(&line.list_type))
            && (self.labels.is_empty() || marked(&self.labels))
            && !marked(&self.not_labels)
    }
}
