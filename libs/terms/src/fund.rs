//! Payers, their fund codes, and the header field each is summed into.

use crate::dictionary;

dictionary! {
    /// Who pays a share of the bill: the seven of 衢州's one-stop settlement, and two that
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

/// `fund_pay_type`, its name and the header field it is summed into. The national dictionary
/// has no code for the last three, so the project defines them (docs/CODES.md, fund_pay_type).
const FUNDS: &[(&str, &str, FundField)] = &[
    ("310100", "职工基本医疗保险统筹基金", FundField::Hifp),
    ("320100", "公务员医疗补助资金", FundField::Cvlserv),
    ("330100", "职工大额医疗费用补助基金", FundField::Hifob),
    ("370100", "企业补充医疗保险基金", FundField::Hifes),
    ("390100", "城乡居民基本医疗保险基金", FundField::Hifp),
    ("390200", "城乡居民大病保险资金", FundField::Hifmi),
    ("610100", "医疗救助基金", FundField::Maf),
    ("610102", "医疗再救助资金", FundField::Maf),
    ("999996", "医院垫付", FundField::HospPart),
    ("YZ0100", "工会互助（项目自定义代码）", FundField::Oth),
    ("YZ0200", "抚恤优待对象医疗补助（项目自定义代码）", FundField::Oth),
    ("YZ0300", "商业保险（项目自定义代码）", FundField::Oth),
];

impl FundField {
    /// The header field this `fund_pay_type` is summed into; `None` for an unknown code.
    pub fn of(fund_pay_type: &str) -> Option<FundField> {
        FUNDS.iter().find(|(code, ..)| *code == fund_pay_type).map(|(.., field)| *field)
    }
}

/// The Chinese name of a `fund_pay_type`; `None` for an unknown code.
pub fn fund_pay_type_name(fund_pay_type: &str) -> Option<&'static str> {
    FUNDS.iter().find(|(code, ..)| *code == fund_pay_type).map(|(_, name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fund_has_a_name_and_a_field() {
        assert_eq!(FundField::of("390200"), Some(FundField::Hifmi));
        assert_eq!(FundField::of("YZ0100").map(FundField::code), Some("oth_pay"));
        assert_eq!(fund_pay_type_name("610100"), Some("医疗救助基金"));
        assert_eq!(FundField::of("000000"), None);
    }
}
