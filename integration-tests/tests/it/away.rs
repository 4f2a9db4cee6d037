//! Care away from home: settlement asks filing how the visit counts, applies what it answers, and records it.
//!
//! 南昌 employees: 先行自付 of the filing's class, then 800 of deductible, then 85 %. Of 10000 at home that is
//! (10000 - 800) × 85 % = 7820.

use chrono::TimeDelta;
use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{RemoteRule, SettleRequest, Settlement};
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::stay;

/// A stay of 10000, all of it in scope, that ends today.
fn treated(psn_no: &str) -> VisitBuilder {
    stay(psn_no, "2026-01-20", "2026-02-01", "10000")
}

/// `P1` is an employee of this area.
async fn insured_in(area: &str, db: &TestDatabase) -> TestPlatform {
    let setup = TestPlatform::on(db).with_distant_institutions();
    setup.with_person(Person::employee("P1").of_area(area)).start().await
}

/// What was applied, e.g. `prepay 0.2`.
fn applied(settlement: &Settlement) -> String {
    let rule = info(settlement).filing.as_ref().and_then(|filing| filing.treatment.as_ref());
    let RemoteRule { treatment, value, .. } = rule.expect("filing was asked");
    format!("{treatment} {value}").trim().to_owned()
}

/// Class, what was applied, 先行自付 and what the fund pays of a settlement that adds up.
fn outcome(settlement: &Settlement) -> (&str, String, i64, i64) {
    assert_adds_up(settlement);
    let info = info(settlement);
    (&info.out_filing, applied(settlement), info.preselfpay_amt_fen, info.hifp_pay_fen)
}

both_databases! {
    /// 其他临时外出 with a filing: 20 % 先行自付. (10000 - 2000 - 800) × 85 % = 6120.
    async fn somebody_filed_is_settled_where_they_are_treated(db: TestDatabase) {
        let platform = insured_in(NANCHANG, &db).await;
        let filing = platform.file_temporary("P1", "310", SHANGHAI).await;
        platform.clock.advance(TimeDelta::days(20));
        let visit = stay("P1", "2026-02-05", "2026-02-15", "10000").at(SHANGHAI_HOSPITAL);
        let settled = platform.settle("R1", visit).await.unwrap();
        assert_eq!(outcome(&settled), ("temporary", "prepay 0.2".to_owned(), yuan("2000"), yuan("6120")));
        assert_eq!(info(&settled).psn_part_amt_fen, yuan("3880"));
        let record = info(&settled).filing.as_ref().unwrap();
        assert_eq!((record.filing_id.as_str(), record.out_fil_type.as_str()), (filing.filing_id.as_str(), "11"));
        assert_eq!((record.filing_class_name.as_str(), record.filings_version), ("其他临时外出备案", 1));
        let basis = record.basis.as_ref().unwrap();
        assert!(basis.rule_id.starts_with("national-filing@") && basis.title.contains("22号"), "{basis:?}");
        let rule = record.treatment.as_ref().unwrap().citation.as_ref().unwrap();
        assert!(rule.rule_id.starts_with("jiangxi-filing@") && rule.title.contains("明白卡"), "{rule:?}");
        assert!(!record.answer_id.is_empty());
        // The trace cites the same rule, as what was applied and where it was.
        let trace = settled.trace.as_ref().unwrap();
        assert_eq!(trace.remote.as_ref(), record.treatment.as_ref());
        assert_eq!(trace.extra_prepay.as_ref().unwrap().remote.as_ref(), Some(rule));

        let statement = platform.statement(&info(&settled).setl_id).await.unwrap();
        let printed = statement.text.replace('\n', "");
        for shown in ["备案类别：其他临时外出备案", &basis.title, &basis.rule_id, "异地就医：先行自付20%", &rule.title, &rule.rule_id] {
            assert!(printed.contains(shown), "{shown}: {}", statement.text);
        }
        assert!(statement.html.contains("<dt>备案类别</dt>") && statement.html.contains(&rule.title), "{}", statement.html);
    }

    /// 异地长期居住: as at home.
    async fn who_lives_there_is_settled_as_at_home(db: TestDatabase) {
        let platform = insured_in(NANCHANG, &db).await;
        platform.file_long_term("P1", "310", SHANGHAI, NANCHANG).await;
        platform.clock.advance(TimeDelta::days(20));
        let visit = stay("P1", "2026-02-05", "2026-02-15", "10000").at(SHANGHAI_HOSPITAL);
        let settled = platform.settle("R1", visit).await.unwrap();
        assert_eq!(outcome(&settled), ("long_term", "same".to_owned(), 0, yuan("7820")));
    }

    /// 转诊 10 %: (10000 - 1000 - 800) × 85 % = 6970.
    async fn a_referral_bears_less(db: TestDatabase) {
        let platform = insured_in(NANCHANG, &db).await;
        platform.file_referral("P1", "310", SHANGHAI, NANCHANG).await;
        let settled = platform.settle("R1", treated("P1").at(SHANGHAI_HOSPITAL)).await.unwrap();
        assert_eq!(outcome(&settled), ("referral", "prepay 0.1".to_owned(), yuan("1000"), yuan("6970")));
    }

    /// 急诊抢救 counts as filed, by the mark or by the category itself: as a referral.
    async fn an_emergency_needs_no_filing(db: TestDatabase) {
        let platform = insured_in(NANCHANG, &db).await;
        let marked = platform.settle("R1", treated("P1").at(SHANGHAI_HOSPITAL).emergency()).await.unwrap();
        assert_eq!(outcome(&marked), ("emergency", "prepay 0.1".to_owned(), yuan("1000"), yuan("6970")));
        assert!(info(&marked).emergency && info(&marked).filing.as_ref().unwrap().filing_id.is_empty());
        platform.reverse("V1", &marked).await.unwrap();
        let by_category = visit("P1").on_days("24", "2026-01-20", "2026-02-01").line(CARE, "1", "10000");
        let settled = platform.settle("R2", by_category.at(SHANGHAI_HOSPITAL)).await.unwrap();
        assert_eq!(outcome(&settled), ("emergency", "prepay 0.1".to_owned(), yuan("1000"), yuan("6970")));
        assert!(!info(&settled).emergency, "as reported");
    }

    /// 先备案后结算; a filing made during the stay is good for all of it.
    async fn a_filing_is_made_good_before_discharge(db: TestDatabase) {
        let platform = insured_in(NANCHANG, &db).await;
        let before = platform.row_counts().await;
        let request = || settle_request("R1", treated("P1").at(SHANGHAI_HOSPITAL));
        let error = refused(platform.answer_to(request()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "NOT_SETTLED_DIRECTLY"));
        assert_eq!(error.metadata["why"], "FILING_REQUIRED");
        assert!(error.metadata["way_out"].contains("出院结算前补办"), "{error:?}");
        assert!(error.text.contains(&error.metadata["why_text"]) && error.text.contains(&error.metadata["way_out"]), "{error:?}");
        assert_eq!(refused(platform.preview(treated("P1").at(SHANGHAI_HOSPITAL)).await).reason, "NOT_SETTLED_DIRECTLY");
        assert_eq!(platform.row_counts().await, before, "nothing is written");

        platform.file_temporary("P1", "310", SHANGHAI).await;
        let settled = platform.answer_to(request()).await.expect("the same request, filed now").settlement.unwrap();
        assert_eq!(outcome(&settled), ("temporary", "prepay 0.2".to_owned(), yuan("2000"), yuan("6120")));
        let basis = info(&settled).filing.as_ref().unwrap().basis.clone().unwrap();
        assert!(basis.rule_id.contains("/made_good/"), "{basis:?}");
    }

    /// 绍兴: 特约 filed 5 %, unfiled 15 %; not 特约 15 % and 25 %. Then 1200, then 80 %.
    async fn shaoxing_lets_who_is_not_filed_bear_more(db: TestDatabase) {
        let people = ["P1", "P2", "P3", "P4"].map(|psn_no| Person::employee(psn_no).of_area(SHAOXING));
        let platform = TestPlatform::on(&db).with_distant_institutions().with_persons(people).start().await;
        platform.file_temporary("P1", "310", SHANGHAI).await;
        platform.file_temporary("P2", "310", SHANGHAI).await;
        for (psn_no, hospital, expected) in [
            // (10000 - 500 - 1200) × 80 %
            ("P1", CONTRACTED_HOSPITAL, ("temporary", "prepay 0.05", "500", "6640")),
            // (10000 - 1500 - 1200) × 80 %
            ("P2", SHANGHAI_HOSPITAL, ("temporary", "prepay 0.15", "1500", "5840")),
            ("P3", CONTRACTED_HOSPITAL, ("unfiled", "prepay 0.15", "1500", "5840")),
            // (10000 - 2500 - 1200) × 80 %
            ("P4", SHANGHAI_HOSPITAL, ("unfiled", "prepay 0.25", "2500", "5040")),
        ] {
            let settled = platform.settle(&format!("R{psn_no}"), treated(psn_no).at(hospital)).await.unwrap();
            let (class, rule, preselfpay, paid) = expected;
            assert_eq!(outcome(&settled), (class, rule.to_owned(), yuan(preselfpay), yuan(paid)), "{psn_no}");
            let advised = info(&settled).filing.as_ref().unwrap().way_out.contains("补办");
            assert_eq!(advised, class == "unfiled", "{psn_no}");
        }
    }

    /// 宁波 residents: 70 % of what is above 1200, 20 points less without a filing, 10 less after a referral and inside the
    /// province.
    async fn ningbo_lowers_the_ratio(db: TestDatabase) {
        let people = ["P1", "P2", "P3", "P4"].map(|psn_no| Person::resident(psn_no).of_area(NINGBO));
        let platform = TestPlatform::on(&db).with_distant_institutions().with_persons(people).start().await;
        platform.file_referral("P2", "390", SHANGHAI, NINGBO).await;
        let of = |psn_no, hospital| treated(psn_no).insutype("390").at(hospital);
        let unfiled = platform.settle("R1", of("P1", SHANGHAI_HOSPITAL)).await.unwrap();
        // 8800 × 50 %
        assert_eq!(outcome(&unfiled), ("unfiled", "points -20".to_owned(), 0, yuan("4400")));
        let referred = platform.settle("R2", of("P2", SHANGHAI_HOSPITAL)).await.unwrap();
        // 8800 × 60 %
        assert_eq!(outcome(&referred), ("referral", "points -10".to_owned(), 0, yuan("5280")));
        let in_province = platform.settle("R3", of("P3", QUZHOU_HOSPITAL)).await.unwrap();
        assert_eq!(outcome(&in_province), ("exempt", "points -10".to_owned(), 0, yuan("5280")));
        // The page does not say what an emergency is paid: it is still what it is without the mark, and is told so.
        let emergency = platform.settle("R4", of("P4", SHANGHAI_HOSPITAL).emergency()).await.unwrap();
        assert_eq!(outcome(&emergency), ("unfiled", "points -20".to_owned(), 0, yuan("4400")));
        let advice = &info(&emergency).filing.as_ref().unwrap().way_out;
        assert!(advice.contains("急诊") && advice.contains("没有公布") && advice.contains("未备案"), "{advice}");
    }

    /// 绍兴 → 衢州: 免备案, and nobody published its rate. It is paid as unfiled, never worse than in 上海; who files is paid as filed.
    async fn who_needs_no_filing_is_settled_too(db: TestDatabase) {
        let platform = insured_in(SHAOXING, &db).await;
        // (10000 - 2500 - 1200) × 80 %
        let settled = platform.settle("R1", treated("P1").at(QUZHOU_HOSPITAL)).await.unwrap();
        assert_eq!(outcome(&settled), ("unfiled", "prepay 0.25".to_owned(), yuan("2500"), yuan("5040")));
        let advice = &info(&settled).filing.as_ref().unwrap().way_out;
        assert!(advice.contains("省内异地免备案") && advice.contains("补办"), "{advice}");
        platform.reverse("V1", &settled).await.unwrap();
        platform.file_temporary("P1", "310", QUZHOU).await;
        // (10000 - 1500 - 1200) × 80 %
        let filed = platform.settle("R2", treated("P1").at(QUZHOU_HOSPITAL)).await.unwrap();
        assert_eq!(outcome(&filed), ("temporary", "prepay 0.15".to_owned(), yuan("1500"), yuan("5840")));
    }

    /// 株洲 → 上海: the nation says as at home for who lives there; the policy has no number of its own to refuse with.
    async fn the_same_rate_is_the_rate_at_home(db: TestDatabase) {
        let platform = insured_in(ZHUZHOU, &db).await;
        platform.file_long_term("P1", "310", SHANGHAI, ZHUZHOU).await;
        platform.clock.advance(TimeDelta::days(20));
        let visit = stay("P1", "2026-02-05", "2026-02-15", "10000");
        let settled = platform.settle("R1", visit.at(SHANGHAI_HOSPITAL)).await.unwrap();
        // (10000 - 1100) × 85 %, as at home.
        assert_eq!(outcome(&settled), ("long_term", "same".to_owned(), 0, yuan("7565")));
    }

    /// 回参保地: filed to live elsewhere, back home 10 % 先行自付 (江西). Others are asked about and not affected.
    async fn who_lives_elsewhere_bears_more_back_home(db: TestDatabase) {
        let setup = TestPlatform::on(&db).with_distant_institutions();
        let people = ["P1", "P2"].map(|psn_no| Person::employee(psn_no).of_area(NANCHANG));
        let platform = setup.with_persons(people).start().await;
        platform.file_long_term("P1", "310", SHANGHAI, NANCHANG).await;
        platform.clock.advance(TimeDelta::days(20));
        let at_home = |psn_no| stay(psn_no, "2026-02-05", "2026-02-15", "10000").at(NANCHANG_HOSPITAL);
        let returning = platform.settle("R1", at_home("P1")).await.unwrap();
        assert_eq!(outcome(&returning), ("returning", "prepay 0.1".to_owned(), yuan("1000"), yuan("6970")));
        let resident = platform.settle("R2", at_home("P2")).await.unwrap();
        assert_adds_up(&resident);
        assert_eq!((info(&resident).out_filing.as_str(), info(&resident).hifp_pay_fen), ("", yuan("7820")));
        let record = info(&resident).filing.as_ref().expect("filing was asked");
        assert!(record.treatment.is_none() && record.basis.is_none() && !record.answer_id.is_empty(), "{record:?}");
        assert!(resident.trace.as_ref().unwrap().remote.is_none());
        for settled in [&returning, &resident] {
            assert!(platform.replay(&info(settled).setl_id).await.unwrap().identical);
        }
    }

    /// Guessing a rate would pay wrong money: away from home nothing is settled, at home nobody notices.
    async fn without_filing_only_care_away_from_home_waits(db: TestDatabase) {
        let setup = TestPlatform::on(&db).with_distant_institutions().with_person(Person::employee("P2"));
        let mut platform = setup.with_person(Person::employee("P1").of_area(NANCHANG)).start().await;
        platform.file_temporary("P1", "310", SHANGHAI).await;
        let request = settle_request("R1", treated("P1").at(SHANGHAI_HOSPITAL));
        let settled = platform.answer_to(request.clone()).await.unwrap().settlement.unwrap();
        let before = platform.row_counts().await;
        platform.stop_filing().await;

        let again = settle_request("R2", stay("P1", "2026-02-01", "2026-02-01", "500").at(SHANGHAI_HOSPITAL));
        let error = refused(platform.answer_to(again.clone()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::Unavailable, "FILING_AWAY"));
        assert!(error.retry_after.is_some() && !error.text.is_empty(), "{error:?}");
        assert_eq!(refused(platform.preview(treated("P1").at(SHANGHAI_HOSPITAL)).await).reason, "FILING_AWAY");
        assert_eq!(platform.row_counts().await, before, "nothing is written");
        // What was settled is still known.
        let retried = platform.answer_to(request).await.expect("a retry is answered as then");
        assert!(retried.replayed);
        assert_eq!(retried.settlement.as_ref(), Some(&settled));
        assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        platform.reverse("V1", &settled).await.expect("a reversal asks nobody");
        let at_home = platform.settle("R3", stay("P2", "2026-01-20", "2026-02-01", "10000")).await.unwrap();
        assert!(info(&at_home).filing.is_none(), "care at home never asks");

        platform.start_filing().await;
        let answer = platform.settle_stubbornly(again).await.expect("the same request");
        assert!(!answer.replayed);
    }

    async fn replay_and_reversal_ask_nobody_and_keep_what_was_answered(db: TestDatabase) {
        let platform = insured_in(SHAOXING, &db).await;
        let visit = || treated("P1").at(CONTRACTED_HOSPITAL);
        let settled = platform.settle("R1", visit()).await.unwrap();
        assert_eq!(outcome(&settled), ("unfiled", "prepay 0.15".to_owned(), yuan("1500"), yuan("5840")));
        let reversal = platform.reverse("V1", &settled).await.unwrap();
        assert_adds_up(&reversal);
        assert_eq!(info(&reversal).filing, info(&settled).filing);
        assert_eq!((info(&reversal).out_filing.as_str(), info(&reversal).hifp_pay_fen), ("unfiled", -yuan("5840")));
        // Filed, the same visit is settled otherwise now.
        platform.file_temporary("P1", "310", SHANGHAI).await;
        for settlement in [&settled, &reversal] {
            let replayed = platform.replay(&info(settlement).setl_id).await.unwrap();
            assert!(replayed.identical, "{:?}", info(settlement));
        }
        let statement = platform.statement(&info(&reversal).setl_id).await.unwrap();
        assert!(statement.text.contains("备案类别：未备案"), "{}", statement.text);
        let now = platform.settle("R2", visit()).await.unwrap();
        assert_eq!(outcome(&now), ("temporary", "prepay 0.05".to_owned(), yuan("500"), yuan("6640")));
    }

    async fn a_quote_says_that_the_filing_changed(db: TestDatabase) {
        let platform = insured_in(SHAOXING, &db).await;
        let visit = treated("P1").at(CONTRACTED_HOSPITAL);
        let quote_id = platform.preview(visit.clone()).await.unwrap().quote.unwrap().quote_id;
        platform.file_temporary("P1", "310", SHANGHAI).await;
        let before = platform.row_counts().await;
        let quoted = SettleRequest { quote_id, ..settle_request("R1", visit) };
        let error = refused(platform.answer_to(quoted).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "QUOTE_CHANGED"));
        assert_eq!(error.metadata["changed"], "filing");
        assert_eq!(error.metadata["filing.quoted"], "unfiled prepay 0.15");
        assert_eq!(error.metadata["filing.now"], "temporary prepay 0.05");
        assert_eq!(error.metadata["hifp_pay_fen.quoted"], "584000");
        assert_eq!(error.metadata["hifp_pay_fen.now"], "664000");
        assert_eq!(platform.row_counts().await, before);
    }
}
