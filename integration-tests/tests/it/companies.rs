//! Profiles of companies over a whole platform: entered by agencies, shown by the company's consent only.

use tonic::Code;
use yizhan_integration_tests::*;
use yizhan_proto::credit::v1::company_service_client::CompanyServiceClient;
use yizhan_proto::credit::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

const COMPANY: &str = "91430200MA4L000001";
const READER: &str = "insurer:BANK";

fn companies(client: &Client) -> CompanyServiceClient<PeerChannel> {
    CompanyServiceClient::new(client.to_credit())
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

fn paper(kind: EntryKind, number: &str, day: &str, amount_fen: i64) -> RecordCompanyEntryRequest {
    RecordCompanyEntryRequest {
        request_id: new_id(),
        company_code: COMPANY.into(),
        poolarea_no: "999900".into(),
        kind: kind.into(),
        number: number.into(),
        amount_fen,
        occurred_on: day.into(),
        basis: "采购平台记录".into(),
        opter: "W1".into(),
        ..RecordCompanyEntryRequest::default()
    }
}

async fn record(client: &Client, request: RecordCompanyEntryRequest) -> Answer<Entry> {
    told(companies(client).record_company_entry(request).await).map(|answer| answer.entry.unwrap())
}

async fn profile(client: &Client, code: &str) -> Answer<GetCompanyProfileResponse> {
    let request = GetCompanyProfileRequest { company_code: code.into(), months: 0 };
    told(companies(client).get_company_profile(request).await)
}

fn consent(from: &str, until: &str) -> GiveConsentRequest {
    GiveConsentRequest {
        request_id: new_id(),
        company_code: COMPANY.into(),
        poolarea_no: "999900".into(),
        reader: READER.into(),
        from_date: from.into(),
        until_date: until.into(),
        basis: "企业授权书".into(),
        opter: String::new(),
    }
}

async fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    answer.unwrap_err().reason
}

both_databases! {
    /// Deliveries, payments and conduct; a paper once, taken back, entered again; nothing is shown without a consent that holds today.
    async fn a_profile_is_shown_by_consent_and_every_look_is_entered(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let (agency, bank) = (platform.as_caller("agency:999900"), platform.as_caller(READER));
        let portal = platform.as_caller("service:portal");
        let request = consent("2026-02-01", "2026-12-31");
        assert_eq!(reason(told(companies(&portal).give_consent(request).await)).await, "SUBJECT_UNKNOWN");
        for (kind, number, day, fen) in [
            (EntryKind::CompanyDelivered, "D1", "2025-12-31", 700),
            (EntryKind::CompanyDelivered, "D2", "2026-01-01", 200),
            (EntryKind::CompanyDelivered, "D3", "2026-01-31", 300),
            (EntryKind::CompanyDeliveryFailed, "D4", "2026-01-31", 50),
            (EntryKind::CompanyPaid, "D1", "2026-01-20", 700),
            (EntryKind::CompanyConduct, "C1", "2026-01-21", 0),
            (EntryKind::CompanyDelivered, "D0", "2025-01-31", 900),
        ] {
            record(&agency, paper(kind, number, day, fen)).await.unwrap();
        }
        let again = record(&agency, paper(EntryKind::CompanyDelivered, "D2", "2026-01-02", 9)).await;
        assert_eq!(reason(again).await, "COMPANY_PAPER_ENTERED");
        let wrong = record(&agency, RecordCompanyEntryRequest { opter: String::new(), company_code: "X".into(), ..paper(EntryKind::Ranked, "", "2026-02-02", -1) }).await;
        let wrong: Vec<String> = wrong.unwrap_err().violations.into_iter().map(|one| one.field).collect();
        assert_eq!(wrong, ["company_code", "opter", "occurred_on", "kind", "number", "amount_fen"]);
        let foreign = record(&platform.as_caller("agency:430200"), paper(EntryKind::CompanyPaid, "D9", "2026-01-01", 1)).await;
        assert_eq!(reason(foreign).await, "AREA_NOT_OWNED");

        // Nobody sees it, not even that the company is known, before it consents; nor before the first day.
        assert_eq!(reason(profile(&bank, COMPANY).await).await, "NO_CONSENT");
        assert_eq!(reason(profile(&bank, "91430200MA4L000002").await).await, "NO_CONSENT");
        let early = told(companies(&portal).give_consent(consent("2026-01-31", "2027-02-01")).await);
        assert_eq!(early.unwrap_err().violations.len(), 2, "before today, and too long");
        let later = consent("2026-02-02", "2026-12-31");
        let given = told(companies(&portal).give_consent(later.clone()).await).unwrap();
        assert!(told(companies(&portal).give_consent(later).await).unwrap().replayed);
        assert_eq!(reason(profile(&bank, COMPANY).await).await, "NO_CONSENT");
        platform.clock.advance(chrono::TimeDelta::days(1));
        let shown = profile(&bank, COMPANY).await.unwrap();
        let months: Vec<_> = shown.months.iter().map(|one| (one.month.as_str(), one.delivered, one.delivered_fen, one.failed_fen, one.paid_fen, one.conduct)).collect();
        assert_eq!(months, [("2025-12", 1, 700, 0, 0, 0), ("2026-01", 2, 500, 50, 700, 1)], "of the last twelve months");
        assert_eq!(shown.conduct.iter().map(|one| one.number.as_str()).collect::<Vec<_>>(), ["C1"]);
        for stranger in ["insurer:OTHER", "department:999900", "agency:999900", "person:P1"] {
            let refused = profile(&platform.as_caller(stranger), COMPANY).await;
            assert_eq!(refused.unwrap_err().code, Code::PermissionDenied, "{stranger}");
        }

        // What was a mistake counts no more, and the paper can be entered rightly.
        let entries = entries(&agency).await;
        let mistake = entries.iter().find(|entry| entry.item == "D3").unwrap();
        let take_back = WithdrawCompanyEntryRequest { request_id: new_id(), company_code: COMPANY.into(), entry_id: mistake.entry_id.clone(), note: "登记错误".into(), opter: "W1".into() };
        let foreign = told(companies(&platform.as_caller("agency:430200")).withdraw_company_entry(take_back.clone()).await);
        assert_eq!(reason(foreign).await, "COMPANY_ENTRY_UNKNOWN");
        told(companies(&agency).withdraw_company_entry(take_back.clone()).await).unwrap();
        let twice = WithdrawCompanyEntryRequest { request_id: new_id(), ..take_back };
        assert_eq!(reason(told(companies(&agency).withdraw_company_entry(twice).await)).await, "COMPANY_ENTRY_UNKNOWN");
        record(&agency, paper(EntryKind::CompanyDelivered, "D3", "2026-02-01", 30)).await.unwrap();
        let shown = profile(&bank, COMPANY).await.unwrap();
        let delivered: Vec<_> = shown.months.iter().map(|one| (one.month.as_str(), one.delivered_fen)).collect();
        assert_eq!(delivered, [("2025-12", 700), ("2026-01", 200), ("2026-02", 30)]);

        let consent_id = given.entry.unwrap().entry_id;
        let end = WithdrawConsentRequest { request_id: new_id(), company_code: COMPANY.into(), consent_id: consent_id.clone(), ..WithdrawConsentRequest::default() };
        assert_eq!(reason(told(companies(&bank).withdraw_consent(end.clone()).await)).await, "CONSENT_UNKNOWN");
        told(companies(&portal).withdraw_consent(end).await).unwrap();
        assert_eq!(reason(profile(&bank, COMPANY).await).await, "NO_CONSENT");
        let looks = self::entries(&agency).await.into_iter().filter(|entry| entry.kind() == EntryKind::CompanyProfileShown);
        assert_eq!(looks.map(|look| (look.item, look.matter_id)).collect::<Vec<_>>(), [(READER.to_owned(), consent_id.clone()), (READER.to_owned(), consent_id)]);
        let verify = VerifyLedgerRequest { poolarea_no: "999900".into(), ..VerifyLedgerRequest::default() };
        let ledger = LedgerServiceClient::new(agency.to_credit()).verify_ledger(verify).await.unwrap().into_inner();
        assert_eq!((ledger.intact, ledger.entries), (true, 13), "{ledger:?}");
    }
}

async fn entries(client: &Client) -> Vec<Entry> {
    let subject = Some(Subject { kind: SubjectKind::Company.into(), code: COMPANY.into() });
    let request = ListEntriesRequest { subject, ..ListEntriesRequest::default() };
    LedgerServiceClient::new(client.to_credit()).list_entries(request).await.unwrap().into_inner().entries
}
