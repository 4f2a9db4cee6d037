//! Payers, their fund codes, and the header field each is summed into.

use crate::dictionary;

dictionary! {
    /// Who pays a share of the bill: the seven of 衢州's one-stop settlement, and three that
    /// other areas know.
    Payer {
        Basic = "basic", "基本医疗保险";
        CriticalIllness = "critical_illness", "大病保险";
        UnionMutualAid = "union_mutual_aid", "工会互助";
        CivilServantSubsidy = "civil_servant_subsidy", "公务员医疗补助";
        VeteransSubsidy = "veterans_subsidy", "抚恤优待对象医疗补助";
        MedicalAssistance = "medical_assistance", "医疗救助";
        CommercialInsurance = "commercial_insurance", "商业保险";
        EnterpriseSupplement = "enterprise_supplement", "企业补充医疗保险";
        FiscalSubsidy = "fiscal_subsidy", "财政补助";
        Hospital = "hospital", "医疗机构负担";
    }
}

dictionary! {
    /// The header field of `setlinfo` that a fund code is summed into (docs/CODES.md, fund_pay_type).
    FundField {
        Hifp = "hifp_pay", "基本医疗保险统筹基金支出";
        Cvlserv = "cvlserv_pay", "公务员医疗补助资金支出";
        Hifes = "hifes_pay", "企业补充医疗保险基金支出";
        Hifmi = "hifmi_pay", "居民大病保险资金支出";
        Hifob = "hifob_pay", "职工大额医疗费用补助基金支出";
        Hifdm = "hifdm_pay", "伤残人员医疗保障基金支出";
        Maf = "maf_pay", "医疗救助基金支出";
        Oth = "oth_pay", "其他支出";
        HospPart = "hosp_part_amt", "医院负担金额";
    }
}

dictionary! {
    /// 基金支付类型 `fund_pay_type`: from which fund, or out of which pocket, a share is paid. The national dictionary has no code
    /// for four of them, so the project defines these (docs/CODES.md, fund_pay_type).
    Fund {
        EmployeePool = "310100", "职工基本医疗保险统筹基金";
        Account = "310200", "职工个人账户";
        CivilServants = "320100", "公务员医疗补助资金";
        LargeCosts = "330100", "职工大额医疗费用补助基金";
        Enterprise = "370100", "企业补充医疗保险基金";
        ResidentPool = "390100", "城乡居民基本医疗保险基金";
        CriticalIllness = "390200", "城乡居民大病保险资金";
        Assistance = "610100", "医疗救助基金";
        FurtherAssistance = "610102", "医疗再救助资金";
        Hospital = "999996", "医院垫付";
        Cash = "999998", "个人现金";
        UnionMutualAid = "YZ0100", "工会互助（项目自定义代码）";
        Veterans = "YZ0200", "抚恤优待对象医疗补助（项目自定义代码）";
        Commercial = "YZ0300", "商业保险（项目自定义代码）";
        Fiscal = "YZ0400", "财政补助（项目自定义代码）";
    }
}

impl Fund {
    /// The header field it is summed into; `None` for what the person pays, from account or in cash.
    pub const fn field(self) -> Option<FundField> {
        Some(match self {
            Fund::Account | Fund::Cash => return None,
            Fund::EmployeePool | Fund::ResidentPool => FundField::Hifp,
            Fund::CivilServants => FundField::Cvlserv,
            Fund::LargeCosts => FundField::Hifob,
            Fund::Enterprise => FundField::Hifes,
            Fund::CriticalIllness => FundField::Hifmi,
            Fund::Assistance | Fund::FurtherAssistance => FundField::Maf,
            Fund::Hospital => FundField::HospPart,
            Fund::UnionMutualAid | Fund::Veterans | Fund::Commercial | Fund::Fiscal => FundField::Oth,
        })
    }
}

impl Payer {
    /// The funds it pays from.
    pub const fn funds(self) -> &'static [Fund] {
        match self {
            Payer::Basic => &[Fund::EmployeePool, Fund::ResidentPool],
            Payer::CriticalIllness => &[Fund::LargeCosts, Fund::CriticalIllness],
            Payer::UnionMutualAid => &[Fund::UnionMutualAid],
            Payer::CivilServantSubsidy => &[Fund::CivilServants],
            Payer::VeteransSubsidy => &[Fund::Veterans],
            Payer::MedicalAssistance => &[Fund::Assistance, Fund::FurtherAssistance],
            Payer::CommercialInsurance => &[Fund::Commercial],
            Payer::EnterpriseSupplement => &[Fund::Enterprise],
            Payer::FiscalSubsidy => &[Fund::Fiscal],
            Payer::Hospital => &[Fund::Hospital],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fund_that_pays_has_a_field_and_one_payer() {
        for fund in Fund::ALL {
            let payers = Payer::ALL.iter().filter(|payer| payer.funds().contains(fund)).count();
            assert_eq!(payers, usize::from(fund.field().is_some()), "{fund}");
        }
        assert_eq!(Fund::from_code("YZ0100").and_then(Fund::field).map(FundField::code), Some("oth_pay"));
        assert_eq!(Fund::from_code("000000"), None);
    }
}
