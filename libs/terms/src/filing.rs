//! 异地就医备案: kinds and papers.

use crate::{Filing, dictionary};

dictionary! {
    /// 备案类型 `out_fil_type` (docs/CODES.md). 09 and 10 are groups that earlier systems filed under.
    FilingKind {
        Resettled = "02", "异地安置退休人员";
        Referral = "06", "异地转诊";
        Resident = "07", "异地长期居住";
        Posted = "08", "常驻异地工作";
        LongTerm = "09", "跨省异地长期居住";
        Temporary = "10", "跨省临时外出就医";
        OtherTemporary = "11", "其他临时外出就医";
    }
}

impl FilingKind {
    /// Whether it is one of 异地长期居住人员 (规程 art. 7), whose filing holds until it is changed.
    pub fn is_long_term(self) -> bool {
        use FilingKind::*;
        matches!(self, Resettled | Resident | Posted | LongTerm)
    }

    /// As what a visit counts that it covers.
    pub fn class(self) -> Filing {
        match self {
            kind if kind.is_long_term() => Filing::LongTerm,
            FilingKind::Referral => Filing::Referral,
            _ => Filing::Temporary,
        }
    }
}

dictionary! {
    /// What is handed in with a filing (规程 art. 8). *Project-defined* codes.
    FilingMaterial {
        Certificate = "certificate", "有效身份凭证（医保电子凭证、身份证或社会保障卡）";
        FilingForm = "filing_form", "备案登记表";
        HouseholdRegister = "household_register", "户口簿首页和本人常住人口登记卡";
        ResidenceProof = "residence_proof", "长期居住认定材料（居住证明）";
        DispatchLetter = "dispatch_letter", "参保地工作单位派出证明";
        EmployerCertificate = "employer_certificate", "异地工作单位证明";
        WorkContract = "work_contract", "工作合同";
        ReferralCertificate = "referral_certificate", "转诊转院证明";
        CommitmentLetter = "commitment_letter", "个人承诺书";
    }
}
