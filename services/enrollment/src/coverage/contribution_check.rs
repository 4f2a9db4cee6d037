//! A contribution as told: checked, and as a row.

use chrono::{DateTime, NaiveDate, Utc};
use yizhan_proto::enrollment::v1::Contribution;
use yizhan_runtime::Reason;
use yizhan_runtime::ids::new_id;
use yizhan_terms::{Area, Insutype};

use crate::coverage::domain::contributions::{self, Accrued, Kind};
use crate::coverage::store::entities::contribution;
use crate::person::domain::codes;
use crate::register::row_check::RowCheck;
use yizhan_runtime::once::Cause;

/// Most that one contribution can be: 100 million yuan.
pub const MAX_AMOUNT_FEN: i64 = 10_000_000_000;

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
}

/// Checks one.
pub fn checked(row: &Contribution, today: NaiveDate, mut check: RowCheck) -> Option<NewContribution> {
    let psn_no = check.psn_no("psn_no", &row.psn_no);
    let insutype = check.insutype("insutype", &row.insutype);
    let first_day = insutype.and_then(|insutype| {
        let first_day = contributions::first_day(insutype, &row.accrym);
        if first_day.is_none() {
            let text = "费款所属期：居民为年度 YYYY，其他险种为月份 YYYY-MM";
            check.wrong("accrym", Reason::AccrymInvalid.saying(text));
        }
        first_day
    });
    let amount_fen = amount(row.amount_fen, "amount_fen", &mut check);
    let clct_type = check.code("clct_type", &row.clct_type, codes::is_clct_type);
    let clct_flag = check.code("clct_flag", &row.clct_flag, |code| ["0", "1"].contains(&code));
    let is_due = row.clct_flag == "0";
    if row.clct_type == "991" && insutype != Some(Insutype::Resident) {
        check.wrong("clct_type", Reason::CodeUnknown.saying("991 居民退费仅用于居民医保"));
    }
    if is_due && ["20", "991"].contains(&row.clct_type.as_str()) {
        check.wrong("clct_flag", Reason::RefundNotDue);
    }
    let paid_date = match is_due {
        true => check.optional_date("paid_date", &row.paid_date),
        false => check.date("paid_date", &row.paid_date).map(Some),
    };
    if is_due && !row.paid_date.is_empty() {
        check.wrong("paid_date", Reason::PaidDateOfDue);
    }
    if paid_date.flatten().is_some_and(|paid| paid > today) {
        check.wrong("paid_date", Reason::InTheFuture);
    }
    let clct_way = way(&row.clct_way, &mut check);
    let psn_type = psn_type(row, &mut check);
    if !row.contribution_id.is_empty() || row.recorded_at.is_some() {
        check.wrong("contribution_id", Reason::ToldOnly);
    }
    Some(NewContribution {
        psn_no: psn_no?,
        insutype: insutype?,
        accrym: row.accrym.clone(),
        first_day: first_day?,
        amount_fen: amount_fen?,
        kind: Kind::of(&clct_flag?, &row.clct_type),
        clct_type: clct_type?,
        paid_date: paid_date?,
        clct_way: clct_way?,
        psn_type: psn_type?,
    })
}

/// An amount in fen.
pub fn amount(fen: i64, field: &str, check: &mut RowCheck) -> Option<i64> {
    let fits = (0..=MAX_AMOUNT_FEN).contains(&fen);
    if !fits {
        check.wrong(field, Reason::AmountOutOfRange);
    }
    fits.then_some(fen)
}

/// A 征收方式, or nothing.
pub fn way(code: &str, check: &mut RowCheck) -> Option<String> {
    check.code("clct_way", code, |code| code.is_empty() || codes::is_clct_way(code))
}

/// A resident's 人员类别; the outer `None` is wrong.
fn psn_type(row: &Contribution, check: &mut RowCheck) -> Option<Option<String>> {
    if row.psn_type.is_empty() {
        return Some(None);
    }
    let of_resident = |code: &str| {
        codes::is_psn_type(code) && ["14", "15", "16"].contains(&code.get(..2).unwrap_or_default())
    };
    let fits = row.insutype == Insutype::Resident.code() && of_resident(&row.psn_type);
    if !fits {
        check.wrong("psn_type", Reason::PsnTypeNotResident);
    }
    fits.then(|| Some(row.psn_type.clone()))
}

impl NewContribution {
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
        }
    }
}
