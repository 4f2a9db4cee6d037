//! 医保满意度排名: the one definition of an area's ranking of hospitals.

use rust_decimal::Decimal;
use yizhan_documents::{At, Kind, Map, Reader, value};

yizhan_workflow::named! {
    /// What an objective indicator tells of.
    Dimension {
        Service = 1, "service", "医保服务";
        FundEfficiency = 2, "fund_efficiency", "基金效率";
        FundSafety = 3, "fund_safety", "基金安全";
        Reform = 4, "reform", "改革成效";
    }
}

/// The definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// Points of the survey; with those of the indicators 100.
    pub survey_weight: Decimal,
    /// Satisfied is who answers so or better, 2 to 5.
    pub satisfied_from: i32,
    /// Without so many answers nobody is ranked.
    pub min_answers: u32,
    /// In the order of the document.
    pub indicators: Vec<Indicator>,
}

/// An objective indicator: no points at the worst value or beyond, all at the best or beyond, evenly between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// Names it.
    pub code: String,
    /// What it tells of.
    pub dimension: Dimension,
    /// The most points.
    pub weight: Decimal,
    /// The value that gets none.
    pub worst: Decimal,
    /// The value that gets all; below the worst where less is better.
    pub best: Decimal,
}

const INDICATOR: [&str; 6] = ["code", "name", "dimension", "weight", "worst", "best"];

impl Ranking {
    /// The keys of a version.
    pub const KEYS: [&'static str; 4] = ["survey_weight", "satisfied_from", "min_answers", "indicators"];

    /// Reads a version; `None` after something wrong was reported.
    pub fn read(_: &Reader, map: &Map) -> Option<Ranking> {
        let survey_weight = map.required("survey_weight", number);
        let satisfied_from = map.required("satisfied_from", |at| value::whole(at, 2, 5));
        let min_answers = map.required("min_answers", |at| value::whole(at, 1, 1_000_000));
        let indicators = map.optional("indicators", |at| at.list_of(indicator));
        let ranking = Ranking {
            survey_weight: survey_weight?,
            satisfied_from: satisfied_from?.try_into().ok()?,
            min_answers: min_answers?.try_into().ok()?,
            indicators: indicators?.unwrap_or_default(),
        };
        let at = map.key("survey_weight")?;
        let mut codes: Vec<&str> = ranking.indicators.iter().map(|one| one.code.as_str()).collect();
        codes.sort_unstable();
        if let Some(twice) = codes.windows(2).find(|two| two[0] == two[1]) {
            return at.problem(Kind::InvalidValue, format!("`{}` stands twice", twice[0]));
        }
        let mut weights = ranking.indicators.iter().map(|one| one.weight).chain([ranking.survey_weight]);
        let sum: Decimal = weights.clone().sum();
        if sum != Decimal::ONE_HUNDRED || weights.any(|weight| weight.is_sign_negative()) {
            let told = format!("survey_weight and the weights come to {sum}; none below zero, together 100");
            return at.problem(Kind::InvalidValue, told);
        }
        Some(ranking)
    }
}

fn indicator(at: At) -> Option<Indicator> {
    let map = at.map(&INDICATOR)?;
    let code = map.required("code", |at| value::name(&at).map(str::to_owned));
    map.required("name", |at| at.text().map(drop))?;
    let dimension = map.required("dimension", |at| at.code(Dimension::ALL, Dimension::name));
    let weight = map.required("weight", number);
    let (worst, best) = (map.required("worst", number), map.required("best", number));
    let indicator =
        Indicator { code: code?, dimension: dimension?, weight: weight?, worst: worst?, best: best? };
    if indicator.worst == indicator.best {
        return at.problem(Kind::InvalidValue, "worst and best are the same");
    }
    Some(indicator)
}

fn number(at: At) -> Option<Decimal> {
    let text = at.scalar("a number")?;
    value::plain_number(text).or_else(|| at.problem(Kind::InvalidValue, format!("`{text}` is not a number")))
}
