//! `kinds`: which filings there are.

use yizhan_documents::Reader;
use yizhan_documents::{At, Kind, Map};
use yizhan_terms::{FilingKind, FilingMaterial, Status};

use super::{number, whether};
use crate::rules::domain::{KindRule, Kinds, Requirement, Validity};

/// 22号 二(三): a lock of at most so many months.
const MAX_LOCK_MONTHS: i64 = 6;
const MAX_MONTHS: i64 = 120;

/// Groups that earlier systems filed under (09, 10) are taken over, not offered.
const OFFERED: [FilingKind; 5] = [
    FilingKind::Resettled,
    FilingKind::Referral,
    FilingKind::Resident,
    FilingKind::Posted,
    FilingKind::OtherTemporary,
];

pub fn kinds(_: &Reader, map: &Map) -> Option<Kinds> {
    let mut kinds = Vec::new();
    let rules = map.required("offered", |at| at.list_of(|at| kind(&at, &mut kinds)))?;
    Some(Kinds(rules))
}

fn kind(at: &At, earlier: &mut Vec<FilingKind>) -> Option<KindRule> {
    let map = at.map(&["kind", "status", "needs", "validity", "lock_months", "self_service"])?;
    let kind = map.required("kind", |at| {
        let kind = at.code(&OFFERED, FilingKind::code)?;
        if earlier.contains(&kind) {
            return at.problem(Kind::DuplicateValue, "this kind stands in the list already");
        }
        earlier.push(kind);
        Some(kind)
    });
    let status = map.optional("status", |at| at.set_of(|at| at.code(Status::ALL, Status::code)));
    let mut named = Vec::new();
    let requirements = map.required("needs", |at| at.list_of(|at| requirement(&at, &mut named)));
    let self_service = whether(&map, "self_service");
    let kind = kind?;
    let validity = map.required("validity", |at| validity(&at, kind));
    let lock_months = lock_months(&map, kind);
    Some(KindRule {
        kind,
        status: status?.unwrap_or_default(),
        requirements: requirements?,
        validity: validity?,
        lock_months: lock_months?,
        self_service: self_service?,
    })
}

/// A paper meets one requirement only; the commitment is no paper but stands in for one.
fn requirement(at: &At, named: &mut Vec<FilingMaterial>) -> Option<Requirement> {
    let map = at.map(&["one_of", "may_be_promised", "may_come_later"])?;
    let one_of = map.required("one_of", |at| {
        at.set_of(|at| {
            let material = at.code(FilingMaterial::ALL, FilingMaterial::code)?;
            if material == FilingMaterial::CommitmentLetter {
                return at.problem(
                    Kind::InvalidValue,
                    "a commitment stands in for a paper: `may_be_promised: true`",
                );
            }
            if named.contains(&material) {
                return at.problem(Kind::DuplicateValue, "this kind asks for this paper already");
            }
            named.push(material);
            Some(material)
        })
    });
    let may_be_promised = map.optional("may_be_promised", |at| at.boolean());
    let may_come_later = map.optional("may_come_later", |at| at.boolean());
    Some(Requirement {
        one_of: one_of?,
        may_be_promised: may_be_promised?.unwrap_or_default(),
        may_come_later: may_come_later?.unwrap_or_default(),
    })
}

/// Long-term filings hold until changed (规程 art. 10), temporary ones for months.
fn validity(at: &At, kind: FilingKind) -> Option<Validity> {
    if kind.is_long_term() {
        return at.code(&[Validity::UntilChanged], |_| "until_changed");
    }
    let map = at.map(&["least_months", "most_months"])?;
    let least = number(1, MAX_MONTHS)(&map, "least_months");
    let most = number(1, MAX_MONTHS)(&map, "most_months");
    let (least, most) = (least?, most?);
    if most < least {
        return at.problem(Kind::RangeReversed, format!("at most {most} months, and at least {least}"));
    }
    Some(Validity::Months { least, most })
}

/// Only who lives elsewhere can be held to it.
fn lock_months(map: &Map, kind: FilingKind) -> Option<u32> {
    if kind.is_long_term() {
        return number(0, MAX_LOCK_MONTHS)(map, "lock_months");
    }
    match map.key("lock_months") {
        Some(at) => at.problem(Kind::MisplacedCondition, "only a long-term kind (02, 07, 08) has a lock"),
        None => Some(0),
    }
}
