//! The contributions of a person, page by page, and what is in arrears.

use sea_orm::DbErr;
use yizhan_proto::enrollment::v1::{
    Arrears, Contribution, ListContributionsRequest, ListContributionsResponse,
};
use yizhan_runtime::clock::{day_text, timestamp};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::app::{Register, person_unknown};
use crate::coverage::domain::contributions;
use crate::coverage::store::contributions as stored;
use crate::coverage::store::entities::contribution::Model;
use crate::person::store::timelines;
use yizhan_terms::{Area, Insutype, is_psn_no};

/// One page. Who may not know of the person is told that there is none.
pub async fn list_contributions(
    register: &Register,
    caller: &Caller,
    request: ListContributionsRequest,
) -> Result<ListContributionsResponse, ServiceError> {
    let asked = register.pages.asked(caller, &request);
    let ListContributionsRequest { psn_no, insutype, .. } = request;
    if !is_psn_no(&psn_no) {
        return Err(person_unknown(&psn_no));
    }
    let mut violations = Violations::new();
    let known = insutype.is_empty() || Insutype::from_code(&insutype).is_some();
    violations.require(known, "insutype", Reason::CodeUnknown);
    violations.none()?;
    let person = timelines::find(&register.db, &psn_no).await?;
    let may_see = |poolarea_no: Area| match caller {
        Caller::Person { psn_no: own } => *own == psn_no,
        // No service needs them: settlement is told what entitles, not what was paid.
        Caller::Service { .. } => false,
        _ => caller.may_read_area(poolarea_no),
    };
    person.filter(|person| may_see(person.poolarea_no)).ok_or_else(|| person_unknown(&psn_no))?;

    let behind =
        |after: Option<[String; 1]>, limit| stored::page(&register.db, &psn_no, &insutype, after, limit);
    let key = |last: &Model| [last.contribution_id.clone()];
    let (found, next_page_token) = asked.page(behind, key).await?;
    let mut arrears = arrears_of(register, &psn_no).await?;
    arrears.retain(|owed| insutype.is_empty() || owed.insutype == insutype);
    Ok(ListContributionsResponse {
        arrears_fen: arrears.iter().map(|owed| owed.amount_fen).sum(),
        arrears,
        contributions: found.into_iter().map(contribution).collect(),
        next_page_token,
    })
}

/// What a person owes, in whatever area it was recorded.
pub async fn arrears_of(register: &Register, psn_no: &str) -> Result<Vec<Arrears>, DbErr> {
    let owed = contributions::arrears(&stored::of_person(&register.db, psn_no).await?).into_iter();
    Ok(owed
        .map(|(insutype, accrym, amount_fen)| Arrears { insutype: insutype.to_string(), accrym, amount_fen })
        .collect())
}

/// One as a message.
pub fn contribution(row: Model) -> Contribution {
    Contribution {
        psn_no: row.psn_no,
        insutype: row.insutype,
        accrym: row.accrym,
        amount_fen: row.amount_fen,
        clct_type: row.clct_type,
        clct_flag: row.clct_flag,
        paid_date: day_text(row.paid_date),
        clct_way: row.clct_way,
        psn_type: String::new(),
        contribution_id: row.contribution_id,
        recorded_at: Some(timestamp(row.recorded_at)),
        entry_year: 0,
        reverses: row.reverses,
    }
}
