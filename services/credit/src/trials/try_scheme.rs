//! A scheme of points on trial.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_documents::{Dated, Family, NoRule, RulesDocument};
use yizhan_proto::credit::v1::{
    Entry, NotInDraft, SubjectKind, SubjectMove, TrySchemeRequest, TrySchemeResponse,
};
use yizhan_rules::Publication;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};
use yizhan_terms::Area;

use super::messages::{moved, number, table};
use crate::app::Credit;
use crate::comparison::{Farthest, Migration};
use crate::ledger;
use crate::practitioners::{Status, retold};
use crate::schemes::points::{BAND, Points};
use crate::schemes::{SchemeFamilies, Schemes, not_in_force};

/// Practitioners that one trial judges at most.
const MAX_TRIED: u64 = 20_000;
/// Read at once.
const PAGE: u64 = 200;
/// Who is told of at most.
const MAX_MOVES: usize = 50;

/// The statuses, from the best.
const STATUSES: [Status; 4] = [Status::Normal, Status::Unregistered, Status::Suspended, Status::Terminated];
/// Bands of points: none, four as wide as those of items, and what lies beyond.
const BANDS: [u32; 6] = [0, 1, 2, 3, 4, 5];

/// Page by page, so that as much is held as one page and what is told.
pub async fn try_scheme(
    credit: &Credit,
    caller: &Caller,
    request: TrySchemeRequest,
) -> Result<TrySchemeResponse, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let day = fields.optional("day", &request.day, Fields::date);
    let day = day.map(|day| day.unwrap_or_else(|| credit.clock.today()));
    let draft = Publication::<RulesDocument<SchemeFamilies>>::read(&request.document, wrong)?;
    let (area, day) = area.zip(day).ok_or_else(unsaid)?;
    caller.check_manages(area.as_str())?;
    let draft = latest(draft.document(), area, day)?;
    let schemes = credit.schemes.current();
    let mut trial = Trial::new((Arc::new(draft.rule.clone()), area), &schemes, day);
    let judge = |code: &str, entries: &[Entry]| trial.judge(code, entries);
    let complete = each(&credit.db, (area, MAX_TRIED), judge).await?;
    Ok(TrySchemeResponse { scheme: draft.id.clone(), complete, ..trial.told() })
}

/// Every practitioner of whom somebody of an area entered something, by code, at most so many; says whether these were all.
async fn each(
    db: &DatabaseConnection,
    (area, most): (Area, u64),
    mut judge: impl FnMut(&str, &[Entry]) -> Result<(), ServiceError>,
) -> Result<bool, ServiceError> {
    let (mut left, mut after) = (most, None);
    loop {
        let of_area = (SubjectKind::Practitioner, area);
        // One more than are judged says whether there are more.
        let mut rows = ledger::with_entries(db, of_area, after, PAGE.min(left) + 1).await?;
        let is_last = rows.len() as u64 <= PAGE.min(left);
        rows.truncate(PAGE.min(left).try_into().unwrap_or(usize::MAX));
        let codes = rows.iter().map(|row| row.subject_code.clone());
        for (code, entries) in ledger::of_subjects(db, SubjectKind::Practitioner, codes).await? {
            judge(&code, &entries)?;
        }
        left -= rows.len() as u64;
        after = rows.into_iter().next_back().map(|row| [row.subject_code]);
        if is_last || left == 0 {
            return Ok(is_last);
        }
        // A page is work without a pause: others may have a turn.
        tokio::task::yield_now().await;
    }
}

fn unsaid() -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("area or day is wrong without being told"))
}

/// The latest version of the points of a document that speaks of an area.
fn latest(
    document: &RulesDocument<SchemeFamilies>,
    area: Area,
    day: NaiveDate,
) -> Result<&Dated<Points>, ServiceError> {
    let versions = Points::versions(&document.families).iter();
    let latest = versions.max_by_key(|dated| dated.period.from).filter(|_| document.area.covers(area));
    latest.ok_or_else(|| not_in_force(NoRule { family: <Points as Family<SchemeFamilies>>::KEY, area, day }))
}

struct Trial<'s> {
    draft: (Arc<Points>, Area),
    schemes: &'s Schemes,
    day: NaiveDate,
    subjects: u32,
    moved: u32,
    statuses: Migration<usize>,
    bands: Migration<u32>,
    moves: Farthest<(usize, u32), SubjectMove>,
    missing: BTreeMap<String, u32>,
}

impl<'s> Trial<'s> {
    fn new(draft: (Arc<Points>, Area), schemes: &'s Schemes, day: NaiveDate) -> Trial<'s> {
        let (statuses, bands) = (Migration::new(), Migration::new());
        let (moves, missing) = (Farthest::of(MAX_MOVES), BTreeMap::new());
        Trial { draft, schemes, day, subjects: 0, moved: 0, statuses, bands, moves, missing }
    }

    fn judge(&mut self, code: &str, entries: &[Entry]) -> Result<(), ServiceError> {
        let retold = retold(entries, self.schemes, (&self.draft.0, self.draft.1))?;
        let [before, after] = [&retold.before, &retold.after].map(|timeline| timeline.on(self.day, None));
        let places = [&before, &after].map(|standing| place(standing.status));
        self.subjects += 1;
        self.statuses.add(places[0], places[1]);
        self.bands.add(band(before.points), band(after.points));
        let distance = (places[0].abs_diff(places[1]), before.points.abs_diff(after.points));
        if distance != (0, 0) {
            self.moved += 1;
            let told = moved(code, self.day, &retold, (before.status, after.status));
            self.moves.add(distance, code, told);
        }
        for item in retold.missing {
            *self.missing.entry(item).or_default() += 1;
        }
        Ok(())
    }

    fn told(self) -> TrySchemeResponse {
        let missing = self.missing.into_iter();
        let places: Vec<usize> = (0..STATUSES.len()).collect();
        TrySchemeResponse {
            scheme: String::new(),
            day: self.day.to_string(),
            subjects: number(self.subjects),
            complete: false,
            moved: number(self.moved),
            statuses: Some(table(&self.statuses, &places, |place| STATUSES[place].name().to_owned())),
            bands: Some(table(&self.bands, &BANDS, band_name)),
            moves: self.moves.told().collect(),
            not_in_draft: missing.map(|(item, acts)| NotInDraft { item, acts: number(acts) }).collect(),
        }
    }
}

fn place(status: Status) -> usize {
    STATUSES.iter().position(|one| *one == status).unwrap_or_default()
}

fn band(points: u32) -> u32 {
    points.div_ceil(BAND).min(BANDS[5])
}

fn band_name(band: u32) -> String {
    match band {
        0 => "0".to_owned(),
        5 => format!("{}+", 4 * BAND + 1),
        band => format!("{}-{}", (band - 1) * BAND + 1, band * BAND),
    }
}

#[cfg(test)]
mod tests {
    use yizhan_proto::credit::v1::EntryKind;
    use yizhan_runtime::db::begin_write;
    use yizhan_testkit::both_databases;

    use super::*;
    use crate::{CreditConfig, open};

    both_databases! {
        /// As many as one trial judges, and whether there are more; of another area nobody.
        async fn a_trial_says_whether_it_judged_all(db: TestDatabase) {
            let credit = open(&CreditConfig::embedded(db.url())).await.unwrap();
            let tx = begin_write(&credit.db).await.unwrap();
            for number in 0..PAGE + 3 {
                let subject = ledger::subject(SubjectKind::Practitioner, &format!("D{number:04}"));
                let mut known = ledger::make_known(&tx, &subject, "999900").await.unwrap();
                let kind = EntryKind::ActFound.into();
                let entry = Entry { kind, poolarea_no: "999900".into(), ..Entry::default() };
                ledger::append(&tx, &credit, &mut known, vec![entry]).await.unwrap();
            }
            tx.commit().await.unwrap();
            let judged = async |area: &str, most: u64| {
                let mut codes = Vec::new();
                let judge = |code: &str, _: &[Entry]| {
                    codes.push(code.to_owned());
                    Ok(())
                };
                let complete = each(&credit.db, (Area::parse(area).unwrap(), most), judge).await.unwrap();
                assert!(codes.is_sorted() && codes.windows(2).all(|two| two[0] != two[1]));
                (codes.len() as u64, complete)
            };
            let all = PAGE + 3;
            assert_eq!(judged("999900", MAX_TRIED).await, (all, true));
            assert_eq!(judged("990000", all).await, (all, true));
            assert_eq!(judged("999900", all - 1).await, (all - 1, false));
            assert_eq!(judged("999900", PAGE).await, (PAGE, false));
            assert_eq!(judged("430200", MAX_TRIED).await, (0, true));
        }
    }
}
