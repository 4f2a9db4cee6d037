//! 医保支付资格 after the settlement: credit followed, and what becomes of settlements whose practitioners stood otherwise than was known.

mod decided;
pub mod follow_credit;
mod look;
pub mod unasked;

use std::collections::BTreeMap;

use yizhan_clients::Credit;
use yizhan_proto::credit::v1::{Qualification, QualificationQuestion};
use yizhan_runtime::ServiceError;

use crate::books::store::practitioner_days::Asked;

/// What credit says, by who, when, and where.
type Said = BTreeMap<Asked, Qualification>;

/// Keeps two who look at settlements apart.
const TURN: &str = "settlement.practitioners";

/// Questions that are under way at the same time: ten calls.
const AT_ONCE: usize = 2000;

/// Asks credit.
///
/// # Errors
/// Where it does not answer all of it.
async fn ask(credit: &dyn Credit, asked: Vec<Asked>) -> Result<Said, ServiceError> {
    let question = |[practitioner_code, day, fixmedins_code]: &Asked| QualificationQuestion {
        practitioner_code: practitioner_code.clone(),
        day: day.clone(),
        fixmedins_code: fixmedins_code.clone(),
    };
    let mut said = Said::new();
    for some in asked.chunks(AT_ONCE) {
        let answers = credit.qualifications(some.iter().map(question).collect()).await;
        said.extend(some.iter().cloned().zip(answers.map_err(ServiceError::internal)?));
    }
    Ok(said)
}
