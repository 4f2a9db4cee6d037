//! A scorecard of institutions on trial.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::RulesDocument;
use yizhan_proto::credit::v1::{
    Entry, MoveCause, SubjectKind, SubjectMove, TryScorecardRequest, TryScorecardResponse,
};
use yizhan_rules::Publication;
use yizhan_rules::months::last_of_year;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use super::messages::{MAX_CAUSES, number, table, unsaid};
use super::try_scheme::MAX_MOVES;
use super::walk::{latest, walk};
use crate::app::Credit;
use crate::comparison::{Farthest, Migration};
use crate::figures;
use crate::institutions::{Judged, judge};
use crate::ledger::subject;
use crate::officer::check_year;
use crate::schemes::SchemeFamilies;
use crate::schemes::scorecard::Scorecard;

/// The class of who is not assessed.
const UNASSESSED: &str = "-";

/// Scores of a year by the scheme in force and by the draft.
pub async fn try_scorecard(
    credit: &Credit,
    caller: &Caller,
    request: TryScorecardRequest,
) -> Result<TryScorecardResponse, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    check_year(request.year, &mut fields);
    let draft = Publication::<RulesDocument<SchemeFamilies>>::read(&request.document, wrong)?;
    let area = area.ok_or_else(unsaid)?;
    caller.check_manages(area.as_str())?;
    let last = last_of_year(request.year);
    let draft = latest::<Scorecard>(draft.document(), area, last)?;
    let schemes = credit.schemes.current();
    let current = schemes.find::<Scorecard>(area, last).ok();
    let mut trial = Trial {
        before: current.map(|dated| &dated.rule),
        after: &draft.rule,
        year: request.year,
        today: credit.clock.today(),
        figures: figures::of_year(&credit.db, area.as_str(), request.year).await?,
        moved: 0,
        places: BTreeMap::new(),
        moves: Farthest::of(MAX_MOVES),
    };
    let complete = walk(&credit.db, (SubjectKind::Institution, area), |code, entries| {
        let own: Vec<Entry> =
            entries.iter().filter(|entry| entry.poolarea_no == area.as_str()).cloned().collect();
        trial.judge(code, &own);
        Ok(())
    })
    .await?;
    let scheme_before = current.map(|dated| dated.id.clone()).unwrap_or_default();
    Ok(TryScorecardResponse { scheme: draft.id.clone(), scheme_before, complete, ..trial.told() })
}

struct Trial<'s> {
    before: Option<&'s Scorecard>,
    after: &'s Scorecard,
    year: i32,
    today: NaiveDate,
    figures: BTreeMap<String, BTreeMap<String, Decimal>>,
    moved: u32,
    /// By grade before and after.
    places: BTreeMap<(String, String), u32>,
    moves: Farthest<(usize, Decimal), SubjectMove>,
}

impl Trial<'_> {
    fn judge(&mut self, code: &str, entries: &[Entry]) {
        let by = |scheme| judge(entries, (scheme, self.year), self.figures.get(code), self.today);
        let (before, after) = (self.before.and_then(by), by(self.after));
        if before.is_none() && after.is_none() {
            return;
        }
        let places = (name(before.as_ref()), name(after.as_ref()));
        let score = |judged: Option<&Judged>| judged.map(|judged| judged.score).unwrap_or_default();
        let farther = (score(after.as_ref()) - score(before.as_ref())).abs();
        let distance = (usize::from(places.0 != places.1), farther);
        *self.places.entry(places).or_default() += 1;
        if distance != (0, Decimal::ZERO) {
            self.moved += 1;
            self.moves.add(distance, code, moved(code, before.as_ref(), after.as_ref()));
        }
    }

    /// Every grade of either scheme from the best, those of the draft first, and who has none.
    fn classes(&self) -> Vec<String> {
        let grades =
            |scheme: &Scorecard| scheme.grades.iter().map(|grade| grade.grade.clone()).collect::<Vec<_>>();
        let all =
            [grades(self.after), self.before.map(grades).unwrap_or_default(), vec![UNASSESSED.to_owned()]];
        let mut seen = BTreeSet::new();
        all.concat().into_iter().filter(|grade| seen.insert(grade.clone())).collect()
    }

    fn told(self) -> TryScorecardResponse {
        let classes = self.classes();
        let place = |grade: &String| classes.iter().position(|class| class == grade).unwrap_or_default();
        let mut grades = Migration::new();
        for ((before, after), count) in &self.places {
            grades.add_so_many(place(before), place(after), *count);
        }
        let all: Vec<usize> = (0..classes.len()).collect();
        TryScorecardResponse {
            subjects: number(self.places.values().sum()),
            moved: number(self.moved),
            grades: Some(table(&grades, &all, |place| classes.get(place).cloned().unwrap_or_default())),
            moves: self.moves.told().collect(),
            ..TryScorecardResponse::default()
        }
    }
}

fn name(judged: Option<&Judged>) -> String {
    judged.map_or_else(|| UNASSESSED.to_owned(), |judged| judged.grade.clone())
}

fn moved(code: &str, before: Option<&Judged>, after: Option<&Judged>) -> SubjectMove {
    let value =
        |judged: Option<&Judged>| judged.map(|judged| format!("{:.2}", judged.score)).unwrap_or_default();
    let [was, is] = [before, after].map(value);
    let (class_before, class_after) = (name(before), name(after));
    let part = |judged: Option<&Judged>, indicator: &String| {
        judged.and_then(|judged| judged.parts.get(indicator).copied()).unwrap_or_default()
    };
    let all: BTreeSet<&String> =
        [before, after].into_iter().flatten().flat_map(|one| one.parts.keys()).collect();
    let parts = all.into_iter().map(|indicator| (indicator, part(before, indicator), part(after, indicator)));
    let mut parts: Vec<_> = parts.filter(|(_, before, after)| before != after).collect();
    parts.sort_by_key(|(_, before, after)| Reverse((after - before).abs()));
    let cause = |(indicator, before, after): &(&String, Decimal, Decimal)| MoveCause {
        entry_id: String::new(),
        item: (*indicator).clone(),
        value_before: before.normalize().to_string(),
        value_after: after.normalize().to_string(),
    };
    SubjectMove {
        subject: Some(subject(SubjectKind::Institution, code)),
        explanation: format!(
            "{class_before} → {class_after}，{was} 分 → {is} 分：{} 项指标得分不同",
            parts.len()
        ),
        causes: parts.iter().take(MAX_CAUSES).map(cause).collect(),
        class_before,
        class_after,
        value_before: was,
        value_after: is,
    }
}
