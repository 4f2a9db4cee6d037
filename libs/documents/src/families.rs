//! Families of rules, of which documents hold dated versions, and what reads them.

use crate::node::{At, Map};
use crate::period::Period;
use crate::problem::Kind;
use crate::source::Sources;
use crate::value;

/// One version of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<R> {
    /// When it holds, both days included.
    pub period: Period,
    /// Names it for good: `national-entitlement@2024.38/resident_waiting/2025-01-01`.
    pub id: String,
    /// Title and number of the document it comes from.
    pub citation: String,
    /// What it says.
    pub rule: R,
}

/// The families of rules that documents of a service hold. [`families!`](crate::families) makes them.
pub trait Families: Sized + Send + Sync + 'static {
    /// What such rules are called, in Chinese: 待遇规则.
    const NAME: &'static str;
    /// Their keys in documents.
    const KEYS: &'static [&'static str];

    /// Reads all of them; `None` after something wrong was reported.
    fn read(reader: &Reader, map: &Map) -> Option<Self>;

    /// The documents that come with the service, as file name and text.
    fn embedded() -> &'static [(&'static str, &'static str)];
}

/// One family: a rule of which documents hold versions.
pub trait Family<F>: Sized {
    /// Its key in documents.
    const KEY: &'static str;

    /// Its versions in a document.
    fn versions(families: &F) -> &[Dated<Self>];
}

/// What surrounds the families of a document being read.
pub struct Reader<'a> {
    /// Names the document in the ids of its rules.
    pub(crate) name: String,
    pub(crate) sources: Sources<'a>,
}

impl<'a> Reader<'a> {
    /// The sources the document declares.
    pub fn sources(&self) -> &Sources<'a> {
        &self.sources
    }

    /// The title of the source that is named here, which counts as cited; reports one that is not declared.
    pub fn citation(&self, at: &At) -> Option<String> {
        self.sources.cite(at).map(|index| self.sources.title(index).to_owned())
    }

    /// The versions of one family; none if the document does not speak of it. `keys` are those of a version beside `from`,
    /// `to` and `source`; no two versions may hold on one day.
    pub fn family<F, R: Family<F>>(
        &self,
        map: &Map,
        keys: &[&str],
        read: impl Fn(&Reader, &Map) -> Option<R>,
    ) -> Option<Vec<Dated<R>>> {
        let Some(at) = map.get(R::KEY) else { return Some(Vec::new()) };
        let keys: Vec<&str> = ["from", "to", "source"].into_iter().chain(keys.iter().copied()).collect();
        let mut earlier: Vec<Period> = Vec::new();
        at.list_of(|version| {
            let map = version.map(&keys)?;
            let period = value::period(&map, None);
            let citation = map.required("source", |at| self.citation(&at));
            let rule = read(self, &map);
            let period = period?;
            if earlier.iter().any(|other| other.overlaps(&period)) {
                return version.problem(Kind::TableOverlap, "holds on days of an earlier version");
            }
            earlier.push(period);
            let id = format!("{}/{}/{}", self.name, R::KEY, period.from);
            Some(Dated { period, id, citation: citation?, rule: rule? })
        })
    }
}

/// Says what documents of a service hold: a struct with the versions of each family, its [`Families`](crate::Families), and a
/// [`Family`](crate::Family) for each rule. `called` is what such rules are called in Chinese; `embedded` gives the documents that
/// come with the service; a family has its field, its rule, its key in documents, what reads a rule
/// (`fn(&Reader, &Map) -> Option<Rule>`), and the keys of a version beside `from`, `to` and `source`. The crate's
/// documentation shows one.
#[macro_export]
macro_rules! families {
    (
        $(#[$meta:meta])*
        $visible:vis struct $families:ident, called $name:literal, embedded $embedded:expr => {
            $($field:ident: $rule:ty = $key:literal, read $read:expr, keys $keys:expr;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $visible struct $families {
            $($field: Vec<$crate::Dated<$rule>>,)+
        }

        impl $crate::Families for $families {
            const NAME: &'static str = $name;
            const KEYS: &'static [&'static str] = &[$($key),+];

            fn read(reader: &$crate::Reader, map: &$crate::Map) -> Option<Self> {
                // All of them before any is given up, so that everything wrong is told.
                $(let $field = reader.family::<Self, $rule>(map, &$keys, $read);)+
                Some($families { $($field: $field?,)+ })
            }

            fn embedded() -> &'static [(&'static str, &'static str)] {
                $embedded
            }
        }

        $(impl $crate::Family<$families> for $rule {
            const KEY: &'static str = $key;

            fn versions(families: &$families) -> &[$crate::Dated<Self>] {
                &families.$field
            }
        })+
    };
}

/// Says what a rule of a family holds and how it is read: its fields are the keys of a version (unless `key` says another), each with
/// what reads it, `Fn(&Map, &str) -> Option<T>`. All are read before any is given up, so that everything wrong is told.
#[macro_export]
macro_rules! rule {
    (
        $(#[$meta:meta])*
        $visible:vis struct $rule:ident {
            $($(#[$about:meta])* $field:ident: $type:ty = $read:expr $(, key $key:literal)?;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $visible struct $rule {
            $($(#[$about])* $visible $field: $type,)+
        }

        impl $rule {
            /// The keys of a version.
            pub const KEYS: &'static [&'static str] = &[$($crate::rule!(@key $field $($key)?)),+];

            /// Reads a version; `None` after something wrong was reported.
            pub fn read(_: &$crate::Reader, map: &$crate::Map) -> Option<Self> {
                $(let $field = $read(map, $crate::rule!(@key $field $($key)?));)+
                Some($rule { $($field: $field?,)+ })
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}
