//! Finds the relative whose account helps: who granted it, may pay today, and from which area.

use chrono::NaiveDate;
use yizhan_documents::Documents;
use yizhan_policy::model::Reach;
use yizhan_policy::{Policy, find as policy_of};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_terms::{Area, Insutype};

use super::domain::{Relative, is_complete, kinship_words, mark_of, reach_between, share_of, why_not_paying};
use crate::app::App;

/// Whose account is asked for, by whom.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// 人员编号 of the owner.
    pub owner: &'a str,
    /// The field that names the owner.
    pub field: &'a str,
    /// What enrollment says of who uses it on the day it is for.
    pub user: &'a Eligibility,
    /// The scheme it is used under.
    pub scheme: Insutype,
    /// The day it is for: of the visit, of the payment.
    pub day: NaiveDate,
}

/// The relative; `None` where the account may not pay, which is noted. What the share allows is asked for the day of the visit, the owner
/// for today: money leaves the account now, and the dead pay nothing after the day of death, on whatever day the visit was.
pub async fn find(
    app: &App,
    policies: &Documents<Policy>,
    asked: Asked<'_>,
    wrong: &mut Violations,
) -> Result<Option<Relative>, ServiceError> {
    let Asked { owner: psn_no, field, user, .. } = asked;
    let shared = user.account_sharers.iter().any(|sharer| sharer == psn_no);
    if !wrong.require(shared, field, Reason::AccountNotShared) {
        return Ok(None);
    }
    let question = GetEligibilityRequest {
        psn_no: psn_no.to_owned(),
        as_of: app.clock.today().to_string(),
        ..GetEligibilityRequest::default()
    };
    let owner = app.enrollment.eligibility(question).await?;
    if let Some(why) = why_not_paying(&owner) {
        let text = format!("该亲属的个人账户现不能支付：{}；请改用本人账户或现金", owner.reason_text);
        wrong.push(field, Reason::OwnerCannotPay.saying(text)).with("why", why);
        return Ok(None);
    }
    let share = share_of(user, psn_no);
    if owner.poolarea_no != user.poolarea_no {
        let complete = share.is_some_and(is_complete);
        let reaches = reaches(policies, asked, &owner.poolarea_no);
        let text = format!(
            "该亲属的个人账户由 {} 统筹区管理，两地未都开通跨统筹区共济；请改用本人账户或现金",
            owner.poolarea_no
        );
        let reaches = wrong.require(reaches, field, Reason::AccountInAnotherArea.saying(text));
        if !(reaches && wrong.require(complete, field, Reason::ShareIncomplete)) {
            return Ok(None);
        }
    }
    Ok(Some(Relative {
        psn_no: owner.psn_no,
        poolarea_no: owner.poolarea_no,
        psn_name_masked: owner.psn_name_masked,
        kinship: share.map_or("", |share| kinship_words(share.kinship())),
        mark: share.and_then(mark_of),
    }))
}

/// Whether both areas take part that far: that of employees where the account is kept, and that of the scheme it is used under.
fn reaches(policies: &Documents<Policy>, asked: Asked<'_>, owner_area: &str) -> bool {
    let Some((owner, user)) = Area::parse(owner_area).zip(Area::parse(&asked.user.poolarea_no)) else {
        return false;
    };
    let needed = reach_between(owner, user);
    let reach = |area, scheme| {
        let policy = policy_of(policies, area, scheme, asked.day);
        policy.map_or(Reach::Area, |policy| policy.account.reach_on(asked.day))
    };
    needed <= reach(owner, Insutype::Employee) && needed <= reach(user, asked.scheme)
}
