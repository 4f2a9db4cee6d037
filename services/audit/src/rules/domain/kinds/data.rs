//! `data`: what a bill says of itself must be right.

use rust_decimal::Decimal;
use yizhan_documents::value;

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::document::words;
use crate::rules::domain::found::{FoundLine, part_of, sum};
use crate::rules::domain::{Line, Visit};

/// A check of every line, or of the visit.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    check: Check,
    /// Days before and behind the stay on which lines may lie.
    days: i64,
}

words! {
    /// What is checked.
    Check {
        /// 数量 × 单价 is the amount, to the fen.
        Product = "product";
        /// 单价 above zero where there is an amount.
        Price = "price";
        /// 开单医师 on every line.
        Doctor = "doctor";
        /// 开单科室 on every line.
        Department = "department";
        /// Lines lie in the stay; what is taken home may lie behind it.
        DayInStay = "day_in_stay";
        /// Operations lie in the stay.
        OperationInStay = "operation_in_stay";
        /// The lines add up to the bill.
        Sum = "sum";
        /// Funds and the person pay the bill.
        Shares = "shares";
        /// A diagnosis.
        Diagnosis = "diagnosis";
    }
}

impl Check {
    fn words(self) -> &'static str {
        match self {
            Check::Product => "数量×单价与金额不符",
            Check::Price => "有金额而无单价",
            Check::Doctor => "缺开单医师",
            Check::Department => "缺开单科室",
            Check::DayInStay => "费用日期不在就诊期间",
            Check::OperationInStay => "手术日期不在住院期间",
            Check::Sum => "明细合计与医疗费总额不符",
            Check::Shares => "基金支付与个人负担之和与医疗费总额不符",
            Check::Diagnosis => "缺诊断",
        }
    }
}

impl KindOfRule for Data {
    const NAME: &'static str = "data";
    const KEYS: &'static [&'static str] = &["check", "days"];
    const ABOUT: &'static [&'static str] = &[];

    fn read(values: &Values) -> Option<Data> {
        let check = values.required("check", |at| at.code(Check::ALL, Check::word));
        let days = values.optional("days", |at| value::whole(at, 0, 60));
        Some(Data { check: check?, days: days?.unwrap_or_default() })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let Some(on) = hits.first() else { return };
        let against = case.visit.lines.iter().filter_map(|line| self.line(case, line));
        let lines: Vec<FoundLine> = against.collect();
        if !lines.is_empty() || self.is_visit_wrong(case.visit) {
            found.push(case.found(on, self.check.word(), lines, self.check.words().to_owned()));
        }
    }
}

impl Data {
    /// The line, where it is wrong.
    fn line(&self, case: &Case, line: &Line) -> Option<FoundLine> {
        let whole = |wrong: bool| wrong.then(|| case.against(line, Decimal::ONE));
        let mark = |wrong: bool| wrong.then(|| case.against_fen(line, 0));
        match self.check {
            Check::Product => {
                let due = part_of(100, line.quantity * line.price);
                (due != line.amount_fen)
                    .then(|| case.against_fen(line, line.amount_fen.saturating_sub(due).max(0)))
            }
            Check::Price => mark(line.price.is_zero() && line.amount_fen > 0),
            Check::Doctor => mark(line.doctor.is_empty()),
            Check::Department => mark(line.department.is_empty()),
            Check::DayInStay => whole(self.is_outside(case.visit, line)),
            Check::OperationInStay | Check::Sum | Check::Shares | Check::Diagnosis => None,
        }
    }

    fn is_outside(&self, visit: &Visit, line: &Line) -> bool {
        let before = (visit.begin - line.day).num_days() > self.days;
        let behind = (line.day - visit.end).num_days() > self.days;
        line.dated && (before || (behind && !line.take_home))
    }

    fn is_visit_wrong(&self, visit: &Visit) -> bool {
        let [total, funds, person] = visit.amounts;
        let stay = visit.begin..=visit.end;
        match self.check {
            Check::OperationInStay => visit.operations.iter().any(|operation| !stay.contains(&operation.day)),
            Check::Sum => total != 0 && total != sum(visit.lines.iter().map(|line| line.amount_fen)),
            Check::Shares => (funds != 0 || person != 0) && funds.saturating_add(person) != total,
            Check::Diagnosis => visit.diagnoses.is_empty(),
            _ => false,
        }
    }
}
