//! A scheme of points on trial.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_documents::RulesDocument;
use yizhan_proto::credit::v1::{
    Entry, NotInDraft, SubjectKind, SubjectMove, TrySchemeRequest, TrySchemeResponse,
};
use yizhan_rules::Publication;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};
use yizhan_terms::Area;

use super::messages::{moved, number, table, unsaid};
use super::walk::{latest, walk};
use crate::app::Credit;
use crate::comparison::{Farthest, Migration};
use crate::practitioners::{Status, retold};
use crate::schemes::points::{BAND, Points};
use crate::schemes::{SchemeFamilies, Schemes};

/// Who is told of at most.
pub const MAX_MOVES: usize = 50;

/// The statuses, from the best.
const STATUSES: [Status; 4] = [Status::Normal, Status::Unregistered, Status::Suspended, Status::Terminated];
/// Bands of points: none, four as wide as those of items, and what lies beyond.
const BANDS: [u32; 6] = [0, 1, 2, 3, 4, 5];

/// Points of practitioners by the scheme in force and by the draft.
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
    let draft = latest::<Points>(draft.document(), area, day)?;
    let schemes = credit.schemes.current();
    let mut trial = Trial::new((Arc::new(draft.rule.clone()), area), &schemes, day);
    let of_area = (SubjectKind::Practitioner, area);
    let complete = walk(&credit.db, of_area, |code, entries| trial.judge(code, entries)).await?;
    Ok(TrySchemeResponse { scheme: draft.id.clone(), complete, ..trial.told() })
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
