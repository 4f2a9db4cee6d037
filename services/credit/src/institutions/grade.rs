//! The grades in force and what they change; a matter as it stands.

use chrono::{Datelike, NaiveDate};
use yizhan_proto::credit::v1::{
    GetGradeMatterRequest, GetGradeMatterResponse, GetGradeRequest, GetGradeResponse, GradeEffects,
    InstitutionGrade, NotEvaluated, SubjectKind,
};
use yizhan_rules::months::day_before;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, is_fixmedins_code};

use super::domain::matter::begins;
use super::domain::standing::{Final, Lacks, Standing};
use super::messages::{self, matter_unknown};
use super::store;
use crate::app::Credit;
use crate::ledger;
use crate::schemes::Schemes;
use crate::schemes::effects;

/// Institutions in one question at most.
pub const MAX_GRADES: usize = 200;

/// Of many in one read.
pub async fn get_grade(
    credit: &Credit,
    caller: &Caller,
    request: GetGradeRequest,
) -> Result<GetGradeResponse, ServiceError> {
    let mut wrong = Violations::new();
    let codes = &request.fixmedins_codes;
    let fits = (1..=MAX_GRADES).contains(&codes.len());
    wrong.require(fits, "fixmedins_codes", Reason::CountInvalid.saying("每次 1 至 200 家机构"));
    let mut fields = Fields::of(&mut wrong);
    for (at, code) in codes.iter().take(MAX_GRADES).enumerate() {
        fields.code(&format!("fixmedins_codes[{at}]"), code, is_fixmedins_code);
    }
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let day = fields.optional("day", &request.day, Fields::date);
    let (area, day) = wrong.finish(area.zip(day))?;
    let itself = codes.iter().all(|code| caller.institution_code() == Some(code.as_str()));
    if !itself {
        caller.check_reads(&request.poolarea_no)?;
    }
    let day = day.unwrap_or(credit.clock.today());
    let found = store::find(&credit.db, &request.poolarea_no, codes).await?;
    let (schemes, nothing) = (credit.schemes.current(), Standing::default());
    let on = On { schemes: &schemes, area, day };
    let told = codes.iter().map(|code| on.told(code, found.get(code).unwrap_or(&nothing)));
    Ok(GetGradeResponse { grades: told.collect() })
}

/// Where and when it is asked.
struct On<'s> {
    schemes: &'s Schemes,
    area: Area,
    day: NaiveDate,
}

impl On<'_> {
    fn told(&self, code: &str, standing: &Standing) -> InstitutionGrade {
        let fixmedins_code = code.to_owned();
        match self.in_force(standing) {
            Ok(one) => InstitutionGrade {
                fixmedins_code,
                grade: one.grade.clone(),
                score: one.score.clone(),
                year: one.year,
                since: one.since.to_string(),
                scheme: one.scheme.clone(),
                entry_id: one.entry_id.clone(),
                effects: self.effects(&one.grade),
                ..InstitutionGrade::default()
            },
            Err((reason, explanation)) => InstitutionGrade {
                fixmedins_code,
                not_evaluated: reason.into(),
                explanation,
                ..InstitutionGrade::default()
            },
        }
    }

    /// The grade, or why there is none. Whose agreement is too young only as long as nothing is final.
    fn in_force<'f>(&self, standing: &'f Standing) -> Result<&'f Final, (NotEvaluated, String)> {
        let scheme = messages::scheme(self.schemes, self.area, self.day.year()).ok();
        let min_months = scheme.map_or(0, |scheme| scheme.rule.min_months);
        let lacks = standing.lacks(min_months, day_before(self.day), self.day);
        match (standing.on(self.day), lacks) {
            (_, Some(lacks @ (Lacks::Agreement | Lacks::Ended))) => Err(messages::lacking(lacks, min_months)),
            (Some(one), _) => Ok(one),
            (None, Some(lacks)) => Err(messages::lacking(lacks, min_months)),
            (None, None) => Err((NotEvaluated::NoFinal, "尚无已定级的评价".to_owned())),
        }
    }

    /// The row of the scheme that holds on the day.
    fn effects(&self, grade: &str) -> Option<GradeEffects> {
        let dated = self.schemes.find::<effects::GradeEffects>(self.area, self.day).ok()?;
        let row = dated.rule.effects.iter().find(|row| row.grade == grade)?;
        Some(GradeEffects {
            row: row.row.clone(),
            scheme: dated.id.clone(),
            sampling_rate: row.sampling_rate.to_string(),
            checks_per_year: row.checks_per_year.try_into().unwrap_or(i32::MAX),
            prepayment_share: row.prepayment_share.to_string(),
            deposit_share: row.deposit_share.to_string(),
            renewal: row.renewal.number(),
        })
    }
}

/// One that the caller may see.
pub async fn get_grade_matter(
    credit: &Credit,
    caller: &Caller,
    request: GetGradeMatterRequest,
) -> Result<GetGradeMatterResponse, ServiceError> {
    let of_it = ledger::of_matter(&credit.db, &request.matter_id).await?;
    let first = of_it.first().filter(|first| begins(first)).ok_or_else(matter_unknown)?;
    let subject = first.subject.clone().unwrap_or_default();
    let reads = caller.may_read_area(Area::parse(&first.poolarea_no));
    if !reads && caller.institution_code() != Some(subject.code.as_str()) {
        return Err(matter_unknown());
    }
    let subject = ledger::subject(SubjectKind::Institution, &subject.code);
    let mut entries = ledger::of_subject(&credit.db, &subject).await?;
    entries.retain(|entry| entry.poolarea_no == first.poolarea_no);
    let on = (caller, credit.clock.today());
    let matter = messages::matter(&entries, &request.matter_id, &credit.schemes.current(), on)?;
    Ok(GetGradeMatterResponse { matter: Some(matter) })
}
