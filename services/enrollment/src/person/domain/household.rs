//! 户籍家庭: in which household a person is, and what that shows of kinship.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use yizhan_terms::Area;

use super::period::Period;
use super::timeline::{Kinship, Timeline};

/// A person in a household, on some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdMember {
    /// 统筹区 whose police have it; it stays when the person moves.
    pub poolarea_no: Area,
    /// 户号 there.
    pub household_no: String,
    /// What the person is to the head.
    pub relation: Relation,
    /// The days.
    pub period: Period,
}

/// 与户主关系; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// 户主.
    Head = 1,
    /// 配偶.
    Spouse,
    /// 父母.
    Parent,
    /// 子女.
    Child,
    /// 兄弟姐妹.
    Sibling,
    /// 祖父母, 外祖父母.
    Grandparent,
    /// 孙子女, 外孙子女.
    Grandchild,
    /// None of these.
    Other,
}

impl Relation {
    /// The contract's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// From the contract's number.
    pub fn from_code(code: i32) -> Option<Self> {
        use Relation::*;
        [Head, Spouse, Parent, Child, Sibling, Grandparent, Grandchild, Other]
            .into_iter()
            .find(|relation| relation.code() == code)
    }

    /// What a member is to the head, as near relative; `None` for the head, and for who is not one.
    fn to_head(self) -> Option<Kinship> {
        match self {
            Relation::Head | Relation::Other => None,
            Relation::Spouse => Some(Kinship::Spouse),
            Relation::Parent => Some(Kinship::Parent),
            Relation::Child => Some(Kinship::Child),
            Relation::Sibling => Some(Kinship::Sibling),
            Relation::Grandparent => Some(Kinship::Grandparent),
            Relation::Grandchild => Some(Kinship::Grandchild),
        }
    }
}

/// What the register of households shows of a kinship; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It is so.
    Confirmed = 1,
    /// They are something else to each other.
    Contradicted,
    /// They are not known to be in one household, or what they are to each other does not follow from it.
    NotShown,
}

/// What the households of two persons show on a day of what the first is told to be to the second.
pub fn evidence(user: &Timeline, owner: &Timeline, told: Kinship, day: NaiveDate) -> Evidence {
    let member = |person: &Timeline| person.households.iter().find(|held| held.period.contains(day)).cloned();
    let (Some(user), Some(owner)) = (member(user), member(owner)) else { return Evidence::NotShown };
    if (user.poolarea_no, &user.household_no) != (owner.poolarea_no, &owner.household_no) {
        return Evidence::NotShown;
    }
    // Whoever is none of the head's near relatives is not the one that is told.
    let strangers = (user.relation == Relation::Head && owner.relation == Relation::Other)
        || (user.relation == Relation::Other && owner.relation == Relation::Head);
    match kinship(user.relation, owner.relation) {
        Some(kin) if kin == told => Evidence::Confirmed,
        Some(_) => Evidence::Contradicted,
        None if strangers => Evidence::Contradicted,
        None => Evidence::NotShown,
    }
}

/// What the first is to the second, by what each is to the head; `None` where it does not follow.
fn kinship(user: Relation, owner: Relation) -> Option<Kinship> {
    use Relation::{Child, Grandchild, Grandparent, Head, Parent, Sibling, Spouse};
    match (user, owner) {
        (user, Head) => user.to_head(),
        (Head, owner) => owner.to_head().map(inverse),
        (Child, Spouse) | (Sibling, Parent) => Some(Kinship::Child),
        (Spouse, Child) | (Parent, Sibling) => Some(Kinship::Parent),
        (Child, Child) | (Sibling, Sibling) => Some(Kinship::Sibling),
        (Parent, Parent) => Some(Kinship::Spouse),
        (Parent, Child) | (Spouse, Grandchild) | (Grandparent, Sibling) => Some(Kinship::Grandparent),
        (Child, Parent) | (Grandchild, Spouse) | (Sibling, Grandparent) => Some(Kinship::Grandchild),
        // A grandchild may be a child of this child or a nephew, a grandparent of either side.
        _ => None,
    }
}

/// What the second is to the first, by what the first is to the second.
fn inverse(kinship: Kinship) -> Kinship {
    match kinship {
        Kinship::Spouse | Kinship::Sibling => kinship,
        Kinship::Parent => Kinship::Child,
        Kinship::Child => Kinship::Parent,
        Kinship::Grandparent => Kinship::Grandchild,
        Kinship::Grandchild => Kinship::Grandparent,
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::examples::{period, person};
    use super::*;

    const DAY: &str = "2026-05-01";

    fn member(relation: Relation, begndate: &str, enddate: &str) -> Timeline {
        let mut member = person("1980-01-01");
        member.put(HouseholdMember {
            poolarea_no: "430200".parse().unwrap(),
            household_no: "H1".to_owned(),
            relation,
            period: period(begndate, enddate),
        });
        member
    }

    fn shown(user: Relation, owner: Relation, told: Kinship) -> Evidence {
        let day = DAY.parse().unwrap();
        evidence(&member(user, "2020-01-01", ""), &member(owner, "2020-01-01", ""), told, day)
    }

    #[test]
    fn a_household_confirms_contradicts_or_does_not_show() {
        use Evidence::{Confirmed, Contradicted, NotShown};
        use Relation::*;
        for (user, owner, told, expected) in [
            (Child, Head, Kinship::Child, Confirmed),
            (Head, Child, Kinship::Parent, Confirmed),
            (Head, Child, Kinship::Child, Contradicted),
            (Spouse, Head, Kinship::Spouse, Confirmed),
            (Child, Spouse, Kinship::Child, Confirmed),
            (Child, Child, Kinship::Spouse, Contradicted),
            (Parent, Child, Kinship::Grandparent, Confirmed),
            (Other, Head, Kinship::Child, Contradicted),
            (Other, Child, Kinship::Spouse, NotShown),
            (Grandchild, Child, Kinship::Child, NotShown),
            (Head, Head, Kinship::Sibling, NotShown),
        ] {
            assert_eq!(shown(user, owner, told), expected, "{user:?} {owner:?} {told:?}");
        }
    }

    /// What the first is to the second is the other way round what the second is to the first.
    #[test]
    fn both_ways_agree() {
        let all: Vec<Relation> = (1..=8).filter_map(Relation::from_code).collect();
        for (user, owner) in all.iter().flat_map(|user| all.iter().map(move |owner| (*user, *owner))) {
            assert_eq!(kinship(user, owner), kinship(owner, user).map(inverse), "{user:?} {owner:?}");
        }
    }

    #[test]
    fn only_of_the_same_household_on_the_day() {
        let (told, day) = (Kinship::Child, DAY.parse().unwrap());
        let head = member(Relation::Head, "2020-01-01", "");
        let left = member(Relation::Child, "2020-01-01", "2026-04-30");
        let mut elsewhere = member(Relation::Child, "2020-01-01", "");
        elsewhere.households[0].household_no = "H2".to_owned();
        let mut of_another_area = member(Relation::Child, "2020-01-01", "");
        of_another_area.households[0].poolarea_no = "430100".parse().unwrap();
        for user in [left, elsewhere, of_another_area, person("2000-01-01")] {
            assert_eq!(evidence(&user, &head, told, day), Evidence::NotShown);
        }
    }
}
