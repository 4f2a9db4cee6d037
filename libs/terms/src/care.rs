//! Kinds of care, and how care away from home was filed.

use crate::dictionary;

dictionary! {
    /// The kind of care as benefit policies distinguish it.
    Care {
        Inpatient = "inpatient", "住院";
        Outpatient = "outpatient", "普通门诊";
        Chronic = "chronic", "门诊慢特病";
        Pharmacy = "pharmacy", "药店购药";
        Maternity = "maternity", "生育";
    }
}

dictionary! {
    /// 医疗类别 `med_type`, the two-digit national core (docs/CODES.md).
    MedType {
        Outpatient = "11", "普通门诊";
        Registration = "12", "门诊挂号";
        Emergency = "13", "急诊";
        Chronic = "14", "门诊慢特病";
        PooledOutpatient = "15", "门诊统筹";
        SpecialOutpatient = "16", "门诊特殊病";
        AccidentOutpatient = "19", "意外伤害门诊";
        Inpatient = "21", "普通住院";
        InjuryInpatient = "22", "外伤住院";
        TransferredInpatient = "23", "转外诊治住院";
        EmergencyInpatient = "24", "急诊转住院";
        Pharmacy = "41", "定点药店购药";
        MaternityOutpatient = "51", "生育门诊";
        MaternityInpatient = "52", "生育住院";
        FamilyPlanning = "53", "计划生育手术费";
        OtherInpatient = "92", "其他住院";
    }
}

dictionary! {
    /// 离院方式 `dscg_way` (docs/CODES.md, dscg_way).
    DischargeWay {
        Ordered = "1", "医嘱离院";
        Transferred = "2", "医嘱转院";
        ToPrimary = "3", "医嘱转社区卫生服务机构/乡镇卫生院";
        AgainstAdvice = "4", "非医嘱离院";
        Died = "5", "死亡";
        Other = "9", "其他";
    }
}

impl DischargeWay {
    /// Whether the patient goes on to another institution by order (转院).
    pub fn is_transfer(self) -> bool {
        matches!(self, DischargeWay::Transferred | DischargeWay::ToPrimary)
    }
}

dictionary! {
    /// 入院途径 `adm_way` (docs/CODES.md, dscg_way).
    AdmissionWay {
        Emergency = "1", "急诊";
        Outpatient = "2", "门诊";
        TransferredIn = "3", "其他医疗机构转入";
        Other = "9", "其他";
    }
}

dictionary! {
    /// 手工报销原因 `manl_reim_rea` (docs/CODES.md), without those of a second payment for a visit that was settled.
    ManualReason {
        General = "01", "一般";
        NoCard = "02", "定点无卡";
        Remote = "03", "异地就诊";
        Emergency = "04", "急救抢救";
        Referral = "05", "异地转诊";
        BeforeAdmission = "07", "院前检查";
        Batch = "10", "批量";
        Other = "99", "其他";
    }
}

impl MedType {
    /// The kind of care a policy prices this category as.
    pub fn care(self) -> Care {
        use MedType::*;
        match self {
            Outpatient | Registration | Emergency | PooledOutpatient | AccidentOutpatient => Care::Outpatient,
            Chronic | SpecialOutpatient => Care::Chronic,
            Inpatient | InjuryInpatient | TransferredInpatient | EmergencyInpatient | OtherInpatient => {
                Care::Inpatient
            }
            Pharmacy => Care::Pharmacy,
            MaternityOutpatient | MaternityInpatient | FamilyPlanning => Care::Maternity,
        }
    }

    /// Whether the person stays overnight, so that admission and discharge dates apply.
    pub fn is_stay(self) -> bool {
        self.care() == Care::Inpatient || self == MedType::MaternityInpatient
    }
}

dictionary! {
    /// Which entitlement to outpatient care of a disease a visit uses (2503 `opsp_dise_code`), as policies tell them apart.
    DiseaseKind {
        Ordinary = "none", "不按病种";
        Chronic = "chronic", "门诊慢特病";
        TwoDiseases = "two_diseases", "两病（高血压、糖尿病）";
    }
}

dictionary! {
    /// How care away from home was filed (异地就医备案, docs/CODES.md, out_fil_type), as far as policies
    /// price it apart. `Local` is care inside the pooling area, where nothing is filed; `Exempt` is care
    /// elsewhere in the province where the area asks for no filing; `Returning` is care at home of
    /// somebody filed to live elsewhere (医保发〔2022〕22号 二(五)).
    Filing {
        Local = "local", "统筹区内";
        Exempt = "exempt", "省内异地免备案";
        LongTerm = "long_term", "异地长期居住备案";
        Returning = "returning", "异地长期备案人员回参保地就医";
        Referral = "referral", "异地转诊备案";
        Emergency = "emergency", "异地急诊抢救（视同备案）";
        Temporary = "temporary", "其他临时外出备案";
        Unfiled = "unfiled", "未备案";
    }
}
