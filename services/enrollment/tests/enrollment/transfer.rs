//! Transfers between areas and schemes.

use futures::future::join_all;
use tonic::Code;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::{TestDatabase, both_databases};

use TransferAction as Action;
use TransferState as State;

use crate::support::*;

const SENDING: &str = "agency:430200";
const RECEIVING: &str = "agency:110000";

/// A register at noon of 2025-06-15 in Shanghai, with clients of both of its services.
struct Desk {
    service: TestService,
    transfers: TransferServiceClient<tonic::transport::Channel>,
}

async fn desk(db: &TestDatabase) -> Desk {
    let service = start(db).await;
    service.hand.set("2025-06-15T04:00:00Z".parse().unwrap());
    let transfers = TransferServiceClient::connect(service.server.url()).await.unwrap();
    Desk { service, transfers }
}

fn opening(psn_no: &str) -> StartTransferRequest {
    StartTransferRequest {
        request_id: new_id(),
        biz_prcs_codg: "T21".into(),
        psn_no: psn_no.into(),
        from_poolarea_no: "430200".into(),
        to_poolarea_no: "110000".into(),
        traf_prot_dirc: "11".into(),
        ..StartTransferRequest::default()
    }
}

fn stepping(transfer: &Transfer, action: Action) -> AdvanceTransferRequest {
    let needs_reason = [Action::Reject, Action::Return, Action::Lock, Action::Withdraw].contains(&action);
    AdvanceTransferRequest {
        request_id: new_id(),
        transfer_id: transfer.transfer_id.clone(),
        action: action.into(),
        reason: if needs_reason { "材料不齐".into() } else { String::new() },
        finish: None,
    }
}

fn terms(begndate: &str) -> FinishTerms {
    FinishTerms { begndate: begndate.into(), psn_type: "11".into(), ..FinishTerms::default() }
}

fn finishing(transfer: &Transfer, terms: FinishTerms) -> AdvanceTransferRequest {
    AdvanceTransferRequest { finish: Some(terms), ..stepping(transfer, Action::Finish) }
}

impl Desk {
    async fn start(&mut self, caller: &str, request: StartTransferRequest) -> Result<Transfer, RemoteError> {
        let answer = self.transfers.start_transfer(as_caller(caller, request)).await.map_err(error)?;
        Ok(answer.into_inner().transfer.unwrap())
    }

    async fn step(&mut self, caller: &str, request: AdvanceTransferRequest) -> Result<Transfer, RemoteError> {
        let answer = self.transfers.advance_transfer(as_caller(caller, request)).await.map_err(error)?;
        Ok(answer.into_inner().transfer.unwrap())
    }

    async fn walk(&mut self, transfer: Transfer, steps: &[(&str, Action)]) -> Transfer {
        let mut transfer = transfer;
        for (caller, action) in steps {
            transfer = self.step(caller, stepping(&transfer, *action)).await.unwrap();
        }
        transfer
    }

    /// Opened and accepted: ready to be finished.
    async fn accepted(&mut self, request: StartTransferRequest, receiving: &str) -> Transfer {
        let opened = self.start(receiving, request).await.unwrap();
        let steps = [
            (receiving, Action::GenerateNotice),
            (SENDING, Action::GenerateStatement),
            (receiving, Action::Accept),
        ];
        self.walk(opened, &steps).await
    }

    async fn get(&mut self, caller: &str, transfer_id: &str) -> Result<Transfer, RemoteError> {
        let request = GetTransferRequest { transfer_id: transfer_id.into() };
        let answer = self.transfers.get_transfer(as_caller(caller, request)).await.map_err(error)?;
        Ok(answer.into_inner().transfer.unwrap())
    }

    async fn list(
        &mut self,
        caller: &str,
        request: ListTransfersRequest,
    ) -> Result<Vec<String>, RemoteError> {
        let answer = self.transfers.list_transfers(as_caller(caller, request)).await.map_err(error)?;
        Ok(answer.into_inner().transfers.into_iter().map(|transfer| transfer.transfer_id).collect())
    }
}

both_databases! {
    async fn from_application_to_the_new_area(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.enrol("P1", "310", "2020-01-01").await;
        let opened = desk.start(RECEIVING, opening("P1")).await.unwrap();
        assert_eq!((opened.state(), opened.appy_stas.as_str(), opened.node_codg.as_str()), (State::Applied, "0", ""));
        assert_eq!(
            opened.allowed_actions().collect::<Vec<_>>(),
            [Action::GenerateNotice, Action::Lock, Action::Withdraw]
        );
        let noticed = desk.step(RECEIVING, stepping(&opened, Action::GenerateNotice)).await.unwrap();
        assert_eq!((noticed.state(), noticed.node_codg.as_str()), (State::Notified, "T2101"));
        let stated = desk.step(SENDING, stepping(&noticed, Action::GenerateStatement)).await.unwrap();
        assert_eq!((stated.appy_stas.as_str(), stated.node_codg.as_str()), ("1", "T2102"));
        let statement = stated.statement.clone().unwrap();
        assert_eq!((statement.generated_on.as_str(), statement.continuous_months), ("2025-06-15", 5 * 12 + 6));
        assert_eq!((statement.schemes.len(), statement.schemes[0].months), (1, 66));
        let accepted = desk.step(RECEIVING, stepping(&stated, Action::Accept)).await.unwrap();
        assert_eq!(accepted.appy_stas, "2");

        let before = desk.service.eligibility("P1", "2025-07-01").await;
        assert_eq!((before.poolarea_no.as_str(), before.entitled), ("430200", true), "the old area pays so far");
        let done = desk.step(RECEIVING, finishing(&accepted, terms("2025-07-01"))).await.unwrap();
        assert_eq!((done.state(), done.appy_stas.as_str(), done.node_codg.as_str()), (State::Finished, "2", "T2103"));
        let result = done.result.clone().unwrap();
        assert_eq!((result.old_enddate.as_str(), result.old_psn_chg_type.as_str()), ("2025-06-30", "23"));
        assert_eq!((result.new_begndate.as_str(), result.new_psn_chg_type.as_str()), ("2025-07-01", "13"));
        assert_eq!((result.entitled_begndate.as_str(), result.waiting_months), ("2025-07-01", 0));
        assert!(!result.rule.is_empty() && !result.citation.is_empty());
        for (day, area) in [("2025-06-15", "430200"), ("2025-06-30", "430200"), ("2025-07-01", "110000")] {
            let answer = desk.service.eligibility("P1", day).await;
            assert_eq!((answer.entitled, answer.poolarea_no.as_str()), (true, area), "{day}");
        }
        let person = desk.service.get_person("P1").await.unwrap();
        assert_eq!((person.poolarea_no.as_str(), person.person_version), ("110000", result.person_version));
        let steps: Vec<_> = done.steps.iter().map(|step| (step.action(), step.side(), step.actor.as_str())).collect();
        assert_eq!(
            steps,
            [
                (Action::Start, TransferSide::Receiving, RECEIVING),
                (Action::GenerateNotice, TransferSide::Receiving, RECEIVING),
                (Action::GenerateStatement, TransferSide::Sending, SENDING),
                (Action::Accept, TransferSide::Receiving, RECEIVING),
                (Action::Finish, TransferSide::Receiving, RECEIVING),
            ]
        );
        assert_eq!(done, desk.get(RECEIVING, &done.transfer_id).await.unwrap());
        let later = desk.step(RECEIVING, stepping(&done, Action::Lock)).await.unwrap_err();
        assert_eq!((later.metadata["state"].as_str(), later.metadata["allowed_actions"].as_str()), ("FINISHED", ""));
    }

    /// Everything the register holds of the person moves with them, and what was known before stays known.
    async fn the_whole_register_moves(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.enrol("P1", "310", "2020-01-01").await;
        desk.service.import_persons(persons([PersonRow { resd_code: "430202001001".into(), ..person("P1") }, person("P2")])).await.unwrap();
        let identities = vec![IdentityRow {
            psn_no: "P1".into(), name: "低保".into(), begndate: "2024-01-01".into(), ..IdentityRow::default()
        }];
        let identities = ImportIdentitiesRequest { request_id: new_id(), rows: identities };
        desk.service.client.import_identities(identities).await.unwrap();
        let shares = vec![AccountShareRow {
            psn_no: "P1".into(), sharer_psn_no: "P2".into(), begndate: "2024-01-01".into(), ..AccountShareRow::default()
        }];
        let shares = ImportAccountSharesRequest { request_id: new_id(), rows: shares };
        desk.service.client.import_account_shares(shares).await.unwrap();
        let known_at = moment("2025-06-15T04:00:30Z");
        let before = desk.service.get_person("P1").await.unwrap();
        let accepted = desk.accepted(opening("P1"), RECEIVING).await;
        desk.service.hand.advance(chrono::TimeDelta::hours(1));
        desk.step(RECEIVING, finishing(&accepted, terms("2025-07-01"))).await.unwrap();

        let after = desk.service.get_person("P1").await.unwrap();
        assert_eq!((after.identities, after.account_shares), (before.identities, before.account_shares));
        assert_eq!(after.certno_masked, before.certno_masked);
        let list = |area: &str| ListPersonsRequest { poolarea_no: area.into(), ..ListPersonsRequest::default() };
        let listed = async |desk: &mut Desk, area: &str| -> Vec<String> {
            let page = desk.service.client.list_persons(list(area)).await.unwrap().into_inner();
            page.persons.into_iter().map(|person| person.psn_no).collect()
        };
        assert_eq!(listed(&mut desk, "430200").await, ["P2"]);
        assert_eq!(listed(&mut desk, "110000").await, ["P1"]);
        let question = GetEligibilityRequest {
            psn_no: "P1".into(), as_of: "2025-07-01".into(), known_at, ..Default::default()
        };
        let then = desk.service.ask(question).await.unwrap();
        assert_eq!((then.poolarea_no.as_str(), then.person_version), ("430200", before.person_version));
        // The old agency keeps nothing of the person any more, the new one everything.
        let paused = || CoverageRow { psn_insu_stas: "2".into(), ..coverage("P1", "390", "2030-01-01", "") };
        let old = desk.service.client.import_coverages(as_caller(SENDING, coverages([paused()]))).await;
        assert_eq!(error(old.unwrap_err()).violation_reasons(), ["PERSON_UNKNOWN"]);
        desk.service.client.import_coverages(as_caller(RECEIVING, coverages([paused()]))).await.unwrap();
    }

    async fn between_schemes_within_one_area(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.enrol("P1", "310", "2020-01-01").await;
        let within = StartTransferRequest {
            to_poolarea_no: "430200".into(), traf_prot_dirc: "12".into(), biz_prcs_codg: "T22".into(), ..opening("P1")
        };
        let accepted = desk.accepted(within, SENDING).await;
        let resident = FinishTerms { coverage_year: 2025, psn_type: "15".into(), ..FinishTerms::default() };
        let done = desk.step(SENDING, finishing(&accepted, resident)).await.unwrap();
        let result = done.result.unwrap();
        assert_eq!((result.old_psn_chg_type.as_str(), result.new_psn_chg_type.as_str()), ("24", "14"));
        assert_eq!((result.new_begndate.as_str(), result.new_enddate.as_str()), ("2025-06-16", "2025-12-31"));
        for (day, insutype) in [("2025-06-15", "310"), ("2025-06-16", "390")] {
            let answer = desk.service.eligibility("P1", day).await;
            assert_eq!((answer.entitled, answer.insutype.as_str(), answer.poolarea_no.as_str()), (true, insutype, "430200"));
        }
    }

    /// More than three months: waiting, where the receiving area set it; none where it did not.
    async fn a_long_gap_waits(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.import_persons(persons([person("P1")])).await.unwrap();
        let ended = |psn_no: &str| coverage(psn_no, "310", "2020-01-01", "2025-01-31");
        desk.service.import_persons(persons([person("P2")])).await.unwrap();
        desk.service.import_coverages(coverages([ended("P1"), ended("P2")])).await.unwrap();
        let accepted = desk.accepted(opening("P2"), RECEIVING).await;
        let at_once = desk.step(RECEIVING, finishing(&accepted, terms("2025-06-01"))).await.unwrap().result.unwrap();
        assert_eq!((at_once.waiting_months, at_once.entitled_begndate.as_str()), (0, "2025-06-01"));
        let document = "rules: beijing-continuity\nversion: \"1\"\ntitle: 等待期\narea: \"110000\"\nsources:\n  s: { title: 医保办发〔2021〕43号, quality: P }\n\
            continuity:\n  - { from: 2021-12-01, source: s, gap_months: 3, continuous_years: 2, waiting_months: 6 }\n";
        let rules = PublishEntitlementRulesRequest { request_id: new_id(), document: document.into() };
        desk.service.coverage().await.publish_entitlement_rules(rules).await.unwrap();
        let accepted = desk.accepted(opening("P1"), RECEIVING).await;
        let result = desk.step(RECEIVING, finishing(&accepted, terms("2025-06-01"))).await.unwrap().result.unwrap();
        assert_eq!((result.waiting_months, result.entitled_begndate.as_str()), (6, "2025-12-01"));
        assert!(result.citation.contains("医保办发〔2021〕43号"), "{}", result.citation);
        assert_eq!(desk.service.eligibility("P1", "2025-11-30").await.reason, "WAITING_PERIOD");
        assert!(desk.service.eligibility("P1", "2025-12-01").await.entitled);
    }

    /// 43号: a mover is insured in the new area first, by the certificate and the name, and applies then; the transfer carries the years.
    async fn a_mover_is_insured_before_the_transfer(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.import_persons(persons([person("P1")])).await.unwrap();
        desk.service.import_coverages(coverages([coverage("P1", "310", "2020-01-01", "")])).await.unwrap();
        let payment = Contribution {
            accrym: "2025-06".into(), amount_fen: 50_000, clct_type: "10".into(), clct_flag: "1".into(), paid_date: "2025-06-10".into(),
            ..Contribution::default()
        };
        let enrolling = || EnrolMoverRequest {
            request_id: new_id(), psn_cert_type: "01".into(), certno: certno("P1"), psn_name: "张小丽".into(), poolarea_no: "110000".into(),
            insutype: "310".into(), begndate: "2025-06-01".into(), psn_type: "11".into(), payment: Some(payment.clone()), ..Default::default()
        };
        let mut transfers = desk.transfers.clone();
        let mut enrol = async |caller: &str, request: EnrolMoverRequest| {
            transfers.enrol_mover(as_caller(caller, request)).await.map(tonic::Response::into_inner).map_err(error)
        };
        assert_eq!(enrol(SENDING, enrolling()).await.unwrap_err().reason, "AREA_NOT_OWNED");
        let named = EnrolMoverRequest { psn_name: "张大丽".into(), ..enrolling() };
        assert_eq!(enrol(RECEIVING, named).await.unwrap_err().reason, "PERSON_UNKNOWN");
        let running = enrol(RECEIVING, enrolling()).await.unwrap_err();
        assert_eq!((running.reason.as_str(), running.metadata["begndate"].as_str()), ("COVERAGE_OVERLAP", "2020-01-01"));
        desk.service.import_coverages(coverages([coverage("P1", "310", "2020-01-01", "2025-05-31")])).await.unwrap();
        let request = enrolling();
        let moved = enrol(RECEIVING, request.clone()).await.unwrap();
        assert_eq!((moved.psn_no.as_str(), moved.from_poolarea_no.as_str()), ("P1", "430200"));
        assert_eq!(enrol(RECEIVING, request).await.unwrap(), EnrolMoverResponse { replayed: true, ..moved });
        for (day, area) in [("2025-05-31", "430200"), ("2025-06-01", "110000")] {
            let told = desk.service.eligibility("P1", day).await;
            assert_eq!((told.entitled, told.poolarea_no.as_str()), (true, area), "{day}");
        }
        let old = desk.service.client.get_person(as_caller(SENDING, get_person("P1"))).await;
        assert_eq!(error(old.unwrap_err()).reason, "PERSON_UNKNOWN", "the register moved");

        let accepted = desk.accepted(opening("P1"), RECEIVING).await;
        let statement = accepted.statement.clone().unwrap();
        assert_eq!((statement.last_insured_date.as_str(), statement.continuous_months), ("2025-05-31", 65), "of the old area alone");
        let before = desk.service.get_person("P1").await.unwrap();
        let unexpected = desk.step(RECEIVING, finishing(&accepted, terms("2025-07-01"))).await.unwrap_err();
        assert_eq!(unexpected.violation_reasons(), ["FINISH_TERMS_NOT_EXPECTED"]);
        let done = desk.step(RECEIVING, stepping(&accepted, Action::Finish)).await.unwrap();
        let result = done.result.clone().unwrap();
        assert_eq!((result.old_enddate.as_str(), result.new_begndate.as_str()), ("2025-05-31", "2025-06-01"));
        let after = desk.service.get_person("P1").await.unwrap();
        assert_eq!((&after.coverages, after.person_version), (&before.coverages, before.person_version + 1));
        // Whoever keeps the account is told that its balance follows.
        let mut events = desk.service.client.watch_register(WatchRegisterRequest::default()).await.unwrap().into_inner();
        let last = loop {
            let event = events.message().await.unwrap().unwrap();
            if event.person_version == after.person_version {
                break event;
            }
        };
        assert_eq!((last.transfer_id, last.from_poolarea_no.as_str(), last.poolarea_no.as_str()), (done.transfer_id, "430200", "110000"));
    }

    /// Retired persons are not transferred, nor enrolled as movers (43号 art. 2).
    async fn the_retired_are_not_transferred(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.import_persons(persons([person("P1")])).await.unwrap();
        let retired = CoverageRow { psn_type: "12".into(), ..coverage("P1", "310", "2020-01-01", "") };
        desk.service.import_coverages(coverages([retired])).await.unwrap();
        let refused = desk.start(RECEIVING, opening("P1")).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "TRANSFER_OF_RETIRED"));
    }

    /// 10 working days for the sending area, 5 for the receiving one: 端午 and weekends do not count, and what is late is listed.
    async fn transfers_are_on_the_clock(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.hand.set("2025-05-28T04:00:00Z".parse().unwrap());
        desk.service.enrol("P1", "310", "2020-01-01").await;
        let opened = desk.start(RECEIVING, StartTransferRequest { trans_mode: "99".into(), ..opening("P1") }).await.unwrap();
        let clock = |told: &Transfer| (told.waiting_since.clone(), told.due_date.clone(), told.overdue);
        let due = |since: &str, last: &str, overdue| (since.to_owned(), last.to_owned(), overdue);
        // 2025-05-31 to 06-02 is 端午: Thursday, Friday, then Tuesday on.
        assert_eq!((clock(&opened), opened.calendar_published), (due("2025-05-28", "2025-06-12", false), true));
        let late = |area: &str| ListTransfersRequest { poolarea_no: area.into(), overdue_only: true, ..Default::default() };
        desk.service.hand.set("2025-06-12T04:00:00Z".parse().unwrap());
        assert_eq!(desk.list(SENDING, late("430200")).await.unwrap(), Vec::<String>::new());
        desk.service.hand.set("2025-06-13T04:00:00Z".parse().unwrap());
        assert_eq!(desk.list(SENDING, late("430200")).await.unwrap(), std::slice::from_ref(&opened.transfer_id));
        assert!(desk.get(SENDING, &opened.transfer_id).await.unwrap().overdue);
        let stated = desk.walk(opened, &[(SENDING, Action::GenerateStatement)]).await;
        assert_eq!(clock(&stated), due("2025-06-13", "2025-06-20", false));
        desk.service.hand.set("2025-06-16T04:00:00Z".parse().unwrap());
        let accepted = desk.walk(stated, &[(RECEIVING, Action::Accept), (RECEIVING, Action::Lock), (RECEIVING, Action::Unlock)]).await;
        assert_eq!(clock(&accepted), due("2025-06-13", "2025-06-20", false), "neither accepting nor a lock begins it anew");
    }

    async fn steps_are_refused_with_the_state_and_what_is_allowed(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.enrol("P1", "310", "2020-01-01").await;
        let opened = desk.start(RECEIVING, opening("P1")).await.unwrap();
        for (caller, action, allowed) in [
            (SENDING, Action::GenerateNotice, "LOCK"),
            (SENDING, Action::GenerateStatement, "LOCK"),
            (RECEIVING, Action::Accept, "GENERATE_NOTICE,LOCK,WITHDRAW"),
            ("person:P1", Action::Lock, "WITHDRAW"),
        ] {
            let refused = desk.step(caller, stepping(&opened, action)).await.unwrap_err();
            assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "TRANSFER_STEP_REFUSED"));
            let told = (refused.metadata["state"].as_str(), refused.metadata["allowed_actions"].as_str());
            assert_eq!(told, ("APPLIED", allowed), "{caller} {action:?}");
        }
        let locked = desk.walk(opened, &[(SENDING, Action::Lock)]).await;
        assert_eq!((locked.appy_stas.as_str(), locked.steps.last().unwrap().reason.as_str()), ("6", "材料不齐"));
        let refused = desk.step(RECEIVING, stepping(&locked, Action::Unlock)).await.unwrap_err();
        assert_eq!(refused.metadata["allowed_actions"], "");
        let unlocked = desk.walk(locked, &[(SENDING, Action::Unlock)]).await;
        assert_eq!(unlocked.state(), State::Applied);
        let unknown = desk.step("agency:330000", stepping(&unlocked, Action::Lock)).await.unwrap_err();
        assert_eq!((unknown.code, unknown.reason.as_str()), (Code::NotFound, "TRANSFER_UNKNOWN"));
        let reads_only = desk.step("department:110000", stepping(&unlocked, Action::Lock)).await.unwrap_err();
        assert_eq!(reads_only.reason, "AREA_NOT_OWNED");
        // Returned, stated anew, rejected: over, and another one may be opened.
        let steps = [
            (RECEIVING, Action::GenerateNotice), (SENDING, Action::GenerateStatement), (RECEIVING, Action::Return),
            (SENDING, Action::GenerateStatement), (RECEIVING, Action::Reject),
        ];
        assert_eq!(desk.walk(unlocked, &steps).await.appy_stas, "3");
        let by_person = StartTransferRequest { biz_prcs_codg: "T22".into(), ..opening("P1") };
        let again = desk.start("person:P1", by_person).await.unwrap();
        let open = desk.start(RECEIVING, opening("P1")).await.unwrap_err();
        assert_eq!((open.reason.as_str(), &open.metadata["transfer_id"]), ("TRANSFER_OPEN", &again.transfer_id));
        assert_eq!(desk.walk(again, &[("person:P1", Action::Withdraw)]).await.appy_stas, "7");
        let unasked = StartTransferRequest { trans_mode: "99".into(), ..opening("P1") };
        assert_eq!(desk.start("person:P1", unasked.clone()).await.unwrap_err().reason, "AREA_NOT_OWNED");
        let unasked = desk.start(RECEIVING, unasked).await.unwrap();
        assert_eq!((unasked.state(), unasked.node_codg.as_str(), unasked.steps.len()), (State::Notified, "T2101", 2));
        assert_eq!(desk.walk(unasked, &[(SENDING, Action::Reject)]).await.appy_stas, "5");
    }

    /// What is owed does not stop a transfer, but is told; and the same request after New Year is the same request.
    async fn arrears_are_told_and_the_answer_is_given_again(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.import_persons(persons([person("P1")])).await.unwrap();
        let year = coverage("P1", "390", "2025-01-01", "2025-12-31");
        desk.service.import_coverages(coverages([year])).await.unwrap();
        let due = |accrym: &str, insutype: &str| Contribution {
            psn_no: "P1".into(), insutype: insutype.into(), accrym: accrym.into(), amount_fen: 30_000,
            clct_type: "10".into(), clct_flag: "0".into(), ..Contribution::default()
        };
        let rows = vec![due("2024", "390"), due("2023-05", "310")];
        let request = RecordContributionsRequest { request_id: new_id(), rows };
        desk.service.coverage().await.record_contributions(request).await.unwrap();
        let opened = StartTransferRequest { traf_prot_dirc: "41".into(), ..opening("P1") };
        let accepted = desk.accepted(opened, RECEIVING).await;
        let past = FinishTerms { coverage_year: 2024, psn_type: "15".into(), ..FinishTerms::default() };
        let refused = desk.step(RECEIVING, finishing(&accepted, past.clone())).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["COVERAGE_YEAR_INVALID"]);
        let request = finishing(&accepted, FinishTerms { coverage_year: 2025, ..past });
        let done = desk.step(RECEIVING, request.clone()).await.unwrap();
        assert_eq!(done.result.clone().unwrap().arrears_fen, 30_000);
        desk.service.hand.advance(chrono::TimeDelta::days(300));
        assert_eq!(desk.step(RECEIVING, request).await.unwrap(), done);
    }

    async fn what_cannot_be_finished_changes_nothing(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.enrol("P1", "310", "2020-01-01").await;
        let accepted = desk.accepted(opening("P1"), RECEIVING).await;
        let before = desk.service.get_person("P1").await.unwrap();
        let early = desk.step(RECEIVING, finishing(&accepted, terms("2025-06-15"))).await.unwrap_err();
        assert_eq!((early.reason.as_str(), early.metadata["earliest"].as_str()), ("TRANSFER_TOO_EARLY", "2025-06-16"));
        let wrong = FinishTerms {
            paid_on: "2025-06-16".into(), begndate: "2026-06-17".into(), coverage_year: 2027, psn_type: "99".into(),
            hi_type: "9".into(), supplements: vec!["310".into(), "330".into(), "330".into()], resd_code: "43".into(),
        };
        let request = AdvanceTransferRequest { request_id: String::new(), ..finishing(&accepted, wrong) };
        assert_eq!(
            desk.step(RECEIVING, request).await.unwrap_err().violation_reasons(),
            [
                "REQUEST_ID_INVALID", "IN_THE_FUTURE", "DATE_TOO_FAR", "COVERAGE_YEAR_INVALID", "CODE_UNKNOWN",
                "CODE_UNKNOWN", "CODE_UNKNOWN", "DUPLICATE_ROW", "RESD_CODE_INVALID",
            ]
        );
        let other_scheme = FinishTerms { coverage_year: 2025, psn_type: "15".into(), ..FinishTerms::default() };
        let refused = desk.step(RECEIVING, finishing(&accepted, other_scheme)).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["PSN_TYPE_NOT_OF_SCHEME", "FIELD_NOT_EXPECTED", "DATE_INVALID"]);
        let without = desk.step(RECEIVING, stepping(&accepted, Action::Finish)).await.unwrap_err();
        assert_eq!(without.violation_reasons(), ["FINISH_TERMS_REQUIRED"]);
        let unexpected = AdvanceTransferRequest { finish: Some(terms("")), ..stepping(&accepted, Action::Lock) };
        let unexpected = AdvanceTransferRequest { reason: String::new(), ..unexpected };
        let refused = desk.step(RECEIVING, unexpected).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["REASON_REQUIRED", "FINISH_TERMS_NOT_EXPECTED"]);
        assert_eq!(desk.service.get_person("P1").await.unwrap(), before);
        assert_eq!(desk.get(SENDING, &accepted.transfer_id).await.unwrap().state(), State::Accepted);
    }

    async fn what_cannot_be_opened(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.enrol("P1", "310", "2020-01-01").await;
        desk.service.import_persons(persons([person("P2"), PersonRow { die_date: "2025-01-01".into(), ..person("P3") }])).await.unwrap();
        desk.service.import_coverages(coverages([coverage("P3", "310", "2020-01-01", "")])).await.unwrap();
        let wrong = StartTransferRequest {
            request_id: String::new(), biz_prcs_codg: "T23".into(), psn_no: "张三".into(), from_poolarea_no: "x".into(),
            to_poolarea_no: "".into(), traf_prot_dirc: "13".into(), trans_mode: "1".into(), reason: "x".repeat(201),
        };
        assert_eq!(
            desk.start(RECEIVING, wrong).await.unwrap_err().violation_reasons(),
            [
                "REQUEST_ID_INVALID", "CODE_UNKNOWN", "PSN_NO_INVALID", "AREA_INVALID", "AREA_INVALID",
                "CODE_UNKNOWN", "CODE_UNKNOWN", "REASON_INVALID",
            ]
        );
        let nowhere = StartTransferRequest { to_poolarea_no: "430200".into(), ..opening("P1") };
        assert_eq!(desk.start(SENDING, nowhere).await.unwrap_err().violation_reasons(), ["TRANSFER_NOWHERE"]);
        for (caller, request, reason) in [
            (SENDING, opening("P1"), "AREA_NOT_OWNED"),
            ("person:P2", opening("P1"), "AREA_NOT_OWNED"),
            ("department:110000", opening("P1"), "AREA_NOT_OWNED"),
            (RECEIVING, opening("P9"), "PERSON_UNKNOWN"),
            (RECEIVING, StartTransferRequest { from_poolarea_no: "430100".into(), ..opening("P1") }, "PERSON_UNKNOWN"),
            (RECEIVING, opening("P2"), "TRANSFER_NOTHING_HELD"),
            (RECEIVING, opening("P3"), "TRANSFER_NOTHING_HELD"),
            (RECEIVING, StartTransferRequest { traf_prot_dirc: "41".into(), ..opening("P1") }, "TRANSFER_NOTHING_HELD"),
        ] {
            assert_eq!(desk.start(caller, request.clone()).await.unwrap_err().reason, reason, "{caller} {request:?}");
        }
    }

    /// Both agencies step at once, again and again: of each pair one step is taken, and who loses learns the state.
    async fn of_two_steps_at_once_one_is_taken(db: TestDatabase) {
        let mut desk = desk(&db).await;
        for round in 0..10 {
            let psn_no = format!("P{round}");
            desk.service.enrol(&psn_no, "310", "2020-01-01").await;
            let stated = desk.start(RECEIVING, StartTransferRequest { trans_mode: "99".into(), ..opening(&psn_no) }).await.unwrap();
            let stated = desk.walk(stated, &[(SENDING, Action::GenerateStatement)]).await;
            let steps = [(RECEIVING, Action::Accept), (RECEIVING, Action::Reject), (SENDING, Action::Lock), (RECEIVING, Action::Accept)];
            let racing = steps.map(|(caller, action)| {
                let (mut transfers, request) = (desk.transfers.clone(), stepping(&stated, action));
                async move { transfers.advance_transfer(as_caller(caller, request)).await.map_err(error) }
            });
            let outcomes = join_all(racing).await;
            let after = desk.get(SENDING, &stated.transfer_id).await.unwrap();
            let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            // Accepting leaves locking possible; everything else closes the way for the others.
            assert_eq!(after.steps.len(), 3 + taken);
            assert!(taken == 1 || taken == 2 && after.state() == State::Locked, "{outcomes:?}");
            for (at, step) in after.steps.iter().enumerate().skip(1) {
                assert_eq!(step.from_state, after.steps[at - 1].to_state, "each step begins where the last one ended");
            }
            for refused in outcomes.into_iter().filter_map(Result::err) {
                assert_eq!(refused.reason, "TRANSFER_STEP_REFUSED");
                let known: Vec<_> = after.steps.iter().map(|step| step.to_state().as_str_name()).collect();
                assert!(known.contains(&format!("TRANSFER_STATE_{}", refused.metadata["state"]).as_str()), "{refused:?}");
            }
        }
    }

    async fn of_many_who_open_one_wins_and_retries_are_replayed(db: TestDatabase) {
        let mut desk = desk(&db).await;
        desk.service.enrol("P1", "310", "2020-01-01").await;
        let racing = (0..8).map(|_| {
            let (mut transfers, request) = (desk.transfers.clone(), opening("P1"));
            async move { transfers.start_transfer(as_caller(RECEIVING, request)).await.map_err(error) }
        });
        let outcomes = join_all(racing).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(|refused| refused.reason == "TRANSFER_OPEN"));
        let opened = outcomes.into_iter().find_map(Result::ok).unwrap().into_inner().transfer.unwrap();
        let request = stepping(&opened, Action::GenerateNotice);
        let first = desk.transfers.advance_transfer(as_caller(RECEIVING, request.clone())).await.unwrap().into_inner();
        let again = desk.transfers.advance_transfer(as_caller(RECEIVING, request.clone())).await.unwrap().into_inner();
        assert_eq!(again, AdvanceTransferResponse { replayed: true, ..first });
        let other = AdvanceTransferRequest { action: Action::Lock.into(), reason: "核实".into(), ..request };
        assert_eq!(desk.step(RECEIVING, other).await.unwrap_err().reason, "REQUEST_ID_REUSED");
    }

    async fn the_work_queue(db: TestDatabase) {
        let mut desk = desk(&db).await;
        let mut opened = Vec::new();
        for number in 0..5 {
            let psn_no = format!("P{number}");
            desk.service.enrol(&psn_no, "310", "2020-01-01").await;
            opened.push(desk.start(RECEIVING, opening(&psn_no)).await.unwrap());
        }
        let withdrawn = desk.walk(opened[0].clone(), &[(RECEIVING, Action::Withdraw)]).await;
        let of = |area: &str| ListTransfersRequest { poolarea_no: area.into(), ..ListTransfersRequest::default() };
        let ids = |range: &[Transfer]| range.iter().map(|transfer| transfer.transfer_id.clone()).collect::<Vec<_>>();
        assert_eq!(desk.list(SENDING, of("430200")).await.unwrap(), ids(&opened[1..]));
        assert_eq!(desk.list("department:110000", of("110000")).await.unwrap(), ids(&opened[1..]));
        let sending = |side: TransferSide| ListTransfersRequest { side: side.into(), ..of("430200") };
        assert_eq!(desk.list(SENDING, sending(TransferSide::Sending)).await.unwrap().len(), 4);
        assert_eq!(desk.list(SENDING, sending(TransferSide::Receiving)).await.unwrap(), Vec::<String>::new());
        let over = ListTransfersRequest { states: vec![State::Withdrawn.into()], ..of("110000") };
        assert_eq!(desk.list(RECEIVING, over).await.unwrap(), [withdrawn.transfer_id]);
        let page = ListTransfersRequest { page_size: 3, ..of("110000") };
        let first = desk.transfers.list_transfers(as_caller(RECEIVING, page.clone())).await.unwrap().into_inner();
        let next = ListTransfersRequest { page_token: first.next_page_token, ..page };
        assert_eq!((first.transfers.len(), desk.list(RECEIVING, next).await.unwrap()), (3, ids(&opened[4..])));
        assert_eq!(desk.list(RECEIVING, of("430200")).await.unwrap_err().reason, "AREA_NOT_OWNED");
        let wrong = ListTransfersRequest { side: 3, states: vec![11], ..of("43") };
        let refused = desk.list(RECEIVING, wrong).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["AREA_INVALID", "SIDE_UNKNOWN", "STATE_UNKNOWN"]);
        assert_eq!(desk.get("agency:330000", &opened[1].transfer_id).await.unwrap_err().reason, "TRANSFER_UNKNOWN");
        assert_eq!(desk.get("person:P1", &opened[1].transfer_id).await.unwrap().allowed_actions, [10]);
    }
}
