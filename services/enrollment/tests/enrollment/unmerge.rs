//! A merge of two persons who were not one, taken back.

use tonic::Code;
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::coverage::{Coverages, change, done, paid, record, start_in_2026};
use crate::merge::{AGENCY, by_document, merge, merging, refused, share, with_passport};
use crate::support::*;

fn parting(psn_no: &str) -> UnmergePersonsRequest {
    UnmergePersonsRequest {
        request_id: new_id(),
        psn_no: psn_no.into(),
        reason: "误合并".into(),
        person_versions: vec![],
        contribution_ids: vec![],
    }
}

async fn unmerge(
    service: &TestService,
    caller: &str,
    request: UnmergePersonsRequest,
) -> Result<UnmergePersonsResponse, RemoteError> {
    let mut merges = MergeServiceClient::connect(service.server.url()).await.unwrap();
    Ok(merges.unmerge_persons(as_caller(caller, request)).await.map_err(error)?.into_inner())
}

/// What a record holds, without its version.
async fn held(service: &mut TestService, psn_no: &str) -> Person {
    Person { person_version: 0, ..service.get_person(psn_no).await.unwrap() }
}

async fn contributions(client: &mut Coverages, psn_no: &str) -> Vec<String> {
    let request = ListContributionsRequest { psn_no: psn_no.into(), ..Default::default() };
    let told = client.list_contributions(request).await.unwrap().into_inner();
    told.contributions.into_iter().map(|row| format!("{} {}", row.psn_no, row.accrym)).collect()
}

both_databases! {
    /// Entries, documents, contributions, shares and chained records are as they were; both numbers answer for themselves again.
    async fn two_persons_again(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_persons(persons([person("K"), with_passport("M"), with_passport("A"), person("R")])).await.unwrap();
        service.import_coverages(coverages([
            coverage("K", "310", "2020-01-01", "2022-12-31"), coverage("A", "310", "2023-01-01", "2023-12-31"),
        ])).await.unwrap();
        record(&mut client, [paid("M", "390", "2026", 40000, "2025-10-08"), paid("K", "310", "2022-12", 10000, "2022-12-05")]).await.unwrap();
        share(&mut service, "R", "M").await;
        share(&mut service, "M", "K").await;
        merge(&service, AGENCY, merging("M", "A")).await.unwrap();
        let before = (held(&mut service, "K").await, held(&mut service, "M").await, held(&mut service, "R").await);
        let request = merging("K", "M");
        merge(&service, AGENCY, request.clone()).await.unwrap();
        assert_eq!(contributions(&mut client, "K").await, ["K 2026", "K 2022-12"]);

        // Of the chain the last merge first.
        let chained = unmerge(&service, AGENCY, parting("A")).await.unwrap_err();
        assert_eq!((chained.reason.as_str(), chained.metadata["psn_no"].as_str()), ("CHANGE_BUILT_UPON", "M"));
        let part = parting("M");
        let answer = unmerge(&service, AGENCY, part.clone()).await.unwrap();
        assert_eq!((answer.kept_psn_no.as_str(), answer.contribution_count), ("K", 1));
        assert_eq!((held(&mut service, "K").await, held(&mut service, "M").await, held(&mut service, "R").await), before);
        assert_eq!(contributions(&mut client, "K").await, ["K 2022-12"]);
        assert_eq!(contributions(&mut client, "M").await, ["M 2026"]);
        assert!(service.eligibility("M", "2026-05-01").await.entitled && !service.eligibility("K", "2026-05-01").await.entitled);
        assert_eq!(service.eligibility("R", "2026-05-01").await.account_sharers, ["M"]);
        for (document, psn_no) in [(person("K"), "K"), (with_passport("M"), "M"), (with_passport("A"), "M")] {
            assert_eq!(service.ask(by_document(&document)).await.unwrap().psn_no, psn_no, "{}", document.psn_no);
        }
        assert_eq!(refused(&mut service, "A").await.metadata["merged_into"], "M");
        let again = unmerge(&service, AGENCY, part).await.unwrap();
        assert_eq!(again, UnmergePersonsResponse { replayed: true, ..answer });
        // Not twice, and they may be merged again, rightly this time.
        let twice = unmerge(&service, AGENCY, parting("M")).await.unwrap_err();
        assert_eq!((twice.code, twice.reason.as_str()), (Code::FailedPrecondition, "NOT_MERGED"));
        unmerge(&service, AGENCY, parting("A")).await.unwrap();
        assert_eq!(held(&mut service, "A").await.coverages.len(), 1);
        merge(&service, AGENCY, merging("K", "M")).await.unwrap();
        unmerge(&service, AGENCY, parting("M")).await.unwrap();
        assert_eq!(held(&mut service, "K").await, before.0);
    }

    /// What was recorded since is the kept one's, but for what the operator names; what stands on the merge is taken back first.
    async fn what_was_recorded_since(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_persons(persons([person("K"), with_passport("M")])).await.unwrap();
        service.import_coverages(coverages([coverage("M", "310", "2024-01-01", "")])).await.unwrap();
        merge(&service, AGENCY, merging("K", "M")).await.unwrap();
        record(&mut client, [paid("K", "310", "2026-04", 9000, "2026-04-20")]).await.unwrap();
        let listed = ListContributionsRequest { psn_no: "K".into(), ..Default::default() };
        let paid = client.list_contributions(listed).await.unwrap().into_inner().contributions[0].contribution_id.clone();
        done(&mut client, change("K", "310", "21", "2026-05-01")).await.unwrap();
        let ended_at = service.get_person("K").await.unwrap().person_version;
        // The other's coverage was ended since: by whom was that meant?
        let unclear = unmerge(&service, AGENCY, parting("M")).await.unwrap_err();
        assert_eq!((unclear.reason.as_str(), unclear.metadata["begndate"].as_str()), ("CHANGE_BUILT_UPON", "2024-01-01"));
        let wrong = UnmergePersonsRequest { person_versions: vec![ended_at + 1], ..parting("M") };
        assert_eq!(unmerge(&service, AGENCY, wrong).await.unwrap_err().reason, "CHANGE_UNKNOWN");
        let wrong = UnmergePersonsRequest { person_versions: vec![ended_at], contribution_ids: vec!["X".into()], ..parting("M") };
        assert_eq!(unmerge(&service, AGENCY, wrong).await.unwrap_err().metadata["contribution_id"], "X");
        let named = UnmergePersonsRequest { person_versions: vec![ended_at], contribution_ids: vec![paid], ..parting("M") };
        unmerge(&service, AGENCY, named).await.unwrap();
        assert_eq!(service.get_person("K").await.unwrap().coverages, []);
        assert!(!service.eligibility("M", "2026-05-02").await.entitled && service.eligibility("M", "2026-04-30").await.entitled);
        assert_eq!((contributions(&mut client, "K").await, contributions(&mut client, "M").await), (vec![], vec!["M 2026-04".to_owned()]));
        // Neither of these is taken back as a change of one of them.
        for psn_no in ["K", "M"] {
            let version = service.get_person(psn_no).await.unwrap().person_version;
            let request = TakeBackChangeRequest {
                request_id: new_id(), psn_no: psn_no.into(), person_version: version, ..Default::default()
            };
            assert_eq!(error(client.take_back_change(request).await.unwrap_err()).reason, "NOTHING_TO_TAKE_BACK");
        }
    }

    async fn who_may_not_and_what_cannot_be_parted(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("K"), with_passport("M")])).await.unwrap();
        merge(&service, AGENCY, merging("K", "M")).await.unwrap();
        for (caller, psn_no, reason) in [
            ("agency:430100", "M", "PERSON_UNKNOWN"), ("department:430200", "M", "AREA_NOT_OWNED"), ("person:M", "M", "AREA_NOT_OWNED"),
            (AGENCY, "K", "NOT_MERGED"), (AGENCY, "X", "PERSON_UNKNOWN"),
        ] {
            assert_eq!(unmerge(&service, caller, parting(psn_no)).await.unwrap_err().reason, reason, "{caller} {psn_no}");
        }
        let wrong = UnmergePersonsRequest { request_id: String::new(), reason: " ".into(), person_versions: vec![1; 101], ..parting("张三") };
        let told = unmerge(&service, AGENCY, wrong).await.unwrap_err();
        assert_eq!(told.violation_reasons(), ["REQUEST_ID_INVALID", "PSN_NO_INVALID", "REASON_REQUIRED", "COUNT_INVALID"]);
        // The kept one has been imported with the other's document: whose it is must be said first.
        let taken = PersonRow { psn_no: "K".into(), ..with_passport("M") };
        service.import_persons(persons([taken])).await.unwrap();
        assert_eq!(unmerge(&service, AGENCY, parting("M")).await.unwrap_err().violation_reasons(), ["CERTIFICATE_TAKEN"]);
        service.import_persons(persons([person("K")])).await.unwrap();
        unmerge(&service, AGENCY, parting("M")).await.unwrap();
    }
}
