//! Visits as institutions report them, told in a line.

use std::sync::atomic::{AtomicU64, Ordering};

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use yizhan_proto::settlement::v1::{FeeLine, Visit};

use crate::places::THIRD_LEVEL;

/// A visit of this person, an employee, to the third-level hospital of the composite area: each call another one.
pub fn visit(psn_no: &str) -> VisitBuilder {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    VisitBuilder(Visit {
        psn_no: psn_no.to_owned(),
        insutype: "310".to_owned(),
        mdtrt_id: format!("M{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        ..Visit::default()
    })
}

/// Adds to a [`Visit`].
#[derive(Clone, Debug)]
pub struct VisitBuilder(Visit);

impl VisitBuilder {
    /// 普通住院
    pub fn inpatient(self, begndate: &str, enddate: &str) -> Self {
        self.on_days("21", begndate, enddate)
    }

    /// 普通门诊
    pub fn outpatient(self, day: &str) -> Self {
        self.on_days("11", day, day)
    }

    /// Any 医疗类别.
    pub fn on_days(mut self, med_type: &str, begndate: &str, enddate: &str) -> Self {
        self.0.med_type = med_type.to_owned();
        self.0.begndate = begndate.to_owned();
        self.0.enddate = enddate.to_owned();
        self
    }

    /// At another institution.
    pub fn at(mut self, fixmedins_code: &str) -> Self {
        self.0.fixmedins_code = fixmedins_code.to_owned();
        self
    }

    /// A line of the bill: item, quantity, unit price in yuan. The amount is calculated, half up to the fen.
    pub fn line(mut self, item: &str, cnt: &str, pric: &str) -> Self {
        let line = FeeLine {
            feedetl_sn: format!("{}F{}", self.0.mdtrt_id, self.0.feedetail.len() + 1),
            hilist_code: item.to_owned(),
            cnt: cnt.to_owned(),
            pric: pric.to_owned(),
            det_item_fee_sumamt_fen: fen_of(cnt, pric),
            ..FeeLine::default()
        };
        self.0.feedetail.push(line);
        self
    }

    /// The personal account pays the person's share.
    pub fn with_account(mut self) -> Self {
        self.0.acct_used_flag = true;
        self
    }

    /// So does this relative's.
    pub fn helped_by(mut self, relative: &str) -> Self {
        self.0.mulaid_psn_no = relative.to_owned();
        self.with_account()
    }

    /// Under this number, and lines that are numbered F1, F2 …
    pub fn numbered(mut self, mdtrt_id: &str) -> Self {
        self.0.mdtrt_id = mdtrt_id.to_owned();
        let lines = self.0.feedetail.iter_mut().zip(1..);
        lines.for_each(|(line, number)| line.feedetl_sn = format!("F{number}"));
        self
    }

    /// Under another scheme than 310.
    pub fn insutype(mut self, insutype: &str) -> Self {
        self.0.insutype = insutype.to_owned();
        self
    }

    /// 急诊抢救, by the institution's mark.
    pub fn emergency(mut self) -> Self {
        self.0.emergency = true;
        self
    }

    /// Anything else.
    pub fn but(mut self, change: impl FnOnce(&mut Visit)) -> Self {
        change(&mut self.0);
        self
    }
}

impl From<VisitBuilder> for Visit {
    fn from(builder: VisitBuilder) -> Visit {
        builder.0
    }
}

fn fen_of(cnt: &str, pric: &str) -> i64 {
    let number = |text: &str| text.parse::<Decimal>().expect("a number");
    let fen = number(cnt) * number(pric) * Decimal::ONE_HUNDRED;
    let fen = fen.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    fen.to_i64().expect("not too large")
}
