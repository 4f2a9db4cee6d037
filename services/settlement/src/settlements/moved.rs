//! Somebody who moved within a policy year: what the books of the area that was left say of the year goes on in the new one as its rule
//! says, and is told either way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;
use yizhan_policy::case::Case;
use yizhan_policy::model::Unit;
use yizhan_policy::{Key, Policy};
use yizhan_proto::enrollment::v1::Eligibility;
use yizhan_proto::settlement::v1::SettlementMark;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Area;

use super::messages::trace::yuan;
use crate::books::store::load::Years;
use crate::rules::{Handling, Moves, Rules};

/// What the rule of the area that pays says of the books of others.
#[derive(Clone, Debug)]
pub struct Moved {
    areas: Vec<String>,
    counts: Vec<String>,
    otherwise: Handling,
    rule: String,
}

impl Moved {
    /// Of somebody whom other areas insured within the year; `None` for anybody else. Without a rule nothing counts, and it is told.
    pub fn of(rules: &Rules, eligibility: &Eligibility, day: NaiveDate) -> Option<Moved> {
        let areas = eligibility.other_poolarea_nos.clone();
        if areas.is_empty() {
            return None;
        }
        let area = Area::parse(&eligibility.poolarea_no)?;
        Some(match rules.find::<Moves>(area, day) {
            Ok(found) => Moved {
                areas,
                counts: found.rule.counts.clone(),
                otherwise: found.rule.otherwise,
                rule: found.id.clone(),
            },
            Err(_) => Moved { areas, counts: Vec::new(), otherwise: Handling::Mark, rule: String::new() },
        })
    }

    /// The other areas.
    pub fn areas(&self) -> Vec<String> {
        self.areas.clone()
    }

    /// Adds what counts to a case, from the books of the other areas: the mark that tells it, and what does not count.
    ///
    /// # Errors
    /// MOVED_IN_YEAR where something does not count and the rule refuses that.
    pub fn count(
        &self,
        case: &mut Case,
        policy: &Policy,
        elsewhere: &BTreeMap<String, Years>,
    ) -> Result<Option<SettlementMark>, ServiceError> {
        let (begin, end) = (case.visit.begin, case.visit.end);
        let of_visit = |year: &NaiveDate| {
            *year <= end && year.checked_add_months(Months::new(12)).is_none_or(|next| begin < next)
        };
        let (mut counted, mut left) = (Said::default(), Said::default());
        for (area, years) in elsewhere {
            for (year, (_, totals)) in years.iter().filter(|(year, _)| of_visit(year)) {
                for (name, total) in totals.iter().filter(|(_, total)| **total != 0) {
                    if self.counts.iter().any(|counts| counts == base(name)) {
                        let held =
                            case.accumulated.entry(*year).or_default().entry(name.clone()).or_insert(0);
                        *held = held.saturating_add(*total);
                        counted.add(area, policy, name, *total);
                    } else {
                        left.add(area, policy, name, *total);
                    }
                }
            }
        }
        if !left.is_empty() && self.otherwise == Handling::Refuse {
            let error =
                ServiceError::new(Reason::MovedInYear, "the books of another area say something of the year");
            return Err(error.with("poolarea_no", left.areas()).with("rule", &self.rule));
        }
        let told = [
            (!counted.is_empty()).then(|| counted.text("已计入本统筹区")),
            (!left.is_empty() && self.otherwise == Handling::Mark).then(|| left.text("按规定不计入本统筹区")),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        Ok((!told.is_empty()).then(|| SettlementMark {
            kind: "MOVED_IN_YEAR".to_owned(),
            text: told.join("；"),
            feedetl_sn: Vec::new(),
            rule: self.rule.clone(),
        }))
    }
}

/// An accumulator without its month and level.
fn base(name: &str) -> &str {
    Key::of(name).name
}

/// Totals of other areas, told.
#[derive(Default)]
struct Said {
    areas: BTreeSet<String>,
    totals: Vec<String>,
}

impl Said {
    fn add(&mut self, area: &str, policy: &Policy, name: &str, total: i64) {
        self.areas.insert(area.to_owned());
        let known = policy.accumulators.iter().find(|known| known.name == base(name));
        let label = known.map_or(name, |known| known.label.as_str());
        self.totals.push(match known.map(|known| known.unit) {
            Some(Unit::Count | Unit::Days) => format!("{label} {total}"),
            // Most are amounts; what this area's policy does not know is told as it stands.
            Some(Unit::Fen) => format!("{label} {}", yuan(Decimal::from(total))),
            None => format!("{label}={total}"),
        });
    }

    fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    fn areas(&self) -> String {
        self.areas.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }

    fn text(&self, what: &str) -> String {
        format!("本待遇年度在 {} 统筹区的累计（{}）{what}", self.areas(), self.totals.join("、"))
    }
}
