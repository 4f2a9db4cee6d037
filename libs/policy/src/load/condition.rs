//! `when`: conditions on the case.

use yizhan_terms::{Care, DiseaseKind, Filing, Status, Tier};

use yizhan_documents::value::{digits, whole};
use yizhan_documents::{self as documents, At, Kind, Range, Region, condition_words as words};

use super::names::Names;
use crate::model::{Condition, Previous, PreviousLevel, Unit};

/// What surrounds tables of a policy.
pub(super) type Scope<'n, 'a> = documents::Scope<'n, 'a, Condition>;

/// What rows may ask of a line and its case; what only a line has stands last.
pub(super) const OF_LINE: &[&str] = &[
    "care",
    "level",
    "status",
    "age",
    "identity",
    "no_identity",
    "membership",
    "no_membership",
    "years_insured",
    "filing",
    "in_province",
    "contracted",
    "diagnosis",
    "disease",
    "disease_kind",
    "tag",
    "no_tag",
    "nth",
    "previous",
    "class",
    "list_type",
    "label",
    "no_label",
];

/// What rows may ask of a case.
pub(super) const OF_CASE: &[&str] = OF_LINE.split_at(OF_LINE.len() - 4).0;

/// What rows may ask of a visit before anything is known of the person.
pub(super) const OF_VISIT: &[&str] = OF_LINE.split_at(2).0;

impl documents::Condition for Condition {
    type Names<'a> = Names<'a>;

    const KEYS: &'static [&'static str] = OF_LINE;

    fn read<'a>(key: &str, at: At<'a>, names: &Names<'a>) -> Option<Condition> {
        match key {
            "care" => at.set_of(|at| at.code(Care::ALL, Care::code)).map(Condition::Care),
            "level" => at.set_of(|at| at.code(Tier::ALL, Tier::code)).map(Condition::Level),
            "status" => at.set_of(|at| at.code(Status::ALL, Status::code)).map(Condition::Status),
            "filing" => at.set_of(|at| at.code(Filing::ALL, Filing::code)).map(Condition::Filing),
            "age" => Range::read(at, 0).map(Condition::Age),
            "years_insured" => Range::read(at, 0).map(Condition::YearsInsured),
            "identity" => words(at).map(Condition::Identity),
            "no_identity" => words(at).map(Condition::NoIdentity),
            "membership" => words(at).map(Condition::Membership),
            "no_membership" => words(at).map(Condition::NoMembership),
            "tag" => words(at).map(Condition::Tag),
            "no_tag" => words(at).map(Condition::NoTag),
            "diagnosis" => words(at).map(Condition::Diagnosis),
            "disease" => at.set_of(|at| disease_code(&at)).map(Condition::Disease),
            "disease_kind" => {
                at.set_of(|at| at.code(DiseaseKind::ALL, DiseaseKind::code)).map(Condition::DiseaseKind)
            }
            "in_province" => at.boolean().map(Condition::InProvince),
            "contracted" => at.boolean().map(Condition::Contracted),
            "class" => at.set_of(|at| digits(&at, 2, "a class, as \"02\"")).map(Condition::Class),
            "list_type" => at.set_of(|at| digits(&at, 3, "a list_type, as \"101\"")).map(Condition::ListType),
            "label" => words(at).map(Condition::Label),
            "no_label" => words(at).map(Condition::NoLabel),
            "previous" => previous(&at, names).map(Condition::Previous),
            _ => nth(at, names),
        }
    }

    fn narrow<'c>(&'c self, region: &mut Region<'c>) {
        match self {
            Condition::Care(any) => region.one_of("care", any.iter().map(|care| care.code())),
            Condition::Level(any) => region.one_of("level", any.iter().map(|level| level.code())),
            Condition::Status(any) => region.one_of("status", any.iter().map(|status| status.code())),
            Condition::Filing(any) => region.one_of("filing", any.iter().map(|filing| filing.code())),
            // A visit is of one disease, and then of one of the two kinds.
            Condition::Disease(any) => {
                region.one_of("disease", any.iter().map(String::as_str));
                region.one_of("disease_kind", RECOGNISED.map(DiseaseKind::code));
            }
            Condition::DiseaseKind(any) => region.one_of("disease_kind", any.iter().map(|kind| kind.code())),
            Condition::Class(any) => region.one_of("class", any.iter().map(String::as_str)),
            Condition::ListType(any) => region.one_of("list_type", any.iter().map(String::as_str)),
            Condition::Label(any) => region.any_of("label", any),
            Condition::NoLabel(none) => region.none_of("label", none),
            Condition::InProvince(so) => region.is("in_province", *so),
            Condition::Contracted(so) => region.is("contracted", *so),
            Condition::Age(range) => region.within("age", 0, range),
            Condition::YearsInsured(range) => region.within("years_insured", 0, range),
            Condition::Nth { counter, range } => region.within("nth", *counter, range),
            Condition::Previous(previous) => narrow_previous(previous, region),
            Condition::Identity(any) => region.any_of("identity", any),
            Condition::Membership(any) => region.any_of_kinds("membership", any),
            Condition::Tag(any) => region.any_of("tag", any),
            Condition::NoIdentity(none) => region.none_of("identity", none),
            Condition::NoMembership(none) => region.none_of("membership", none),
            Condition::NoTag(none) => region.none_of("tag", none),
            Condition::Diagnosis(_) => {}
        }
    }
}

/// As which a disease is recognised.
pub(super) const RECOGNISED: [DiseaseKind; 2] = [DiseaseKind::Chronic, DiseaseKind::TwoDiseases];

/// Longest code of a disease.
const MAX_DISEASE: usize = 30;

/// A 病种编码 as the register has them, whole.
pub(super) fn disease_code(at: &At) -> Option<String> {
    let text = at.text()?;
    let fits = text.len() <= MAX_DISEASE && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    if !fits {
        let message = format!(
            "`{text}` is not a code of a disease, as M03900: at most {MAX_DISEASE} letters and digits"
        );
        return at.problem(Kind::InvalidValue, message);
    }
    Some(text.to_owned())
}

/// Longest time between two stays of which a rule may speak.
const MAX_BETWEEN: i64 = 31;

fn previous(at: &At, names: &Names) -> Option<Previous> {
    let map = at.map(&["within_days", "transferred", "level"])?;
    let within = map.required("within_days", |at| whole(at, 0, MAX_BETWEEN));
    let transferred = map.optional("transferred", |at| at.boolean());
    let levels =
        map.optional("level", |at| at.set_of(|at| at.code(PreviousLevel::ALL, |level| level.code())));
    let within_days = within?;
    names.used.look_back(within_days);
    Some(Previous { within_days, transferred: transferred?, levels: levels?.unwrap_or_default() })
}

/// A visit follows one stay at most.
fn narrow_previous(previous: &Previous, region: &mut Region<'_>) {
    region.within("previous", 0, &Range { from: None, to: Some(previous.within_days) });
    previous.transferred.iter().for_each(|so| region.is("previous.transferred", *so));
    if !previous.levels.is_empty() {
        region.one_of("previous.level", previous.levels.iter().map(|level| level.code()));
    }
}

fn nth<'a>(at: At<'a>, names: &Names<'a>) -> Option<Condition> {
    let map = at.map(&["of", "from", "to"])?;
    let counter = map.required("of", |at| names.read(at, Unit::Count));
    let range = Range::of(&map, 1);
    Some(Condition::Nth { counter: counter?, range: range? })
}
