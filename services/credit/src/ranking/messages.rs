//! What is stored, as the domain and the contract say it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_documents::value::plain_number;
use yizhan_documents::{Document, Family};
use yizhan_proto::credit::v1::{RankedInstitution, RankingMove, RankingPoints, UnrankedInstitution};
use yizhan_runtime::ServiceError;
use yizhan_terms::Area;

use super::domain::{Measured, Move, Ranked, Unranked, dimensions};
use super::store::{Count, Figure};
use crate::schemes::ranking::Ranking;
use crate::schemes::{self, Schemes};

/// The definition of an area on a day, and its document as `name@version`.
pub fn scheme(schemes: &Schemes, area: Area, day: NaiveDate) -> Result<(Ranking, String), ServiceError> {
    let rule: Ranking = schemes::find(schemes, area, day)?;
    let found = schemes.find::<Ranking>(area, day).ok();
    let holds = |id: &str| {
        schemes.documents().iter().rev().find(|document| {
            Ranking::versions(&document.families).iter().any(|dated| dated.id == id && dated.rule == rule)
        })
    };
    let document = found.and_then(|dated| holds(&dated.id));
    let named = document.map(|document| format!("{}@{}", document.head().id, document.head().version));
    Ok((rule, named.unwrap_or_default()))
}

/// What is known of each institution that takes part: of which there is a value.
pub fn measured(figures: Vec<Figure>, counts: Vec<Count>) -> Vec<Measured> {
    let mut all: BTreeMap<String, Measured> = BTreeMap::new();
    for Figure { fixmedins_code, indicator, measured, .. } in figures {
        let one = all.entry(fixmedins_code.clone()).or_default();
        one.code = fixmedins_code;
        one.values.extend(plain_number(&measured).map(|value| (indicator, value)));
    }
    for Count { fixmedins_code, score, answers } in counts {
        let place = usize::try_from(score - 1).ok();
        let answer =
            all.get_mut(&fixmedins_code).zip(place).and_then(|(one, place)| one.answers.get_mut(place));
        if let Some(answer) = answer {
            *answer = answers.try_into().unwrap_or(u32::MAX);
        }
    }
    all.into_values().collect()
}

/// As it is told.
pub fn ranked(one: &Ranked) -> RankedInstitution {
    let points = dimensions().filter_map(|dimension| Some((dimension, one.points.get(dimension)?)));
    let points = points.map(|(dimension, points)| RankingPoints {
        dimension: dimension.to_owned(),
        points: format!("{:.2}", points.round_dp(2)),
    });
    RankedInstitution {
        fixmedins_code: one.code.clone(),
        rank: number(one.rank),
        best_rank: number(one.best_rank),
        worst_rank: number(one.worst_rank),
        score: format!("{:.2}", one.score),
        lower: format!("{:.2}", one.interval.0.round_dp(2)),
        upper: format!("{:.2}", one.interval.1.round_dp(2)),
        points: points.collect(),
        answers: one.sample.0.try_into().unwrap_or(i32::MAX),
        satisfied: one.sample.1.try_into().unwrap_or(i32::MAX),
    }
}

/// As it is told.
pub fn unranked(one: Unranked, scheme: &Ranking) -> UnrankedInstitution {
    let lacks = if one.missing.is_empty() {
        String::new()
    } else {
        format!("缺少指标：{}；", one.missing.join("、"))
    };
    let few = one.answers < scheme.min_answers;
    let few = if few {
        format!("有效评价 {} 份，少于 {} 份；", one.answers, scheme.min_answers)
    } else {
        String::new()
    };
    UnrankedInstitution {
        fixmedins_code: one.code,
        missing: one.missing,
        answers: one.answers.try_into().unwrap_or(i32::MAX),
        explanation: format!("{lacks}{few}不参加排名"),
    }
}

/// As it is told.
pub fn moved(one: Move) -> RankingMove {
    let [before, after] = one.places;
    let rank = |place: Option<(usize, _)>| place.map_or(0, |(rank, _)| number(rank));
    let score = |place: Option<(usize, rust_decimal::Decimal)>| {
        place.map(|(_, score)| format!("{score:.2}")).unwrap_or_default()
    };
    RankingMove {
        fixmedins_code: one.code,
        rank_before: rank(before),
        rank_after: rank(after),
        score_before: score(before),
        score_after: score(after),
    }
}

fn number(rank: usize) -> i32 {
    rank.try_into().unwrap_or(i32::MAX)
}
