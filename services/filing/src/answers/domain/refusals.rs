//! Why a visit is not settled directly, and what to do, as people at a counter read it.

use yizhan_runtime::Reason;
use yizhan_terms::Filing as Class;

/// What somebody does whom the hospital has marked as referred.
pub const REFERRED: &str = "医院已标注转诊：凭转诊转院证明在结算前补办异地转诊备案，可按转诊待遇结算";

/// Why a visit is not settled directly, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Stable.
    pub reason: Reason,
    /// In Chinese.
    pub text: String,
    /// What to do now, in Chinese.
    pub way_out: String,
}

fn refused(reason: Reason, text: impl Into<String>, way_out: impl Into<String>) -> Refused {
    Refused { reason, text: text.into(), way_out: way_out.into() }
}

/// The area settles nobody directly who has not filed.
pub fn required() -> Refused {
    refused(Reason::FilingRequired, "未办理异地就医备案，参保地规定须先备案后直接结算", "")
}

/// A filing is open that would cover the visit.
pub fn not_decided() -> Refused {
    let way_out = "请联系参保地经办机构尽快办结，办结后即可直接结算；急需出院的可先自费，回参保地手工报销";
    refused(Reason::FilingNotDecided, "异地就医备案正在办理，尚未办结", way_out)
}

/// That filing was given back.
pub fn returned() -> Refused {
    let way_out = "请按退回原因补充材料后重新提交，办结后即可直接结算；急需出院的可先自费，回参保地手工报销";
    refused(Reason::FilingNotDecided, "异地就医备案已退回补正，尚未重新提交", way_out)
}

/// What was to come did not come.
pub fn lapsed_filing(way_out: String) -> Refused {
    refused(Reason::FilingLapsed, "原备案因材料逾期未补齐已失效", way_out)
}

/// The area's documents do not say.
pub fn not_published(why: &str) -> Refused {
    let text = format!("参保地没有公布此类异地就医的直接结算待遇：{why}");
    let way_out = "请向参保地经办机构查询；可先自费结算，持票据和费用清单回参保地手工报销";
    refused(Reason::TreatmentNotPublished, text, way_out)
}

/// The area does not say how it settles what the visit is, and settles it as what it is without that.
pub fn settled_as_less(silent: Class, settled_as: Class) -> String {
    let (silent, settled_as) = (silent.label(), settled_as.label());
    format!(
        "{silent}：参保地没有公布这类就医的待遇，本次按“{settled_as}”的待遇结算；如有疑问请向参保地经办机构查询"
    )
}

/// Filed long-term elsewhere, and the area settles nobody so at home.
pub fn not_returning() -> Refused {
    let text = "长期备案有效期内，参保地规定回参保地就医不直接结算";
    refused(Reason::ReturningNotDirect, text, "请先取消或变更长期备案，或自费后手工报销")
}

/// The same, and the papers are still to come.
pub fn papers_first() -> Refused {
    let text = "以承诺书办理的长期备案，材料补齐前回参保地就医不能直接结算";
    let way_out = "请先补齐备案材料（线上或任一经办窗口），补齐后即可直接结算";
    refused(Reason::MaterialsOutstanding, text, way_out)
}
