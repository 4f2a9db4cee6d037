//! Why a case cannot be settled.

use chrono::NaiveDate;
use yizhan_money::{Fen, MAX_FEN};
use yizhan_reasons::Reason;
use yizhan_terms::{Care, Filing};

use crate::case::{Case, RemoteRule};

/// Why a case cannot be settled. Nothing is guessed: a value that is not published refuses
/// the case that needs it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The policy is not in force on a day that counts.
    #[error("policy {policy} is not in force on {day}")]
    NotInForce {
        /// Id of the policy.
        policy: String,
        /// The day.
        day: NaiveDate,
    },
    /// No row of a table matches the case.
    #[error("no row of {table} matches this case on {day}")]
    NoRule {
        /// The table's place in the document.
        table: String,
        /// The day.
        day: NaiveDate,
    },
    /// The row that matches says that the value is not published.
    #[error("{table}, line {line}: the value is not published: {reason}")]
    UnknownValue {
        /// The table's place in the document.
        table: String,
        /// Line of the row in the document.
        line: usize,
        /// What the document says about it.
        reason: String,
    },
    /// The filing register says what to apply to this visit away from home, and no layer that
    /// applies has a place for it.
    #[error(
        "policy {policy} has no place for `{treatment}` of rule {rule} in a layer that applies to this visit on {day}"
    )]
    RemoteNotPlaced {
        /// Id of the policy.
        policy: String,
        /// Kind of treatment: `points`, `factor` or `prepay`.
        treatment: &'static str,
        /// Id of the register's rule.
        rule: String,
        /// The day.
        day: NaiveDate,
    },
    /// The policy leaves care away from home to the filing register, and the case has no rule of it.
    #[error("policy {policy} leaves care away from home ({}) to the filing register; the case has no rule of it: its key `remote`", filing.code())]
    RemoteRuleMissing {
        /// Id of the policy.
        policy: String,
        /// How the visit is filed.
        filing: Filing,
    },
    /// No layer covers this kind of care, and the document does not say that nothing is paid for it.
    #[error("policy {policy} covers no `{}` care on {day}: no layer of it does, nor do `covers` and `not_published` name it", care.code())]
    CareNotCovered {
        /// Id of the policy.
        policy: String,
        /// The kind of care.
        care: Care,
        /// The day.
        day: NaiveDate,
    },
    /// The document says that its papers did not publish what this kind of care is paid.
    #[error("policy {policy}: what `{}` care is paid is not published: {reason}", care.code())]
    CareNotPublished {
        /// Id of the policy.
        policy: String,
        /// The kind of care.
        care: Care,
        /// What the document says about it.
        reason: String,
    },
    /// Two rows of equal rank match; the loader reports such tables, so this is a defect.
    #[error("two rows of {table} match this case with equal rank")]
    Ambiguous {
        /// The table's place in the document.
        table: String,
    },
    /// The case itself is malformed.
    #[error("{field}: {reason}")]
    BadCase {
        /// The field, as `lines[2].amount_fen`.
        field: String,
        /// What is wrong.
        reason: &'static str,
    },
}

impl Refusal {
    /// Why, in Chinese.
    pub fn chinese(&self) -> String {
        match self {
            Refusal::NotInForce { policy, day } => format!("政策 {policy} 在 {day} 未施行"),
            Refusal::NoRule { table, day } => format!("{table} 中没有一行适用于 {day} 的本病例"),
            Refusal::UnknownValue { table, line, reason } => {
                format!("{table} 第 {line} 行：未公布（{reason}）")
            }
            Refusal::RemoteNotPlaced { policy, treatment, rule, day } => {
                format!(
                    "备案规则 {rule} 的异地待遇（{treatment}）在政策 {policy} 适用于 {day} 的各层中没有执行之处"
                )
            }
            Refusal::RemoteRuleMissing { policy, filing } => {
                format!(
                    "政策 {policy} 的异地就医（{}）待遇由备案核定，病例没有核定结果（病例的 `remote`）",
                    filing.label()
                )
            }
            Refusal::CareNotCovered { policy, care, day } => {
                format!(
                    "政策 {policy} 没有写明{}在 {day} 的待遇：没有这样的层，`covers`、`not_published` 也没有写",
                    care.label()
                )
            }
            Refusal::CareNotPublished { policy, care, reason } => {
                format!("政策 {policy}：{}的待遇未公布（{reason}）", care.label())
            }
            Refusal::Ambiguous { table } => format!("{table} 中有两行同等优先，都适用于本病例"),
            Refusal::BadCase { field, reason } => format!("病例的 {field} 有误（{reason}）"),
        }
    }

    /// The reason that services give for it.
    pub fn reason(&self) -> Reason {
        match self {
            Refusal::NotInForce { .. } => Reason::PolicyNotInForce,
            Refusal::NoRule { .. } => Reason::PolicyNoRule,
            Refusal::UnknownValue { .. } => Reason::PolicyValueUnknown,
            Refusal::CareNotCovered { .. } => Reason::CareNotCovered,
            Refusal::CareNotPublished { .. } => Reason::CareNotPublished,
            Refusal::RemoteNotPlaced { .. } => Reason::RemoteNotPlaced,
            Refusal::RemoteRuleMissing { .. } => Reason::RemoteRuleMissing,
            Refusal::Ambiguous { .. } => Reason::PolicyAmbiguous,
            Refusal::BadCase { .. } => Reason::CaseMalformed,
        }
    }
}

/// What must hold of every case before anything is calculated. Services check their input
/// themselves and report every violation; this is the engine's own guard.
pub(super) fn check_case(case: &Case) -> Result<(), Refusal> {
    let bad = |field: String, reason| Err(Refusal::BadCase { field, reason });
    if case.visit.end < case.visit.begin {
        return bad("visit.end".into(), "lies before visit.begin");
    }
    if case.account.own_fen < Fen::ZERO || case.account.shared_fen < Fen::ZERO {
        return bad("account".into(), "a balance is negative");
    }
    if let Some(rule) = &case.visit.remote {
        check_remote(rule, case.visit.filing)?;
    }
    if let Some(previous) = &case.visit.previous
        && (previous.end > case.visit.begin || previous.deductible_fen < Fen::ZERO)
    {
        return bad("visit.previous".into(), "ends after the admission, or its deductible is negative");
    }
    check_covered(case)?;
    let mut total = 0i64;
    for (index, line) in case.lines.iter().enumerate() {
        if line.amount_fen < Fen::ZERO {
            return bad(format!("lines[{index}].amount_fen"), "is negative");
        }
        if line.quantity.is_sign_negative() || line.price_fen.is_sign_negative() {
            return bad(format!("lines[{index}]"), "quantity or price is negative");
        }
        if line.paid_elsewhere_fen < Fen::ZERO || line.paid_elsewhere_fen > line.amount_fen {
            return bad(format!("lines[{index}].paid_elsewhere_fen"), "is negative, or more than the line");
        }
        match total.checked_add(line.amount_fen.0).filter(|total| *total <= MAX_FEN) {
            Some(sum) => total = sum,
            None => return bad("lines".into(), "the total is above the limit of 16 digits"),
        }
    }
    check_paid_elsewhere(case, total)
}

/// Nobody paid more elsewhere than the bill.
fn check_paid_elsewhere(case: &Case, total: i64) -> Result<(), Refusal> {
    let mut open = total - case.lines.iter().map(|line| line.paid_elsewhere_fen.0).sum::<i64>();
    for (index, paid) in case.paid_elsewhere.iter().enumerate() {
        if paid.paid_fen < Fen::ZERO || paid.paid_fen.0 > open {
            let field = format!("paid_elsewhere[{index}].paid_fen");
            return Err(Refusal::BadCase {
                field,
                reason: "is negative, or more than what is left of the bill",
            });
        }
        open -= paid.paid_fen.0;
    }
    Ok(())
}

/// Days that are not covered, and the lines that have to say whether they lie in them.
fn check_covered(case: &Case) -> Result<(), Refusal> {
    let bad = |field: String, reason| Err(Refusal::BadCase { field, reason });
    let visit = &case.visit;
    let within = |day| visit.begin <= day && day <= visit.end;
    let mut before = None;
    for out in &visit.not_covered {
        if out.to < out.from || !within(out.from) || !within(out.to) || before >= Some(out.from) {
            return bad("visit.not_covered".into(), "are no days of the visit in order");
        }
        before = Some(out.to);
    }
    if visit.covered().is_none() {
        return bad("visit.not_covered".into(), "leaves no day of the visit covered");
    }
    let partly = !visit.not_covered.is_empty();
    for (index, line) in case.lines.iter().enumerate() {
        match line.day {
            Some(day) if !within(day) => return bad(format!("lines[{index}].day"), "lies outside the visit"),
            None if partly => {
                return bad(
                    format!("lines[{index}].day"),
                    "is missing, and a part of the visit is not covered",
                );
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_remote(rule: &RemoteRule, filing: Filing) -> Result<(), Refusal> {
    let bad = |field: &str, reason| Err(Refusal::BadCase { field: field.into(), reason });
    if filing == Filing::Local {
        return bad("visit.remote", "is given for care that is not away from home: visit.filing is local");
    }
    if !rule.treatment.is_in_range() {
        let reason = "is out of range: points are -100 to 0, a factor and a prepay 0 to 1";
        return bad("visit.remote.treatment", reason);
    }
    if rule.rule.is_empty() || rule.citation.is_empty() {
        return bad("visit.remote", "does not name its rule and its published document");
    }
    Ok(())
}
