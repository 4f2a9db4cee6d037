//! What a settlement claims, read from its answer: so what was settled before there were claims has its own too.

use std::borrow::Cow;

use yizhan_proto::settlement::v1::{Settlement, SettlementInfo};
use yizhan_runtime::clock::parse_date;
use yizhan_terms::MedType;

use super::parts::header;
use crate::books::domain::claims::{Days, Kind, holding, tens};
use crate::books::store::claims::Claims;
use crate::books::store::entities::{claim, claimed_line};

/// What a settlement claims; of a reversal what it gives back.
pub fn claims_of(settlement: &Settlement) -> Claims {
    let info = header(settlement);
    // What is told of lines of earlier parts stands there; refunds stand where they were taken off.
    let lines = settlement.feedetail.iter().flat_map(|line| {
        let own = (!line.earlier_part).then_some(line.feedetl_sn.as_str());
        own.into_iter().chain(line.refd_feedetl_sn.iter().map(String::as_str))
    });
    claims(info, lines)
}

/// The visit as the part of the stay before this one held it, which this one takes over and its reversal gives back; `None` where there is
/// none.
pub fn held_before(settlement: &Settlement) -> Option<claim::Model> {
    let info = header(settlement);
    let before = info.earlier_parts.last()?;
    Some(claim::Model { enddate: before.enddate.clone(), ..visit(info, &before.setl_id) })
}

/// What a visit claims, with these numbers of lines.
pub fn claims<'n>(info: &SettlementInfo, lines: impl Iterator<Item = &'n str>) -> Claims {
    let held_by = if info.reverses_setl_id.is_empty() { &info.setl_id } else { &info.reverses_setl_id };
    let line = |(ten, digits): (&str, i64)| claimed_line::Model {
        owner: info.fixmedins_code.clone(),
        ten: ten.to_owned(),
        digits,
        held_by: holding(held_by, digits),
    };
    // An institution without a code numbers no lines: the visit stands for them.
    let lines = lines.filter(|_| !info.fixmedins_code.is_empty());
    Claims { rows: vec![visit(info, held_by)], lines: tens(lines).into_iter().map(line).collect() }
}

fn visit(info: &SettlementInfo, held_by: &str) -> claim::Model {
    claim::Model {
        kind: Kind::Visit.code().to_owned(),
        owner: owner_of(&info.fixmedins_code, (&info.poolarea_no, &info.psn_no)).into_owned(),
        number: info.mdtrt_id.clone(),
        held_by: held_by.to_owned(),
        poolarea_no: info.poolarea_no.clone(),
        psn_no: info.psn_no.clone(),
        med_type: info.med_type.clone(),
        begndate: info.begndate.clone(),
        enddate: info.enddate.clone(),
    }
}

/// Whose numbers those of a visit are: the institution's; of a bill that was paid by hand and names none, the person's.
pub fn owner_of<'k>(fixmedins_code: &'k str, (poolarea_no, psn_no): (&str, &str)) -> Cow<'k, str> {
    if fixmedins_code.is_empty() {
        Cow::Owned(format!("{poolarea_no}/{psn_no}"))
    } else {
        Cow::Borrowed(fixmedins_code)
    }
}

/// The institution of a claim, see [`owner_of`]; empty where there is none.
pub fn institution_of(claim: &claim::Model) -> &str {
    if claim.owner.contains('/') { "" } else { &claim.owner }
}

/// When a claimed visit was; `None` for what is no visit.
pub fn days_of(claim: &claim::Model) -> Option<Days> {
    days(&claim.med_type, &claim.begndate, &claim.enddate)
}

/// The same from its 医疗类别, first and last day.
pub fn days(med_type: &str, begndate: &str, enddate: &str) -> Option<Days> {
    let stay = MedType::from_code(med_type)?.is_stay();
    Some(Days { begin: parse_date(begndate)?, end: parse_date(enddate)?, stay })
}
