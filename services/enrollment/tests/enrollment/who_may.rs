//! Who may do what: every call of every service, by everybody who could make it. The callers stand in columns, the calls in
//! lines; a check that is removed or added shows in one cell.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use tonic::Request;
use tonic::transport::Channel;
use yizhan_proto::enrollment::v1::coverage_service_client::CoverageServiceClient;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::enrollment::v1::rights_service_client::RightsServiceClient;
use yizhan_proto::enrollment::v1::roster_service_client::RosterServiceClient;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{self, begin_write};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::{Backend, TestDatabase, both_databases};

use crate::roster_support::{CIVIL_AFFAIRS, Department, add, header, rows_from};
use crate::support::*;

/// The columns: P1 is kept by 430200, has an open transfer to 430300, and granted insurer:PICC a look.
const COLUMNS: [&[&str]; 12] = [
    // Keeps the register, or an area around it.
    &["agency:430200", "agency:430000", "agency:100000", "local-administrator"],
    // Oversees the area.
    &["department:430200", "department:430000", "department:430200.veterans"],
    // The department whose rosters are spoken of.
    &[CIVIL_AFFAIRS, "department:430000.civil-affairs"],
    // Agencies of a district inside the area and of another area.
    &["agency:430203", "agency:430100"],
    // The agency the person is to move to.
    &["agency:430300"],
    // Departments of another area.
    &["department:430100", "department:430100.civil-affairs"],
    // Nobody in particular.
    &["person:P2", "insurer:AIA"],
    &["operator:alice"],
    &["institution:H43020000001"],
    &["service:settlement"],
    &["person:P1"],
    &["insurer:PICC"],
];

const OK: &str = "OK";
/// Answered, with nothing.
const NIL: &str = "NOTHING";
const AREA: &str = "AREA_NOT_OWNED";
const WHO: &str = "PERSON_UNKNOWN";
const OWN: &str = "PERSON_NOT_OWN";
const GRANT: &str = "GRANT_UNKNOWN";
const ROSTER: &str = "ROSTER_UNKNOWN";
const MOVE: &str = "TRANSFER_UNKNOWN";
const DEP: &str = "DEPARTMENT_NOT_OWN";
const OPER: &str = "NOT_AN_OPERATOR";

/// Only who keeps the register may; agencies of other areas learn nothing of the person.
const fn keepers(allowed: &'static str) -> [&'static str; 12] {
    [allowed, AREA, AREA, WHO, WHO, AREA, AREA, AREA, AREA, AREA, AREA, AREA]
}

/// Only who manages the area that the request names may.
const fn managers(allowed: &'static str) -> [&'static str; 12] {
    [allowed, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA]
}

/// Who may ask about the person.
const ASKERS: [&str; 12] = [OK, OK, OK, WHO, WHO, WHO, WHO, WHO, OK, OK, OK, WHO];
/// The person and who keeps their register; others who may ask learn that it is not theirs.
const SELF_OR_KEEPER: [&str; 12] = [OK, OWN, OWN, WHO, WHO, WHO, WHO, WHO, OWN, OWN, OK, WHO];
const EVERYBODY: [&str; 12] = [OK; 12];

/// Of a call with a suffix there are several ways to make it.
const TABLE: [(&str, [&str; 12]); 48] = [
    ("ImportPersons", managers(OK)),
    ("ImportCoverages", keepers(OK)),
    ("ImportIdentities", keepers(OK)),
    ("ImportMemberships", keepers(OK)),
    ("ImportAccountShares", keepers(OK)),
    ("GetPerson", ASKERS),
    ("GetPerson in clear", SELF_OR_KEEPER),
    ("FindPerson", ASKERS),
    ("FindPersonsByTel", [OK, AREA, AREA, NIL, NIL, AREA, AREA, AREA, AREA, AREA, AREA, AREA]),
    ("ListPersons", [OK, OK, OK, AREA, AREA, AREA, AREA, AREA, AREA, OK, AREA, AREA]),
    ("GetEligibility", ASKERS),
    ("GetEligibility by document", ASKERS),
    ("GetEligibility as known then", ASKERS),
    ("BatchGetEligibilities", [OK, OK, OK, NIL, NIL, NIL, NIL, NIL, OK, OK, OK, NIL]),
    ("GetCacheStatus", [OK, OPER, OPER, OK, OK, OPER, OPER, OK, OPER, OK, OPER, OPER]),
    ("WatchRegister", [OK, OK, OK, NIL, NIL, NIL, AREA, AREA, AREA, OK, AREA, AREA]),
    ("ChangeCoverage", keepers("CHANGE_NOT_ALLOWED")),
    ("RecordDeath", keepers("DATES_REVERSED")),
    ("RecordContributions", keepers(OK)),
    ("ListContributions", [OK, OK, OK, WHO, WHO, WHO, WHO, WHO, WHO, WHO, OK, WHO]),
    ("RepairWaiting", keepers("NOTHING_TO_REPAIR")),
    ("RegisterNewborn", managers("PERSON_REGISTERED")),
    ("ImportDiseaseEntitlements", keepers(OK)),
    ("ReverifyDiseaseEntitlement", keepers("DISEASE_ENTITLEMENT_UNKNOWN")),
    ("PublishEntitlementRules", managers(OK)),
    ("ListEntitlementRules", EVERYBODY),
    ("GetEntitlementRules", EVERYBODY),
    ("GetLedger", [OK, OK, OK, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA]),
    ("ListUnenrolled", [OK, OK, OK, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA]),
    ("MergePersons", keepers("TRANSFER_OPEN")),
    ("GetRights", SELF_OR_KEEPER),
    ("GrantAccess", SELF_OR_KEEPER),
    ("WithdrawGrant", [OK, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, OK, GRANT]),
    ("ListGrants", [OK, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, OK, OK]),
    ("LookUpByGrant", [GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, GRANT, OK]),
    ("ListAccessLog", SELF_OR_KEEPER),
    ("VerifyAccessLog", [OK, OK, OK, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA]),
    ("LoadRoster", [OK, DEP, OK, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA]),
    ("GetRoster", [OK, ROSTER, OK, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER]),
    (
        "ListRosterRows",
        [OK, ROSTER, OK, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER],
    ),
    (
        "AbandonRoster",
        [OK, ROSTER, OK, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER, ROSTER],
    ),
    (
        "StartTransfer",
        ["TRANSFER_OPEN", AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, "TRANSFER_OPEN", AREA],
    ),
    (
        "StartTransfer to here",
        [
            // The province and the nation keep the receiving area, too; tested by the next line alone.
            "",
            AREA,
            AREA,
            AREA,
            "TRANSFER_OPEN",
            AREA,
            AREA,
            AREA,
            AREA,
            AREA,
            "TRANSFER_OPEN",
            AREA,
        ],
    ),
    (
        "AdvanceTransfer",
        [
            "TRANSFER_STEP_REFUSED",
            AREA,
            AREA,
            MOVE,
            "TRANSFER_STEP_REFUSED",
            MOVE,
            MOVE,
            MOVE,
            MOVE,
            AREA,
            "TRANSFER_STEP_REFUSED",
            MOVE,
        ],
    ),
    ("GetTransfer", [OK, OK, OK, MOVE, OK, MOVE, MOVE, MOVE, MOVE, OK, OK, MOVE]),
    ("GetTransfer with reasons", [OK, NIL, NIL, MOVE, OK, MOVE, MOVE, MOVE, MOVE, NIL, OK, MOVE]),
    ("ListTransfers", [OK, OK, OK, AREA, AREA, AREA, AREA, AREA, AREA, OK, AREA, AREA]),
    (
        "MergePersons with another area's",
        ["", AREA, AREA, WHO, WHO, AREA, AREA, AREA, AREA, AREA, AREA, AREA],
    ),
];

const RULES: &str = "rules: zhuzhou-newborn\nversion: \"1\"\ntitle: 株洲新生儿\narea: \"430200\"\nsources:\n  doc: { title: 株医保发〔2026〕1号, quality: G }\nnewborn:\n  - { from: 2026-01-01, source: doc, within_days: 180 }\n";
const TEL: &str = "13912345678";
const NOW: &str = "2024-06-15T04:00:00Z";

/// Makes a call as somebody.
macro_rules! call {
    ($client:expr, $method:ident, $caller:expr, $message:expr) => {
        $client
            .clone()
            .$method(as_caller($caller, $message))
            .await
            .map(tonic::Response::into_inner)
            .map_err(error)
    };
}

struct Desk {
    _service: TestService,
    register: EnrollmentServiceClient<Channel>,
    coverage: CoverageServiceClient<Channel>,
    ledger: LedgerServiceClient<Channel>,
    merge: MergeServiceClient<Channel>,
    rights: RightsServiceClient<Channel>,
    roster: RosterServiceClient<Channel>,
    transfer: TransferServiceClient<Channel>,
    url: String,
    grant_id: String,
    withdrawn_id: String,
    transfer_id: String,
}

impl Desk {
    async fn open(db: &TestDatabase) -> Desk {
        let mut service = start(db).await;
        let elsewhere = PersonRow { poolarea_no: "430100".into(), ..person("E1") };
        let rows = [PersonRow { tel: TEL.into(), ..person("P1") }, person("M1"), elsewhere];
        service.import_persons(persons(rows)).await.unwrap();
        service.import_coverages(coverages([coverage("P1", "310", "2020-01-01", "")])).await.unwrap();
        let url = service.server.url();
        let channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
        let mut desk = Desk {
            register: EnrollmentServiceClient::new(channel.clone()),
            coverage: CoverageServiceClient::new(channel.clone()),
            ledger: LedgerServiceClient::new(channel.clone()),
            merge: MergeServiceClient::new(channel.clone()),
            rights: RightsServiceClient::new(channel.clone()),
            roster: RosterServiceClient::new(channel.clone()),
            transfer: TransferServiceClient::new(channel),
            url,
            grant_id: String::new(),
            withdrawn_id: String::new(),
            transfer_id: String::new(),
            _service: service,
        };
        let opened = call!(desk.transfer, start_transfer, "agency:430200", opening("P1", "T22")).unwrap();
        desk.transfer_id = opened.transfer.unwrap().transfer_id;
        let granted =
            call!(desk.rights, grant_access, "person:P1", granting("P1", "insurer:PICC", "person:P1"));
        desk.grant_id = granted.unwrap().grant.unwrap().grant_id;
        let granted =
            call!(desk.rights, grant_access, "person:P1", granting("P1", "insurer:PICC", "person:P1"));
        desk.withdrawn_id = granted.unwrap().grant.unwrap().grant_id;
        for roster_id in ["kept", "given-up"] {
            Department::at(desk.url.clone(), CIVIL_AFFAIRS).await.open(&roster(roster_id)).await.unwrap();
        }
        desk
    }

    /// Whether the answer told something.
    async fn ask(&self, what: &str, caller: &str, psn_no: &str) -> Result<bool, RemoteError> {
        let Desk { register, coverage: coverages_, ledger, merge, rights, .. } = self;
        let (id, psn) = (new_id(), psn_no.to_owned());
        let known_certno = certno(psn_no);
        let told = match what {
            "ImportPersons" => {
                let rows = vec![PersonRow { tel: TEL.into(), ..person(psn_no) }];
                call!(register, import_persons, caller, ImportPersonsRequest { request_id: id, rows })
                    .map(|_| true)
            }
            "ImportCoverages" => {
                let rows = vec![coverage(psn_no, "310", "2020-01-01", "")];
                call!(register, import_coverages, caller, ImportCoveragesRequest { request_id: id, rows })
                    .map(|_| true)
            }
            "ImportIdentities" => {
                let rows = vec![IdentityRow {
                    psn_no: psn,
                    name: "低保".into(),
                    begndate: "2024-01-01".into(),
                    ..Default::default()
                }];
                call!(register, import_identities, caller, ImportIdentitiesRequest { request_id: id, rows })
                    .map(|_| true)
            }
            "ImportMemberships" => {
                let rows = vec![MembershipRow {
                    psn_no: psn,
                    kind: 1,
                    begndate: "2024-01-01".into(),
                    ..Default::default()
                }];
                call!(register, import_memberships, caller, ImportMembershipsRequest { request_id: id, rows })
                    .map(|_| true)
            }
            "ImportAccountShares" => {
                let rows = vec![AccountShareRow {
                    psn_no: psn,
                    sharer_psn_no: "M1".into(),
                    begndate: "2024-01-01".into(),
                    ..Default::default()
                }];
                let request = ImportAccountSharesRequest { request_id: id, rows };
                call!(register, import_account_shares, caller, request).map(|_| true)
            }
            "GetPerson" => {
                call!(register, get_person, caller, get_person(psn_no)).map(|told| told.in_clear.is_none())
            }
            "GetPerson in clear" => {
                let request = GetPersonRequest { psn_no: psn, unmask: true, purpose: "核对".into() };
                call!(register, get_person, caller, request).map(|told| told.in_clear.is_some())
            }
            "FindPerson" => {
                let request = FindPersonRequest { psn_cert_type: "01".into(), certno: known_certno };
                call!(register, find_person, caller, request).map(|told| told.psn_no == psn_no)
            }
            "FindPersonsByTel" => {
                let request = FindPersonsByTelRequest { tel: TEL.into() };
                call!(register, find_persons_by_tel, caller, request).map(|told| !told.persons.is_empty())
            }
            "ListPersons" => {
                let request = ListPersonsRequest { poolarea_no: "430200".into(), ..Default::default() };
                call!(register, list_persons, caller, request).map(|told| told.persons.len() == 2)
            }
            "GetEligibility" | "GetEligibility by document" | "GetEligibility as known then" => {
                let request = match what {
                    "GetEligibility by document" => GetEligibilityRequest {
                        psn_cert_type: "01".into(),
                        certno: known_certno,
                        ..Default::default()
                    },
                    "GetEligibility" => GetEligibilityRequest { psn_no: psn, ..Default::default() },
                    _ => GetEligibilityRequest { psn_no: psn, known_at: moment(NOW), ..Default::default() },
                };
                call!(register, get_eligibility, caller, request).map(|told| told.eligibility.is_some())
            }
            "BatchGetEligibilities" => {
                let requests = vec![GetEligibilityRequest { psn_no: psn, ..Default::default() }];
                let request = BatchGetEligibilitiesRequest { requests };
                call!(register, batch_get_eligibilities, caller, request).map(|told| {
                    told.responses[0].eligibility.is_some() || !told.responses[0].merged_into.is_empty()
                })
            }
            "GetCacheStatus" => call!(register, get_cache_status, caller, GetCacheStatusRequest {})
                .map(|told| !told.backend.is_empty()),
            "WatchRegister" => match call!(register, watch_register, caller, WatchRegisterRequest::default())
            {
                Ok(mut events) => {
                    let first = tokio::time::timeout(Duration::from_millis(700), events.message()).await;
                    Ok(first.is_ok_and(|event| event.unwrap().unwrap().poolarea_no == "430200"))
                }
                Err(refused) => Err(refused),
            },
            "ChangeCoverage" => {
                let request = ChangeCoverageRequest {
                    request_id: id,
                    psn_no: psn,
                    insutype: "310".into(),
                    psn_chg_type: "32".into(),
                    chg_date: "2024-06-01".into(),
                    ..Default::default()
                };
                call!(coverages_, change_coverage, caller, request).map(|_| true)
            }
            "RecordDeath" => {
                let request =
                    RecordDeathRequest { request_id: id, psn_no: psn, die_date: "1949-01-01".into() };
                call!(coverages_, record_death, caller, request).map(|_| true)
            }
            "RecordContributions" => {
                let rows = vec![Contribution {
                    psn_no: psn,
                    insutype: "310".into(),
                    accrym: "2024-01".into(),
                    amount_fen: 1,
                    clct_type: "10".into(),
                    clct_flag: "0".into(),
                    ..Default::default()
                }];
                let request = RecordContributionsRequest { request_id: id, rows };
                call!(coverages_, record_contributions, caller, request).map(|_| true)
            }
            "ListContributions" => {
                let request = ListContributionsRequest { psn_no: psn, ..Default::default() };
                call!(coverages_, list_contributions, caller, request)
                    .map(|told| !told.contributions.is_empty())
            }
            "RepairWaiting" => {
                let request = RepairWaitingRequest {
                    request_id: id,
                    psn_no: psn,
                    years: vec![2023],
                    amount_per_year_fen: 1,
                    paid_date: "2024-06-01".into(),
                    ..Default::default()
                };
                call!(coverages_, repair_waiting, caller, request).map(|_| true)
            }
            "RegisterNewborn" => {
                let child = PersonRow {
                    psn_cert_type: "99".into(),
                    certno: "O430001".into(),
                    brdy: "2024-06-01".into(),
                    ..person(psn_no)
                };
                let payment = Contribution {
                    accrym: "2024".into(),
                    amount_fen: 1,
                    clct_type: "10".into(),
                    clct_flag: "1".into(),
                    paid_date: "2024-06-02".into(),
                    ..Default::default()
                };
                let request = RegisterNewbornRequest {
                    request_id: id,
                    person: Some(child),
                    guardian_psn_no: "M1".into(),
                    payments: vec![payment],
                };
                call!(coverages_, register_newborn, caller, request).map(|_| true)
            }
            "ImportDiseaseEntitlements" => {
                let entitlement = DiseaseEntitlement {
                    kind: 1,
                    dise_codg: "M03900".into(),
                    dise_name: "高血压".into(),
                    begndate: "2024-01-01".into(),
                    ..Default::default()
                };
                let rows = vec![DiseaseEntitlementRow {
                    psn_no: psn,
                    entitlement: Some(entitlement),
                    ..Default::default()
                }];
                let request = ImportDiseaseEntitlementsRequest { request_id: id, rows };
                call!(coverages_, import_disease_entitlements, caller, request).map(|_| true)
            }
            "ReverifyDiseaseEntitlement" => {
                let request = ReverifyDiseaseEntitlementRequest {
                    request_id: id,
                    psn_no: psn,
                    kind: 1,
                    dise_codg: "M01600".into(),
                    verified_on: "2024-06-01".into(),
                    ..Default::default()
                };
                call!(coverages_, reverify_disease_entitlement, caller, request).map(|_| true)
            }
            "PublishEntitlementRules" => {
                let request = PublishEntitlementRulesRequest { request_id: id, document: RULES.into() };
                call!(coverages_, publish_entitlement_rules, caller, request).map(|_| true)
            }
            "ListEntitlementRules" => {
                let request = ListEntitlementRulesRequest::default();
                call!(coverages_, list_entitlement_rules, caller, request).map(|told| !told.rules.is_empty())
            }
            "GetEntitlementRules" => {
                let request =
                    GetEntitlementRulesRequest { rules_id: "zhuzhou-newborn".into(), version: "1".into() };
                call!(coverages_, get_entitlement_rules, caller, request).map(|told| told.rules.is_some())
            }
            "GetLedger" => {
                let request =
                    GetLedgerRequest { poolarea_no: "430200".into(), level: 1, ..Default::default() };
                call!(ledger, get_ledger, caller, request).map(|told| told.total.is_some())
            }
            "ListUnenrolled" => {
                let request = ListUnenrolledRequest { poolarea_no: "430200".into(), ..Default::default() };
                call!(ledger, list_unenrolled, caller, request).map(|told| !told.persons.is_empty())
            }
            "MergePersons" | "MergePersons with another area's" => {
                let merged_psn_no = if what == "MergePersons" { "M1" } else { "E1" }.to_owned();
                let request = MergePersonsRequest {
                    request_id: id,
                    keep_psn_no: psn,
                    merged_psn_no,
                    reason: "同一人".into(),
                };
                call!(merge, merge_persons, caller, request).map(|_| true)
            }
            "GetRights" => {
                let request = GetRightsRequest { psn_no: psn, purpose: "核对".into() };
                call!(rights, get_rights, caller, request).map(|told| told.rights.is_some())
            }
            "GrantAccess" => {
                call!(rights, grant_access, caller, granting(psn_no, "insurer:CPIC", caller)).map(|_| true)
            }
            "WithdrawGrant" => {
                let request = WithdrawGrantRequest { request_id: id, grant_id: self.withdrawn_id.clone() };
                call!(rights, withdraw_grant, caller, request).map(|_| true)
            }
            "ListGrants" => {
                let request = ListGrantsRequest { psn_no: psn, ..Default::default() };
                call!(rights, list_grants, caller, request).map(|told| !told.grants.is_empty())
            }
            "LookUpByGrant" => {
                let request = LookUpByGrantRequest {
                    grant_id: self.grant_id.clone(),
                    purpose: "理赔".into(),
                    ..Default::default()
                };
                call!(rights, look_up_by_grant, caller, request).map(|told| told.rights.is_some())
            }
            "ListAccessLog" => {
                let request = ListAccessLogRequest { psn_no: psn, ..Default::default() };
                call!(rights, list_access_log, caller, request).map(|told| !told.entries.is_empty())
            }
            "VerifyAccessLog" => {
                let request = VerifyAccessLogRequest { poolarea_no: "430200".into(), ..Default::default() };
                call!(rights, verify_access_log, caller, request).map(|told| told.intact)
            }
            _ => return self.ask_more(what, caller, psn_no).await,
        };
        told.inspect_err(|refused| {
            let told = format!("{refused:?}");
            assert!(
                !told.contains("张小丽") && !told.contains(TEL) && !told.contains(&certno(psn_no)),
                "{what}: {told}"
            );
        })
    }

    /// The same of rosters and transfers.
    async fn ask_more(&self, what: &str, caller: &str, psn_no: &str) -> Result<bool, RemoteError> {
        let Desk { roster: rosters, transfer, .. } = self;
        let named = |roster_id: &str| ("430200".to_owned(), "civil-affairs".to_owned(), roster_id.to_owned());
        match what {
            "LoadRoster" => {
                let department = Department::at(self.url.clone(), caller).await;
                department.open(&roster("kept")).await.map(|_| true)
            }
            "GetRoster" => {
                let (poolarea_no, department, roster_id) = named("kept");
                let request = GetRosterRequest { poolarea_no, department, roster_id };
                call!(rosters, get_roster, caller, request).map(|told| told.roster.is_some())
            }
            "ListRosterRows" => {
                let (poolarea_no, department, roster_id) = named("kept");
                let request =
                    ListRosterRowsRequest { poolarea_no, department, roster_id, ..Default::default() };
                call!(rosters, list_roster_rows, caller, request).map(|_| true)
            }
            "AbandonRoster" => {
                let (poolarea_no, department, roster_id) = named("given-up");
                let request =
                    AbandonRosterRequest { request_id: new_id(), poolarea_no, department, roster_id };
                call!(rosters, abandon_roster, caller, request).map(|_| true)
            }
            "StartTransfer" => call!(transfer, start_transfer, caller, opening(psn_no, "T22")).map(|_| true),
            "StartTransfer to here" => {
                call!(transfer, start_transfer, caller, opening(psn_no, "T21")).map(|_| true)
            }
            "AdvanceTransfer" => {
                let request = AdvanceTransferRequest {
                    request_id: new_id(),
                    transfer_id: self.transfer_id.clone(),
                    action: TransferAction::Unlock.into(),
                    ..Default::default()
                };
                call!(transfer, advance_transfer, caller, request).map(|_| true)
            }
            "GetTransfer" | "GetTransfer with reasons" => {
                let request = GetTransferRequest { transfer_id: self.transfer_id.clone() };
                call!(transfer, get_transfer, caller, request).map(|told| {
                    let transfer = told.transfer.unwrap();
                    what == "GetTransfer" || !transfer.steps[0].reason.is_empty()
                })
            }
            "ListTransfers" => {
                let request = ListTransfersRequest { poolarea_no: "430200".into(), ..Default::default() };
                call!(transfer, list_transfers, caller, request).map(|told| told.transfers.len() == 1)
            }
            _ => panic!("nobody knows how to {what}"),
        }
    }
}

fn roster(roster_id: &str) -> RosterHeader {
    header(roster_id, RosterMode::Changes, 1)
}

fn opening(psn_no: &str, biz_prcs_codg: &str) -> StartTransferRequest {
    StartTransferRequest {
        request_id: new_id(),
        biz_prcs_codg: biz_prcs_codg.into(),
        psn_no: psn_no.into(),
        from_poolarea_no: "430200".into(),
        to_poolarea_no: "430300".into(),
        traf_prot_dirc: "11".into(),
        reason: "随子女居住".into(),
        ..Default::default()
    }
}

fn granting(psn_no: &str, grantee: &str, caller: &str) -> GrantAccessRequest {
    GrantAccessRequest {
        request_id: new_id(),
        psn_no: psn_no.into(),
        grantee: grantee.into(),
        purpose: "理赔".into(),
        scopes: vec![AccessScope::Coverage.into()],
        ends_at: moment("2024-07-15T04:00:00Z"),
        consent_reference: if caller == "person:P1" { "" } else { "S-1" }.into(),
        ..Default::default()
    }
}

fn outcome(answer: &Result<bool, RemoteError>) -> String {
    match answer {
        Ok(true) => OK.to_owned(),
        Ok(false) => NIL.to_owned(),
        Err(refused) if refused.violations.is_empty() => refused.reason.clone(),
        Err(refused) => refused.violation_reasons().join(","),
    }
}

both_databases! {
    async fn every_call_is_for_whom_the_contract_says(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let mut wrong = Vec::new();
        for (what, expected) in TABLE {
            for (callers, expected) in COLUMNS.iter().zip(expected) {
                for caller in callers.iter().filter(|_| !expected.is_empty()) {
                    let found = outcome(&desk.ask(what, caller, "P1").await);
                    if found != expected {
                        wrong.push(format!("{what} by {caller}: {found}, not {expected}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Whoever may not ask about a person is told of one who exists what they are told of one who does not, to the letter.
    async fn who_may_not_ask_learns_nothing(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let mut wrong = Vec::new();
        let by_number = [
            "ImportCoverages", "ImportIdentities", "ImportMemberships", "ImportAccountShares", "GetPerson", "GetPerson in clear",
            "FindPerson", "GetEligibility", "GetEligibility by document", "GetEligibility as known then",
            "BatchGetEligibilities", "ChangeCoverage", "RecordDeath", "RecordContributions", "ListContributions",
            "RepairWaiting", "ImportDiseaseEntitlements", "ReverifyDiseaseEntitlement", "MergePersons", "GetRights",
            "GrantAccess", "ListGrants", "ListAccessLog",
        ];
        for what in by_number {
            for caller in [
                "agency:430203", "agency:430100", "department:430100", "person:P2", "insurer:AIA", "operator:alice",
            ] {
                let held = format!("{:?}", desk.ask(what, caller, "P1").await).replace("P1", "_");
                let unknown = format!("{:?}", desk.ask(what, caller, "X7").await).replace("X7", "_");
                if held != unknown {
                    wrong.push(format!("{what} by {caller}: {held}\n  and {unknown}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// A request id is its caller's own: nobody is given what somebody else was answered.
    async fn nobody_replays_another_s_request(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let row = coverage("P1", "320", "2021-01-01", "");
        let request = ImportCoveragesRequest { request_id: "same".into(), rows: vec![row] };
        let as_somebody = |caller: &'static str| {
            let (mut client, request): (_, Request<_>) = (desk.register.clone(), as_caller(caller, request.clone()));
            async move { client.import_coverages(request).await.map_err(error).map(|told| told.into_inner().outcome.unwrap()) }
        };
        let first = as_somebody("agency:430200").await.unwrap();
        assert_eq!((first.created_count, first.replayed), (1, false));
        assert!(as_somebody("agency:430200").await.unwrap().replayed);
        let other = as_somebody("agency:430000").await.unwrap();
        assert_eq!((other.unchanged_count, other.replayed), (1, false), "another caller's own request");
        assert_eq!(as_somebody("agency:430100").await.unwrap_err().violation_reasons(), [WHO]);
        assert_eq!(as_somebody("insurer:PICC").await.unwrap_err().reason, AREA);
    }

    /// A token is of one list: of another caller's areas it is refused.
    async fn nobody_goes_on_in_another_s_list(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let page = |page_token: &str| ListPersonsRequest { page_size: 1, page_token: page_token.into(), ..Default::default() };
        let first = call!(desk.register, list_persons, "agency:430000", page("")).unwrap();
        let refused = call!(desk.register, list_persons, "agency:430100", page(&first.next_page_token)).unwrap_err();
        assert_eq!(refused.violation_reasons(), ["PAGE_TOKEN_INVALID"]);
        let own = call!(desk.register, list_persons, "agency:430000", page(&first.next_page_token)).unwrap();
        assert_eq!(own.persons.len(), 1);
    }

    /// A department is not told who has a certificate, where it may not ask.
    async fn a_roster_names_nobody_of_another_area(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let department = Department::at(desk.url.clone(), CIVIL_AFFAIRS).await;
        let by_certificate = |certno: String| RosterRow { psn_cert_type: "01".into(), certno, ..add("", "低保", "", "") };
        let rows = [by_certificate(certno("E1")), by_certificate(certno("X7")), by_certificate(certno("M1"))];
        let answered = department.load(&header("probe", RosterMode::Changes, 3), &rows).await.unwrap();
        let told: Vec<_> = answered.results.iter().map(|row| (row.psn_no.as_str(), row.reason.as_str())).collect();
        assert_eq!(told, [("", WHO), ("", WHO), ("M1", "")]);
    }

    /// Whatever a field holds, it is refused or not found: never our mistake.
    async fn hostile_input_is_no_internal_error(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let admin = "local-administrator";
        let mut found = Vec::new();
        let long = "x".repeat(100_000);
        for text in ["a\0b", "张三", &long] {
            let text = text.to_owned();
            let person = GetPersonRequest { psn_no: text.clone(), ..Default::default() };
            found.push(("GetPerson", call!(desk.register, get_person, admin, person).map(|_| ())));
            let request = ListContributionsRequest { psn_no: text.clone(), ..Default::default() };
            found.push(("ListContributions", call!(desk.coverage, list_contributions, admin, request).map(|_| ())));
            let request = GetEntitlementRulesRequest { rules_id: text.clone(), version: text.clone() };
            found.push(("GetEntitlementRules", call!(desk.coverage, get_entitlement_rules, admin, request).map(|_| ())));
            let request = WithdrawGrantRequest { request_id: new_id(), grant_id: text.clone() };
            found.push(("WithdrawGrant", call!(desk.rights, withdraw_grant, admin, request).map(|_| ())));
            let request = LookUpByGrantRequest { grant_id: text.clone(), purpose: "理赔".into(), ..Default::default() };
            found.push(("LookUpByGrant", call!(desk.rights, look_up_by_grant, admin, request).map(|_| ())));
            let request = GetTransferRequest { transfer_id: text.clone() };
            found.push(("GetTransfer", call!(desk.transfer, get_transfer, admin, request).map(|_| ())));
            let request = AdvanceTransferRequest {
                request_id: new_id(), transfer_id: text.clone(), action: TransferAction::Unlock.into(), ..Default::default()
            };
            found.push(("AdvanceTransfer", call!(desk.transfer, advance_transfer, admin, request).map(|_| ())));
            let request = GetRosterRequest {
                poolarea_no: "430200".into(), department: text.clone(), roster_id: text.clone(),
            };
            found.push(("GetRoster", call!(desk.roster, get_roster, admin, request).map(|_| ())));
            let request = AbandonRosterRequest {
                request_id: new_id(), poolarea_no: "430200".into(), department: text.clone(), roster_id: text.clone(),
            };
            found.push(("AbandonRoster", call!(desk.roster, abandon_roster, admin, request).map(|_| ())));
            let request = ListGrantsRequest {
                psn_no: "P1".into(),
                page_token: text.clone(),
                ..Default::default()
            };
            found.push(("ListGrants", call!(desk.rights, list_grants, admin, request).map(|_| ())));
        }
        let hash = "0".repeat(64);
        for (expected_entries, from_expected, hash) in [
            (i64::MIN, true, hash.as_str()), (i64::MIN, false, &hash), (-1, true, &hash), (0, false, &hash), (1, true, ""), (1, true, "a\0"),
        ] {
            let request = VerifyAccessLogRequest {
                poolarea_no: "430200".into(), expected_entries, expected_head_hash: hash.into(), from_expected,
            };
            found.push(("VerifyAccessLog", call!(desk.rights, verify_access_log, admin, request).map(|_| ())));
        }
        for from_expected in [true, false] {
            let request = VerifyAccessLogRequest {
                poolarea_no: "430200".into(), expected_entries: i64::MAX, expected_head_hash: hash.clone(), from_expected,
            };
            let told = call!(desk.rights, verify_access_log, admin, request).unwrap();
            assert_eq!(told.fault(), AccessLogFault::AnchorMismatch);
        }
        let wrong: Vec<_> = found.iter().filter(|(_, answer)| {
            answer.as_ref().err().is_none_or(|refused| !refused.reason.ends_with("_UNKNOWN") && refused.reason != "INVALID_REQUEST")
        }).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    /// A row number beyond all numbers is one that does not come next.
    async fn a_row_number_beyond_all_is_unexpected(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let department = Department::at(desk.url.clone(), CIVIL_AFFAIRS).await;
        for number in [i64::MAX, i64::MIN, 0, 2] {
            let (mut stream, _) = department.open(&roster("far")).await.unwrap();
            let rows = [add("P1", "低保", "", ""), add("P1", "特困", "", "")];
            stream.say.send(rows_from(number, &rows)).await.unwrap();
            let refused = error(stream.told.message().await.unwrap_err());
            assert_eq!(refused.reason, "ROSTER_ROW_UNEXPECTED", "{number}");
        }
    }

    /// While the log cannot be written, nobody sees anything; whoever gives up waiting has not seen it either.
    async fn no_look_is_answered_before_it_is_logged(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let looks = [
            ("GetPerson in clear", "agency:430200"), ("GetPerson in clear", "person:P1"), ("GetRights", "agency:430200"),
            ("LookUpByGrant", "insurer:PICC"),
        ];
        let connection = db::connect(&DatabaseConfig::at(db.url())).await.unwrap();
        let busy = begin_write(&connection).await.unwrap();
        if db.backend() == Backend::Postgres {
            busy.execute_unprepared("LOCK TABLE access_log IN EXCLUSIVE MODE").await.unwrap();
        }
        for (what, caller) in looks {
            let answer = tokio::time::timeout(Duration::from_millis(300), desk.ask(what, caller, "P1")).await;
            assert!(!matches!(answer, Ok(Ok(_))), "{what} by {caller} is answered without an entry");
        }
        busy.rollback().await.unwrap();
        for (what, caller) in looks {
            assert!(desk.ask(what, caller, "P1").await.unwrap(), "{what} by {caller}");
        }
        let request = ListAccessLogRequest { psn_no: "P1".into(), ..Default::default() };
        let entries = call!(desk.rights, list_access_log, "person:P1", request).unwrap().entries;
        assert!(entries.len() >= looks.len() && entries.iter().all(|entry| entry.outcome == "GIVEN"), "{entries:?}");
    }

    /// What is wrong with a look is told at once.
    async fn a_look_tells_all_its_violations(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let request = LookUpByGrantRequest { grant_id: desk.grant_id.clone(), purpose: " ".into(), scopes: vec![1, 1, 9] };
        let refused = call!(desk.rights, look_up_by_grant, "insurer:PICC", request).unwrap_err();
        let told: Vec<_> = refused.violations.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(told, ["scopes[1]", "scopes[2]", "purpose"]);
    }
}
