//! The codes of a settlement, and what stands of them after it.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::ServiceError;

use super::parts::header;
use crate::books::domain::trace_codes::{Held, Use};
use crate::books::store::entities::trace_code;

/// The codes on the lines of a settlement.
pub fn codes_of(settlement: &Settlement) -> BTreeSet<String> {
    let codes = settlement.feedetail.iter().flat_map(|line| &line.drug_trac_info);
    codes.map(|code| code.drug_trac_codg.clone()).collect()
}

/// The lines that a settlement puts codes on.
pub fn uses_of(settlement: &Settlement) -> impl Iterator<Item = (&str, Use)> {
    let info = header(settlement);
    settlement.feedetail.iter().filter(|line| !line.earlier_part).flat_map(move |line| {
        line.drug_trac_info.iter().map(move |code| {
            let stands = Use {
                setl_id: info.setl_id.clone(),
                feedetl_sn: line.feedetl_sn.clone(),
                fixmedins_code: info.fixmedins_code.clone(),
                poolarea_no: info.poolarea_no.clone(),
                split: code.trdn_flag,
                repeated: false,
                back_in: String::new(),
            };
            (code.drug_trac_codg.as_str(), stands)
        })
    })
}

/// The codes of a settlement as they stand with it, or without what a reversal takes back, one version on.
pub fn rows_after(
    settlement: &Settlement,
    held: &BTreeMap<String, Held>,
) -> Result<Vec<trace_code::Model>, ServiceError> {
    let reverses = &header(settlement).reverses_setl_id;
    let mut after: BTreeMap<&str, Held> = BTreeMap::new();
    for (code, stands) in uses_of(settlement) {
        let held = after.entry(code).or_insert_with(|| held.get(code).cloned().unwrap_or_default());
        if reverses.is_empty() {
            held.push(stands);
        } else {
            held.uses.retain(|other| other.setl_id != *reverses);
        }
    }
    // 退单 of lines of earlier parts of the stay.
    let info = header(settlement);
    let part = if reverses.is_empty() { &info.setl_id } else { reverses };
    for line in settlement.feedetail.iter().filter(|line| line.earlier_part) {
        let is_of =
            |held: &Use| held.fixmedins_code == info.fixmedins_code && held.feedetl_sn == line.feedetl_sn;
        for code in &line.drug_trac_info {
            let code = code.drug_trac_codg.as_str();
            let held = after.entry(code).or_insert_with(|| held.get(code).cloned().unwrap_or_default());
            held.go_back(is_of, part, !reverses.is_empty());
        }
    }
    let row = |(code, held): (&str, Held)| {
        Ok(trace_code::Model {
            drug_trac_codg: code.to_owned(),
            version: held.version + 1,
            uses: serde_json::to_string(&held.uses).map_err(ServiceError::internal)?,
        })
    };
    after.into_iter().map(row).collect()
}
