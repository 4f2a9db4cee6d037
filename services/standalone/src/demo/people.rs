//! The people of the demo. They do not exist.

use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CoverageRow, IdentityRow, ImportCoveragesRequest, ImportIdentitiesRequest, ImportMembershipsRequest,
    ImportPersonsRequest, MembershipKind, MembershipRow, PersonRow,
};
use yizhan_runtime::client::PeerChannel;

/// Entitled by seven payers, under the composite policy.
pub const SEVEN_PAYERS: &str = "DEMO-1";
/// 重庆渝北 resident of a low-margin family: the published example of 2023-10-30.
pub const YUBEI: &str = "DEMO-2";
/// 株洲 employee with a personal account.
pub const ZHUZHOU: &str = "DEMO-3";
/// 衢州 employee, insured for long.
pub const QUZHOU: &str = "DEMO-4";
/// 株洲 resident whose coverage lapsed.
pub const LAPSED: &str = "DEMO-5";
/// Not born when the register was imported.
pub const NEWBORN: &str = "DEMO-6";

/// 绍兴 employee who lives in 上海.
pub const LIVES_AWAY: &str = "DEMO-7";
/// 绍兴 employee treated in 上海, who never files.
pub const NEVER_FILED: &str = "DEMO-8";
/// 绍兴 employee who falls ill in 上海.
pub const FALLS_ILL: &str = "DEMO-9";
/// 绍兴 employee treated in 上海, who files before discharge.
pub const FILES_LATE: &str = "DEMO-10";

/// What a resident pays for a coverage year in the demo (个人缴费标准, 400 yuan).
pub const RESIDENT_RATE_FEN: i64 = 40_000;

struct DemoPerson {
    psn_no: &'static str,
    name: &'static str,
    brdy: &'static str,
    area: &'static str,
    insutype: &'static str,
    psn_type: &'static str,
    /// Last day of the coverage; empty means open.
    until: &'static str,
    identities: &'static [(&'static str, &'static str)],
    memberships: &'static [(MembershipKind, &'static str)],
}

const PEOPLE: [DemoPerson; 9] = [
    DemoPerson {
        psn_no: SEVEN_PAYERS,
        name: "张示例",
        brdy: "1975-04-12",
        area: "999900",
        insutype: "310",
        psn_type: "1102",
        until: "",
        identities: &[("2303", "低保")],
        memberships: &[
            (MembershipKind::Union, "杭州36元项目"),
            (MembershipKind::CivilServant, "科级"),
            (MembershipKind::Veteran, "烈士遗属"),
            (MembershipKind::Commercial, "惠衢保2021"),
        ],
    },
    DemoPerson {
        psn_no: YUBEI,
        name: "李示例",
        brdy: "1968-09-30",
        area: "500112",
        insutype: "390",
        psn_type: "15",
        until: "",
        identities: &[("", "低保边缘")],
        memberships: &[(MembershipKind::ResidentTier, "一档")],
    },
    DemoPerson {
        psn_no: ZHUZHOU,
        name: "王示例",
        brdy: "1982-02-28",
        area: "430200",
        insutype: "310",
        psn_type: "1101",
        until: "",
        identities: &[],
        memberships: &[],
    },
    DemoPerson {
        psn_no: QUZHOU,
        name: "陈示例",
        brdy: "1970-11-05",
        area: "330800",
        insutype: "310",
        psn_type: "1101",
        until: "",
        identities: &[],
        memberships: &[],
    },
    DemoPerson {
        psn_no: LAPSED,
        name: "赵示例",
        brdy: "1988-07-19",
        area: "430200",
        insutype: "390",
        psn_type: "15",
        until: "2023-12-31",
        identities: &[],
        memberships: &[],
    },
    shaoxing(LIVES_AWAY, "周示例", "1979-06-14"),
    shaoxing(NEVER_FILED, "吴示例", "1985-01-23"),
    shaoxing(FALLS_ILL, "郑示例", "1990-08-08"),
    shaoxing(FILES_LATE, "冯示例", "1973-12-02"),
];

/// 绍兴 employee in service.
const fn shaoxing(psn_no: &'static str, name: &'static str, brdy: &'static str) -> DemoPerson {
    DemoPerson {
        psn_no,
        name,
        brdy,
        area: "330600",
        insutype: "310",
        psn_type: "1101",
        until: "",
        identities: &[],
        memberships: &[],
    }
}

/// First day of every coverage, identity and membership of the demo.
const SINCE: &str = "2010-01-01";

/// Imports them in bulk, as an agency takes over an old register; whoever comes new is enrolled case by case in the story.
pub async fn enrol(mut enrollment: EnrollmentServiceClient<PeerChannel>) -> anyhow::Result<()> {
    let persons = PEOPLE.iter().map(DemoPerson::person).collect();
    let request = ImportPersonsRequest { request_id: "demo-persons".into(), rows: persons };
    enrollment.import_persons(request).await?;
    let coverages = PEOPLE.iter().map(DemoPerson::coverage).collect();
    let request = ImportCoveragesRequest { request_id: "demo-coverages".into(), rows: coverages };
    enrollment.import_coverages(request).await?;
    let identities = PEOPLE.iter().flat_map(DemoPerson::identities).collect();
    let request = ImportIdentitiesRequest { request_id: "demo-identities".into(), rows: identities };
    enrollment.import_identities(request).await?;
    let memberships = PEOPLE.iter().flat_map(DemoPerson::memberships).collect();
    let request = ImportMembershipsRequest { request_id: "demo-memberships".into(), rows: memberships };
    enrollment.import_memberships(request).await?;
    println!(
        "Imported {} people in bulk, as from an old register (all invented); new ones enrol one by one below.",
        PEOPLE.len()
    );
    Ok(())
}

impl DemoPerson {
    fn person(&self) -> PersonRow {
        PersonRow {
            psn_no: self.psn_no.into(),
            psn_cert_type: "99".into(),
            certno: format!("SAMPLE{}", self.psn_no),
            psn_name: self.name.into(),
            gend: "1".into(),
            brdy: self.brdy.into(),
            poolarea_no: self.area.into(),
            ..PersonRow::default()
        }
    }

    fn coverage(&self) -> CoverageRow {
        CoverageRow {
            psn_no: self.psn_no.into(),
            insutype: self.insutype.into(),
            psn_type: self.psn_type.into(),
            psn_insu_stas: "1".into(),
            begndate: SINCE.into(),
            enddate: self.until.into(),
            ..CoverageRow::default()
        }
    }

    fn identities(&self) -> impl Iterator<Item = IdentityRow> {
        self.identities.iter().map(|(code, name)| IdentityRow {
            psn_no: self.psn_no.into(),
            psn_idet_type: (*code).into(),
            name: (*name).into(),
            begndate: SINCE.into(),
            ..IdentityRow::default()
        })
    }

    fn memberships(&self) -> impl Iterator<Item = MembershipRow> {
        self.memberships.iter().map(|(kind, category)| MembershipRow {
            psn_no: self.psn_no.into(),
            kind: (*kind).into(),
            category: (*category).into(),
            begndate: SINCE.into(),
            ..MembershipRow::default()
        })
    }
}
