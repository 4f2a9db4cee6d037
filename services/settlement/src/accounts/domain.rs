//! Whose account helps whom (家庭共济): what stands in no policy.

use yizhan_policy::model::Reach;
use yizhan_proto::enrollment::v1::{AccountShareRow, Eligibility, Kinship, KinshipEvidence};
use yizhan_proto::settlement::v1::SettlementMark;
use yizhan_runtime::Reason;
use yizhan_terms::Area;

/// A relative whose account helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relative {
    /// 人员编号
    pub psn_no: String,
    /// 统筹区 that keeps the account now.
    pub poolarea_no: String,
    /// Name with all but the family name masked.
    pub psn_name_masked: String,
    /// What the person is to the relative, in Chinese; empty where the share does not tell it.
    pub kinship: &'static str,
    /// What enrollment has to tell of that kinship (户籍家庭), if anything.
    pub mark: Option<SettlementMark>,
}

/// What enrollment has to tell of the kinship of a share, for the settlement that it pays.
pub fn mark_of(share: &AccountShareRow) -> Option<SettlementMark> {
    let kind = match share.kinship_evidence() {
        KinshipEvidence::Contradicted => "KINSHIP_CONTRADICTED",
        KinshipEvidence::NotShown => "KINSHIP_NOT_SHOWN",
        KinshipEvidence::Confirmed | KinshipEvidence::Unspecified => return None,
    };
    (!share.kinship_mark.is_empty()).then(|| SettlementMark {
        kind: kind.to_owned(),
        text: format!("亲属个人账户：{}", share.kinship_mark),
        feedetl_sn: Vec::new(),
        rule: share.kinship_rule.clone(),
    })
}

/// Why the account of somebody about whom enrollment says this today pays nothing: they died before, or nobody keeps the account as it was.
/// What is interrupted or waits leaves the balance with its owner.
pub fn why_not_paying(owner: &Eligibility) -> Option<&str> {
    let keeps = [Reason::CoveragePaused.code(), Reason::WaitingPeriod.code()];
    (!owner.entitled && !keeps.contains(&owner.reason.as_str())).then_some(owner.reason.as_str())
}

/// The share by which somebody uses an owner's account; of several the one that tells most.
pub fn share_of<'e>(user: &'e Eligibility, owner_psn_no: &str) -> Option<&'e AccountShareRow> {
    let of_owner =
        |share: &&AccountShareRow| share.sharer_psn_no == owner_psn_no && share.withdrawn_date.is_empty();
    user.account_shares.iter().filter(of_owner).max_by_key(|share| is_complete(share))
}

/// Whether a share tells kinship and the owner's consent.
pub fn is_complete(share: &AccountShareRow) -> bool {
    share.kinship() != Kinship::Unspecified && !share.consent_date.is_empty()
}

/// How far an account of one area must reach to help in another.
pub fn reach_between(owner: Area, user: Area) -> Reach {
    match () {
        () if owner == user => Reach::Area,
        () if owner.same_province(user) => Reach::Province,
        () => Reach::Nation,
    }
}

/// What the person is to the relative, in Chinese.
pub fn kinship_words(kinship: Kinship) -> &'static str {
    match kinship {
        Kinship::Unspecified => "",
        Kinship::Spouse => "配偶",
        Kinship::Parent => "父母",
        Kinship::Child => "子女",
        Kinship::Sibling => "兄弟姐妹",
        Kinship::Grandparent => "祖父母或外祖父母",
        Kinship::Grandchild => "孙子女或外孙子女",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_and_those_who_left_pay_nothing() {
        let owner = |entitled, reason: &str| Eligibility {
            entitled,
            reason: reason.to_owned(),
            ..Default::default()
        };
        assert_eq!(why_not_paying(&owner(true, "")), None);
        for keeps in ["COVERAGE_PAUSED", "WAITING_PERIOD"] {
            assert_eq!(why_not_paying(&owner(false, keeps)), None, "{keeps}");
        }
        for gone in
            ["DECEASED", "COVERAGE_FROZEN", "COVERAGE_ENDED", "NO_COVERAGE", "NOT_BORN", "SOMETHING_NEW"]
        {
            assert_eq!(why_not_paying(&owner(false, gone)), Some(gone));
        }
    }

    #[test]
    fn the_share_that_tells_most_decides_and_a_withdrawn_one_never() {
        let share = |kinship: Kinship, consent: &str, withdrawn: &str| AccountShareRow {
            sharer_psn_no: "R".to_owned(),
            kinship: kinship.into(),
            consent_date: consent.to_owned(),
            withdrawn_date: withdrawn.to_owned(),
            ..Default::default()
        };
        let user = |shares: &[AccountShareRow]| Eligibility {
            account_shares: shares.to_vec(),
            ..Default::default()
        };
        let told = share(Kinship::Child, "2026-01-01", "");
        let withdrawn = share(Kinship::Child, "2026-01-01", "2026-02-01");
        let both = user(&[told.clone(), share(Kinship::Unspecified, "", ""), withdrawn.clone()]);
        assert_eq!(share_of(&both, "R"), Some(&told));
        assert!(share_of(&both, "X").is_none() && share_of(&user(&[withdrawn]), "R").is_none());
        assert!(is_complete(&told) && !is_complete(&share(Kinship::Child, "", "")));
    }

    #[test]
    fn how_far_it_must_reach() {
        let area = |code: &str| code.parse::<Area>().unwrap();
        let reach = |owner, user| reach_between(area(owner), area(user));
        assert_eq!(reach("430200", "430200"), Reach::Area);
        assert_eq!(reach("430100", "430200"), Reach::Province);
        assert_eq!(reach("360100", "430200"), Reach::Nation);
    }
}
