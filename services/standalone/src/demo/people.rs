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

/// 株洲 employee whose cover ends in the middle of a stay.
pub const LEAVES: &str = "DEMO-11";
/// On this day.
pub const LEAVES_ON: &str = "2026-03-31";

/// 绍兴 employee who lives in 上海.
pub const LIVES_AWAY: &str = "DEMO-7";
/// 绍兴 employee treated in 上海, who never files.
pub const NEVER_FILED: &str = "DEMO-8";
/// 绍兴 employee who falls ill in 上海.
pub const FALLS_ILL: &str = "DEMO-9";
/// 绍兴 employee treated in 上海, who files before discharge.
pub const FILES_LATE: &str = "DEMO-10";

/// 长沙 employee, a relative of [`ZHUZHOU`], with a personal account.
pub const RELATIVE: &str = "DEMO-12";

/// 株洲 employee who pays later, and lets a child pay.
pub const PARENT: &str = "DEMO-13";
/// That child.
pub const CHILD: &str = "DEMO-14";
/// 株洲 employee who does not pay.
pub const DEFAULTER: &str = "DEMO-15";

/// 株洲 resident of a family on 低保.
pub const ZHUZHOU_RESIDENT: &str = "DEMO-16";

/// What a resident pays for a coverage year in the demo (个人缴费标准, 400 yuan).
pub const RESIDENT_RATE_FEN: i64 = 40_000;

/// Number, name, birthday, area, scheme, 人员类别, and the last day of the coverage; empty means open.
const PEOPLE: [[&str; 7]; 15] = [
    [SEVEN_PAYERS, "张示例", "1975-04-12", "999900", "310", "1102", ""],
    [YUBEI, "李示例", "1968-09-30", "500112", "390", "15", ""],
    [ZHUZHOU, "王示例", "1982-02-28", "430200", "310", "1101", ""],
    [QUZHOU, "陈示例", "1970-11-05", "330800", "310", "1101", ""],
    [LAPSED, "赵示例", "1988-07-19", "430200", "390", "15", "2023-12-31"],
    [LEAVES, "钱示例", "1986-03-17", "430200", "310", "1101", LEAVES_ON],
    [LIVES_AWAY, "周示例", "1979-06-14", "330600", "310", "1101", ""],
    [NEVER_FILED, "吴示例", "1985-01-23", "330600", "310", "1101", ""],
    [FALLS_ILL, "郑示例", "1990-08-08", "330600", "310", "1101", ""],
    [FILES_LATE, "冯示例", "1973-12-02", "330600", "310", "1101", ""],
    [RELATIVE, "王示范", "1957-05-01", "430100", "310", "1201", ""],
    [PARENT, "孙示例", "1968-10-12", "430200", "310", "1101", ""],
    [CHILD, "孙示范", "1994-03-08", "430200", "310", "1101", ""],
    [DEFAULTER, "朱示例", "1983-05-30", "430200", "310", "1101", ""],
    [ZHUZHOU_RESIDENT, "李示范", "1971-08-20", "430200", "390", "15", ""],
];

/// Whose, code and name.
const IDENTITIES: [[&str; 3]; 3] =
    [[SEVEN_PAYERS, "2303", "低保"], [YUBEI, "", "低保边缘"], [ZHUZHOU_RESIDENT, "2303", "低保"]];

/// Whose, of what and in which category.
const MEMBERSHIPS: [(&str, MembershipKind, &str); 5] = [
    (SEVEN_PAYERS, MembershipKind::Union, "杭州36元项目"),
    (SEVEN_PAYERS, MembershipKind::CivilServant, "科级"),
    (SEVEN_PAYERS, MembershipKind::Veteran, "烈士遗属"),
    (SEVEN_PAYERS, MembershipKind::Commercial, "惠衢保2021"),
    (YUBEI, MembershipKind::ResidentTier, "一档"),
];

/// First day of every coverage, identity and membership of the demo.
const SINCE: &str = "2010-01-01";

/// Imports them in bulk, as an agency takes over an old register; whoever comes new is enrolled case by case in the story.
pub async fn enrol(enrollment: &mut EnrollmentServiceClient<PeerChannel>) -> anyhow::Result<()> {
    let persons = PEOPLE.map(|[psn_no, name, brdy, area, ..]| person(psn_no, name, "1", brdy, area)).into();
    let request = ImportPersonsRequest { request_id: "demo-persons".into(), rows: persons };
    enrollment.import_persons(request).await?;
    let coverages = PEOPLE.map(|[psn_no, _, _, _, insutype, psn_type, until]| CoverageRow {
        psn_no: psn_no.into(),
        insutype: insutype.into(),
        psn_type: psn_type.into(),
        psn_insu_stas: "1".into(),
        begndate: SINCE.into(),
        enddate: until.into(),
        ..CoverageRow::default()
    });
    let request = ImportCoveragesRequest { request_id: "demo-coverages".into(), rows: coverages.into() };
    enrollment.import_coverages(request).await?;
    let identities = IDENTITIES.map(|[psn_no, code, name]| IdentityRow {
        psn_no: psn_no.into(),
        psn_idet_type: code.into(),
        name: name.into(),
        begndate: SINCE.into(),
        ..IdentityRow::default()
    });
    let request = ImportIdentitiesRequest { request_id: "demo-identities".into(), rows: identities.into() };
    enrollment.import_identities(request).await?;
    let memberships = MEMBERSHIPS.map(|(psn_no, kind, category)| MembershipRow {
        psn_no: psn_no.into(),
        kind: kind.into(),
        category: category.into(),
        begndate: SINCE.into(),
        ..MembershipRow::default()
    });
    let request =
        ImportMembershipsRequest { request_id: "demo-memberships".into(), rows: memberships.into() };
    enrollment.import_memberships(request).await?;
    println!(
        "Imported {} people in bulk, as from an old register (all invented); new ones enrol one by one below.",
        PEOPLE.len()
    );
    Ok(())
}

/// A person of the register, with an invented certificate.
pub fn person(psn_no: &str, name: &str, gend: &str, brdy: &str, area: &str) -> PersonRow {
    PersonRow {
        psn_no: psn_no.into(),
        psn_cert_type: "99".into(),
        certno: format!("SAMPLE{psn_no}"),
        psn_name: name.into(),
        gend: gend.into(),
        brdy: brdy.into(),
        poolarea_no: area.into(),
        ..PersonRow::default()
    }
}
