//! 个账共济: a share is the owner's, whoever keeps the register of the person who uses it.

use tonic::transport::Channel;
use yizhan_proto::enrollment::v1::account_share_service_client::AccountShareServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

/// P is registered in 430200, the account's owner R in 430100.
async fn family(db: &yizhan_testkit::TestDatabase) -> (TestService, AccountShareServiceClient<Channel>) {
    let mut service = start(db).await;
    let owner = PersonRow { poolarea_no: "430100".into(), ..person("R") };
    service.client.import_persons(persons([person("P"), owner])).await.unwrap();
    let channel = Channel::from_shared(service.server.url()).unwrap().connect().await.unwrap();
    (service, AccountShareServiceClient::new(channel))
}

fn row() -> AccountShareRow {
    AccountShareRow {
        psn_no: "P".into(),
        sharer_psn_no: "R".into(),
        begndate: "2024-01-01".into(),
        ..AccountShareRow::default()
    }
}

async fn import(
    service: &TestService,
    caller: &str,
    row: AccountShareRow,
) -> Result<ImportOutcome, RemoteError> {
    let request = ImportAccountSharesRequest { request_id: new_id(), rows: vec![row] };
    let answer = service.client.clone().import_account_shares(as_caller(caller, request)).await;
    Ok(answer.map_err(error)?.into_inner().outcome.unwrap())
}

fn granting(kinship: Kinship) -> GrantAccountShareRequest {
    GrantAccountShareRequest {
        request_id: new_id(),
        psn_no: "P".into(),
        sharer_psn_no: "R".into(),
        kinship: kinship.into(),
        begndate: "2024-01-01".into(),
        ..GrantAccountShareRequest::default()
    }
}

fn withdrawing(mistaken: bool) -> WithdrawAccountShareRequest {
    WithdrawAccountShareRequest {
        request_id: new_id(),
        psn_no: "P".into(),
        sharer_psn_no: "R".into(),
        mistaken,
    }
}

async fn shares(service: &TestService) -> Vec<AccountShareRow> {
    let request = GetPersonRequest { psn_no: "P".into(), ..GetPersonRequest::default() };
    service.client.clone().get_person(request).await.unwrap().into_inner().person.unwrap().account_shares
}

both_databases! {
    async fn a_grant_is_the_owner_s_not_the_beneficiary_s_agency_s(db: TestDatabase) {
        let (service, mut accounts) = family(&db).await;
        let told = |error: &RemoteError| error.violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect::<Vec<_>>();
        let refused = import(&service, "agency:430200", row()).await.unwrap_err();
        assert_eq!(told(&refused), ["rows[0].sharer_psn_no PERSON_UNKNOWN"]);
        // Of somebody nobody knows it is told the same: nobody learns who is registered.
        let nobody = AccountShareRow { psn_no: "NOBODY".into(), ..row() };
        assert_eq!(told(&import(&service, "agency:430200", nobody.clone()).await.unwrap_err()), told(&refused));
        assert_eq!(told(&import(&service, "agency:430100", nobody).await.unwrap_err()), ["rows[0].psn_no PERSON_UNKNOWN"]);
        for stranger in ["agency:430200", "person:P"] {
            let refused = error(accounts.grant_account_share(as_caller(stranger, granting(Kinship::Child))).await.unwrap_err());
            assert_eq!(refused.reason, "PERSON_UNKNOWN", "{stranger}");
        }
        assert_eq!(import(&service, "agency:430100", row()).await.unwrap().created_count, 1);
        // What replaces it is the owner's to say, too.
        let ended = AccountShareRow { enddate: "2024-01-31".into(), ..row() };
        assert!(import(&service, "agency:430200", ended).await.is_err());
        let refused = error(accounts.withdraw_account_share(as_caller("agency:430200", withdrawing(false))).await.unwrap_err());
        assert_eq!(refused.reason, "PERSON_UNKNOWN");
        assert_eq!(shares(&service).await, [row()], "kinship and consent were not told, and stay so");
    }

    async fn kinship_consent_and_withdrawal_are_on_record(db: TestDatabase) {
        let (mut service, mut accounts) = family(&db).await;
        assert_eq!(import(&service, "agency:430100", row()).await.unwrap().created_count, 1);
        let granted = accounts.grant_account_share(as_caller("person:R", granting(Kinship::Parent))).await.unwrap().into_inner();
        let told = AccountShareRow {
            kinship: Kinship::Parent.into(),
            consent_date: "2024-06-15".into(),
            granted_by: "person:R".into(),
            ..row()
        };
        let seen = granted.share.unwrap();
        assert_eq!(seen.kinship_evidence(), KinshipEvidence::NotShown);
        let (kinship_evidence, kinship_mark, kinship_rule) = (0, String::new(), String::new());
        assert_eq!(AccountShareRow { kinship_evidence, kinship_mark, kinship_rule, ..seen }, told);
        // A list that tells less leaves what is known.
        assert_eq!(import(&service, "agency:430100", row()).await.unwrap().unchanged_count, 1);
        let forged = import(&service, "agency:430100", AccountShareRow { granted_by: "person:R".into(), ..row() }).await;
        assert!(forged.unwrap_err().says("TOLD_ONLY"));
        let unrelated = error(accounts.grant_account_share(as_caller("person:R", granting(Kinship::Unspecified))).await.unwrap_err());
        assert!(unrelated.says("CODE_UNKNOWN"));

        let withdrawn = withdrawing(false);
        let answer = accounts.withdraw_account_share(as_caller("person:R", withdrawn.clone())).await.unwrap().into_inner();
        assert_eq!((answer.ended_count, answer.replayed), (1, false));
        assert!(accounts.withdraw_account_share(as_caller("person:R", withdrawn)).await.unwrap().into_inner().replayed);
        let ended = AccountShareRow { enddate: "2024-06-15".into(), withdrawn_date: "2024-06-15".into(), ..told.clone() };
        assert_eq!(shares(&service).await, std::slice::from_ref(&ended));
        let eligibility = service.eligibility("P", "2024-03-01").await;
        assert_eq!((eligibility.account_sharers, eligibility.account_shares), (vec![], vec![ended.clone()]));
        // The agency's next list does not give it again.
        let list = AccountShareRow { enddate: String::new(), ..row() };
        assert_eq!(import(&service, "agency:430100", list).await.unwrap().unchanged_count, 1);
        assert_eq!(shares(&service).await, [ended]);

        accounts.grant_account_share(as_caller("agency:430100", granting(Kinship::Parent))).await.unwrap();
        assert_eq!(service.eligibility("P", "2024-03-01").await.account_sharers, ["R"]);
        accounts.withdraw_account_share(as_caller("person:R", withdrawing(true))).await.unwrap();
        assert_eq!(shares(&service).await, [], "a mistaken one was never there");
    }
}
