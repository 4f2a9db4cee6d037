//! Drugs of two channels at pharmacies, and drugs that should bring a trace code.

use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_documents::Dated;
use yizhan_proto::settlement::v1::{FeeLine, SettlementMark};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, Violations};
use yizhan_terms::{Area, InstitutionType, MedType};

use super::super::messages::marks::mark;
use crate::reference::domain::{Institution, Item};
use crate::rules::{DUAL_CHANNEL, DualChannel, Handling, NO_TRACE_CODE, Rules, TraceCodes};
use crate::settlements::messages::visit::{CheckedVisit, is_prescribed};

/// The marks of a bill's drugs; `wrong` gets what the rules refuse.
pub fn check(
    rules: &Rules,
    visit: &CheckedVisit,
    (institution, items): (&Institution, &[Arc<Item>]),
    wrong: &mut Violations,
) -> Vec<SettlementMark> {
    let Some(area) = Area::parse(&institution.admdvs) else { return Vec::new() };
    let mut drugs = Drugs { visit, items, wrong };
    let mut marks = Vec::new();
    if institution.kind == InstitutionType::Pharmacy && visit.med_type != MedType::Pharmacy {
        let rule = |day| rules.find::<DualChannel>(area, day).ok();
        marks.extend(drugs.of_two_channels(institution, rule));
    }
    marks.extend(drugs.without_code(|day| rules.find::<TraceCodes>(area, day).ok()));
    marks
}

struct Drugs<'d> {
    visit: &'d CheckedVisit,
    items: &'d [Arc<Item>],
    wrong: &'d mut Violations,
}

impl<'d> Drugs<'d> {
    /// Lines with their item and day; those of one day stand together, for whom the rule is asked once.
    fn lines(&self) -> impl Iterator<Item = (usize, &'d FeeLine, &'d Item, NaiveDate)> + use<'d> {
        let visit = self.visit;
        let lines = visit.reported.feedetail.iter().zip(self.items).enumerate();
        lines.map(move |(index, (line, item))| {
            (index, line, item.as_ref(), parse_date(&line.fee_ocur_date).unwrap_or(visit.end))
        })
    }

    fn of_two_channels<'r>(
        &mut self,
        institution: &Institution,
        rule: impl Fn(NaiveDate) -> Option<&'r Dated<DualChannel>>,
    ) -> Option<SettlementMark> {
        let (mut marked, mut by) = (Vec::new(), None);
        for (index, line, item, day) in self.lines() {
            if !item.labels.iter().any(|label| label == DUAL_CHANNEL) {
                continue;
            }
            let prescribed = is_prescribed(line);
            if institution.dual_channel && prescribed {
                continue;
            }
            let rule = rule(day);
            let handling = rule.map_or(Handling::Refuse, |rule| {
                if institution.dual_channel { rule.rule.without_prescription } else { rule.rule.elsewhere }
            });
            match handling {
                Handling::Refuse => {
                    let (field, reason) = if institution.dual_channel {
                        ("rxno", Reason::PrescriptionRequired)
                    } else {
                        ("hilist_code", Reason::DualChannelOnly)
                    };
                    self.wrong.push(format!("visit.feedetail[{index}].{field}"), reason);
                }
                Handling::Mark => {
                    marked.push(line.feedetl_sn.as_str());
                    by = by.or(rule);
                }
                Handling::Accept => {}
            }
        }
        by.map(|rule| mark(("DUAL_CHANNEL", "双通道药品未按双通道规定购药".to_owned()), marked, &rule.id))
    }

    fn without_code<'r>(
        &mut self,
        rule: impl Fn(NaiveDate) -> Option<&'r Dated<TraceCodes>>,
    ) -> Option<SettlementMark> {
        let (mut marked, mut by) = (Vec::new(), None);
        let mut known: Option<(NaiveDate, Option<&Dated<TraceCodes>>)> = None;
        for (index, line, item, day) in self.lines() {
            if known.is_none_or(|(of, _)| of != day) {
                known = Some((day, rule(day)));
            }
            let Some(rule) = known.and_then(|(_, rule)| rule) else { continue };
            let needs = line.drug_trac_info.is_empty() && rule.rule.needed.contains(&item.list_type);
            if !needs || item.labels.iter().any(|label| label == NO_TRACE_CODE) {
                continue;
            }
            match rule.rule.missing {
                Handling::Refuse => {
                    let field = format!("visit.feedetail[{index}].drug_trac_info");
                    self.wrong.push(field, Reason::TraceCodeMissing);
                }
                Handling::Mark => {
                    marked.push(line.feedetl_sn.as_str());
                    by = by.or(Some(rule));
                }
                Handling::Accept => {}
            }
        }
        let text = || format!("{}条药品明细没有追溯码", marked.len());
        by.map(|rule| mark(("TRACE_CODE_MISSING", text()), marked.iter().copied(), &rule.id))
    }
}
