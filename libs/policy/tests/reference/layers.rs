//! The layers, one after the other: base × base_factor → less prepay → cost cap → deductible →
//! bands with adjusted ratios → minimum → cap → never more than what is left → half up.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use yizhan_documents::Known;
use yizhan_policy::case::{Counted, Line};
use yizhan_policy::model::{
    Adjust, Amount, Band, Benefit, Cap, CutOn, DayCount, Deductible, DeductibleAmount, Fed, Layer,
    LineFilter, Per, Policy, Prepay, Quantity, Ratio, Span, Table, Term,
};
use yizhan_terms::Treatment;

use yizhan_terms::Filing;

use super::facts::{Facts, accumulator_key, in_force, is_covered};
use super::{Answer, FourParts, Fraction, LayerAnswer, Refused, is_hospital};

/// A visit as far as it is settled: a stay split by days has several parts.
pub struct Visit {
    /// Per layer, over all parts of the visit: what is limited per visit.
    charged: Vec<Fraction>,
    entered: Vec<Fraction>,
    paid: Vec<i64>,
    days_paid: Vec<i64>,
    /// First and last day of the part that is settled.
    pub days: (NaiveDate, NaiveDate),
}

/// What later layers of the same part may read of an earlier one.
#[derive(Clone, Copy)]
struct Earlier {
    paid: i64,
    charged: Fraction,
    over_cost_cap: Fraction,
    over_cap: Fraction,
    over_cap_cost: i64,
}

/// One part of a visit, settled in its own policy year.
struct Part<'p> {
    facts: &'p Facts<'p>,
    lines: Vec<FourParts>,
    /// What was paid elsewhere of each line, and of the bill.
    elsewhere: (Vec<i64>, i64),
    earlier: Vec<Earlier>,
    left: i64,
}

impl Visit {
    pub fn new(policy: &Policy) -> Visit {
        let count = policy.layers.len();
        Visit {
            charged: vec![Fraction::ZERO; count],
            entered: vec![Fraction::ZERO; count],
            paid: vec![0; count],
            days_paid: vec![0; count],
            days: (NaiveDate::MIN, NaiveDate::MIN),
        }
    }

    pub fn settle_part(
        &mut self,
        facts: &Facts<'_>,
        (lines, elsewhere): (Vec<FourParts>, (Vec<i64>, i64)),
        is_last: bool,
        answer: &mut Answer,
    ) -> Result<(), Refused> {
        remote_is_placed(facts)?;
        let total: i64 = lines.iter().map(FourParts::total).sum();
        let left = (total - elsewhere.0.iter().sum::<i64>() - elsewhere.1).max(0);
        let mut part = Part { facts, lines, elsewhere, earlier: Vec::new(), left };
        for index in 0..facts.policy.layers.len() {
            self.layer(index, &mut part, is_last, answer)?;
        }
        Ok(())
    }

    fn layer(
        &mut self,
        index: usize,
        part: &mut Part<'_>,
        is_last: bool,
        answer: &mut Answer,
    ) -> Result<(), Refused> {
        let facts = part.facts;
        let layer = &facts.policy.layers[index];
        let nothing = Earlier {
            paid: 0,
            charged: Fraction::ZERO,
            over_cost_cap: Fraction::ZERO,
            over_cap: Fraction::ZERO,
            over_cap_cost: 0,
        };
        let mut done = nothing;
        let mut base = Fraction::ZERO;
        let applies = in_force(layer.period, facts.day) && facts.hold(&layer.when);
        if applies {
            let enters = part.enters(layer)?;
            let (gross, net) = match &layer.cost_cap {
                Some(cap) if cap.net => (None, Some(cap)),
                cap => (cap.as_ref(), None),
            };
            base = self.within(gross, self.entered[index], enters, facts, answer)?;
            let is_lump_sum = layer.benefit.beside_bill();
            let mut days = 0;
            if base > Fraction::ZERO || is_lump_sum {
                done.charged = match &layer.deductible {
                    Some(deductible) => self.open_deductible(index, deductible, part, answer)?.min(base),
                    None => Fraction::ZERO,
                };
                let net_before = self.entered[index] - self.charged[index];
                base = done.charged + self.within(net, net_before, base - done.charged, facts, answer)?;
                let benefit = match &layer.benefit {
                    Benefit::ByItem { ratios } => {
                        raised(layer, by_item(part, layer, ratios, base - done.charged)?, facts)?
                    }
                    Benefit::PerDay { amount, count, from_day, most_days, used, unsaid } => {
                        days = self.days_of(facts, *count, *from_day);
                        if let Some(most) = most_days {
                            let most = Fraction::whole(*facts.needed(most)?);
                            let visit = Fraction::whole(self.days_paid[index]);
                            let year = used.map(|used| now(used, facts, answer));
                            if unsaid.is_some() {
                                same_either_way(Fraction::whole(days), most, [Some(visit), year])?;
                            }
                            let used = year.unwrap_or(visit);
                            days = Fraction::whole(days).min((most - used).or_zero()).half_up();
                        }
                        times(days, amount, facts)?
                    }
                    Benefit::PerItem { amount, lines } => {
                        times(self.items(facts, lines, is_last), amount, facts)?
                    }
                    _ => self.benefit(index, base, done.charged, facts, answer)?,
                };
                let before = Fraction::whole(self.paid[index]);
                let within = match &layer.cap {
                    Some(cap) => {
                        let limit = facts.needed(&cap.amount)?;
                        self.require_said(cap, limit, (before, benefit), facts, answer)?;
                        let open = self.open(cap, limit, before, facts, answer);
                        open.map_or(benefit, |open| benefit.min(open))
                    }
                    None => benefit,
                };
                done.over_cap = benefit - within;
                if layer.cap.is_some() && !is_lump_sum {
                    done.over_cap_cost =
                        self.unpaid_cost(layer, (base, done.charged), within, part, answer)?;
                }
                done.paid = within.half_up();
            }
            if is_lump_sum {
                answer.beside_bill += done.paid;
            } else {
                done.paid = done.paid.min(part.left);
                part.left -= done.paid;
                let payer =
                    if is_hospital(facts.policy, index) { &mut answer.hospital } else { &mut answer.funds };
                *payer += done.paid;
            }
            done.over_cost_cap = enters - base;
            self.charged[index] = self.charged[index] + done.charged;
            self.entered[index] = self.entered[index] + base;
            self.paid[index] += done.paid;
            let claimed = self.entered[index] > Fraction::ZERO || self.paid[index] > 0;
            let counts = is_last && (claimed || facts.case.counted == Counted::Every);
            self.days_paid[index] += days;
            feed(layer, facts, base, &done, (counts, days), answer);
        }
        let (policy_year, left) = (facts.policy_year, part.left);
        let (paid, charged) = (done.paid, done.charged);
        answer.layers.push(LayerAnswer {
            layer: index,
            policy_year,
            applied: applies,
            base,
            charged,
            paid,
            left,
        });
        // A lump sum is beside the bill: it pays nothing of it.
        let paid_of_bill = if layer.benefit.beside_bill() { 0 } else { paid };
        part.earlier.push(Earlier { paid: paid_of_bill, ..done });
        Ok(())
    }

    /// An amount within the cost limit; nothing is asked where nothing enters.
    fn within(
        &self,
        cap: Option<&yizhan_policy::model::Cap>,
        before: Fraction,
        amount: Fraction,
        facts: &Facts<'_>,
        answer: &Answer,
    ) -> Result<Fraction, Refused> {
        let Some(cap) = cap.filter(|_| amount > Fraction::ZERO) else { return Ok(amount) };
        let limit = facts.needed(&cap.amount)?;
        self.require_said(cap, limit, (before, amount), facts, answer)?;
        let open = self.open(cap, limit, before, facts, answer);
        Ok(open.map_or(amount, |open| amount.min(open)))
    }

    /// The cost above the point where the scale has given `within`: found by halving, to the fen half up.
    fn unpaid_cost(
        &self,
        layer: &Layer,
        (base, charged): (Fraction, Fraction),
        within: Fraction,
        part: &Part<'_>,
        answer: &Answer,
    ) -> Result<i64, Refused> {
        let facts = part.facts;
        if base <= charged {
            return Ok(0);
        }
        if let Benefit::ByItem { ratios } = &layer.benefit {
            let (net, given) = (base - charged, by_item(part, layer, ratios, base - charged)?);
            let over = (given - within).or_zero();
            return Ok(if over > Fraction::ZERO { (net * over.over(given)).half_up() } else { 0 });
        }
        let Benefit::Scale { cut_on, reached, bands } = &layer.benefit else { return Ok(0) };
        let bottom = reached.map_or(Fraction::ZERO, |reached| now(reached, facts, answer));
        let (low, high) = match cut_on {
            CutOn::Net => (bottom, bottom + (base - charged)),
            CutOn::Absolute => (bottom + charged, bottom + base),
        };
        let bands = facts.needed(bands)?;
        let paid = |to: Fraction| {
            Ok::<_, Refused>(from_bottom(layer, bands, to, facts)? - from_bottom(layer, bands, low, facts)?)
        };
        if paid(high)? <= within {
            return Ok(0);
        }
        // The point lies in the band below whose end the scale has not given enough, and above whose beginning it has.
        let mut from = low;
        for band in bands {
            let to = band.upto.map_or(high, |upto| high.min(Fraction::of(upto)));
            if to <= from {
                continue;
            }
            let ratio = ratio_of(layer, band, facts)?;
            let (before, after) = (paid(from)?, paid(to)?);
            if after > within {
                let point = from + (within - before).over(ratio);
                return Ok((end_of(bands, high) - point).or_zero().half_up());
            }
            from = to;
        }
        Ok(0)
    }

    /// Days of the part that are paid, one by one.
    fn days_of(&self, facts: &Facts<'_>, count: DayCount, from_day: i64) -> i64 {
        let visit = &facts.case.visit;
        let mut number = 0;
        let mut paid = 0;
        for day in visit.begin.iter_days().take_while(|day| *day <= visit.end) {
            number += 1;
            let discharged = day == visit.end && visit.begin < visit.end && count == DayCount::Nights;
            let here = self.days.0 <= day && day <= self.days.1 && is_covered(facts.case, day);
            if here && !discharged && number >= from_day {
                paid += 1;
            }
        }
        paid
    }

    fn items(&self, facts: &Facts<'_>, lines: &LineFilter, is_last: bool) -> i64 {
        let mut sum = Fraction::ZERO;
        for line in facts.case.lines.iter().filter(|line| chosen(line, lines)) {
            let here = match line.day {
                Some(day) => self.days.0 <= day && day <= self.days.1 && is_covered(facts.case, day),
                None => is_last,
            };
            if here {
                sum = sum + Fraction::of(line.quantity);
            }
        }
        sum.whole_part()
    }

    /// A limit of which the paper does not say whether it is of a visit or a year.
    fn require_said(
        &self,
        cap: &Cap,
        limit: &Option<Amount>,
        (before, amount): (Fraction, Fraction),
        facts: &Facts<'_>,
        answer: &Answer,
    ) -> Result<(), Refused> {
        let (Some(_), Some(limit)) = (&cap.unsaid, limit) else { return Ok(()) };
        let year = cap.used.map(|index| used_in(Span::Year, index, facts, answer));
        same_either_way(amount, said(limit), [Some(before), year])
    }

    /// What is open of a limit: per year by its accumulator, or per visit by what earlier parts
    /// of the visit used of it; `None` when it is lifted.
    fn open(
        &self,
        cap: &Cap,
        limit: &Option<Amount>,
        before: Fraction,
        facts: &Facts<'_>,
        answer: &Answer,
    ) -> Option<Fraction> {
        let limit = said(limit.as_ref()?);
        let Some(index) = cap.used else { return Some((limit - before).or_zero()) };
        let used = |span: Span| used_in(span, index, facts, answer);
        let Some(carry) = cap.carry else { return Some((limit - used(cap.per)).or_zero()) };
        // Month by month: each that has begun adds its limit.
        let (mut all, mut since) = (Fraction::ZERO, Fraction::ZERO);
        let told = facts.case.visit.disease.as_ref().and_then(|disease| disease.since);
        for day in facts.policy_year.iter_days().take_while(|day| *day <= facts.day) {
            if day.day() == 1 && same(carry, day, facts.day) {
                all = all + limit;
                let ended = told.is_some_and(|told| day + Months::new(1) <= told);
                since = if ended { since } else { since + limit };
            }
        }
        Some(match told {
            Some(_) => (since - used(carry)).or_zero(),
            None => (limit - used(Span::Month)).min(all - used(carry)).or_zero(),
        })
    }

    fn open_deductible(
        &self,
        index: usize,
        deductible: &Deductible,
        part: &Part<'_>,
        answer: &Answer,
    ) -> Result<Fraction, Refused> {
        let facts = part.facts;
        let (stated, is_part) = match facts.needed(&deductible.amount)? {
            DeductibleAmount::Fixed(amount) => (said(amount), false),
            DeductibleAmount::PartOf(ratio, quantity) => {
                (Fraction::of(*ratio) * part.quantity(*quantity), true)
            }
        };
        let used = deductible.used.map_or(Fraction::ZERO, |used| now(used, facts, answer));
        let mut open = stated * ratio_or_one(deductible.factor.as_ref(), facts)?;
        if let (Some(table), Some(previous)) = (&deductible.less_previous, &facts.case.visit.previous)
            && let Some(part) = facts.value(table)?
        {
            open = (open - Fraction::of(*part) * Fraction::whole(previous.deductible_fen.0)).or_zero();
        }
        open = match &deductible.per {
            Known::Value(Per::Year) => open - used,
            Known::Value(Per::Visit) if is_part => open,
            Known::Value(Per::Visit) => open - self.charged[index],
            Known::Unknown(_) if open == Fraction::ZERO => open,
            Known::Unknown(_) => return Err("POLICY_VALUE_UNKNOWN"),
        };
        if let Some(table) = &deductible.year_cap
            && let Some(limit) = facts.value(table)?
        {
            open = open.min(Fraction::of(*limit) - used);
        }
        Ok(open.or_zero())
    }

    /// What the layer gives before its payment limit.
    fn benefit(
        &self,
        index: usize,
        base: Fraction,
        charged: Fraction,
        facts: &Facts<'_>,
        answer: &Answer,
    ) -> Result<Fraction, Refused> {
        let layer = &facts.policy.layers[index];
        match &layer.benefit {
            Benefit::LumpSum { amount } => {
                let once = Fraction::of(*facts.needed(amount)?);
                Ok((once - Fraction::whole(self.paid[index])).or_zero())
            }
            Benefit::ByItem { .. } | Benefit::PerDay { .. } | Benefit::PerItem { .. } => {
                unreachable!("above")
            }
            Benefit::Scale { .. } if base <= charged => Ok(Fraction::ZERO),
            Benefit::Scale { cut_on, reached, bands } => {
                let bottom = reached.map_or(Fraction::ZERO, |reached| now(reached, facts, answer));
                let (low, high) = match cut_on {
                    CutOn::Net => (bottom, bottom + (base - charged)),
                    CutOn::Absolute => (bottom + charged, bottom + base),
                };
                let bands = facts.needed(bands)?;
                if bands.iter().enumerate().any(|(number, band)| {
                    let bottom = if number == 0 { None } else { bands[number - 1].upto };
                    let bottom = bottom.map_or(Fraction::ZERO, Fraction::of).max(low);
                    let top = band.upto.map_or(high, |upto| high.min(Fraction::of(upto)));
                    matches!(band.ratio, Known::Unknown(_)) && bottom < top
                }) {
                    return Err("POLICY_VALUE_UNKNOWN");
                }
                let given = from_bottom(layer, bands, high, facts)? - from_bottom(layer, bands, low, facts)?;
                raised(layer, given, facts)
            }
        }
    }
}

impl Part<'_> {
    /// What enters before the cost limit.
    fn enters(&self, layer: &Layer) -> Result<Fraction, Refused> {
        let sum =
            layer.base.terms.iter().map(|term| self.term(term)).fold(Fraction::ZERO, |sum, term| sum + term);
        let counted = sum.or_zero() * ratio_or_one(layer.base_factor.as_ref(), self.facts)?;
        let first = self.facts.prepaid(layer.prepay.as_ref())?;
        Ok(counted * (Fraction::ONE - first))
    }

    fn term(&self, term: &Term) -> Fraction {
        let mut amount = match &term.lines {
            Some(filter) => Fraction::whole(self.of_lines(term.quantity, filter)),
            None => self.quantity(term.quantity),
        };
        if let Some(most) = &term.at_most {
            amount = amount.min(Fraction::of(most.part) * self.quantity(most.of));
        }
        Fraction::of(term.times) * amount
    }

    fn of_lines(&self, quantity: Quantity, filter: &LineFilter) -> i64 {
        let mut sum = 0;
        for (number, (line, parts)) in self.facts.case.lines.iter().zip(&self.lines).enumerate() {
            if chosen(line, filter) {
                sum += match quantity {
                    Quantity::PaidElsewhere => self.elsewhere.0[number],
                    part => parts.part(part),
                };
            }
        }
        sum
    }

    fn quantity(&self, quantity: Quantity) -> Fraction {
        match quantity {
            Quantity::Remaining => Fraction::whole(self.left),
            Quantity::PaidElsewhere => {
                Fraction::whole(self.elsewhere.0.iter().sum::<i64>() + self.elsewhere.1)
            }
            Quantity::InScopeLeft => Fraction::whole(self.in_scope_left().max(0)),
            Quantity::OverCapCost(layer) => Fraction::whole(self.earlier[layer].over_cap_cost),
            Quantity::Paid(layer) => Fraction::whole(self.earlier[layer].paid),
            Quantity::DeductibleOf(layer) => self.earlier[layer].charged,
            Quantity::OverCostCap(layer) => self.earlier[layer].over_cost_cap,
            Quantity::OverCap(layer) => self.earlier[layer].over_cap,
            part => Fraction::whole(self.lines.iter().map(|line| line.part(part)).sum()),
        }
    }
}

impl Part<'_> {
    /// In scope, less what each earlier layer paid, but for those over other parts of the bill alone.
    fn in_scope_left(&self) -> i64 {
        let others = [Quantity::PreSelf, Quantity::OverLimit, Quantity::FullSelf];
        let mut left: i64 = self.lines.iter().map(|line| line.in_scope).sum();
        for (layer, done) in self.facts.policy.layers.iter().zip(&self.earlier) {
            let added = layer.base.terms.iter().filter(|term| !term.times.is_sign_negative());
            let of_others = added.clone().filter(|term| others.contains(&term.quantity)).count();
            if of_others < added.count() {
                left -= done.paid;
            }
        }
        left
    }
}

/// An amount as it was published.
fn said(amount: &Amount) -> Fraction {
    match &amount.share {
        Some(share) => Fraction::of(share.times) * Fraction::of(share.of_fen),
        None => Fraction::of(amount.fen),
    }
}

fn raised(layer: &Layer, given: Fraction, facts: &Facts<'_>) -> Result<Fraction, Refused> {
    let minimum = match &layer.minimum {
        Some(table) if given > Fraction::ZERO => facts.value(table)?,
        _ => None,
    };
    Ok(minimum.map_or(given, |minimum| given.max(Fraction::of(*minimum))))
}

fn chosen(line: &Line, filter: &LineFilter) -> bool {
    let has = |labels: &[String]| line.labels.iter().any(|label| labels.contains(label));
    let right_type = filter.list_types.is_empty() || filter.list_types.contains(&line.list_type);
    let right_label = filter.labels.is_empty() || has(&filter.labels);
    right_type && right_label && !has(&filter.not_labels)
}

fn times(count: i64, amount: &Table<rust_decimal::Decimal>, facts: &Facts<'_>) -> Result<Fraction, Refused> {
    if count == 0 {
        return Ok(Fraction::ZERO);
    }
    Ok(Fraction::whole(count) * Fraction::of(*facts.needed(amount)?))
}

/// Every kind of line, a row of the table, gets what of the net cost falls on it: to the fen, on the running total.
fn by_item(
    part: &Part<'_>,
    layer: &Layer,
    ratios: &Table<rust_decimal::Decimal>,
    net: Fraction,
) -> Result<Fraction, Refused> {
    if net <= Fraction::ZERO {
        return Ok(Fraction::ZERO);
    }
    let mut kinds: BTreeMap<usize, (Fraction, Fraction)> = BTreeMap::new();
    for (line, parts) in part.facts.case.lines.iter().zip(&part.lines) {
        let mut adds = Fraction::ZERO;
        for term in layer.base.terms.iter().filter(|term| !term.times.is_sign_negative()) {
            if term.lines.as_ref().is_none_or(|filter| chosen(line, filter)) {
                adds = adds + Fraction::of(term.times) * Fraction::whole(parts.part(term.quantity));
            }
        }
        if adds > Fraction::ZERO {
            let of_line = Facts { line: Some(line), ..*part.facts };
            let (row, ratio) = of_line.needed_row(ratios)?;
            let known = kinds.entry(row).or_insert((Fraction::ZERO, Fraction::of(*ratio)));
            known.0 = known.0 + adds;
        }
    }
    let all = kinds.values().fold(Fraction::ZERO, |sum, (adds, _)| sum + *adds);
    let (mut upto, mut from, mut given) = (Fraction::ZERO, Fraction::ZERO, Fraction::ZERO);
    for (adds, ratio) in kinds.values() {
        upto = upto + *adds;
        let to = if upto == all { net } else { Fraction::whole((net * upto.over(all)).half_up()).min(net) };
        given = given + (to - from) * changed(layer, *ratio, part.facts)?;
        from = to;
    }
    Ok(given)
}

/// Where the cost ends: at its own end, or at that of the scale.
fn end_of(bands: &[Band], high: Fraction) -> Fraction {
    match bands.last().and_then(|band| band.upto) {
        Some(upto) => high.min(Fraction::of(upto)),
        None => high,
    }
}

/// Care away from home: who settles it finds a place for what the register says, in the document
/// or in a layer that pays this visit.
fn remote_is_placed(facts: &Facts<'_>) -> Result<(), Refused> {
    if facts.case.visit.filing == Filing::Local {
        return Ok(());
    }
    let (mut prepays, mut lowers, mut nothing, mut pays) =
        (facts.register_prepays_bill(), false, false, false);
    for layer in &facts.policy.layers {
        let lump_sum = layer.benefit.beside_bill();
        if lump_sum || !in_force(layer.period, facts.day) || !facts.hold(&layer.when) {
            continue;
        }
        pays = true;
        prepays |= layer.prepay == Some(Prepay::Remote);
        lowers |= layer.adjust.contains(&Adjust::Remote);
        nothing |= layer.same_when_remote;
    }
    match facts.treatment() {
        None if prepays || lowers => Err("REMOTE_RULE_MISSING"),
        Some(Treatment::Prepay(_)) if pays && !prepays && !nothing => Err("REMOTE_NOT_PLACED"),
        Some(Treatment::Points(_) | Treatment::Factor(_)) if pays && !lowers && !nothing => {
            Err("REMOTE_NOT_PLACED")
        }
        _ => Ok(()),
    }
}

/// `S(x)`: what the scale gives of `x`, counted from its bottom.
fn from_bottom(layer: &Layer, bands: &[Band], x: Fraction, facts: &Facts<'_>) -> Result<Fraction, Refused> {
    let mut sum = Fraction::ZERO;
    for (number, band) in bands.iter().enumerate() {
        let bottom = match number {
            0 => Fraction::ZERO,
            above => Fraction::of(bands[above - 1].upto.expect("only the last band is open")),
        };
        let top = band.upto.map_or(x, |upto| x.min(Fraction::of(upto)));
        sum = sum + (top - bottom).or_zero() * ratio_of(layer, band, facts)?;
    }
    Ok(sum)
}

/// The ratio of a band after the layer's adjustments; each step stays between 0 and 100 %.
fn ratio_of(layer: &Layer, band: &Band, facts: &Facts<'_>) -> Result<Fraction, Refused> {
    let mut ratio = match band.ratio {
        Known::Value(Ratio::Fixed(ratio)) => Fraction::of(ratio),
        Known::Value(Ratio::ByAge { base, per_year }) => {
            Fraction::of(base) + Fraction::of(per_year) * Fraction::whole(i64::from(facts.case.person.age))
        }
        // Not reached by this visit: what it is makes no difference.
        Known::Unknown(_) => Fraction::ZERO,
    };
    ratio = changed(layer, ratio, facts)?;
    Ok(ratio)
}

fn changed(layer: &Layer, ratio: Fraction, facts: &Facts<'_>) -> Result<Fraction, Refused> {
    let mut ratio = ratio.as_ratio();
    for adjust in &layer.adjust {
        let value = match adjust.table() {
            Some(table) => facts.value(table)?.map(|value| Fraction::of(*value)),
            None => None,
        };
        ratio = match (adjust, value) {
            (Adjust::Remote, _) => match facts.treatment() {
                Some(Treatment::Points(off)) => ratio + Fraction::of(off) * Fraction::new(1, 100),
                Some(Treatment::Factor(factor)) => ratio * Fraction::of(factor),
                Some(Treatment::Same | Treatment::Prepay(_)) | None => ratio,
            },
            (_, None) => ratio,
            (Adjust::Points(_), Some(value)) => ratio + value,
            (Adjust::Factor(_), Some(value)) => ratio * value,
            (Adjust::PersonalFactor(_), Some(value)) => Fraction::ONE - (Fraction::ONE - ratio) * value,
        }
        .as_ratio();
    }
    Ok(ratio)
}

fn ratio_or_one(
    table: Option<&Table<rust_decimal::Decimal>>,
    facts: &Facts<'_>,
) -> Result<Fraction, Refused> {
    let Some(table) = table else { return Ok(Fraction::ONE) };
    Ok(facts.value(table)?.map_or(Fraction::ONE, |ratio| Fraction::of(*ratio)))
}

/// Whether two days of one policy year lie in the same month, quarter or year.
fn same(span: Span, one: NaiveDate, other: NaiveDate) -> bool {
    match span {
        Span::Month => one.month() == other.month(),
        Span::Quarter => (one.month() - 1) / 3 == (other.month() - 1) / 3,
        Span::Year => true,
    }
}

/// What was used of a limit in its time: of all keys of the accumulator those of a month that counts.
fn used_in(span: Span, index: usize, facts: &Facts<'_>, answer: &Answer) -> Fraction {
    let mut sum = now(index, facts, answer);
    if !facts.policy.accumulators[index].by_month {
        return sum;
    }
    for month in facts.policy_year.iter_days().take(366).filter(|day| day.day() == 1) {
        let in_year = month < facts.policy_year + Months::new(12);
        if in_year && same(span, month, facts.day) && month.month() != facts.day.month() {
            let other = Facts {
                policy: facts.policy,
                case: facts.case,
                day: month,
                policy_year: facts.policy_year,
                line: None,
            };
            sum = sum + Fraction::whole(other.before(index));
        }
    }
    sum
}

/// An accumulator now: what earlier visits left, and what earlier layers of this visit added.
fn now(index: usize, facts: &Facts<'_>, answer: &Answer) -> Fraction {
    let key = (facts.policy_year, accumulator_key(facts.policy, facts.case, facts.day, index));
    Fraction::whole(facts.before(index) + answer.added.get(&key).copied().unwrap_or(0))
}

/// Refuses where it makes a difference how much of a limit is gone: nothing, what this visit used, what the year did; where nobody adds up the
/// year, perhaps all of it.
fn same_either_way(amount: Fraction, limit: Fraction, used: [Option<Fraction>; 2]) -> Result<(), Refused> {
    let within = |used: Fraction| amount.min((limit - used).or_zero());
    let used = used.map(|used| within(used.unwrap_or(limit)));
    if used.into_iter().all(|one| one == within(Fraction::ZERO)) {
        Ok(())
    } else {
        Err("POLICY_VALUE_UNKNOWN")
    }
}

fn feed(
    layer: &Layer,
    facts: &Facts<'_>,
    base: Fraction,
    done: &Earlier,
    (counts, days): (bool, i64),
    answer: &mut Answer,
) {
    for feed in &layer.feeds {
        let amount = match feed.what {
            Fed::Paid => done.paid,
            Fed::Deductible => done.charged.half_up(),
            Fed::Base => base.half_up(),
            Fed::Net => (base - done.charged).half_up(),
            // No random policy raises a limit: `tests/continuity.rs` does.
            Fed::Raised => 0,
            Fed::Visit => i64::from(counts),
            Fed::Days => days,
        };
        if amount != 0 {
            let key =
                (facts.policy_year, accumulator_key(facts.policy, facts.case, facts.day, feed.accumulator));
            *answer.added.entry(key).or_insert(0) += amount;
        }
    }
}
