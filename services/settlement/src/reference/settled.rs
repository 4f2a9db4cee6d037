//! What was settled on days without a contract: a status recorded late makes nobody settle anything otherwise, and does not stay unknown.

use chrono::{NaiveDate, NaiveTime};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use yizhan_proto::settlement::v1::{
    ListSettledWithoutContractRequest, ListSettledWithoutContractResponse, SettledWithoutContract, Settlement,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::MedType;

use super::domain::{Contract, Standing};
use super::store::Reference;
use crate::books::messages::parts::header;
use crate::books::store::settlements::decode_answer;

/// Counted at most.
const MAX_COUNTED: i32 = 1000;
/// Looked at for counting, at most.
const MAX_LOOKED_AT: usize = 5000;
/// Read at a time for it.
const PAGE: u64 = 500;
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// Kinds of marks that say so.
const MARKS: [&str; 3] = ["EMERGENCY_WITHOUT_CONTRACT", "STAY_WITHOUT_CONTRACT", "DEPARTMENT_SUSPENDED"];

/// A settlement of an institution that stands, of so much as is looked at.
#[derive(Debug, FromQueryResult)]
struct Row {
    setl_id: String,
    setl_time_us: i64,
    answer: Vec<u8>,
}

/// Where one stands in the order they were settled.
type Place = (i64, String);

/// Settlements that stand, in the order they were settled, of visits that may reach into days without a contract: those settled since
/// the first of them, as nothing is settled before it ends; but for visits of one day that ended after the last.
async fn read(
    db: &impl ConnectionTrait,
    code: &str,
    (first, last): (NaiveDate, NaiveDate),
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    let stays = MedType::ALL.iter().filter(|med_type| med_type.is_stay());
    let stays: Vec<String> = stays.map(|med_type| format!("'{}'", med_type.code())).collect();
    let sql = format!(
        "SELECT s.setl_id, s.setl_time_us, s.answer FROM settlements s WHERE s.fixmedins_code = $1 AND s.setl_time_us >= $2 \
         AND (s.setl_time_us, s.setl_id) > ($3, $4) AND s.setl_type = '' AND s.reverses_setl_id = '' AND (s.enddate <= $5 OR s.med_type IN ({})) \
         AND NOT EXISTS (SELECT 1 FROM settlements r WHERE r.poolarea_no = s.poolarea_no AND r.psn_no = s.psn_no \
         AND r.reverses_setl_id = s.setl_id AND r.reverses_setl_id <> '') ORDER BY s.setl_time_us, s.setl_id LIMIT $6",
        stays.join(", ")
    );
    // The day began in China before it did in UTC.
    let since = first.and_time(NaiveTime::MIN).and_utc().timestamp_micros() - DAY_US;
    // Dates are compared as text: none of a visit is later than this.
    let last = last.min(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(last));
    let (time, setl_id) = after.unwrap_or((0, String::new()));
    let values =
        [code.into(), since.into(), time.into(), setl_id.into(), last.to_string().into(), limit.into()];
    let rows =
        db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Row::from_query_result(row, "")).collect()
}

/// How many there are, no more than [`MAX_COUNTED`].
pub async fn count(db: &impl ConnectionTrait, code: &str, contract: &Contract) -> Result<i32, ServiceError> {
    let Some(days) = contract.days_without() else { return Ok(0) };
    let (mut after, mut found, mut looked_at) = (None, 0, 0);
    loop {
        let rows = read(db, code, days, after.take(), PAGE).await?;
        looked_at += rows.len();
        for row in &rows {
            found += i32::from(look(contract, &decode_answer(&row.answer)?).is_some());
        }
        match rows.last() {
            Some(last) if rows.len() as u64 == PAGE && found < MAX_COUNTED && looked_at < MAX_LOOKED_AT => {
                after = Some((last.setl_time_us, last.setl_id.clone()));
            }
            _ => return Ok(found.min(MAX_COUNTED)),
        }
    }
}

/// Names them.
pub async fn list(
    reference: &Reference,
    caller: &Caller,
    request: ListSettledWithoutContractRequest,
) -> Result<ListSettledWithoutContractResponse, ServiceError> {
    let institution = reference.institution(&request.fixmedins_code).await?;
    let institution =
        institution.ok_or_else(|| ServiceError::new(Reason::InstitutionUnknown, "no such institution"))?;
    caller.check_manages(&institution.admdvs)?;
    let asked = reference.pages.asked(caller, &request);
    let (contract, days) = (&institution.contract, institution.contract.days_without());
    let behind = async |after: Option<[String; 2]>, limit: u64| {
        let after = after.map(|[time, setl_id]| (time.parse().unwrap_or(0), setl_id));
        match days {
            Some(days) => read(&reference.db, &institution.code, days, after, limit).await,
            None => Ok(Vec::new()),
        }
    };
    let key = |last: &Row| [last.setl_time_us.to_string(), last.setl_id.clone()];
    let see = |row: Row| Ok(look(contract, &decode_answer(&row.answer)?));
    let (settlements, next_page_token) = asked.visible(behind, key, see).await?;
    Ok(ListSettledWithoutContractResponse { settlements, next_page_token })
}

/// What of a settlement lies on days without a contract, if anything does.
fn look(contract: &Contract, settlement: &Settlement) -> Option<SettledWithoutContract> {
    let info = header(settlement);
    let (begin, end) = (parse_date(&info.begndate)?, parse_date(&info.enddate)?);
    let mut from = contract.first_without(begin, end).map(|(day, _)| day);
    let mut medfee_sumamt_fen = 0;
    for line in &settlement.feedetail {
        let day = parse_date(&line.fee_ocur_date).unwrap_or(end);
        if contract.standing(&line.bilg_dept_codg, day) != Standing::Signed {
            from = Some(from.map_or(day, |from| from.min(day)));
            medfee_sumamt_fen += line.det_item_fee_sumamt_fen;
        }
    }
    Some(SettledWithoutContract {
        setl_id: info.setl_id.clone(),
        poolarea_no: info.poolarea_no.clone(),
        mdtrt_id: info.mdtrt_id.clone(),
        begndate: info.begndate.clone(),
        enddate: info.enddate.clone(),
        fund_pay_sumamt_fen: info.fund_pay_sumamt_fen,
        medfee_sumamt_fen,
        from: from?.to_string(),
        marked: info.marks.iter().any(|mark| MARKS.contains(&mark.kind.as_str())),
    })
}
