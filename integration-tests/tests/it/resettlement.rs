//! What a reversal changes for later visits, and 重新结算.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    AccumulatorAddition, CancelManualPaymentRequest, DrugTraceCode, FeeLine, FundAmount, LaterVisit,
    LaterVisits, ListFeesRequest, RecordManualPaymentRequest, ResettleRequest, ResettleResponse, Settlement,
    UploadFeesRequest, Visit, WorkItemState,
};
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, assert_books_balance, clinic, stay};

/// Of each later visit its id, what the funds and the person would pay otherwise, and why.
fn told(later: &LaterVisits) -> Vec<(&str, i64, i64, &str)> {
    let of =
        |visit: &'_ LaterVisit| (visit.differs_fen, visit.would_psn_part_amt_fen - visit.psn_part_amt_fen);
    later
        .visits
        .iter()
        .map(|visit| (visit.setl_id.as_str(), of(visit).0, of(visit).1, visit.why.as_str()))
        .collect()
}

fn id(settled: &Settlement) -> &str {
    &info(settled).setl_id
}

/// What is to be settled again behind a settlement.
fn request(request_id: &str, settled: &Settlement, later: &[&Settlement]) -> ResettleRequest {
    ResettleRequest {
        request_id: request_id.to_owned(),
        psn_no: info(settled).psn_no.clone(),
        setl_id: id(settled).to_owned(),
        later_setl_ids: later.iter().map(|later| id(later).to_owned()).collect(),
        reason: "首次住院费用有误".to_owned(),
    }
}

/// Everything that took the place of something agrees with what it took the place of, and is what its case says.
pub async fn assert_replaced(platform: &TestPlatform, answer: &ResettleResponse) -> Vec<Settlement> {
    let mut all = Vec::new();
    for resettled in &answer.visits {
        let told = resettled.visit.as_ref().unwrap();
        let old = platform.get(&told.setl_id).await.unwrap();
        assert_eq!(info(&old).refd_setl_flag, "1");
        assert_eq!(
            (&info(&old).reversed_by_setl_id, &info(&old).replaced_by_setl_id),
            (&resettled.reversal_setl_id, &resettled.new_setl_id)
        );
        let reversal = platform.get(&resettled.reversal_setl_id).await.unwrap();
        assert_eq!(
            (&info(&reversal).reverses_setl_id, &info(&reversal).replaced_by_setl_id),
            (&told.setl_id, &resettled.new_setl_id)
        );
        let new = platform.get(&resettled.new_setl_id).await.unwrap();
        assert_adds_up(&new);
        let is = info(&new);
        assert_eq!((&is.replaces_setl_id, is.refd_setl_flag.as_str()), (&told.setl_id, "0"));
        assert_eq!(is.mdtrt_id, info(&old).mdtrt_id);
        assert_eq!(
            (is.psn_part_amt_fen, is.acct_pay_fen, is.psn_cash_pay_fen),
            (told.would_psn_part_amt_fen, told.would_acct_pay_fen, told.would_psn_cash_pay_fen)
        );
        assert_eq!(is.psn_cash_pay_fen - info(&old).psn_cash_pay_fen, resettled.cash_due_fen);
        assert_eq!(is.fund_pay_sumamt_fen - info(&old).fund_pay_sumamt_fen, told.differs_fen);
        let by_fund: i64 = told.funds.iter().map(|fund| fund.would_pay_fen - fund.paid_fen).sum();
        assert_eq!(by_fund, told.differs_fen);
        for setl_id in [&resettled.reversal_setl_id, &resettled.new_setl_id] {
            assert!(platform.replay(setl_id).await.unwrap().identical);
        }
        all.push(new);
    }
    assert_books_balance(platform).await;
    all
}

/// A clinic visit of P1 that the agency paid by hand: 100 of the deductible.
fn by_hand() -> RecordManualPaymentRequest {
    RecordManualPaymentRequest {
        request_id: "W1".to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        psn_no: "P1".to_owned(),
        insutype: "310".to_owned(),
        mdtrt_id: "BILL-1".to_owned(),
        fixmedins_code: SECOND_LEVEL.to_owned(),
        med_type: "11".to_owned(),
        begndate: "2024-03-02".to_owned(),
        enddate: "2024-03-02".to_owned(),
        manl_reim_rea: "02".to_owned(),
        medfee_sumamt_fen: yuan("200"),
        inscp_scp_amt_fen: yuan("200"),
        act_pay_dedc_fen: yuan("100"),
        funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: yuan("60") }],
        policy_year: YEAR_2024.to_owned(),
        accumulators: [("outpatient_deductible", "100"), ("outpatient_paid", "60")]
            .map(|(name, fen)| AccumulatorAddition { accumulator: name.to_owned(), added: yuan(fen) })
            .to_vec(),
        ..RecordManualPaymentRequest::default()
    }
}

both_databases! {
    /// Three stays of 10000: the first bore the deductible of 1100, the second half of it, the third what was open of the year's 2000.
    async fn the_first_of_three_stays_goes(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let hospital = platform.as_caller("institution:H99990000003");
        let first = platform.settle("R1", stay("P1", "2024-03-01", "2024-03-09", "10000")).await.unwrap();
        platform.settle("R2", clinic("P1", "2024-03-20", "200")).await.unwrap();
        let second = platform.settle("R3", stay("P1", "2024-04-01", "2024-04-01", "10000")).await.unwrap();
        let third = platform.settle("R4", stay("P1", "2024-04-01", "2024-04-01", "10000")).await.unwrap();
        assert_eq!(refused(platform.reverse("V1", &first).await).reason, "LATER_SETTLEMENTS_STAND");

        let before = platform.row_counts().await;
        let found = hospital.find_later_visits(id(&first)).await.unwrap();
        let differ = [(id(&second), yuan("-467.50"), yuan("467.50"), "EARLIER_VISITS"), (id(&third), yuan("-170"), yuan("170"), "EARLIER_VISITS")];
        assert_eq!((found.reversed, told(found.later.as_ref().unwrap())), (false, differ.to_vec()), "the clinic is not touched");
        // Those that are named have to be all: a gap would make the order wrong.
        let gap = refused(hospital.resettle(request("A0", &first, &[&third])).await);
        assert_eq!((gap.code, gap.reason.as_str()), (Code::FailedPrecondition, "LATER_VISITS_DIFFER"));
        assert_eq!((gap.metadata["missing"].as_str(), gap.metadata["surplus"].as_str()), (id(&second), ""));
        assert_eq!(platform.row_counts().await, before);

        let answer = hospital.resettle(request("A1", &first, &[&second, &third])).await.unwrap();
        assert_eq!(platform.get(&answer.reversal_setl_id).await.map(|back| info(&back).reverses_setl_id.clone()).unwrap(), id(&first));
        let new = assert_replaced(&platform, &answer).await;
        assert_eq!(new.iter().map(|new| info(new).act_pay_dedc_fen).collect::<Vec<_>>(), [yuan("1100"), yuan("550")]);
        assert_eq!(new.iter().map(|new| info(new).hifp_pay_fen).collect::<Vec<_>>(), [yuan("7565"), yuan("8032.50")]);
        let marked = |settled: &Settlement| info(settled).same_days.iter().map(|other| other.setl_id.clone()).collect::<Vec<_>>();
        assert_eq!((marked(&third), marked(&new[1])), (vec![id(&second).to_owned()], vec![id(&new[0]).to_owned()]));
        let used = platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "deductible_used").await;
        assert_eq!(used, yuan("1650"));
        for (setl_id, said) in [(id(&second), "由结算"), (id(&new[0]), "代替已撤销的结算")] {
            let statement = platform.statement(setl_id).await.unwrap().text;
            assert!(statement.contains(said), "{statement}");
        }

        // Once, however often it is asked; and then nothing would be paid otherwise.
        let again = hospital.resettle(request("A1", &first, &[&second, &third])).await.unwrap();
        assert_eq!(again, ResettleResponse { replayed: true, ..answer.clone() });
        assert_eq!(refused(hospital.resettle(request("A1", &first, &[])).await).reason, "REQUEST_ID_REUSED");
        assert_eq!(hospital.resettle(request("A2", &first, &[])).await.unwrap(), ResettleResponse::default());
        assert_eq!(hospital.find_later_visits(id(&first)).await.unwrap().later.unwrap_or_default(), LaterVisits::default());
        let gone = refused(platform.reverse("V2", &second).await);
        assert_eq!((gone.reason.as_str(), &gone.metadata["replaced_by_setl_id"]), ("ALREADY_REVERSED", &info(&new[0]).setl_id));
        let twice = platform.settle("R5", stay("P1", "2024-04-01", "2024-04-01", "10000").but(|visit| visit.mdtrt_id.clone_from(&info(&second).mdtrt_id))).await;
        assert_eq!(refused(twice).metadata["setl_id"], info(&new[0]).setl_id, "the visit stands once");
        platform.reverse("V3", &new[1]).await.unwrap();
        platform.reverse("V4", &new[0]).await.unwrap();
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "deductible_used").await, 0);
        assert_books_balance(&platform).await;
    }

    /// Reverse tells; what accounts paid stays up to the new share, the rest flows back or is due in cash.
    async fn accounts_keep_up_to_the_new_share(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("5000")).await;
        // The cap of the year, 1500, is paid by the first; the second is borne by the person.
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "3000").with_account()).await.unwrap();
        let second = platform.settle("R2", clinic("P1", "2024-03-02", "1000").with_account()).await.unwrap();
        assert_eq!(info(&second).acct_pay_fen, yuan("1000"));
        let before = platform.balance("P1", COMPOSITE_AREA).await;
        let answer = platform.reverse_telling("V1", &first).await.unwrap();
        let later = answer.later.clone().unwrap();
        assert_eq!(told(&later), [(id(&second), yuan("420"), yuan("-420"), "EARLIER_VISITS")]);
        let visit = &later.visits[0];
        assert_eq!((visit.calculated, visit.would_acct_pay_fen, visit.would_psn_cash_pay_fen), (true, yuan("580"), 0));
        assert_eq!((visit.funds[0].fund_pay_type.as_str(), visit.funds[0].would_pay_fen), ("310100", yuan("420")));
        let retried = platform.reverse_telling("V1", &first).await.unwrap();
        assert!(retried.replayed && retried.later == answer.later);
        let back = platform.balance("P1", COMPOSITE_AREA).await;
        assert_eq!(back - before, info(&first).acct_pay_fen);

        let resettled = platform.resettle_behind("A1", &first).await.unwrap();
        let new = assert_replaced(&platform, &resettled).await;
        assert_eq!((resettled.reversal_setl_id.as_str(), resettled.visits[0].cash_due_fen), ("", 0));
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, back + yuan("420"));
        assert_eq!(info(&new[0]).balc_fen, back + yuan("420"), "as it is, not as it was");
        let now = platform.reverse_telling("V1", &first).await.unwrap();
        assert!(now.replayed && now.later.is_none(), "as known at the moment of the answer");

        // The other way round: of a bigger share no more is taken from the account than was.
        let third = platform.settle("R3", clinic("P1", "2024-03-03", "100").with_account()).await.unwrap();
        assert_eq!((info(&third).hifp_pay_fen, info(&third).acct_pay_fen), (yuan("60"), yuan("40")));
        let balance = platform.balance("P1", COMPOSITE_AREA).await;
        platform.reverse("V2", &new[0]).await.unwrap();
        let resettled = platform.resettle_behind("A2", &new[0]).await.unwrap();
        let new_third = assert_replaced(&platform, &resettled).await;
        assert_eq!((info(&new_third[0]).acct_pay_fen, resettled.visits[0].cash_due_fen), (yuan("40"), yuan("60")));
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, balance + yuan("580"));
    }

    /// What was settled later and belongs to the year; of merged records too.
    async fn across_the_end_of_a_year_and_for_merged_records(db: TestDatabase) {
        let persons = [Person::employee("P1"), Person::employee("P2")];
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        let first = platform.settle("R1", clinic("P2", "2023-12-30", "200")).await.unwrap();
        let next_year = platform.settle("R2", clinic("P2", "2024-01-02", "200")).await.unwrap();
        let same_year = platform.settle("R3", clinic("P2", "2023-12-31", "200")).await.unwrap();
        platform.merge("P1", "P2").await;
        let other = platform.settle("R4", clinic("P1", "2023-12-31", "200").but(|visit| visit.mdtrt_id = "M4".to_owned())).await.unwrap();
        let charged = [&first, &next_year, &same_year, &other].map(|settled| info(settled).act_pay_dedc_fen);
        assert_eq!(charged, [yuan("200"), yuan("200"), yuan("100"), 0]);
        let answer = platform.reverse_telling("V1", &first).await.unwrap();
        assert_eq!(told(&answer.later.unwrap()), [
            (id(&same_year), yuan("-60"), yuan("60"), "EARLIER_VISITS"),
            (id(&other), yuan("-60"), yuan("60"), "EARLIER_VISITS"),
        ]);
        let new = assert_replaced(&platform, &platform.resettle_behind("A1", &first).await.unwrap()).await;
        assert!(new.iter().all(|new| info(new).psn_no == "P1"), "under the number that stays");
        let used = platform.accumulator("P1", COMPOSITE_AREA, "2023-01-01", "outpatient_deductible").await;
        assert_eq!(used, yuan("300"));
    }

    /// An institution is told how many, and touches nobody else's; the agency settles them again. A manual payment stays as it was decided.
    async fn visits_of_other_institutions(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let hospital = platform.as_caller("institution:H99990000003");
        let agency = platform.as_caller("agency:999900");
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "200")).await.unwrap();
        let paid = agency.record_manual_payment(by_hand()).await.unwrap().settlement.unwrap();
        let elsewhere = platform.settle("R2", clinic("P1", "2024-03-03", "200").at(SECOND_LEVEL)).await.unwrap();
        assert_eq!(info(&elsewhere).hifp_pay_fen, yuan("120"));
        let later = hospital.reverse_telling("V1", &first).await.unwrap().later.unwrap();
        assert_eq!((told(&later), later.elsewhere, later.too_many), (vec![], 2, false));
        let refusal = refused(hospital.resettle(request("A1", &first, &[])).await);
        assert_eq!((refusal.code, refusal.reason.as_str()), (Code::PermissionDenied, "OTHERS_VISITS_TOUCHED"));
        assert_eq!(refusal.metadata["count"], "1", "the manual payment stays as it is");
        let details = format!("{refusal:?}");
        assert!(!details.contains(id(&elsewhere)) && !details.contains(SECOND_LEVEL), "{details}");
        for stranger in ["agency:430200", "institution:H99990000002", "person:P1", "department:999900.civil-affairs"] {
            let stranger = platform.as_caller(stranger);
            assert_eq!(refused(stranger.resettle(request("A1", &first, &[])).await).reason, "SETTLEMENT_UNKNOWN");
            assert_eq!(refused(stranger.find_later_visits(id(&first)).await).reason, "SETTLEMENT_UNKNOWN");
        }

        let found = agency.find_later_visits(id(&first)).await.unwrap();
        let later = found.later.unwrap();
        assert_eq!((found.reversed, told(&later)), (true, vec![
            (id(&paid), 0, -yuan("140"), "PAID_BY_HAND"),
            (id(&elsewhere), yuan("-60"), yuan("60"), "EARLIER_VISITS"),
        ]));
        assert!(!later.visits[0].calculated);
        let resettled = agency.resettle(request("A1", &first, &[&elsewhere])).await.unwrap();
        assert_replaced(&platform, &resettled).await;
        // Taken back, the manual payment tells its later visits too.
        let cancel = CancelManualPaymentRequest {
            request_id: "C1".to_owned(),
            psn_no: "P1".to_owned(),
            setl_id: id(&paid).to_owned(),
            reason: "重复报销".to_owned(),
        };
        assert_eq!(refused(agency.resettle(request("A2", &paid, &[])).await).reason, "PAID_BY_HAND");
        let cancelled = agency.cancel_manual_payment(cancel).await.unwrap();
        let new = resettled.visits[0].new_setl_id.as_str();
        assert_eq!(told(&cancelled.later.unwrap()), [(new, yuan("-60"), yuan("60"), "EARLIER_VISITS")]);
    }

    /// Where the order matters everything behind is settled again, in order; lines that were brought before and trace codes go over.
    async fn the_order_is_kept_and_lines_and_codes_go_over(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let code = "81123456789012340001";
        let coded = |visit: &mut Visit| {
            visit.feedetail[0].drug_trac_info = vec![DrugTraceCode { drug_trac_codg: code.to_owned(), trdn_flag: false }];
        };
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "200")).await.unwrap();
        let line: Visit = clinic("P1", "2024-03-02", "3000").numbered("U7").but(coded).into();
        let brought = UploadFeesRequest {
            request_id: "U1".to_owned(),
            fixmedins_code: THIRD_LEVEL.to_owned(),
            mdtrt_id: "U7".to_owned(),
            psn_no: "P1".to_owned(),
            feedetail: line.feedetail.iter().cloned().map(|line| FeeLine { fee_ocur_date: "2024-03-02".to_owned(), ..line }).collect(),
        };
        platform.fees().upload_fees(brought).await.unwrap();
        let second = platform.settle("R2", Visit { feedetail: Vec::new(), fees_uploaded: true, ..line }).await.unwrap();
        // Nothing is open of the year's cap of 1500: what is behind the second would be paid if it came before it.
        let third = platform.settle("R3", clinic("P1", "2024-03-03", "1000")).await.unwrap();
        assert_eq!((info(&second).hifp_pay_fen, info(&third).hifp_pay_fen), (yuan("1500"), 0));
        let later = platform.reverse_telling("V1", &first).await.unwrap().later.unwrap();
        assert_eq!(told(&later), [(id(&second), 0, 0, "EARLIER_VISITS"), (id(&third), 0, 0, "IN_ORDER")], "it bears the deductible");

        let resettled = platform.resettle_behind("A1", &first).await.unwrap();
        let new = assert_replaced(&platform, &resettled).await;
        assert_eq!(new.iter().map(|new| info(new).replaces_setl_id.as_str()).collect::<Vec<_>>(), [id(&second), id(&third)]);
        assert_eq!(new.iter().map(|new| info(new).hifp_pay_fen).collect::<Vec<_>>(), [yuan("1500"), 0]);
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "outpatient_deductible").await, yuan("300"));
        let list = ListFeesRequest { fixmedins_code: THIRD_LEVEL.to_owned(), mdtrt_id: "U7".to_owned(), page_size: 10, page_token: String::new() };
        let fees = platform.fees().list_fees(list).await.unwrap().into_inner().fees;
        assert_eq!(fees.iter().map(|fee| fee.setl_id.as_str()).collect::<Vec<_>>(), [id(&new[0])]);
        let stands = platform.find_trace_code(code).await.unwrap();
        assert!(format!("{stands:?}").contains(id(&new[0])) && !format!("{stands:?}").contains(id(&second)), "{stands:?}");
    }

    /// Settling at the same time: one deductible and one cap, whatever comes first.
    async fn while_others_settle(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let mut clients = vec![platform.client()];
        if db.backend() == yizhan_testkit::Backend::Postgres {
            clients.push(platform.another_instance().await);
        }
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "200")).await.unwrap();
        for number in 2..6 {
            platform.settle(&format!("R{number}"), clinic("P1", "2024-03-02", "40")).await.unwrap();
        }
        platform.reverse("V1", &first).await.unwrap();
        let tasks = (0..24usize).map(|number| {
            let (client, first) = (clients[number % clients.len()].clone(), first.clone());
            tokio::spawn(async move {
                if number % 6 == 0 {
                    // Answered with CONCURRENT_CHANGE it is asked again.
                    while let Err(refusal) = client.resettle_behind(&format!("A{number}"), &first).await {
                        assert!(refusal.retry_after.is_some(), "{refusal:?}");
                    }
                } else {
                    let visit = clinic("P1", "2024-03-03", "40");
                    client.settle_stubbornly(settle_request(&format!("S{number}"), visit)).await.unwrap();
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
        platform.resettle_behind("A-last", &first).await.unwrap();
        assert_eq!(platform.find_later_visits(id(&first)).await.unwrap().later.unwrap_or_default(), LaterVisits::default());
        let all = platform.list("P1", COMPOSITE_AREA, 500, "").await.unwrap().settlements;
        let standing: Vec<_> = all.iter().filter(|info| info.refd_setl_flag == "0").collect();
        let visits: BTreeSet<&str> = standing.iter().map(|info| info.mdtrt_id.as_str()).collect();
        assert_eq!((standing.len(), visits.len()), (24, 24));
        assert_eq!(standing.iter().map(|info| info.act_pay_dedc_fen).sum::<i64>(), yuan("300"));
        assert_books_balance(&platform).await;
    }

    /// More than are looked at, and what cannot be calculated, is said.
    async fn what_is_not_known_is_said(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "200")).await.unwrap();
        let second = platform.settle("R2", clinic("P1", "2024-03-02", "200")).await.unwrap();
        let third = platform.settle("R3", clinic("P1", "2024-03-03", "200")).await.unwrap();
        let spoil = async |what: &str, settled: &Settlement| {
            database::tamper(platform.rows(), &format!("UPDATE settlements SET {what} WHERE setl_id = '{}'", id(settled))).await;
        };
        spoil("case_json = '{\"of\":\"long ago\"}'", &second).await;
        spoil("policy_version = '1900.1'", &third).await;
        let later = platform.reverse_telling("V1", &first).await.unwrap().later.unwrap();
        let why: Vec<_> = later.visits.iter().map(|visit| (visit.setl_id.as_str(), visit.why.as_str(), visit.calculated)).collect();
        assert_eq!(why, [(id(&second), "CASE_UNREADABLE", false), (id(&third), "POLICY_AWAY", false)]);
        let blocked = refused(platform.resettle_behind("A1", &first).await);
        assert_eq!((blocked.reason.as_str(), blocked.metadata["why"].as_str()), ("RESETTLE_BLOCKED", "CASE_UNREADABLE"));
        let copies = format!("INSERT INTO settlements SELECT poolarea_no, psn_no, 'Z' || n.n AS setl_id, fixmedins_code, med_type, enddate, \
            reverses_setl_id, setl_time_us, medfee_sumamt_fen, fund_pay_sumamt_fen, psn_part_amt_fen, acct_pay_fen, insutype, clr_type, \
            setl_type, policy_id, policy_version, case_json, answer FROM settlements, \
            (WITH RECURSIVE n(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM n WHERE n < 1500) SELECT n FROM n) n WHERE setl_id = '{}'", id(&third));
        platform.rows().execute_unprepared(&copies).await.unwrap();
        let later = platform.find_later_visits(id(&first)).await.unwrap().later.unwrap();
        assert!(later.too_many && !later.visits.is_empty());
        let blocked = refused(platform.resettle_behind("A1", &first).await);
        assert_eq!((blocked.metadata["why"].as_str(), blocked.metadata["limit"].as_str()), ("TOO_MANY", "500"));
    }

    /// An item that was only about earlier visits is taken off; one about the register is of what took the place.
    async fn items_of_the_worklist_go_over(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "200")).await.unwrap();
        let second = platform.settle("R2", clinic("P1", "2024-03-02", "200")).await.unwrap();
        let third = platform.settle("R3", clinic("P1", "2024-03-03", "200")).await.unwrap();
        platform.record_death("P1", "2024-03-02").await;
        let open = async || platform.worklist_of(COMPOSITE_AREA, WorkItemState::Open).await.unwrap();
        let begun = std::time::Instant::now();
        while open().await.len() != 1 {
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "no item");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let item = open().await.remove(0);
        assert_eq!((item.setl_id.as_str(), item.why.as_str()), (id(&third), "DECEASED"));
        let of_order = format!("INSERT INTO work_item SELECT 'W0', poolarea_no, '{}', found_by, state, item FROM work_item", id(&second));
        database::tamper(platform.rows(), &of_order).await;
        platform.reverse("V1", &first).await.unwrap();
        let answer = platform.resettle_behind("A1", &first).await.unwrap();
        let mut new: Vec<&str> = answer.visits.iter().map(|visit| visit.new_setl_id.as_str()).collect();
        assert_eq!(new.len(), 2);
        let items = open().await;
        let moved: Vec<&str> = items.iter().map(|item| item.setl_id.as_str()).collect();
        new.sort_unstable();
        assert_eq!(moved.iter().copied().collect::<BTreeSet<_>>(), new.iter().copied().collect());
        assert!(items.iter().all(|item| !item.calculated && !item.reversed), "{items:?}");
    }
}
