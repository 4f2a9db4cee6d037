//! The engine's trace as the contract's messages.

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::Policy;
use yizhan_policy::case::RemoteRule;
use yizhan_policy::model::Member;
use yizhan_policy::outcome::{self, Basis, CapTrace, Cited, Outcome, RemoteCited, Step};
use yizhan_proto::settlement::v1 as proto;
use yizhan_terms::Treatment;

/// The trace of an outcome; citations are resolved to the policy's sources.
pub fn of<'p>(policy: &'p Policy, outcome: &Outcome<'p>) -> proto::Trace {
    let mut to = Sources { policy, cited: Vec::new() };
    proto::Trace {
        policy: Some(policy_reference(policy)),
        extra_prepay: outcome.extra_prepay.as_ref().map(|step| to.step(step)),
        layers: outcome.layers.iter().map(|layer| to.layer(layer)).collect(),
        sources: to.sources(),
        remote: outcome.remote.map(remote_rule),
        not_covered: outcome.not_covered.iter().map(not_covered).collect(),
        accumulators: outcome
            .changes
            .iter()
            .map(|change| proto::AccumulatorChange {
                policy_year: change.policy_year.to_string(),
                accumulator: change.accumulator.to_string(),
                before: change.before,
                added: change.added,
            })
            .collect(),
    }
}

fn not_covered(out: &outcome::NotCovered<'_>) -> proto::NotCovered {
    proto::NotCovered {
        begndate: out.days.from.to_string(),
        enddate: out.days.to.to_string(),
        reason: out.days.reason.clone(),
        medfee_sumamt_fen: out.total_fen.0,
    }
}

/// Which policy decided.
pub fn policy_reference(policy: &Policy) -> proto::PolicyReference {
    proto::PolicyReference {
        policy_id: policy.id.clone(),
        version: policy.version.clone(),
        digest: policy.digest.clone(),
        composite: policy.composite.clone().unwrap_or_default(),
        together: policy.together.of.iter().map(member).collect(),
    }
}

fn member(of: &Member) -> proto::PolicyReference {
    let Member { id, version, digest } = of.clone();
    proto::PolicyReference { policy_id: id, version, digest, ..proto::PolicyReference::default() }
}

/// Fen as exact yuan.
pub fn yuan(fen: Decimal) -> String {
    // Moving the point says the same as a division, and faster.
    let moved = Decimal::try_from_i128_with_scale(fen.mantissa(), fen.scale() + 2);
    let yuan = moved.unwrap_or_else(|_| fen / Decimal::ONE_HUNDRED).normalize();
    if yuan.scale() < 2 { format!("{yuan:.2}") } else { yuan.to_string() }
}

fn ratio(ratio: Decimal) -> String {
    ratio.normalize().to_string()
}

/// Step values in fen; the others are ratios.
fn is_money(kind: &str) -> bool {
    matches!(kind, "minimum" | "less_previous" | "year_cap")
}

/// The documents cited so far, by their key in the policy, in the order they were first cited.
struct Sources<'p> {
    policy: &'p Policy,
    cited: Vec<&'p str>,
}

impl<'p> Sources<'p> {
    fn citation(&mut self, cited: &Cited<'p>) -> proto::Citation {
        let known = self.cited.iter().position(|source| *source == cited.source);
        let source = known.unwrap_or_else(|| {
            self.cited.push(cited.source);
            self.cited.len() - 1
        });
        proto::Citation {
            table: cited.table.to_owned(),
            line: i32::try_from(cited.line).unwrap_or(0),
            source: i32::try_from(source).unwrap_or(0),
        }
    }

    fn sources(&self) -> Vec<proto::Source> {
        let published = |id: &&str| self.policy.sources.iter().find(|source| source.id == **id);
        let cited = self.cited.iter().filter_map(published);
        cited
            .map(|source| proto::Source {
                title: source.title.clone(),
                url: source.url.clone().unwrap_or_default(),
                quality: source.quality.to_string(),
            })
            .collect()
    }

    fn step(&mut self, step: &Step<'p>) -> proto::TraceStep {
        let (citation, remote) = match &step.cited {
            Basis::Row(row) => (Some(self.citation(row)), None),
            Basis::Remote(rule) => (None, Some(remote_citation(rule))),
        };
        proto::TraceStep {
            kind: step.kind.to_owned(),
            value: if is_money(step.kind) { yuan(step.value) } else { ratio(step.value) },
            citation,
            remote,
        }
    }

    fn steps(&mut self, steps: &[Step<'p>]) -> Vec<proto::TraceStep> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn limit(&mut self, cap: &CapTrace<'p>) -> proto::LimitTrace {
        let raise = cap.raise.as_ref();
        proto::LimitTrace {
            raise: raise.map(|raise| yuan(raise.raise_fen)).unwrap_or_default(),
            raised_by: raise.map(|raise| proto::RemoteCitation {
                rule_id: raise.rule.to_owned(),
                title: raise.citation.to_owned(),
            }),
            zero_claim_years: raise.map(|raise| raise.zero_claim_years.clone()).unwrap_or_default(),
            limit: cap.limit_fen.map(yuan).unwrap_or_default(),
            open: cap.open_fen.map(yuan).unwrap_or_default(),
            kept_out: yuan(cap.kept_out_fen),
            citation: Some(self.citation(&cap.cited)),
        }
    }

    fn deductible(&mut self, deductible: &outcome::DeductibleTrace<'p>) -> proto::DeductibleTrace {
        proto::DeductibleTrace {
            stated: yuan(deductible.stated_fen),
            steps: self.steps(&deductible.steps),
            charged: yuan(deductible.charged_fen),
            citation: Some(self.citation(&deductible.cited)),
        }
    }

    fn layer(&mut self, layer: &outcome::LayerTrace<'p>) -> proto::LayerTrace {
        proto::LayerTrace {
            layer_id: layer.layer.to_owned(),
            title: layer.title.to_owned(),
            payer: layer.payer.code().to_owned(),
            fund_pay_type: layer.fund_pay_type.to_string(),
            policy_year: layer.policy_year.to_string(),
            applied: layer.applied,
            skipped: layer.skipped.unwrap_or_default().to_owned(),
            terms: layer.terms.iter().map(term).collect(),
            base: yuan(layer.base_fen),
            kept_out: self.steps(&layer.kept_out),
            cost_cap: layer.cost_cap.as_ref().map(|cap| self.limit(cap)),
            deductible: layer.deductible.as_ref().map(|deductible| self.deductible(deductible)),
            bands: layer.bands.iter().map(band).collect(),
            adjustments: self.steps(&layer.adjustments),
            decided_by: layer.decided_by.as_ref().map(|cited| self.citation(cited)),
            minimum: layer.minimum.as_ref().map(|step| self.step(step)),
            cap: layer.cap.as_ref().map(|cap| self.limit(cap)),
            paid_fen: layer.paid_fen.0,
            earlier_fen: layer.earlier_fen.0,
            beyond_bill_fen: layer.beyond_bill_fen.0,
            before_fen: layer.before_fen.0,
            left_fen: layer.left_fen.0,
            beside_bill: layer.beside_bill,
        }
    }
}

/// What the filing register said, with points as the papers write them.
pub fn remote_rule(rule: &RemoteRule) -> proto::RemoteRule {
    let value = match rule.treatment {
        Treatment::Same => String::new(),
        Treatment::Points(value) | Treatment::Factor(value) | Treatment::Prepay(value) => ratio(value),
    };
    proto::RemoteRule {
        treatment: rule.treatment.name().to_owned(),
        value,
        citation: Some(remote_citation(&RemoteCited::of(rule))),
    }
}

fn remote_citation(rule: &RemoteCited<'_>) -> proto::RemoteCitation {
    proto::RemoteCitation { rule_id: rule.rule.to_owned(), title: rule.citation.to_owned() }
}

fn term(term: &outcome::TermTrace) -> proto::BaseTerm {
    let Fen(amount_fen) = term.amount_fen;
    proto::BaseTerm { quantity: term.quantity.to_string(), amount_fen, times: ratio(term.times) }
}

fn band(band: &outcome::BandTrace) -> proto::BandTrace {
    proto::BandTrace {
        from: yuan(band.from_fen),
        to: yuan(band.to_fen),
        stated_ratio: ratio(band.stated),
        ratio: ratio(band.ratio),
        amount: yuan(band.amount_fen),
    }
}
