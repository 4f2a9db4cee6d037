//! What becomes of a finding. Pure: no database, no clock.

pub mod codes;
mod raised;

pub use raised::{Raised, jr_id};

use yizhan_workflow::named;

named! {
    /// Where a finding stands.
    State {
        Open = 1, "OPEN", "待处理";
        InCase = 2, "IN_CASE", "已立案";
        Dismissed = 3, "DISMISSED", "已排除";
        Withdrawn = 4, "WITHDRAWN", "已撤回";
        Settled = 5, "SETTLED", "已处理";
    }
}

named! {
    /// Who found it.
    Origin {
        Screening = 1, "SCREENING", "事后筛查";
        Check = 2, "CHECK", "事中审核";
        Mark = 3, "MARK", "结算标记";
        TraceCode = 4, "TRACE_CODE", "追溯码比对";
        Worklist = 5, "WORKLIST", "待核查清单";
        Statistic = 6, "STATISTIC", "机构统计";
    }
}
