//! Persons of the register, told in a line.

use yizhan_proto::enrollment::v1::{
    AccountShareRow, CoverageRow, IdentityRow, MembershipKind, MembershipRow, PersonRow,
};

use crate::places::COMPOSITE_AREA;

/// First day of everything that is not said to begin another day.
const LONG_AGO: &str = "2010-01-01";

/// A person with everything the register is to hold about them.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person.
    pub row: PersonRow,
    /// 参保关系
    pub coverage: CoverageRow,
    /// 人员身份
    pub identities: Vec<IdentityRow>,
    /// 工会互助, 公务员, 优抚, 商业保险
    pub memberships: Vec<MembershipRow>,
    /// 个账共济
    pub shares: Vec<AccountShareRow>,
}

impl Person {
    /// 在职职工 of the composite area, born 1972-03-01, insured since 2010.
    pub fn employee(psn_no: &str) -> Person {
        Person::insured(psn_no, "310", "11")
    }

    /// 成年居民 of the composite area, born 1972-03-01, insured since 2010.
    pub fn resident(psn_no: &str) -> Person {
        Person::insured(psn_no, "390", "15")
    }

    fn insured(psn_no: &str, insutype: &str, psn_type: &str) -> Person {
        Person {
            row: PersonRow {
                psn_no: psn_no.to_owned(),
                psn_cert_type: "99".to_owned(),
                certno: format!("T{psn_no}"),
                psn_name: "张小丽".to_owned(),
                gend: "2".to_owned(),
                brdy: "1972-03-01".to_owned(),
                poolarea_no: COMPOSITE_AREA.to_owned(),
                ..PersonRow::default()
            },
            coverage: CoverageRow {
                psn_no: psn_no.to_owned(),
                insutype: insutype.to_owned(),
                psn_type: psn_type.to_owned(),
                psn_insu_stas: "1".to_owned(),
                begndate: LONG_AGO.to_owned(),
                ..CoverageRow::default()
            },
            identities: Vec::new(),
            memberships: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// Of another pooling area.
    pub fn of_area(mut self, poolarea_no: &str) -> Person {
        self.row.poolarea_no = poolarea_no.to_owned();
        self
    }

    /// 退休
    pub fn retired(mut self) -> Person {
        self.coverage.psn_type = "12".to_owned();
        self
    }

    /// Insured from one day to another; empty: until further notice.
    pub fn insured_between(mut self, begndate: &str, enddate: &str) -> Person {
        self.coverage.begndate = begndate.to_owned();
        self.coverage.enddate = enddate.to_owned();
        self
    }

    /// 低保, 特困, 低收入 …
    pub fn identity(mut self, name: &str) -> Person {
        self.identities.push(IdentityRow {
            psn_no: self.row.psn_no.clone(),
            name: name.to_owned(),
            begndate: LONG_AGO.to_owned(),
            ..IdentityRow::default()
        });
        self
    }

    /// 工会互助
    pub fn union_member(self) -> Person {
        self.member(MembershipKind::Union, "")
    }

    /// 公务员 of a rank: 科级, 县级, 厅级.
    pub fn civil_servant(self, rank: &str) -> Person {
        self.member(MembershipKind::CivilServant, rank)
    }

    /// 优抚对象, e.g. 参战参试.
    pub fn veteran(self, category: &str) -> Person {
        self.member(MembershipKind::Veteran, category)
    }

    /// Holds a commercial product, e.g. 惠衢保2021.
    pub fn commercially_insured(self, product: &str) -> Person {
        self.member(MembershipKind::Commercial, product)
    }

    fn member(mut self, kind: MembershipKind, category: &str) -> Person {
        self.memberships.push(MembershipRow {
            psn_no: self.row.psn_no.clone(),
            kind: kind.into(),
            category: category.to_owned(),
            begndate: LONG_AGO.to_owned(),
            ..MembershipRow::default()
        });
        self
    }

    /// 家庭共济: this relative, who must be registered before, lets them use the account.
    pub fn may_use_account_of(mut self, relative: &str) -> Person {
        self.shares.push(relative_share(&self.row.psn_no, relative));
        self
    }
}

/// `relative` lets `psn_no` use their account.
pub fn relative_share(psn_no: &str, relative: &str) -> AccountShareRow {
    AccountShareRow {
        psn_no: psn_no.to_owned(),
        sharer_psn_no: relative.to_owned(),
        begndate: LONG_AGO.to_owned(),
        ..AccountShareRow::default()
    }
}
