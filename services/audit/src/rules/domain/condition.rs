//! What rules ask about a person, a visit and a line, in one vocabulary for all kinds of rules.

use chrono::NaiveDate;
use yizhan_documents::{At, Condition, Facts, Kind, Range, Region, Scope, Sources, condition_words, when};
use yizhan_terms::{Care, InstitutionType, Insutype, MedType, Tier};

use super::items::Items;
use super::{Diagnosis, Line, Sex, Visit};

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Years of age on the day of the line.
    Ages(Range),
    /// Days of age on the day of the line: 0 on the day of birth. 新生儿: up to 28.
    DaysOld(Range),
    /// The person's sex.
    Sex(Sex),
    /// The scheme.
    Schemes(Vec<Insutype>),
    /// The way of care.
    Ways(Vec<Way>),
    /// The level of the institution.
    Levels(Vec<Tier>),
    /// What kind of institution it is.
    Kinds(Vec<InstitutionType>),
    /// What the code of the department begins with: the line's, else those of the visit.
    Departments(Vec<String>),
    /// One of the diagnoses has such a code, or a name that contains one of these words (whatever is not ASCII).
    Diagnoses(Items),
    /// 门诊慢特病病种 of the visit.
    Diseases(Items),
    /// One of the operations has such a code.
    Operations(Items),
    /// Days of the stay, both counted.
    StayDays(Range),
    /// 急诊抢救, 急诊, or admitted by way of it.
    Emergency(bool),
    /// 互联网诊疗.
    Internet(bool),
    /// 出院带药.
    TakeHome(bool),
    /// 长期处方.
    LongRecipe(bool),
    /// Came from another institution, or went to one by order.
    Transferred(bool),
}

/// 就医方式: a 医疗类别, or a word for several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Exactly this one.
    Type(MedType),
    /// All of this care.
    Care(Care),
    /// 住院, maternity included.
    Stay,
    /// 急诊, and what is marked as 急诊抢救.
    Emergency,
    /// 急救: what is marked as 急诊抢救.
    Rescue,
}

const WORDS: [(&str, Way); 7] = [
    ("住院", Way::Stay),
    ("门诊", Way::Care(Care::Outpatient)),
    ("慢特病", Way::Care(Care::Chronic)),
    ("购药", Way::Care(Care::Pharmacy)),
    ("生育", Way::Care(Care::Maternity)),
    ("急诊", Way::Emergency),
    ("急救", Way::Rescue),
];

impl Way {
    fn read(at: &At) -> Option<Way> {
        let text = at.text()?;
        let word = WORDS.iter().find(|(word, _)| *word == text).map(|(_, way)| *way);
        word.or_else(|| MedType::from_code(text).map(Way::Type)).or_else(|| {
            let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
            let message = format!("unknown way of care `{text}`: a med_type, or one of {}", words.join(", "));
            at.problem(Kind::UnknownCode, message)
        })
    }

    fn is_of(self, visit: &Visit) -> bool {
        match self {
            Way::Type(med_type) => visit.med_type == med_type,
            Way::Care(care) => visit.med_type.care() == care,
            Way::Stay => visit.med_type.is_stay(),
            Way::Emergency => is_emergency(visit),
            Way::Rescue => visit.emergency,
        }
    }

    fn words(self) -> &'static str {
        let word = WORDS.iter().find(|(_, way)| *way == self).map(|(word, _)| *word);
        match self {
            Way::Type(med_type) => med_type.label(),
            _ => word.unwrap_or_default(),
        }
    }
}

fn is_emergency(visit: &Visit) -> bool {
    visit.emergency
        || matches!(visit.med_type, MedType::Emergency | MedType::EmergencyInpatient)
        || visit.admission_way == "1"
}

impl Condition for Ask {
    type Names<'a> = ();

    const KEYS: &'static [&'static str] = &[
        "ages",
        "days_old",
        "sex",
        "schemes",
        "ways",
        "levels",
        "kinds",
        "departments",
        "diagnoses",
        "diseases",
        "operations",
        "stay_days",
        "emergency",
        "internet",
        "take_home",
        "long_recipe",
        "transferred",
    ];

    fn read<'a>(key: &str, at: At<'a>, _: &()) -> Option<Ask> {
        match key {
            "ages" => Range::read(at, 0).map(Ask::Ages),
            "days_old" => Range::read(at, 0).map(Ask::DaysOld),
            "sex" => at.code(&[Sex::Male, Sex::Female], Sex::code).map(Ask::Sex),
            "schemes" => at.set_of(|at| at.code(Insutype::ALL, Insutype::code)).map(Ask::Schemes),
            "ways" => at.set_of(|at| Way::read(&at)).map(Ask::Ways),
            "levels" => at.set_of(|at| at.code(Tier::ALL, Tier::code)).map(Ask::Levels),
            "kinds" => at.set_of(|at| at.code(InstitutionType::ALL, InstitutionType::code)).map(Ask::Kinds),
            "departments" => condition_words(at).map(Ask::Departments),
            "diagnoses" => Items::read(&at).map(Ask::Diagnoses),
            "diseases" => Items::read(&at).map(Ask::Diseases),
            "operations" => Items::read(&at).map(Ask::Operations),
            "stay_days" => Range::read(at, 1).map(Ask::StayDays),
            "emergency" => at.boolean().map(Ask::Emergency),
            "internet" => at.boolean().map(Ask::Internet),
            "take_home" => at.boolean().map(Ask::TakeHome),
            "long_recipe" => at.boolean().map(Ask::LongRecipe),
            "transferred" => at.boolean().map(Ask::Transferred),
            _ => None,
        }
    }

    /// Nothing: no tables are made of these, whose rows would have to be told apart.
    fn narrow<'c>(&'c self, _: &mut Region<'c>) {}
}

/// Reads conditions that all must hold, or of which one is enough, as whoever asks says.
pub fn asks<'a>(at: &At<'a>, sources: &Sources<'a>) -> Option<Vec<Ask>> {
    let scope = Scope { sources, names: &(), source: None, period: None, when: Vec::new(), asked: Ask::KEYS };
    when(at, &scope)
}

/// Who answers: a visit, and a line of it where it is about one.
#[derive(Clone, Copy, Debug)]
pub struct About<'v> {
    /// The visit.
    pub visit: &'v Visit,
    /// The line.
    pub line: Option<&'v Line>,
}

impl Facts<Ask> for About<'_> {
    fn holds(&self, ask: &Ask) -> bool {
        self.answer(ask) == Some(true)
    }
}

impl About<'_> {
    /// Whether it is known that it does not hold: what is not known is never held against anybody.
    pub fn fails(&self, ask: &Ask) -> bool {
        self.answer(ask) == Some(false)
    }

    /// `None`: not known.
    fn answer(&self, ask: &Ask) -> Option<bool> {
        let visit = self.visit;
        Some(match ask {
            Ask::Ages(range) => {
                range.contains(visit.born.and_then(|born| self.day().years_since(born))?.into())
            }
            Ask::DaysOld(range) => range.contains((self.day() - visit.born?).num_days()),
            Ask::Sex(sex) => visit.sex? == *sex,
            Ask::Schemes(schemes) => schemes.contains(&visit.scheme),
            Ask::Ways(ways) => ways.iter().any(|way| way.is_of(visit)),
            Ask::Levels(levels) => levels.contains(&visit.level?),
            Ask::Kinds(kinds) => kinds.contains(&visit.kind),
            Ask::Departments(prefixes) => return self.department(prefixes),
            Ask::Diagnoses(items) => return any(&visit.diagnoses, |diagnosis| is_among(items, diagnosis)),
            Ask::Diseases(items) => !visit.disease.is_empty() && items.has(&visit.disease),
            Ask::Operations(items) => visit.operations.iter().any(|operation| items.has(&operation.code)),
            Ask::StayDays(range) => range.contains((visit.end - visit.begin).num_days() + 1),
            Ask::Emergency(so) => is_emergency(visit) == *so,
            Ask::Internet(so) => visit.internet == *so,
            Ask::TakeHome(so) => self.line?.take_home == *so,
            Ask::LongRecipe(so) => self.line?.long_recipe == *so,
            Ask::Transferred(so) => is_transferred(visit) == *so,
        })
    }

    fn day(&self) -> NaiveDate {
        self.line.map_or(self.visit.begin, |line| line.day)
    }

    fn department(&self, prefixes: &[String]) -> Option<bool> {
        let line = self.line.map(|line| line.department.as_str()).filter(|code| !code.is_empty());
        let of_visit = self.visit.departments.iter().map(String::as_str).filter(|code| !code.is_empty());
        let codes: Vec<&str> = line.map_or_else(|| of_visit.collect(), |code| vec![code]);
        let fits = |code: &&str| prefixes.iter().any(|prefix| code.starts_with(prefix.as_str()));
        (!codes.is_empty()).then(|| codes.iter().any(fits))
    }
}

/// Not known where it could be by what was not reported.
fn is_among(items: &Items, diagnosis: &Diagnosis) -> Option<bool> {
    let named = items.names().any(|word| diagnosis.name.contains(word));
    let by_name = items.names().next().is_some();
    let unknown = diagnosis.code.is_empty() || (by_name && diagnosis.name.is_empty());
    match named || (!diagnosis.code.is_empty() && items.has(&diagnosis.code)) {
        true => Some(true),
        false => (!unknown).then_some(false),
    }
}

fn is_transferred(visit: &Visit) -> bool {
    visit.admission_way == "3" || matches!(visit.discharge_way.as_str(), "2" | "3")
}

/// Whether one of them does; not known where none was reported, or what is not known could be the one.
fn any<T>(all: &[T], does: impl Fn(&T) -> Option<bool>) -> Option<bool> {
    let known: Vec<Option<bool>> = all.iter().map(does).collect();
    match known.contains(&Some(true)) {
        true => Some(true),
        false => (!known.is_empty() && !known.contains(&None)).then_some(false),
    }
}

impl Ask {
    /// As people read it.
    pub fn words(&self) -> String {
        match self {
            Ask::Ages(range) => format!("年龄{}", span(range, "岁")),
            Ask::DaysOld(range) => format!("出生{}", span(range, "天")),
            Ask::Sex(Sex::Male) => "男性".to_owned(),
            Ask::Sex(Sex::Female) => "女性".to_owned(),
            Ask::Schemes(schemes) => join(schemes.iter().map(|scheme| scheme.label())),
            Ask::Ways(ways) => join(ways.iter().map(|way| way.words())),
            Ask::Levels(levels) => join(levels.iter().map(|level| level.label())),
            Ask::Kinds(kinds) => join(kinds.iter().map(|kind| kind.label())),
            Ask::Departments(codes) => format!("科室 {}", codes.join("、")),
            Ask::Diagnoses(items) => format!("诊断 {}", items.words()),
            Ask::Diseases(items) => format!("病种 {}", items.words()),
            Ask::Operations(items) => format!("手术 {}", items.words()),
            Ask::StayDays(range) => format!("住院{}", span(range, "天")),
            Ask::Emergency(so) => is(*so, "急诊"),
            Ask::Internet(so) => is(*so, "互联网诊疗"),
            Ask::TakeHome(so) => is(*so, "出院带药"),
            Ask::LongRecipe(so) => is(*so, "长期处方"),
            Ask::Transferred(so) => is(*so, "转院"),
        }
    }
}

fn is(so: bool, word: &str) -> String {
    if so { word.to_owned() } else { format!("非{word}") }
}

fn join<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join("、")
}

fn span(range: &Range, unit: &str) -> String {
    match (range.from, range.to) {
        (Some(from), Some(to)) => format!(" {from}–{to} {unit}"),
        (Some(from), None) => format!("满 {from} {unit}"),
        (None, Some(to)) => format!("不超过 {to} {unit}"),
        (None, None) => String::new(),
    }
}
