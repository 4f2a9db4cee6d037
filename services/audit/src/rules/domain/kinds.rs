//! What a rule can be: few kinds, each of which serves many rules. A kind reads its values, and says what of a visit is against them.

mod data;
mod excludes;
mod history;
mod limits;
mod most;
mod price;
mod requires;
mod share;
mod slices;
mod trace;

use super::found::{Case, Found, On};
use super::load::Values;

pub use data::Data;
pub use excludes::Excludes;
pub use history::{AfterDeath, Overlap, Readmission, Visits};
pub use limits::{Never, Only};
pub use most::Most;
pub use price::{Discount, Price};
pub use requires::{Listed, Requires};
pub use share::{Share, percent, total};
pub use slices::Alone;
pub use trace::Trace;

/// What reads and asks the values of a point.
pub trait KindOfRule: Sized {
    /// As documents call it.
    const NAME: &'static str;
    /// The keys of its values.
    const KEYS: &'static [&'static str];
    /// What its points are about: `code`, `diagnosis`, `operation`; empty: the visit.
    const ABOUT: &'static [&'static str] = &["code"];
    /// All points of a document are asked together.
    const TOGETHER: bool = false;
    /// Reads the values; `None` after something wrong was reported.
    fn read(values: &Values) -> Option<Self>;

    /// What is against it. `hits`, never none, are what of the visit the point is about.
    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>);

    /// Days before a visit from which other visits count.
    fn looks_back(&self) -> u32 {
        0
    }

    /// An item may stand in several points that differ.
    fn may_repeat(&self) -> bool {
        false
    }
}

/// A kind while documents are read.
#[derive(Clone, Copy)]
pub struct KindEntry {
    /// As documents call it.
    pub name: &'static str,
    /// The keys of its values.
    pub keys: &'static [&'static str],
    /// What its points are about.
    pub about: &'static [&'static str],
    /// Reads the values.
    pub read: fn(&Values) -> Option<Test>,
}

macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => {
        /// What is against a point, by its kind.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "each says it itself")]
        pub enum Test { $($kind($kind),)+ }

        /// Every kind.
        pub const KINDS: &[KindEntry] = &[$(KindEntry {
            name: $kind::NAME,
            keys: $kind::KEYS,
            about: $kind::ABOUT,
            read: |values| $kind::read(values).map(Test::$kind),
        },)+];

        impl Test {
            /// What is against it.
            pub fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
                match self { $(Test::$kind(kind) => kind.check(case, hits, found),)+ }
            }

            /// Days before a visit from which other visits count.
            pub fn looks_back(&self) -> u32 {
                match self { $(Test::$kind(kind) => kind.looks_back(),)+ }
            }

            /// All points of a document are asked together.
            pub fn is_together(&self) -> bool {
                match self { $(Test::$kind(_) => $kind::TOGETHER,)+ }
            }

            /// An item may stand in several points that differ.
            pub fn may_repeat(&self) -> bool {
                match self { $(Test::$kind(kind) => kind.may_repeat(),)+ }
            }
        }
    };
}

kinds!(
    Only,
    Never,
    Excludes,
    Most,
    Requires,
    Listed,
    Price,
    Discount,
    Alone,
    Data,
    Trace,
    Visits,
    Readmission,
    Overlap,
    AfterDeath,
    Share,
);
