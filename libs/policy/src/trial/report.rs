//! Who gains and who loses by a draft.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use yizhan_money::Fen;
use yizhan_terms::{Payer, Tier};

use super::{Options, Stored};
use crate::model::Policy;
use crate::outcome::Outcome;

/// Groups told of one kind; cases of further ones are told together.
const MAX_GROUPS: usize = 200;
/// What further groups are told under.
const FURTHER: &str = "…";
/// What cases without any identity are told under.
const NO_IDENTITY: &str = "–";
/// Cases shown of each reason why cases were not compared.
const MAX_NAMED: usize = 3;

/// Who gains and who loses. What a person bears is 个人负担 less what is paid beside the bill; amounts are fen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Id of the draft.
    pub draft: String,
    /// Its version.
    pub version: String,
    /// The draft settled each case as if so many years later.
    pub years_later: u32,
    /// Cases looked at.
    pub cases: u64,
    /// Persons with a case that was compared.
    pub persons: u64,
    /// Of them, whose cases together cost them less.
    pub persons_gain: u64,
    /// Of them, whose cases together cost them more.
    pub persons_lose: u64,
    /// All cases that were compared.
    pub all: Tally,
    /// Cases of other areas or schemes than the draft's; not compared.
    pub of_others: u64,
    /// Cases that not both could settle, by side and reason.
    pub not_compared: Vec<NotCompared>,
    /// Cases whose recorded totals are not what their person's cases here add up to under what stands: other settlements count there, or
    /// another policy. They were settled on what the cases here add up to.
    pub totals_not_used: u64,
    /// What each payer pays; those that pay nothing are left out.
    pub payers: Vec<PayerSums>,
    /// By identity; a case of several identities counts under each.
    pub identities: Vec<Group>,
    /// By level of the institution.
    pub levels: Vec<Group>,
    /// By kind of care.
    pub cares: Vec<Group>,
    /// By status.
    pub statuses: Vec<Group>,
    /// The cases that gain most, the largest first.
    pub gain_most: Vec<Changed>,
    /// The cases that lose most, the largest first.
    pub lose_most: Vec<Changed>,
}

/// How many gain and lose, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Cases compared.
    pub cases: u64,
    /// Cases in which the person bears less.
    pub gain: u64,
    /// How much less, together.
    pub gain_fen: Fen,
    /// Cases in which the person bears more.
    pub lose: u64,
    /// How much more, together.
    pub lose_fen: Fen,
    /// What the persons bear as it stands.
    pub standing_fen: Fen,
    /// What they bear under the draft.
    pub draft_fen: Fen,
}

/// A group of cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Its code or name.
    pub name: String,
    /// What it comes to.
    #[serde(flatten)]
    pub tally: Tally,
}

/// What a payer pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayerSums {
    /// Who.
    pub payer: Payer,
    /// As it stands; lump sums included.
    pub standing_fen: Fen,
    /// Under the draft.
    pub draft_fen: Fen,
}

/// Which side cannot settle a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The draft refuses what stands settled: a loss that no amount tells.
    Draft,
    /// What stands refuses it.
    Standing,
    /// Neither settles it; the reason is the draft's.
    Both,
}

/// Cases that not both could settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotCompared {
    /// Which side cannot.
    pub side: Side,
    /// Code of the reason.
    pub reason: &'static str,
    /// How many.
    pub cases: u64,
    /// The first of them.
    pub first: Vec<String>,
}

/// A case that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// [`Stored::person`]
    pub person: String,
    /// [`Stored::id`]
    pub id: String,
    /// Day of discharge or visit.
    pub day: NaiveDate,
    /// Level of the institution.
    pub level: Tier,
    /// Identities of the person.
    pub identities: BTreeSet<String>,
    /// 医疗费总额
    pub total_fen: Fen,
    /// What the person bears as it stands.
    pub standing_fen: Fen,
    /// What the person bears under the draft.
    pub draft_fen: Fen,
    /// The payers whose payment changes.
    pub payers: Vec<PayerSums>,
}

impl Changed {
    fn by(&self) -> Fen {
        self.draft_fen - self.standing_fen
    }
}

impl Tally {
    fn add(&mut self, standing: Fen, draft: Fen) {
        let by = draft - standing;
        self.cases += 1;
        self.standing_fen += standing;
        self.draft_fen += draft;
        if by < Fen::ZERO {
            self.gain += 1;
            self.gain_fen += -by;
        } else if by > Fen::ZERO {
            self.lose += 1;
            self.lose_fen += by;
        }
    }
}

/// Sums under way.
pub(super) struct Builder {
    report: Report,
    most: usize,
    not_compared: BTreeMap<(Side, &'static str), (u64, Vec<String>)>,
    payers: BTreeMap<&'static str, PayerSums>,
    identities: BTreeMap<String, Tally>,
    levels: BTreeMap<String, Tally>,
    cares: BTreeMap<String, Tally>,
    statuses: BTreeMap<String, Tally>,
}

impl Builder {
    pub fn new(draft: &Policy, options: Options) -> Builder {
        let report = Report {
            draft: draft.id.clone(),
            version: draft.version.clone(),
            years_later: options.years_later,
            cases: 0,
            persons: 0,
            persons_gain: 0,
            persons_lose: 0,
            all: Tally::default(),
            of_others: 0,
            not_compared: Vec::new(),
            totals_not_used: 0,
            payers: Vec::new(),
            identities: Vec::new(),
            levels: Vec::new(),
            cares: Vec::new(),
            statuses: Vec::new(),
            gain_most: Vec::new(),
            lose_most: Vec::new(),
        };
        Builder {
            report,
            most: options.most,
            not_compared: BTreeMap::new(),
            payers: BTreeMap::new(),
            identities: BTreeMap::new(),
            levels: BTreeMap::new(),
            cares: BTreeMap::new(),
            statuses: BTreeMap::new(),
        }
    }

    pub fn of_others(&mut self) {
        self.report.cases += 1;
        self.report.of_others += 1;
    }

    pub fn totals_not_used(&mut self) {
        self.report.totals_not_used += 1;
    }

    pub fn not_compared(&mut self, stored: &Stored, side: Side, reason: &'static str) {
        self.report.cases += 1;
        let (cases, named) = self.not_compared.entry((side, reason)).or_default();
        *cases += 1;
        if named.len() < MAX_NAMED {
            named.push(stored.id.clone());
        }
    }

    /// Notes a case; by how much more the person bears under the draft.
    pub fn compared(&mut self, stored: &Stored, old: &Outcome<'_>, new: &Outcome<'_>) -> i64 {
        let (standing, draft) = (borne(old), borne(new));
        self.report.cases += 1;
        self.report.all.add(standing, draft);
        let person = &stored.case.person;
        if person.identities.is_empty() {
            add(&mut self.identities, NO_IDENTITY, standing, draft);
        }
        person.identities.iter().for_each(|identity| add(&mut self.identities, identity, standing, draft));
        add(&mut self.levels, stored.case.visit.level.code(), standing, draft);
        add(&mut self.cares, stored.case.visit.care.code(), standing, draft);
        add(&mut self.statuses, person.status.code(), standing, draft);
        let payers = payers(old, new);
        for (code, sums) in &payers {
            let none = || PayerSums { payer: sums.payer, standing_fen: Fen::ZERO, draft_fen: Fen::ZERO };
            let all = self.payers.entry(code).or_insert_with(none);
            all.standing_fen += sums.standing_fen;
            all.draft_fen += sums.draft_fen;
        }
        if standing != draft {
            self.changed(stored, (standing, draft), old.parts.total_fen, payers);
        }
        (draft - standing).0
    }

    /// Keeps the case where it is one of those that changed most.
    fn changed(
        &mut self,
        stored: &Stored,
        (standing_fen, draft_fen): (Fen, Fen),
        total_fen: Fen,
        payers: BTreeMap<&'static str, PayerSums>,
    ) {
        let by = draft_fen - standing_fen;
        let (list, size) =
            if by < Fen::ZERO { (&mut self.report.gain_most, -by) } else { (&mut self.report.lose_most, by) };
        let size_of = |changed: &Changed| if by < Fen::ZERO { -changed.by() } else { changed.by() };
        // Of equal changes the first stays first.
        let at = list.partition_point(|changed| size_of(changed) >= size);
        if at >= self.most {
            return;
        }
        let changed = Changed {
            person: stored.person.clone(),
            id: stored.id.clone(),
            day: stored.case.visit.end,
            level: stored.case.visit.level,
            identities: stored.case.person.identities.clone(),
            total_fen,
            standing_fen,
            draft_fen,
            payers: payers.into_values().filter(|sums| sums.standing_fen != sums.draft_fen).collect(),
        };
        list.insert(at, changed);
        list.truncate(self.most);
    }

    /// Notes a person, by what each compared case changes.
    pub fn person(&mut self, changes: &[i64]) {
        if changes.is_empty() {
            return;
        }
        let by = changes.iter().fold(0_i64, |sum, by| sum.saturating_add(*by));
        self.report.persons += 1;
        self.report.persons_gain += u64::from(by < 0);
        self.report.persons_lose += u64::from(by > 0);
    }

    pub fn finish(self) -> Report {
        let groups = |tallies: BTreeMap<String, Tally>| {
            tallies.into_iter().map(|(name, tally)| Group { name, tally }).collect()
        };
        let told = |((side, reason), (cases, first))| NotCompared { side, reason, cases, first };
        Report {
            not_compared: self.not_compared.into_iter().map(told).collect(),
            payers: self.payers.into_values().collect(),
            identities: groups(self.identities),
            levels: groups(self.levels),
            cares: groups(self.cares),
            statuses: groups(self.statuses),
            ..self.report
        }
    }
}

fn add(tallies: &mut BTreeMap<String, Tally>, name: &str, standing: Fen, draft: Fen) {
    if let Some(tally) = tallies.get_mut(name) {
        return tally.add(standing, draft);
    }
    let name = if tallies.len() < MAX_GROUPS { name } else { FURTHER };
    tallies.entry(name.to_owned()).or_default().add(standing, draft);
}

/// What the person bears: from account and in cash, less what is paid beside the bill.
fn borne(outcome: &Outcome<'_>) -> Fen {
    outcome.person_fen - outcome.beside_bill_fen
}

/// What each payer pays that pays anything.
fn payers(old: &Outcome<'_>, new: &Outcome<'_>) -> BTreeMap<&'static str, PayerSums> {
    let mut payers = BTreeMap::new();
    let paid =
        old.layers.iter().map(|layer| (layer, true)).chain(new.layers.iter().map(|layer| (layer, false)));
    for (layer, stands) in paid.filter(|(layer, _)| layer.paid_fen != Fen::ZERO) {
        let none = || PayerSums { payer: layer.payer, standing_fen: Fen::ZERO, draft_fen: Fen::ZERO };
        let sums = payers.entry(layer.payer.code()).or_insert_with(none);
        if stands {
            sums.standing_fen += layer.paid_fen;
        } else {
            sums.draft_fen += layer.paid_fen;
        }
    }
    payers
}
