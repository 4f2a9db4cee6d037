//! How much of a settlement somebody sees.

use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::{Area, Payer};

/// As much of a settlement as is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// As it was answered.
    Whole,
    /// By a grant: fees and the result of basic insurance.
    Fees,
    /// What these payers paid, and to whom.
    Payments(&'static [Payer]),
}

/// Whose a settlement is.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'w> {
    /// 统筹区 that pays.
    pub poolarea_no: &'w str,
    /// 人员编号
    pub psn_no: &'w str,
    /// 定点医药机构编号; empty where no single case is meant.
    pub fixmedins_code: &'w str,
}

/// As which payers each department pays, by its project code (enrollment's departments; `union` is 工会): what it pays itself. A
/// department that is not here, or that does not say which it is, pays nothing and sees nothing.
const PAYERS: [(&str, &[Payer]); 4] = [
    (
        "medical-insurance",
        &[Payer::Basic, Payer::CriticalIllness, Payer::CivilServantSubsidy, Payer::MedicalAssistance],
    ),
    ("civil-affairs", &[Payer::MedicalAssistance]),
    ("veterans", &[Payer::VeteransSubsidy]),
    ("union", &[Payer::UnionMutualAid]),
];

/// Whether there are settlements the caller sees without a grant or being the person: who may follow the feed. Persons have their lists.
pub fn may_follow(caller: &Caller) -> bool {
    match caller {
        Caller::Department { code, .. } => payers_of(code.as_deref()).is_some(),
        Caller::Institution { .. } | Caller::Agency { .. } => true,
        Caller::Service { .. } | Caller::LocalAdministrator => true,
        Caller::Person { .. } | Caller::Insurer { .. } | Caller::Operator { .. } => false,
    }
}

fn payers_of(department: Option<&str>) -> Option<&'static [Payer]> {
    PAYERS.iter().find(|(code, _)| Some(*code) == department).map(|(_, payers)| *payers)
}

/// How the caller sees a settlement without a grant; `None`: not at all.
pub fn view_of(caller: &Caller, whose: Whose<'_>) -> Option<View> {
    if let Caller::Department { code, .. } = caller {
        return payers_of(code.as_deref())
            .filter(|_| caller.may_read_area(Area::parse(whose.poolarea_no)))
            .map(View::Payments);
    }
    let whole = is_self(caller, whose.psn_no)
        || caller.may_act_for_institution(whose.fixmedins_code)
        || caller.may_read_area(Area::parse(whose.poolarea_no));
    whole.then_some(View::Whole)
}

/// Refuses who may not ask about a person as a whole; a department sees what it paid, and nothing else.
pub fn require_person(caller: &Caller, psn_no: &str, poolarea_no: &str) -> Result<(), ServiceError> {
    let department = matches!(caller, Caller::Department { .. });
    if caller.may_ask_about(psn_no, Area::parse(poolarea_no)) && !department {
        Ok(())
    } else {
        Err(not_own())
    }
}

/// Not the caller's to ask about.
pub fn not_own() -> ServiceError {
    ServiceError::new(Reason::PersonNotOwn, "not the caller's to ask about")
}

/// Whether a look is for the access log: all but the person's own, the institution's at its own case, and those of our services,
/// which calculate and show nobody.
pub fn is_logged(caller: &Caller, whose: Whose<'_>) -> bool {
    let own_case = matches!(caller, Caller::Institution { code } if code == whose.fixmedins_code);
    !is_self(caller, whose.psn_no) && !own_case && !matches!(caller, Caller::Service { .. })
}

fn is_self(caller: &Caller, psn_no: &str) -> bool {
    matches!(caller, Caller::Person { psn_no: own } if own == psn_no)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who sees something follows, but for persons; who follows is somebody who could see something.
    #[test]
    fn who_sees_something_follows() {
        let followers =
            ["institution:H2", "agency:430100", "department:430100.civil-affairs", "service:audit"];
        let others =
            ["person:P1", "insurer:PICC", "operator:alice", "department:430200", "department:430200.health"];
        let may = |caller: &&str| may_follow(&Caller::parse(caller).unwrap());
        assert!(followers.iter().all(may) && may(&"local-administrator"));
        assert!(!others.iter().any(may));
    }

    #[test]
    fn each_sees_what_is_theirs() {
        let whose = Whose { poolarea_no: "430200", psn_no: "P1", fixmedins_code: "H1" };
        let aid: &[Payer] = &[Payer::MedicalAssistance];
        let cases = [
            ("person:P1", Some(View::Whole), false),
            ("institution:H1", Some(View::Whole), false),
            ("service:audit", Some(View::Whole), false),
            ("agency:430000", Some(View::Whole), true),
            ("local-administrator", Some(View::Whole), true),
            ("department:430200.civil-affairs", Some(View::Payments(aid)), true),
            ("department:430200.health", None, true),
            ("department:430200", None, true),
            ("department:430100.civil-affairs", None, true),
            ("agency:430100", None, true),
            ("institution:H2", None, true),
            ("insurer:PICC", None, true),
            ("person:P2", None, true),
            ("operator:alice", None, true),
        ];
        for (caller, view, logged) in cases {
            let caller = Caller::parse(caller).unwrap();
            assert_eq!((view_of(&caller, whose), is_logged(&caller, whose)), (view, logged), "{caller}");
        }
    }
}
