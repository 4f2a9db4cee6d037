//! Codes that stand already: on another line of the bill, or in another settlement.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::settlement::v1::{FeeLine, SettlementMark, Visit};
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::super::messages::marks::mark;
use crate::books::domain::trace_codes::{Held, Use};
use crate::reference::domain::Institution;
use crate::rules::{Handling, Rules, TraceCodes};
use crate::settlements::messages::visit::CheckedVisit;

/// The codes on the lines of a visit.
pub fn codes_of(visit: &Visit) -> BTreeSet<String> {
    let codes = visit.feedetail.iter().flat_map(|line| &line.drug_trac_info);
    codes.map(|code| code.drug_trac_codg.clone()).collect()
}

/// What the rule of the place says of a code that stands already.
#[derive(Clone, Debug)]
pub struct Repeated {
    handling: Handling,
    rule: String,
}

impl Repeated {
    /// Of a visit with codes; `None` where there are none. Without a rule nothing stands twice.
    pub fn of(rules: &Rules, visit: &CheckedVisit, institution: &Institution) -> Option<Repeated> {
        if !visit.reported.feedetail.iter().any(|line| !line.drug_trac_info.is_empty()) {
            return None;
        }
        let area = Area::parse(&institution.admdvs);
        let found = area.and_then(|area| rules.find::<TraceCodes>(area, visit.end).ok());
        let refused = || Repeated { handling: Handling::Refuse, rule: String::new() };
        Some(
            found.map_or_else(refused, |found| Repeated {
                handling: found.rule.repeated,
                rule: found.id.clone(),
            }),
        )
    }

    /// Compares the codes of a visit with what stands: the mark it is settled with.
    ///
    /// # Errors
    /// Every code that the rule refuses.
    pub fn compared(
        &self,
        visit: &Visit,
        held: &BTreeMap<String, Held>,
    ) -> Result<Option<SettlementMark>, ServiceError> {
        let mut wrong = Violations::new();
        let mut lines: Vec<&str> = Vec::new();
        let mut on_bill: BTreeMap<&str, Held> = BTreeMap::new();
        for (index, line) in visit.feedetail.iter().enumerate() {
            for (at, code) in line.drug_trac_info.iter().enumerate() {
                let codg = code.drug_trac_codg.as_str();
                let stands =
                    on_bill.entry(codg).or_insert_with(|| held.get(codg).cloned().unwrap_or_default());
                if let Some(other) = stands.against(code.trdn_flag) {
                    let field = format!("visit.feedetail[{index}].drug_trac_info[{at}].drug_trac_codg");
                    let told = wrong.push(field, Reason::TraceCodeRepeated);
                    if !other.setl_id.is_empty() && other.fixmedins_code == visit.fixmedins_code {
                        told.with("setl_id", &other.setl_id);
                    }
                    lines.push(&line.feedetl_sn);
                }
                stands.uses.push(on_this_bill(line, code.trdn_flag));
            }
        }
        match self.handling {
            Handling::Refuse => wrong.none().map(|()| None),
            Handling::Mark if !lines.is_empty() => {
                lines.dedup();
                let text = format!("{}条明细的追溯码已在其他明细或其他结算中使用", lines.len());
                Ok(Some(mark(("TRACE_CODE_REPEATED", text), lines, &self.rule)))
            }
            Handling::Mark | Handling::Accept => Ok(None),
        }
    }
}

/// A line before it, which stands in no settlement yet.
fn on_this_bill(line: &FeeLine, split: bool) -> Use {
    Use {
        setl_id: String::new(),
        feedetl_sn: line.feedetl_sn.clone(),
        fixmedins_code: String::new(),
        poolarea_no: String::new(),
        split,
        repeated: false,
        back_in: String::new(),
    }
}
