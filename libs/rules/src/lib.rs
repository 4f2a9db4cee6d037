//! Rules as dated documents that a policy officer can read, asked by area and day.
//!
//! A document belongs to an area and holds versions of rules, each with the days it holds on and the published document it
//! comes from:
//!
//! ```yaml
//! rules: zhuzhou-newborn
//! version: "1"
//! title: 株洲新生儿参保
//! area: "430200"
//! sources:
//!   doc: { title: 株医保发〔2026〕1号, quality: G }
//! newborn:
//!   - { from: 2026-01-01, source: doc, within_days: 180 }
//! ```
//!
//! Rules come in families (`newborn`). A family an area does not speak of is its city's, its province's, at last the nation's
//! (100000); of several documents of one area the latest published goes first. Documents ship with a service, and are published
//! to it while it runs. A published version never changes.
//!
//! # A service with rules of its own
//!
//! ```
//! use yizhan_policy::load::form::{self, Map};
//! use yizhan_rules::{Reader, Rules, families};
//!
//! /// 新生儿.
//! #[derive(Clone, Debug, PartialEq)]
//! pub struct Newborn {
//!     /// Paid within so many days after birth.
//!     pub within_days: i64,
//! }
//!
//! fn newborn(_reader: &Reader, map: &Map) -> Option<Newborn> {
//!     Some(Newborn { within_days: map.required("within_days", |at| form::whole(at, 0, 366))? })
//! }
//!
//! families! {
//!     /// What a document of entitlement rules may hold.
//!     pub struct Entitlement, called "待遇规则", embedded &[("100000-national.yaml", NATIONAL)] => {
//!         newborn: Newborn = "newborn", read newborn, keys ["within_days"];
//!     }
//! }
//!
//! const NATIONAL: &str = "
//! rules: national
//! version: '1'
//! title: 全国
//! area: '100000'
//! sources: { doc: { title: 国办发〔2024〕38号, quality: G } }
//! newborn: [{ from: 2025-01-01, source: doc, within_days: 90 }]
//! ";
//!
//! let rules = Rules::<Entitlement>::embedded();
//! let rule = rules.find::<Newborn>("430203", "2026-05-01".parse().unwrap()).unwrap();
//! assert_eq!(rule.rule.within_days, 90);
//! assert_eq!(rule.id, "national@1/newborn/2025-01-01");
//! assert_eq!(rule.citation, "国办发〔2024〕38号");
//! ```
//!
//! Files of a folder are embedded with `include_dir!` and [`texts`]. A read function reports what is wrong to the place it
//! stands at ([`yizhan_policy::load::form`]) and gives `None` then; what the key `source` of the version does is done for it, and
//! rows with sources of their own ask [`Reader::citation`].
//!
//! # While the service runs
//!
//! [`RulesBook`] keeps the rules in memory and notices what other processes publish. The service lists
//! [`CreatePublishedRules`] in its migrations, answers its calls with [`RulesBook::list`] and [`RulesBook::get`], and publishes
//! with [`Publication`]: `Publication::read` checks a text, `check_area` asks who may, and `write` is the body of the service's
//! `impl Mutation<Service> for Publication<Entitlement>`; `RulesBook::refresh` follows the commit. A use case that writes takes
//! its rules with [`RulesBook::load`] from within its transaction, so that it sees what is published at that moment.

mod book;
mod document;
pub mod months;
mod publication;
mod queries;
mod read;
mod rules;
mod store;

pub use book::RulesBook;
pub use document::{Dated, Document, Families, Family, texts};
pub use publication::{Publication, Published};
pub use queries::{Page, Summary};
pub use read::{Reader, Source, load};
pub use rules::{NoRule, Rules};
pub use store::CreatePublishedRules;
pub use yizhan_policy::model::Period;

#[doc(hidden)]
pub use yizhan_policy::load::form::Map;
