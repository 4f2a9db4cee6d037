//! What a visit says for audit: operations, departments, doctors, doses. Nothing is paid by it; it is checked so that audit can read it.

use chrono::NaiveTime;
use yizhan_proto::audit::v1::Operation;
use yizhan_proto::settlement::v1::{FeeLine, Visit};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Reason, Violations};

use crate::fields::check_id;

/// Operations of one visit at most.
pub const MAX_OPERATIONS: usize = 50;
/// Characters of a name or description at most.
pub const MAX_DESCRIPTION: usize = 100;
/// Days that drugs last at most.
pub const MAX_PRD_DAYS: i32 = 999;
/// HH:MM:SS.
const TIME_LENGTH: usize = 8;

/// Names of diagnoses, departments, the doctor.
pub(super) fn check(visit: &Visit, fields: &mut Fields<'_>) {
    let names = visit.dise_name.len();
    let text = "诊断名称应与诊断代码一一对应";
    let fits = names == 0 || names == visit.dise_codg.len();
    fields.require(fits, "dise_name", Reason::CountInvalid.saying(text));
    visit.dise_name.iter().for_each(|name| check_text(fields, "dise_name", name));
    for (field, code) in [
        ("adm_dept_codg", &visit.adm_dept_codg),
        ("dscg_dept_codg", &visit.dscg_dept_codg),
        ("dr_codg", &visit.dr_codg),
    ] {
        check_code(fields, field, code);
    }
}

/// Operations, each at its place.
pub(super) fn check_operations(operations: &[Operation], wrong: &mut Violations) {
    if operations.len() > MAX_OPERATIONS {
        let text = format!("最多 {MAX_OPERATIONS} 项");
        wrong.push("visit.oprninfo", Reason::TooMany.saying(text)).with("limit", MAX_OPERATIONS);
        return;
    }
    for (index, operation) in operations.iter().enumerate() {
        let at = format!("visit.oprninfo[{index}].");
        let mut fields = Fields::within(&at, wrong);
        check_id(&mut fields, "oprn_oprt_code", &operation.oprn_oprt_code);
        check_text(&mut fields, "oprn_oprt_name", &operation.oprn_oprt_name);
        fields.date("oprn_oprt_date", &operation.oprn_oprt_date);
        for (field, code) in [
            ("anst_way", &operation.anst_way),
            ("oper_dr_code", &operation.oper_dr_code),
            ("anst_dr_code", &operation.anst_dr_code),
        ] {
            check_code(&mut fields, field, code);
        }
    }
}

/// When a line was charged, and how its drugs are taken.
pub(super) fn check_line(line: &FeeLine, fields: &mut Fields<'_>) {
    if !line.fee_ocur_time.is_empty() {
        let time = NaiveTime::parse_from_str(&line.fee_ocur_time, "%H:%M:%S");
        let fits = time.is_ok() && line.fee_ocur_time.len() == TIME_LENGTH;
        fields.require(fits, "fee_ocur_time", Reason::TimeInvalid.saying("时间应为 HH:MM:SS"));
        fields.require(!line.fee_ocur_date.is_empty(), "fee_ocur_date", Reason::LineDateRequired);
    }
    if !(0..=MAX_PRD_DAYS).contains(&line.prd_days) {
        let text = format!("周期天数应为 0 至 {MAX_PRD_DAYS}");
        fields.wrong("prd_days", Reason::CountInvalid.saying(text)).with("limit", MAX_PRD_DAYS);
    }
    check_text(fields, "sin_dos_dscr", &line.sin_dos_dscr);
    check_text(fields, "used_frqu_dscr", &line.used_frqu_dscr);
}

fn check_code(fields: &mut Fields<'_>, field: &str, code: &str) {
    if !code.is_empty() {
        check_id(fields, field, code);
    }
}

fn check_text(fields: &mut Fields<'_>, field: &str, text: &str) {
    if text.len() > MAX_DESCRIPTION && text.chars().count() > MAX_DESCRIPTION {
        let too_long = Reason::TooLong.saying(format!("最多 {MAX_DESCRIPTION} 个字符"));
        fields.wrong(field, too_long).with("limit", MAX_DESCRIPTION);
    }
}
