//! 企业画像 for order loans: what agencies entered about companies, shown only by their consent, every look an entry.

mod api;
mod consent;
mod profile;
mod record;
mod store;

pub use api::CompanyApi;

use yizhan_proto::credit::v1::{Subject, SubjectKind};
use yizhan_runtime::{Reason, Violations};

use crate::ledger;

fn company(code: &str) -> Subject {
    ledger::subject(SubjectKind::Company, code)
}

/// 统一社会信用代码, in shape.
fn check_code(code: &str, wrong: &mut Violations) {
    let fits = code.len() == 18 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    wrong.require(fits, "company_code", Reason::CompanyCodeInvalid);
}
