//! Who gave the services of a settlement, on which day, and where.

use std::collections::BTreeMap;

use yizhan_proto::credit::v1::{Qualification, QualificationStatus};
use yizhan_proto::settlement::v1::{FeeLineResult, Settlement, SettlementInfo};

use super::parts::header;
use crate::books::domain::ledger::MANUAL;
use crate::books::store::practitioner_days::{Model, UNASKED, kept};

/// Kind of the mark of what credit did not say.
pub const PENDING: &str = "CREDIT_PENDING";

/// Whether credit did not say how those of a settlement stood.
pub fn is_pending(info: &SettlementInfo) -> bool {
    info.marks.iter().any(|mark| mark.kind == PENDING)
}

/// Who is asked about, on which day, and where.
pub type Key<'a> = (&'a str, &'a str, &'a str);

/// Whom a line is about: who ordered it, else the doctor of the visit; `None` where neither is told. What was prescribed elsewhere is about
/// who prescribed it there.
pub fn key<'a>(info: &'a SettlementInfo, row: &'a FeeLineResult) -> Option<Key<'a>> {
    let code = [&row.bilg_dr_codg, &info.dr_codg].into_iter().find(|code| !code.is_empty())?;
    let place = if row.rx_circ_flag { &row.rx_fixmedins_code } else { &info.fixmedins_code };
    Some((code, day_of(info, row), place))
}

/// The day of a line.
pub fn day_of<'a>(info: &'a SettlementInfo, row: &'a FeeLineResult) -> &'a str {
    if row.fee_ocur_date.is_empty() { &info.enddate } else { &row.fee_ocur_date }
}

/// Its own lines: those of earlier parts of a stay were asked about there.
pub fn own(answer: &Settlement) -> impl Iterator<Item = &FeeLineResult> {
    answer.feedetail.iter().filter(|row| !row.earlier_part)
}

/// Everybody of a settlement, with how they stood by its answer; nobody where credit was not asked.
pub fn days_of(answer: &Settlement) -> Vec<Model> {
    let info = header(answer);
    let pending = is_pending(info);
    let settled = info.reverses_setl_id.is_empty() && info.setl_type != MANUAL && !info.setl_id.is_empty();
    if !settled || answer.credit.is_none() && !pending {
        return Vec::new();
    }
    let lines = answer.credit.iter().flat_map(|credit| &credit.lines);
    let told: BTreeMap<&str, &Qualification> =
        lines.filter_map(|line| Some((line.feedetl_sn.as_str(), line.qualification.as_ref()?))).collect();
    let mut all: BTreeMap<Key<'_>, (i32, Vec<u8>)> = BTreeMap::new();
    for row in own(answer) {
        let Some(key) = key(info, row) else { continue };
        let said = told.get(row.feedetl_sn.as_str()).map(|told| kept(told));
        let known = all.entry(key).or_insert_with(|| {
            (if pending { UNASKED } else { QualificationStatus::Normal.into() }, Vec::new())
        });
        if let Some(said) = said {
            *known = said;
        }
    }
    let model = |((code, day, place), (status, qualification)): (Key<'_>, (i32, Vec<u8>))| Model {
        practitioner_code: code.to_owned(),
        day: day.to_owned(),
        fixmedins_code: place.to_owned(),
        setl_id: info.setl_id.clone(),
        admdvs: info.mdtrtarea_admvs.clone(),
        status,
        qualification,
    };
    all.into_iter().map(model).collect()
}
