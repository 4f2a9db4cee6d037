//! A contribution as told: checked, and as a row.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use yizhan_proto::enrollment::v1::Contribution;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::Cause;
use yizhan_runtime::{Fields, Reason};
use yizhan_terms::{Area, Insutype};

use crate::coverage::domain::contributions::{self, Accrued, Kind};
use crate::coverage::store::entities::contribution;
use crate::person::domain::codes;

/// Most that one contribution can be: 100 million yuan.
const MAX_AMOUNT_FEN: i64 = 10_000_000_000;

/// A contribution that is right.
#[derive(Clone, Debug)]
pub struct NewContribution {
    /// 人员编号.
    pub psn_no: String,
    /// 险种类型.
    pub insutype: Insutype,
    /// 费款所属期.
    pub accrym: String,
    /// Its first day.
    pub first_day: NaiveDate,
    /// Amount.
    pub amount_fen: i64,
    /// 缴费类型.
    pub clct_type: String,
    /// What it means.
    pub kind: Kind,
    /// The day of payment or refund; none of a due.
    pub paid_date: Option<NaiveDate>,
    /// 征收方式.
    pub clct_way: String,
    /// 人员类别 to enrol a resident with.
    pub psn_type: Option<String>,
    /// Whether they enter school (入学) in the coverage year.
    pub enters: bool,
}

/// Checks one.
pub fn checked(row: &Contribution, today: NaiveDate, fields: &mut Fields) -> Option<NewContribution> {
    let psn_no = fields.psn_no("psn_no", &row.psn_no);
    let insutype = fields.coded("insutype", &row.insutype, Insutype::from_code);
    let said = Reason::AccrymInvalid.saying("费款所属期：居民为年度 YYYY，其他险种为月份 YYYY-MM");
    let first_day = insutype
        .and_then(|insutype| fields.some(contributions::first_day(insutype, &row.accrym), "accrym", said));
    let amount_fits = (0..=MAX_AMOUNT_FEN).contains(&row.amount_fen);
    fields.require(amount_fits, "amount_fen", Reason::AmountOutOfRange);
    let clct_type = fields.code("clct_type", &row.clct_type, codes::is_clct_type);
    let clct_flag = fields.code("clct_flag", &row.clct_flag, |code| ["0", "1"].contains(&code));
    let of_resident = row.clct_type != "991" || insutype == Some(Insutype::Resident);
    fields.require(of_resident, "clct_type", Reason::CodeUnknown.saying("991 居民退费仅用于居民医保"));
    let is_due = row.clct_flag == "0";
    let refund_due = is_due && ["20", "991"].contains(&row.clct_type.as_str());
    fields.require(!refund_due, "clct_flag", Reason::RefundNotDue);
    let paid_date = if is_due {
        fields.require(row.paid_date.is_empty(), "paid_date", Reason::PaidDateOfDue).then_some(None)
    } else {
        fields.past_date("paid_date", &row.paid_date, today).map(Some)
    };
    let known_way = |code: &str| code.is_empty() || codes::is_clct_way(code);
    let clct_way = fields.code("clct_way", &row.clct_way, known_way);
    let psn_type = fields.optional("psn_type", &row.psn_type, |fields, field, code| {
        let fits = insutype == Some(Insutype::Resident) && is_resident(code);
        fields.require(fits, field, Reason::PsnTypeNotResident).then(|| code.to_owned())
    });
    let entry_year = Some(row.entry_year).filter(|year| *year != 0);
    let of_student =
        entry_year.is_none() || row.insutype == Insutype::Resident.code() && !row.psn_type.is_empty();
    fields.require(of_student, "entry_year", Reason::EntryYearUnexpected);
    let untold = row.contribution_id.is_empty() && row.recorded_at.is_none() && row.reverses.is_empty();
    fields.require(untold, "contribution_id", Reason::ToldOnly);
    Some(NewContribution {
        psn_no: psn_no?,
        insutype: insutype?,
        accrym: row.accrym.clone(),
        first_day: first_day?,
        amount_fen: row.amount_fen,
        kind: Kind::of(&clct_flag?, &row.clct_type),
        clct_type: clct_type?,
        paid_date: paid_date?,
        clct_way: clct_way?,
        psn_type: psn_type?,
        enters: entry_year.is_some_and(|year| first_day.is_some_and(|first| first.year() == year)),
    })
}

/// Whether it is a 人员类别 of residents.
fn is_resident(psn_type: &str) -> bool {
    codes::is_psn_type(psn_type) && ["14", "15", "16"].iter().any(|kind| psn_type.starts_with(kind))
}

impl NewContribution {
    /// 人员类别 of who enters school in the coverage year that is paid for.
    pub fn entering(&self) -> Option<&str> {
        self.psn_type.as_deref().filter(|_| self.enters)
    }

    /// What arrears are reckoned by.
    pub fn accrued(&self) -> Accrued {
        Accrued {
            insutype: self.insutype,
            accrym: self.accrym.clone(),
            amount_fen: self.amount_fen,
            kind: self.kind,
            repairs: self.clct_type == contributions::PAID_BACK,
            paid_date: self.paid_date,
        }
    }

    /// As a row of the person's area.
    pub fn row(&self, poolarea_no: Area, cause: &Cause, recorded_at: DateTime<Utc>) -> contribution::Model {
        contribution::Model {
            poolarea_no: poolarea_no.to_string(),
            psn_no: self.psn_no.clone(),
            contribution_id: new_id(),
            insutype: self.insutype.to_string(),
            accrym: self.accrym.clone(),
            amount_fen: self.amount_fen,
            clct_type: self.clct_type.clone(),
            clct_flag: if self.kind == Kind::Due { "0" } else { "1" }.to_owned(),
            paid_date: self.paid_date,
            clct_way: self.clct_way.clone(),
            caller: cause.caller.clone(),
            request_id: cause.request_id.clone(),
            recorded_at,
            reverses: String::new(),
        }
    }
}
