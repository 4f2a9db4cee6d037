//! Answers of patients, one a visit.

use std::collections::BTreeMap;

use chrono::Datelike;
use yizhan_proto::credit::v1::{RecordSurveyRequest, RecordSurveyResponse, SurveyAnswer};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, is_fixmedins_code};

use super::store::{self, Answer};
use super::{check_rows, open_year};
use crate::app::Credit;
use crate::ledger::is_code;

/// Records them. Nothing of who answered is kept, so they are no entries of the ledger; ids of visits keep them apart.
pub async fn record(
    credit: &Credit,
    caller: &Caller,
    mut request: RecordSurveyRequest,
) -> Result<RecordSurveyResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let mut fields = Fields::of(&mut wrong);
    fields.area("poolarea_no", &request.poolarea_no);
    check_rows(request.rows.len(), &mut fields);
    let rows = rows(credit, &request, &mut wrong);
    wrong.none()?;
    let ours = matches!(caller, Caller::Service { .. });
    if !ours && !caller.may_manage_area(Area::parse(&request.poolarea_no)) {
        return Err(ServiceError::area_not_owned(&request.poolarea_no));
    }
    once::once(credit, &key, |write| Box::pin(keep(write, rows.clone(), &request.poolarea_no))).await
}

fn rows(credit: &Credit, request: &RecordSurveyRequest, wrong: &mut Violations) -> Vec<Answer> {
    let mut rows = BTreeMap::new();
    for (number, row) in request.rows.iter().enumerate() {
        let SurveyAnswer { setl_id, fixmedins_code, visited_on, score } = row;
        let mut fields = Fields::row(number, wrong);
        fields.require(is_code(setl_id), "setl_id", Reason::Characters);
        fields.require(is_fixmedins_code(fixmedins_code), "fixmedins_code", Reason::CodeUnknown);
        fields.require((1..=5).contains(score), "score", Reason::CodeUnknown);
        let day = fields.past_date("visited_on", visited_on, credit.clock.today());
        let answer = Answer {
            poolarea_no: request.poolarea_no.clone(),
            setl_id: setl_id.clone(),
            fixmedins_code: fixmedins_code.clone(),
            visited_on: visited_on.clone(),
            survey_year: day.map_or(0, |day| day.year()),
            score: *score,
        };
        fields.require(rows.insert(setl_id.clone(), answer).is_none(), "setl_id", Reason::Duplicate);
    }
    rows.into_values().collect()
}

async fn keep(
    Write { tx, .. }: Write<'_, '_, Credit>,
    rows: Vec<Answer>,
    poolarea_no: &str,
) -> Result<Done<RecordSurveyResponse, ()>, ServiceError> {
    let mut years: Vec<i32> = rows.iter().map(|row| row.survey_year).collect();
    years.sort_unstable();
    years.dedup();
    for year in years {
        open_year(tx, poolarea_no, year).await?;
    }
    let there = store::answered(tx, poolarea_no, rows.iter().map(|row| row.setl_id.clone())).await?;
    let mut wrong = Violations::new();
    let otherwise = rows.iter().filter(|row| there.get(&row.setl_id).is_some_and(|before| before != *row));
    for row in otherwise {
        wrong.push("rows", Reason::SurveyAnsweredOtherwise).with("setl_id", &row.setl_id);
    }
    wrong.none()?;
    let new = store::add_answers(tx, rows).await?;
    let recorded = new.try_into().map_err(ServiceError::internal)?;
    Ok(Done { answer: RecordSurveyResponse { recorded, replayed: false }, changed: () })
}
