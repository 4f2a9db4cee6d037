//! A filing of an earlier system: whether its row can be taken over, and as what.

use chrono::NaiveDate;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, Violations};
use yizhan_terms::{FilingKind, Insutype, is_psn_no};

use super::filing::Filing;
use crate::rules::places;

/// Longest id in an earlier system.
const MAX_FOREIGN_ID: usize = 64;

/// A row as it was written.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields of FilingRow")]
pub struct Row<'r> {
    pub foreign_id: &'r str,
    pub psn_no: &'r str,
    pub insutype: &'r str,
    pub out_fil_type: &'r str,
    pub rloc_admdvs: &'r str,
    pub begndate: &'r str,
    pub enddate: &'r str,
}

/// A row that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOver {
    /// Its id in the earlier system.
    pub foreign_id: String,
    /// 人员编号.
    pub psn_no: String,
    /// 险种类型.
    pub insutype: String,
    /// 备案类型.
    pub kind: FilingKind,
    /// 就医地 as it would be filed here.
    pub place: String,
    /// First day.
    pub begndate: NaiveDate,
    /// Last day; `None`: until changed.
    pub enddate: Option<NaiveDate>,
}

impl TakenOver {
    /// What of this row a filing that was taken over before does not say, by the row's fields.
    pub fn differs_from(&self, held: &Filing) -> Vec<&'static str> {
        let same = [
            ("psn_no", self.psn_no == held.psn_no),
            ("insutype", self.insutype == held.insutype),
            ("out_fil_type", self.kind == held.kind),
            ("rloc_admdvs", self.place == held.place),
            ("begndate", self.begndate == held.begndate),
            ("enddate", self.enddate == held.enddate),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }
}

/// Reads a row, and notes everything that is wrong with it. Whether it overlaps others is not asked: it was decided elsewhere, by the rules of
/// its day, and the agency answers for it; of several that cover a visit the best one counts.
pub fn read(
    at: usize,
    row: Row,
    poolarea_no: &str,
    whole_provinces: &[String],
    wrong: &mut Violations,
) -> Option<TakenOver> {
    let field = |name: &str| format!("rows[{at}].{name}");
    let id = row.foreign_id;
    let fits = (1..=MAX_FOREIGN_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    let text = "原系统备案编号应为 1 至 64 位可见 ASCII 字符";
    wrong.require(fits, field("foreign_id"), Reason::ForeignIdInvalid.saying(text));
    wrong.require(is_psn_no(row.psn_no), field("psn_no"), Reason::PsnNoInvalid);
    let insutype = Insutype::settled(row.insutype);
    wrong.require(insutype.is_some(), field("insutype"), Reason::CodeUnknown);
    let kind = FilingKind::from_code(row.out_fil_type);
    wrong.require(kind.is_some(), field("out_fil_type"), Reason::CodeUnknown);
    let place = places::filed_place(row.rloc_admdvs, whole_provinces);
    match &place {
        None => {
            let text = "就医地应备案到地级市、直辖市，或规则列明的省";
            wrong.push(field("rloc_admdvs"), Reason::PlaceInvalid.saying(text));
        }
        Some(place) => {
            let at_home =
                places::is_at_home(poolarea_no, row.rloc_admdvs) || places::is_at_home(poolarea_no, place);
            wrong.require(!at_home, field("rloc_admdvs"), Reason::PlaceAtHome);
        }
    }
    let begndate = parse_date(row.begndate);
    wrong.require(begndate.is_some(), field("begndate"), Reason::DateInvalid);
    let enddate = enddate(row.enddate, begndate, kind, field("enddate"), wrong);
    Some(TakenOver {
        foreign_id: id.to_owned(),
        psn_no: row.psn_no.to_owned(),
        insutype: row.insutype.to_owned(),
        kind: kind?,
        place: place?,
        begndate: begndate?,
        enddate,
    })
}

/// Long-term filings have none, temporary ones need one.
fn enddate(
    text: &str,
    begndate: Option<NaiveDate>,
    kind: Option<FilingKind>,
    field: String,
    wrong: &mut Violations,
) -> Option<NaiveDate> {
    if text.is_empty() {
        let needed = kind.is_some_and(|kind| !kind.is_long_term());
        wrong.require(!needed, field, Reason::Required.saying("临时外出备案须有截止日期"));
        return None;
    }
    let Some(enddate) = parse_date(text) else {
        wrong.push(field, Reason::DateInvalid);
        return None;
    };
    wrong.require(begndate.is_none_or(|begin| begin <= enddate), &*field, Reason::DatesReversed);
    let long_term = kind.is_some_and(FilingKind::is_long_term);
    wrong.require(!long_term, field, Reason::EnddateNotForKind);
    Some(enddate)
}
