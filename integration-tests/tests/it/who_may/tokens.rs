//! Page tokens: every list by everybody. A page without rows has no token, which would tell that there is something; a token of another
//! caller, of another list or question, cut or changed is refused. A call with a `page_token` is a list: none can be missing.

use std::collections::BTreeMap;

use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use tonic::Status;
use yizhan_runtime::error::RemoteError;

use super::{COLUMNS, Desk, Line, Methods, call, message_of};

/// What lists need to have two rows of besides.
const ROWS: [(&str, &str); 13] = [
    (
        "yizhan.enrollment.v1.EnrollmentService/ImportPersons",
        r#"{"request_id":"$id","rows":[{"psn_no":"L1","psn_cert_type":"99","certno":"L1","psn_name":"张小丽","gend":"2","brdy":"1972-03-01","poolarea_no":"999900","resd_code":"999900001001"},{"psn_no":"L2","psn_cert_type":"99","certno":"L2","psn_name":"张小丽","gend":"2","brdy":"1972-03-01","poolarea_no":"999900","resd_code":"999900002001"}]}"#,
    ),
    (
        "yizhan.enrollment.v1.CoverageService/RecordContributions",
        r#"{"request_id":"$id","rows":[{"psn_no":"P1","insutype":"310","accrym":"2025-11","amount_fen":"1","clct_type":"10","clct_flag":"0"},{"psn_no":"P1","insutype":"310","accrym":"2025-12","amount_fen":"1","clct_type":"10","clct_flag":"0"}]}"#,
    ),
    (
        "yizhan.enrollment.v1.TransferService/StartTransfer",
        r#"{"request_id":"$id","biz_prcs_codg":"T22","psn_no":"P2","from_poolarea_no":"999900","to_poolarea_no":"430300","traf_prot_dirc":"11","reason":"随子女居住"}"#,
    ),
    (
        "yizhan.filing.v1.FilingService/ImportFilings",
        r#"{"request_id":"$id","poolarea_no":"999900","rows":[{"foreign_id":"T1","psn_no":"P1","insutype":"310","out_fil_type":"07","rloc_admdvs":"310115","begndate":"2024-01-01"},{"foreign_id":"T2","psn_no":"P1","insutype":"310","out_fil_type":"07","rloc_admdvs":"110115","begndate":"2024-01-01"}]}"#,
    ),
    (
        "yizhan.filing.v1.FilingFiguresService/RecordManualReimbursement",
        r#"{"request_id":"$id","poolarea_no":"999900","psn_no":"P1","mdtrtarea_admvs":"310115","mdtrt_id":"T1","fixmedins_code":"H31011500003","med_type":"21","enddate":"2026-01-10","medfee_sumamt_fen":"100"}"#,
    ),
    (
        "yizhan.filing.v1.FilingFiguresService/RecordManualReimbursement",
        r#"{"request_id":"$id","poolarea_no":"999900","psn_no":"P1","mdtrtarea_admvs":"310115","mdtrt_id":"T2","fixmedins_code":"H31011500003","med_type":"21","enddate":"2025-12-10","medfee_sumamt_fen":"100"}"#,
    ),
    (
        "yizhan.settlement.v1.SettlementService/Settle",
        r#"{"request_id":"$id","visit":{"psn_no":"P2","insutype":"310","mdtrt_id":"T1","fixmedins_code":"H99990000003","med_type":"11","begndate":"2026-01-11","enddate":"2026-01-11","feedetail":[{"feedetl_sn":"T1","hilist_code":"001102000050000","cnt":"1","pric":"20","det_item_fee_sumamt_fen":"2000"}]}}"#,
    ),
    (
        "yizhan.settlement.v1.SettlementService/Settle",
        r#"{"request_id":"$id","visit":{"psn_no":"P2","insutype":"310","mdtrt_id":"T2","fixmedins_code":"H99990000003","med_type":"11","begndate":"2026-01-12","enddate":"2026-01-12","feedetail":[{"feedetl_sn":"T2","hilist_code":"001102000050000","cnt":"1","pric":"20","det_item_fee_sumamt_fen":"2000"}]}}"#,
    ),
    (
        "yizhan.settlement.v1.InstitutionService/RecordContractStatus",
        r#"{"request_id":"$id","fixmedins_code":"H99990000003","status":"suspended","begndate":"2026-01-01","enddate":"2026-01-31","reason":"试","basis":"试"}"#,
    ),
    (
        "yizhan.settlement.v1.InstitutionService/RecordContractStatus",
        r#"{"request_id":"$id","fixmedins_code":"H99990000003","status":"ended","begndate":"2027-01-01","reason":"试","basis":"试"}"#,
    ),
    (
        "yizhan.credit.v1.QualificationService/RegisterPractitioners",
        r#"{"request_id":"$id","poolarea_no":"999900","fixmedins_code":"H99990000003","registrations":[{"practitioner_code":"T1","from_date":"2026-01-01","file_ids":["F1"]},{"practitioner_code":"T2","from_date":"2026-01-01","file_ids":["F1"]}],"opter":"A"}"#,
    ),
    (
        "yizhan.credit.v1.QualificationService/DecidePoints",
        r#"{"request_id":"$id","practitioner_code":"T1","poolarea_no":"999900","fixmedins_code":"H99990000003","acts":[{"items":["agreement"],"responsibility":1,"act_id":"V1","occurred_on":"2026-01-01"}],"basis":"试〔2026〕1号","decided_on":"2026-01-01","opter":"A"}"#,
    ),
    (
        "yizhan.credit.v1.QualificationService/DecidePoints",
        r#"{"request_id":"$id","practitioner_code":"T2","poolarea_no":"999900","fixmedins_code":"H99990000003","acts":[{"items":["agreement"],"responsibility":1,"act_id":"V1","occurred_on":"2026-01-01"}],"basis":"试〔2026〕1号","decided_on":"2026-01-01","opter":"A"}"#,
    ),
];

/// Lists that have not two rows here: they give no token, and refuse foreign ones.
const SHORT: [&str; 10] = [
    "ListProposals",
    "ListInstitutionFigures",
    "ListRosterRows",
    "ListQueue",
    "ListRecoveries",
    "ListWorklist",
    "ListFindings",
    "ListPaymentRuns",
    "ListPayments",
    "ListPeople",
];

/// One row of a list, behind a token: whether there are any, and the token of the next.
struct List<'d> {
    desk: &'d Desk,
    method: &'d MethodDescriptor,
    request: String,
}

impl List<'_> {
    async fn page(&self, caller: &str, token: &str) -> Result<(bool, String), Status> {
        let mut said: serde_json::Value = serde_json::from_str(&self.desk.said(&self.request)).unwrap();
        said["page_size"] = 1.into();
        said["page_token"] = token.into();
        let said = message_of(self.method, &said.to_string()).encode_to_vec();
        let answer = call(self.desk.channel(self.method).await, self.method, caller, said).await?;
        let answer = DynamicMessage::decode(self.method.output(), answer.as_slice()).unwrap();
        let rows = answer.fields().any(|(_, value)| matches!(value, Value::List(rows) if !rows.is_empty()));
        // A dry run and a replay count what they looked at, and may find nothing in it.
        let mut looked_at =
            ["visits", "compared"].into_iter().filter_map(|field| answer.get_field_by_name(field));
        let rows = rows || looked_at.any(|count| *count != Value::I32(0));
        let next = answer.get_field_by_name("next_page_token").unwrap();
        Ok((rows, next.as_str().unwrap().to_owned()))
    }

    async fn refuses(&self, caller: &str, token: &str, whose: &str) {
        let refused = self.page(caller, token).await.map_err(RemoteError::from);
        let refused = refused.expect_err(&format!("{} takes a token {whose}", self.method.name()));
        assert!(refused.says("PAGE_TOKEN_INVALID"), "{} {whose}: {refused:?}", self.method.name());
    }
}

/// All of it, on a desk where the calls were made.
pub async fn check(desk: &Desk, methods: &Methods, calls: &[Line]) {
    for (name, request) in ROWS {
        let method = &methods[name];
        let said = message_of(method, &desk.said(request)).encode_to_vec();
        let made = call(desk.channel(method).await, method, "local-administrator", said).await;
        made.unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
    }
    let lists =
        calls.iter().filter(|line| methods[&line.name].input().get_field_by_name("page_token").is_some());
    let lists: Vec<List<'_>> = lists
        .map(|line| List { desk, method: &methods[&line.name], request: line.request.clone() })
        .collect();
    let (mut tokens, mut short) = (BTreeMap::<&str, String>::new(), Vec::new());
    for list in &lists {
        for (caller, _) in COLUMNS {
            let Ok((rows, token)) = list.page(caller, "").await else { continue };
            assert!(
                rows || token.is_empty(),
                "{} tells {caller} that there is something",
                list.method.name()
            );
            if caller == "local-administrator" && token.is_empty() {
                short.push(list.method.name());
            } else if caller == "local-administrator" {
                tokens.insert(list.method.full_name(), token);
            }
        }
    }
    assert_eq!(short, SHORT, "lists without two rows: make them in ROWS");
    for list in &lists {
        let own = tokens.get(list.method.full_name());
        let another = tokens.iter().find(|(name, _)| **name != list.method.full_name()).unwrap().1;
        list.refuses("local-administrator", another, "of another list").await;
        let Some(own) = own else { continue };
        list.page("local-administrator", own).await.unwrap();
        list.refuses("agency:999900", own, "of another caller").await;
        list.refuses("local-administrator", &own[..own.len() - 1], "that is cut").await;
        let other = if own.ends_with('A') { "B" } else { "A" };
        list.refuses("local-administrator", &format!("{}{other}", &own[..own.len() - 1]), "that is changed")
            .await;
        let question = List { request: list.request.replace("\"P1\"", "\"P2\""), ..*list };
        if question.request != list.request {
            question.refuses("local-administrator", own, "of another question").await;
        }
    }
}
