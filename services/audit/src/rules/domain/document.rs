//! A rule of an area, as a document says it (docs/AUDIT.md).

use include_dir::{Dir, include_dir};
use std::sync::LazyLock;
use yizhan_documents::{Document, Documents, Head, Kind, Period, Problem, Problems, Source, SourceIndex};
use yizhan_terms::Area;

use super::catalogue::entry_of;
use super::condition::Ask;
use super::items::Items;
use super::kinds::Test;
use super::load;
use super::{Line, Stage};

/// A rule: what is against it, when it is asked, and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRule {
    /// The document's name: rule, area and part.
    pub id: String,
    /// 规则编码: of the national list, or the area's own.
    pub rule: String,
    /// Which part of the rule, where several documents make it.
    pub part: Option<String>,
    /// Published once, never changed.
    pub version: String,
    /// 规则名称
    pub title: String,
    /// 二级分类 of the national list.
    pub class: &'static str,
    /// Where it holds.
    pub area: Area,
    /// SHA-256 of its text.
    pub digest: String,
    /// Line on which it says what rule it is, for problems.
    pub line: usize,
    /// What is cited.
    pub sources: Vec<Source>,
    /// When it is in force.
    pub period: Period,
    /// How far it has come.
    pub life: Life,
    /// What a finding is.
    pub result: Severity,
    /// The lines of defence that ask it.
    pub stages: Vec<Stage>,
    /// What follows at settlement.
    pub consequence: Consequence,
    /// The institution may answer with a reason.
    pub may_answer: bool,
    /// 违规行为分类
    pub behaviour: &'static str,
    /// Only lines of which funds pay something are against it.
    pub paid_only: bool,
    /// All must hold, else it is not asked.
    pub when: Vec<Ask>,
    /// Any exempts.
    pub unless: Vec<Ask>,
    /// The kind's name.
    pub kind: &'static str,
    /// Its knowledge points; of a rule about whole visits one that names no item.
    pub points: Vec<Point>,
}

/// A knowledge point.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What it is about.
    pub subject: Subject,
    /// What that is called; empty where the codes say enough.
    pub name: String,
    /// When it holds.
    pub period: Period,
    /// Where it was published.
    pub source: SourceIndex,
    /// All must hold, else it is not asked.
    pub when: Vec<Ask>,
    /// What is against it.
    pub test: Test,
}

/// What a knowledge point is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// `code`: lines of these items.
    Lines(Items),
    /// `diagnosis`: visits with such a diagnosis.
    Diagnoses(Items),
    /// `operation`: visits with such an operation.
    Operations(Items),
    /// The visit as a whole.
    Visit,
}

impl Point {
    /// Whether a line is of its items.
    pub fn is_about(&self, line: &Line) -> bool {
        matches!(&self.subject, Subject::Lines(items) if items.are_of(line))
    }
}

/// Declares words of the documents: variant and word in one place.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$about])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// As documents write it.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }
    };
}
pub(super) use words;

words! {
    /// How far a rule has come.
    Life {
        /// Written, and asked only in a dry run.
        Draft = "draft";
        /// Asked, and told to nobody but who watches what it would find.
        Shadow = "shadow";
        /// In force.
        Active = "active";
        /// No longer asked; what it takes the place of is not asked either.
        Retired = "retired";
    }
}

words! {
    /// What a finding is, the worst first.
    Severity {
        /// 明确违规
        Violation = "违规";
        /// Somebody has to look.
        Suspicion = "可疑";
        /// 提示
        Hint = "提示";
    }
}

words! {
    /// What follows at settlement.
    Consequence {
        /// 拦截
        Block = "block";
        /// 拒付
        Withhold = "withhold";
        /// 标记
        Mark = "mark";
        /// 提醒
        Remind = "remind";
    }
}

impl Document for AuditRule {
    const NAME: &'static str = "审核规则";

    fn read(file_name: &str, text: &str) -> Result<AuditRule, Problems> {
        yizhan_documents::read(file_name, text, |root| load::rule(&root, text))
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: &self.id,
            version: &self.version,
            title: &self.title,
            areas: std::slice::from_ref(&self.area),
            digest: &self.digest,
            scheme: None,
            period: Some(self.period),
            composite: None,
        }
    }

    fn embedded() -> &'static [(&'static str, &'static str)] {
        static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");
        static FILES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| yizhan_documents::texts(&FOLDER));
        &FILES
    }

    fn conflicts(&self, published: &Documents<AuditRule>) -> Vec<Problem> {
        let mut others: Vec<&AuditRule> = Vec::new();
        for other in published.documents() {
            others.retain(|known| known.id != other.id);
            others.push(other);
        }
        let beside = others.into_iter().filter(|other| self.stands_beside(other));
        beside.filter_map(|other| self.contradicts(other)).map(|message| self.problem(message)).collect()
    }
}

impl AuditRule {
    /// 规则名称: the national list's, or the document's own.
    pub fn name(&self) -> &str {
        entry_of(&self.rule).map_or(&self.title, |entry| entry.name)
    }

    /// `GZ10000101007000@2026.1`
    pub fn citation(&self) -> String {
        format!("{}@{}", self.rule, self.version)
    }

    /// Whether the other is of the same rule, area and days, and neither takes the place of the other.
    fn stands_beside(&self, other: &AuditRule) -> bool {
        self.rule == other.rule
            && self.area == other.area
            && self.id != other.id
            && self.period.overlaps(&other.period)
            && other.life != Life::Retired
    }

    fn contradicts(&self, other: &AuditRule) -> Option<String> {
        if self.part.is_none() || other.part.is_none() {
            return Some(format!(
                "`{}` is in force on some of these days: name the `part` of each",
                other.id
            ));
        }
        let twice = self.points.iter().find_map(|point| {
            let comparable = self.kind == other.kind && self.when == other.when;
            let mut others = other.points.iter().filter(|_| comparable);
            others.find(|other| load::same_days_twice(point, other))
        });
        twice.map(|point| {
            format!("`{}` has a point of the same item on some of these days: {}", other.id, point.name)
        })
    }

    fn problem(&self, message: String) -> Problem {
        let (file, path) = ("document".to_owned(), "rule".to_owned());
        Problem { file, line: self.line, column: 1, path, kind: Kind::TableOverlap, message }
    }
}
