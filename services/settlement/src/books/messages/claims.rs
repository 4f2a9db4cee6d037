//! What a settlement claims, read from its answer: so what was settled before there were claims has its own too.

use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::clock::parse_date;
use yizhan_terms::MedType;

use super::parts::header;
use crate::books::domain::claims::{Days, Kind};
use crate::books::store::claims::Key;
use crate::books::store::entities::claim;

/// What a settlement claims; of a reversal what it gives back.
pub fn claims_of(settlement: &Settlement) -> Vec<claim::Model> {
    let info = header(settlement);
    let held_by = if info.reverses_setl_id.is_empty() { &info.setl_id } else { &info.reverses_setl_id };
    let lines = settlement.feedetail.iter().map(|line| line.feedetl_sn.as_str());
    let mut claims: Vec<claim::Model> = keys(&info.fixmedins_code, &info.mdtrt_id, lines)
        .map(|[kind, owner, number]| claim::Model {
            kind,
            owner,
            number,
            held_by: held_by.clone(),
            poolarea_no: info.poolarea_no.clone(),
            psn_no: String::new(),
            med_type: String::new(),
            begndate: String::new(),
            enddate: String::new(),
        })
        .collect();
    for visit in claims.iter_mut().filter(|claim| claim.kind == Kind::Visit.code()) {
        visit.psn_no.clone_from(&info.psn_no);
        visit.med_type.clone_from(&info.med_type);
        visit.begndate.clone_from(&info.begndate);
        visit.enddate.clone_from(&info.enddate);
    }
    claims
}

/// The keys of what a visit claims, with these numbers of lines.
pub fn keys<'k>(
    fixmedins_code: &'k str,
    mdtrt_id: &'k str,
    lines: impl Iterator<Item = &'k str> + 'k,
) -> impl Iterator<Item = Key> + 'k {
    let key = move |kind: Kind, number: &str| [kind.code(), fixmedins_code, number].map(str::to_owned);
    std::iter::once(key(Kind::Visit, mdtrt_id)).chain(lines.map(move |number| key(Kind::Line, number)))
}

/// When a claimed visit was; `None` for what is no visit.
pub fn days_of(claim: &claim::Model) -> Option<Days> {
    Some(Days {
        begin: parse_date(&claim.begndate)?,
        end: parse_date(&claim.enddate)?,
        stay: MedType::from_code(&claim.med_type)?.is_stay(),
    })
}
