//! Two records of one person made one.

use futures::future::join_all;
use tonic::Code;
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

pub const AGENCY: &str = "agency:430200";

pub fn merging(keep: &str, merged: &str) -> MergePersonsRequest {
    MergePersonsRequest {
        request_id: new_id(),
        keep_psn_no: keep.into(),
        merged_psn_no: merged.into(),
        reason: "重复建档".into(),
    }
}

pub async fn merge(
    service: &TestService,
    caller: &str,
    request: MergePersonsRequest,
) -> Result<MergePersonsResponse, RemoteError> {
    let mut merges = MergeServiceClient::connect(service.server.url()).await.unwrap();
    Ok(merges.merge_persons(as_caller(caller, request)).await.map_err(error)?.into_inner())
}

/// A passport of the same person.
pub fn with_passport(psn_no: &str) -> PersonRow {
    PersonRow { psn_cert_type: "16".into(), certno: format!("E{psn_no}0000001"), ..person(psn_no) }
}

pub fn by_document(row: &PersonRow) -> GetEligibilityRequest {
    GetEligibilityRequest {
        psn_cert_type: row.psn_cert_type.clone(),
        certno: row.certno.clone(),
        as_of: "2024-06-15".into(),
        ..GetEligibilityRequest::default()
    }
}

pub async fn share(service: &mut TestService, psn_no: &str, sharer_psn_no: &str) {
    let rows = vec![AccountShareRow {
        psn_no: psn_no.into(),
        sharer_psn_no: sharer_psn_no.into(),
        begndate: "2024-01-01".into(),
        ..AccountShareRow::default()
    }];
    service
        .client
        .import_account_shares(ImportAccountSharesRequest { request_id: new_id(), rows })
        .await
        .unwrap();
}

pub async fn refused(service: &mut TestService, psn_no: &str) -> RemoteError {
    let question =
        GetEligibilityRequest { psn_no: psn_no.into(), as_of: "2024-06-15".into(), ..Default::default() };
    service.ask(question).await.unwrap_err()
}

both_databases! {
    async fn one_record_takes_the_place_of_the_other(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("K"), with_passport("M"), person("R")])).await.unwrap();
        service.import_coverages(coverages([
            coverage("K", "310", "2020-01-01", "2022-12-31"),
            coverage("M", "390", "2023-01-01", "2023-12-31"),
            coverage("M", "310", "2024-01-01", ""),
        ])).await.unwrap();
        share(&mut service, "R", "M").await;
        share(&mut service, "M", "K").await;
        let before = service.get_person("M").await.unwrap();
        let known_at = moment("2024-06-15T04:00:30Z");
        service.hand.advance(chrono::TimeDelta::hours(1));
        let answer = merge(&service, AGENCY, merging("K", "M")).await.unwrap();
        assert_eq!((answer.moved_entry_count, answer.equal_entry_count, answer.psn_no.as_str()), (2, 0, "K"));

        for (day, insutype) in [("2021-06-01", "310"), ("2023-06-01", "390"), ("2024-06-15", "310")] {
            let eligibility = service.eligibility("K", day).await;
            assert_eq!((eligibility.entitled, eligibility.insutype.as_str()), (true, insutype), "{day}");
        }
        let merged = refused(&mut service, "M").await;
        assert_eq!((merged.code, merged.reason.as_str()), (Code::FailedPrecondition, "PERSON_MERGED"));
        assert_eq!(merged.metadata["merged_into"], "K");
        for row in [person("K"), with_passport("M")] {
            assert_eq!(service.ask(by_document(&row)).await.unwrap().psn_no, "K", "both documents find the kept one");
        }
        assert_eq!(service.eligibility("R", "2024-06-15").await.account_sharers, ["K"]);
        assert_eq!(service.eligibility("K", "2024-06-15").await.account_sharers, Vec::<String>::new());
        let tombstone = service.get_person("M").await.unwrap();
        assert_eq!((tombstone.merged_into.as_str(), tombstone.coverages.len()), ("K", 0));
        assert_eq!(tombstone.person_version, answer.merged_person_version);
        // What was answered then can still be asked.
        let question = GetEligibilityRequest {
            psn_no: "M".into(), as_of: "2024-06-15".into(), known_at, ..Default::default()
        };
        let then = service.ask(question).await.unwrap();
        assert_eq!((then.entitled, then.person_version), (true, before.person_version));
    }

    async fn contradictions_are_named_and_nothing_changes(db: TestDatabase) {
        let mut service = start(&db).await;
        let other = PersonRow { brdy: "1950-01-01".into(), gend: "1".into(), ..with_passport("M") };
        service.import_persons(persons([person("K"), other])).await.unwrap();
        service.import_coverages(coverages([
            coverage("K", "310", "2020-01-01", ""),
            coverage("M", "390", "2023-01-01", "2023-12-31"),
            coverage("M", "390", "2024-01-01", "2024-12-31"),
        ])).await.unwrap();
        let before = (service.get_person("K").await.unwrap(), service.get_person("M").await.unwrap());
        let refused = merge(&service, AGENCY, merging("K", "M")).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "MERGE_CONTRADICTED"));
        assert_eq!(refused.metadata["contradiction_count"], "4");
        assert_eq!(
            refused.metadata["contradictions"],
            "person brdy; person gend; coverage 310@2020-01-01 390@2023-01-01; coverage 310@2020-01-01 390@2024-01-01"
        );
        assert_eq!((service.get_person("K").await.unwrap(), service.get_person("M").await.unwrap()), before);
        assert_eq!(service.ask(by_document(&with_passport("M"))).await.unwrap().psn_no, "M");
    }

    async fn merges_chain(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([with_passport("A"), with_passport("B"), with_passport("C")])).await.unwrap();
        service.import_coverages(coverages([coverage("A", "310", "2024-01-01", "")])).await.unwrap();
        merge(&service, AGENCY, merging("B", "A")).await.unwrap();
        for (keep, merged, gone, into) in [("A", "C", "A", "B"), ("C", "A", "A", "B")] {
            let refused = merge(&service, AGENCY, merging(keep, merged)).await.unwrap_err();
            assert_eq!(refused.reason, "PERSON_MERGED");
            assert_eq!((refused.metadata["psn_no"].as_str(), refused.metadata["merged_into"].as_str()), (gone, into));
        }
        merge(&service, AGENCY, merging("C", "B")).await.unwrap();
        for psn_no in ["A", "B"] {
            assert_eq!(refused(&mut service, psn_no).await.metadata["merged_into"], "C");
            assert_eq!(service.ask(by_document(&with_passport(psn_no))).await.unwrap().psn_no, "C");
        }
        assert!(service.eligibility("C", "2024-06-15").await.entitled);
        assert_eq!(service.eligibility("C", "2024-06-15").await.consecutive_years, 1);
    }

    async fn nothing_is_written_to_a_merged_record(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("K"), with_passport("M"), person("R")])).await.unwrap();
        merge(&service, AGENCY, merging("K", "M")).await.unwrap();
        let person = service.import_persons(persons([with_passport("M")])).await.unwrap_err();
        assert_eq!(person.violation_reasons(), ["PERSON_MERGED"]);
        let coverage = service.import_coverages(coverages([coverage("M", "310", "2024-01-01", "")])).await.unwrap_err();
        assert_eq!(coverage.violation_reasons(), ["PERSON_MERGED"]);
        let rows = vec![AccountShareRow {
            psn_no: "R".into(), sharer_psn_no: "M".into(), begndate: "2024-01-01".into(), ..AccountShareRow::default()
        }];
        let shares = ImportAccountSharesRequest { request_id: new_id(), rows };
        let share = error(service.client.import_account_shares(shares).await.unwrap_err());
        assert_eq!(share.violation_reasons(), ["PERSON_MERGED"]);
        let mut transfers = TransferServiceClient::connect(service.server.url()).await.unwrap();
        let transfer = StartTransferRequest {
            request_id: new_id(), biz_prcs_codg: "T22".into(), psn_no: "M".into(), from_poolarea_no: "430200".into(),
            to_poolarea_no: "110000".into(), traf_prot_dirc: "11".into(), ..StartTransferRequest::default()
        };
        let transfer = error(transfers.start_transfer(as_caller(AGENCY, transfer)).await.unwrap_err());
        assert_eq!(transfer.reason, "PERSON_MERGED");
    }

    async fn what_cannot_be_merged(db: TestDatabase) {
        let mut service = start(&db).await;
        let elsewhere = PersonRow { poolarea_no: "430100".into(), ..with_passport("E") };
        service.import_persons(persons([person("K"), with_passport("M"), elsewhere, person("T")])).await.unwrap();
        service.import_coverages(coverages([coverage("T", "310", "2020-01-01", "")])).await.unwrap();
        let mut transfers = TransferServiceClient::connect(service.server.url()).await.unwrap();
        let open = StartTransferRequest {
            request_id: new_id(), biz_prcs_codg: "T22".into(), psn_no: "T".into(), from_poolarea_no: "430200".into(),
            to_poolarea_no: "110000".into(), traf_prot_dirc: "11".into(), ..StartTransferRequest::default()
        };
        transfers.start_transfer(as_caller(AGENCY, open)).await.unwrap();
        for (caller, request, reason) in [
            (AGENCY, merging("K", "X"), "PERSON_UNKNOWN"),
            ("agency:430100", merging("K", "M"), "PERSON_UNKNOWN"),
            ("department:430200", merging("K", "M"), "AREA_NOT_OWNED"),
            (AGENCY, merging("K", "E"), "PERSON_UNKNOWN"),
            ("agency:430000", merging("K", "E"), "MERGE_ACROSS_AREAS"),
            (AGENCY, merging("K", "T"), "TRANSFER_OPEN"),
            (AGENCY, merging("T", "K"), "TRANSFER_OPEN"),
        ] {
            assert_eq!(merge(&service, caller, request.clone()).await.unwrap_err().reason, reason, "{request:?}");
        }
        let wrong = MergePersonsRequest { request_id: String::new(), reason: " ".into(), ..merging("K", "K") };
        let refused = merge(&service, AGENCY, wrong).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["REQUEST_ID_INVALID", "MERGE_WITH_SELF", "REASON_REQUIRED"]);
        let wrong = MergePersonsRequest { reason: "因".repeat(201), ..merging("K K", "张三") };
        let refused = merge(&service, AGENCY, wrong).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["PSN_NO_INVALID", "PSN_NO_INVALID", "REASON_INVALID"]);
        let request = merging("K", "M");
        let first = merge(&service, AGENCY, request.clone()).await.unwrap();
        assert_eq!(merge(&service, AGENCY, request).await.unwrap(), MergePersonsResponse { replayed: true, ..first });
    }

    /// Each into the other at once: one direction wins, and nobody is lost.
    async fn two_merges_at_once(db: TestDatabase) {
        let mut service = start(&db).await;
        for round in 0..5 {
            let (one, other) = (format!("A{round}"), format!("B{round}"));
            service.import_persons(persons([with_passport(&one), with_passport(&other)])).await.unwrap();
            service.import_coverages(coverages([
                coverage(&one, "310", "2020-01-01", "2022-12-31"), coverage(&other, "310", "2023-01-01", ""),
            ])).await.unwrap();
            let both = [merging(&one, &other), merging(&other, &one)];
            let outcomes = join_all(both.map(|request| merge(&service, AGENCY, request))).await;
            let won: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
            assert_eq!(won.len(), 1, "{outcomes:?}");
            let lost = outcomes.iter().find_map(|outcome| outcome.as_ref().err()).unwrap();
            assert_eq!(lost.reason, "PERSON_MERGED");
            for day in ["2021-01-01", "2024-06-15"] {
                assert!(service.eligibility(&won[0].psn_no, day).await.entitled);
            }
        }
    }
}
