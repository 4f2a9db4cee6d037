//! What a person allows somebody to look at, and whether a look keeps within it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// Longest time a grant may last, in days.
pub const MAX_DAYS: i64 = 366;

/// What of a person can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// 参保关系.
    Coverage,
    /// 人员身份.
    Identities,
    /// 工会互助, 公务员, 优抚, 商业保险, 家医签约.
    Memberships,
    /// 缴费.
    Contributions,
    /// 累计待遇.
    Benefits,
    /// 结算: fees and the result of basic insurance.
    Settlements,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 6] = [
        Scope::Coverage,
        Scope::Identities,
        Scope::Memberships,
        Scope::Contributions,
        Scope::Benefits,
        Scope::Settlements,
    ];

    /// As stored.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Coverage => "COVERAGE",
            Scope::Identities => "IDENTITIES",
            Scope::Memberships => "MEMBERSHIPS",
            Scope::Contributions => "CONTRIBUTIONS",
            Scope::Benefits => "BENEFITS",
            Scope::Settlements => "SETTLEMENTS",
        }
    }

    /// Whether it is a part of the register; the others are kept by settlement.
    pub fn is_of_register(self) -> bool {
        !matches!(self, Scope::Benefits | Scope::Settlements)
    }

    /// As stored, back.
    pub fn from_name(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A grant as far as a look is checked against it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who may look.
    pub grantee: String,
    /// What for.
    pub purpose: String,
    /// What at.
    pub scopes: BTreeSet<Scope>,
    /// From when on.
    pub begins_at: DateTime<Utc>,
    /// From when on no more.
    pub ends_at: DateTime<Utc>,
    /// Whether it was taken back.
    pub withdrawn: bool,
}

/// A look somebody wants to take by a grant.
#[derive(Clone, Debug)]
pub struct WantedLook {
    /// Who.
    pub actor: String,
    /// What for.
    pub purpose: String,
    /// What at; empty means everything granted.
    pub scopes: BTreeSet<Scope>,
}

/// Why a look is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else may look.
    OtherGrantee,
    /// It was taken back.
    Withdrawn,
    /// It has not begun.
    NotBegun,
    /// It is over.
    Ended,
    /// It is for something else.
    OtherPurpose,
    /// It is not for this part.
    OutOfScope,
}

impl Refusal {
    /// As the access log notes it.
    pub fn outcome(self) -> &'static str {
        match self {
            Refusal::OtherGrantee => "GRANT_OF_ANOTHER",
            known => known.reason(),
        }
    }

    /// The stable reason; whose grant it is not learns only that there is none.
    pub fn reason(self) -> &'static str {
        match self {
            Refusal::OtherGrantee => "GRANT_UNKNOWN",
            Refusal::Withdrawn => "GRANT_WITHDRAWN",
            Refusal::NotBegun => "GRANT_NOT_BEGUN",
            Refusal::Ended => "GRANT_ENDED",
            Refusal::OtherPurpose => "GRANT_OTHER_PURPOSE",
            Refusal::OutOfScope => "GRANT_OUT_OF_SCOPE",
        }
    }
}

impl Grant {
    /// Why a look at this moment is not allowed; `None` if it is.
    pub fn refusal(&self, wanted: &WantedLook, at: DateTime<Utc>) -> Option<Refusal> {
        let checks = [
            (self.grantee != wanted.actor, Refusal::OtherGrantee),
            (self.withdrawn, Refusal::Withdrawn),
            (at < self.begins_at, Refusal::NotBegun),
            (at >= self.ends_at, Refusal::Ended),
            (self.purpose != wanted.purpose, Refusal::OtherPurpose),
            (!wanted.scopes.is_subset(&self.scopes), Refusal::OutOfScope),
        ];
        checks.into_iter().find(|(refused, _)| *refused).map(|(_, refusal)| refusal)
    }

    /// The parts that a look is given.
    pub fn given(&self, wanted: &WantedLook) -> BTreeSet<Scope> {
        if wanted.scopes.is_empty() { self.scopes.clone() } else { wanted.scopes.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_look_keeps_within_the_grant() {
        let grant = Grant {
            grantee: "insurer:PICC".into(),
            purpose: "理赔".into(),
            scopes: [Scope::Coverage, Scope::Identities].into(),
            begins_at: time("2024-06-01T00:00:00Z"),
            ends_at: time("2024-07-01T00:00:00Z"),
            withdrawn: false,
        };
        let look = WantedLook {
            actor: "insurer:PICC".into(),
            purpose: "理赔".into(),
            scopes: [Scope::Coverage].into(),
        };
        let during = time("2024-06-15T00:00:00Z");
        assert_eq!(grant.refusal(&look, during), None);
        assert_eq!(grant.refusal(&look, grant.begins_at), None);
        assert_eq!(grant.refusal(&look, time("2024-05-31T23:59:59Z")), Some(Refusal::NotBegun));
        assert_eq!(grant.refusal(&look, time("2024-06-30T23:59:59.999999Z")), None);
        assert_eq!(grant.refusal(&look, grant.ends_at), Some(Refusal::Ended));
        let other = |change: fn(&mut WantedLook)| {
            let mut look = look.clone();
            change(&mut look);
            grant.refusal(&look, during)
        };
        assert_eq!(other(|look| look.actor = "insurer:AIA".into()), Some(Refusal::OtherGrantee));
        assert_eq!(other(|look| look.purpose = "营销".into()), Some(Refusal::OtherPurpose));
        assert_eq!(
            other(|look| look.scopes = [Scope::Coverage, Scope::Benefits].into()),
            Some(Refusal::OutOfScope)
        );
        let withdrawn = Grant { withdrawn: true, ..grant.clone() };
        assert_eq!(withdrawn.refusal(&look, during), Some(Refusal::Withdrawn));
        assert_eq!(grant.given(&look), [Scope::Coverage].into());
        assert_eq!(grant.given(&WantedLook { scopes: BTreeSet::new(), ..look }), grant.scopes);
    }
}
