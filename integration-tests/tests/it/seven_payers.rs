//! The main job: one stay settled across seven payers.

use yizhan_integration_tests::checks::{assert_adds_up, info, paid_by, paid_in_layer, yuan};
use yizhan_integration_tests::*;
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, everybodys_insured, load_roster, seven_payer_stay};

both_databases! {
    /// The amounts are those of `libs/policy/tests/conformance/cases/composite.yaml`, calculated by hand.
    async fn seven_payers_settle_one_stay(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        assert_eq!(platform.deposit("P1", COMPOSITE_AREA, yuan("300")).await, yuan("300"));

        let settled = platform.settle("R1", seven_payer_stay("P1").with_account()).await.unwrap();

        assert_adds_up(&settled);
        let info = info(&settled);
        assert_eq!(info.medfee_sumamt_fen, yuan("182500"));
        assert_eq!(info.fulamt_ownpay_amt_fen, yuan("32000"));
        assert_eq!(info.overlmt_selfpay_fen, 0);
        assert_eq!(info.preselfpay_amt_fen, yuan("500"));
        assert_eq!(info.inscp_scp_amt_fen, yuan("150000"));
        assert_eq!(info.act_pay_dedc_fen, yuan("1100"));
        let shares = [
            ("310100", "126565.00"), ("330100", "6691.50"), ("YZ0100", "10246.10"), ("320100", "6237.50"),
            ("YZ0200", "181.93"), ("610100", "62.38"), ("YZ0300", "10000.00"),
            ("310200", "300.00"), ("999998", "22215.59"),
        ];
        for (fund_pay_type, share) in shares {
            assert_eq!(paid_by(&settled, fund_pay_type), yuan(share), "{fund_pay_type}");
        }
        assert_eq!(paid_in_layer(&settled, "commercial_2"), yuan("10000"));
        assert_eq!(info.hifp_pay_fen, yuan("126565.00"));
        assert_eq!(info.hifob_pay_fen, yuan("6691.50"));
        assert_eq!(info.cvlserv_pay_fen, yuan("6237.50"));
        assert_eq!(info.maf_pay_fen, yuan("62.38"));
        assert_eq!(info.oth_pay_fen, yuan("10246.10") + yuan("181.93") + yuan("10000.00"));
        assert_eq!(info.pool_prop_selfpay, "0.8438");
        assert_eq!((info.acct_pay_fen, info.acct_mulaid_pay_fen), (yuan("300"), 0));
        assert_eq!((info.balc_fen, platform.balance("P1", COMPOSITE_AREA).await), (0, 0));
    }

    /// 退役军人's roster reaches the veterans' layer: the same stay is paid by it as if the agency had written the membership.
    async fn a_veterans_roster_reaches_the_veterans_layer(db: TestDatabase) {
        let insured = |psn_no: &str| Person { memberships: Vec::new(), ..everybodys_insured(psn_no) };
        let platform = TestPlatform::on(&db).with_person(insured("P1")).start().await;
        let before = platform.settle("R1", seven_payer_stay("P1")).await.unwrap();
        assert_eq!(paid_by(&before, "YZ0200"), 0);
        platform.reverse("R2", &before).await.unwrap();
        load_roster(&platform, "veterans", "参战参试", "P1").await;
        let after = platform.settle("R3", seven_payer_stay("P1")).await.unwrap();
        assert!(paid_by(&after, "YZ0200") > 0, "{:?}", after.setldetail);
        assert_adds_up(&after);
    }

    /// What an integrator maps to 2304 is all there.
    async fn the_header_has_the_national_fields(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let visit = seven_payer_stay("P1").but(|visit| {
            visit.dise_codg = vec!["C34.900".to_owned(), "I10.x00".to_owned()];
            visit.feedetail[0].fee_ocur_date = "2024-05-07".to_owned();
            visit.feedetail[0].bilg_dept_codg = "A03".to_owned();
            visit.feedetail[0].bilg_dr_codg = "D43020000001".to_owned();
        });
        let settled = platform.settle("R1", visit).await.unwrap();
        let info = info(&settled);
        assert_eq!(info.dise_codg, ["C34.900", "I10.x00"]);
        let line = &settled.feedetail[0];
        assert_eq!((line.cnt.as_str(), line.pric.as_str()), ("14", "20"));
        assert_eq!((line.fee_ocur_date.as_str(), line.bilg_dept_codg.as_str()), ("2024-05-07", "A03"));
        assert_eq!(line.bilg_dr_codg, "D43020000001");
        assert_eq!(settled.feedetail[1].fee_ocur_date, "2024-05-20");
        assert!(!info.setl_id.is_empty() && info.setl_id.len() <= 30);
        assert_eq!(info.medins_setl_id, "R1");
        assert_eq!((info.psn_no.as_str(), info.psn_name_masked.as_str()), ("P1", "张**"));
        assert_eq!((info.insutype.as_str(), info.psn_type.as_str(), info.age), ("310", "11", 52));
        assert_eq!(info.cvlserv_flag, "1");
        assert_eq!((info.begndate.as_str(), info.enddate.as_str()), ("2024-05-06", "2024-05-20"));
        assert_eq!((info.med_type.as_str(), info.clr_type.as_str()), ("21", "21"));
        assert_eq!(info.fixmedins_name, "合成市第一人民医院");
        assert_eq!(info.poolarea_no, COMPOSITE_AREA);
        assert_eq!(info.mdtrtarea_admvs, COMPOSITE_AREA);
        assert_eq!(info.setl_time.unwrap().seconds, 1_769_918_400, "the platform's clock");
        assert_eq!(info.refd_setl_flag, "0");
        assert!(!info.eligibility_id.is_empty() && info.audit_pending);
        assert_eq!(info.person_version, platform.person_version("P1").await);
        for row in settled.setldetail.iter().filter(|row| !row.layer_id.is_empty()) {
            assert!(!row.fund_pay_type_name.is_empty() && !row.setl_proc_info.is_empty(), "{row:?}");
        }
        let line = settled.feedetail.iter().find(|line| line.hilist_code == ALTEPLASE).unwrap();
        assert_eq!((line.hilist_name.as_str(), line.chrgitm_lv.as_str()), ("注射用阿替普酶", "02"));
        assert_eq!((line.selfpay_prop.as_str(), line.preselfpay_amt_fen), ("0.1", yuan("500")));
        assert_eq!(platform.get(&info.setl_id).await.unwrap(), settled);
    }

    /// Every fen has a row of a table and a document behind it.
    async fn the_trace_cites_every_payment(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let settled = platform.settle("R1", seven_payer_stay("P1")).await.unwrap();
        let trace = settled.trace.as_ref().unwrap();
        let policy = trace.policy.as_ref().unwrap();
        assert_eq!(policy.policy_id, "composite-seven-payers");
        assert!(policy.composite.contains("不是任何一地的真实政策"));
        for layer in trace.layers.iter().filter(|layer| layer.paid_fen > 0) {
            let decided_by = layer.decided_by.as_ref().expect("a row");
            let source = &trace.sources[decided_by.source as usize];
            assert!(decided_by.line > 0 && !source.title.is_empty(), "{decided_by:?} {source:?}");
            assert!("GHNRAOP".contains(&source.quality) && !source.quality.is_empty());
        }
        let mut left = yuan("182500");
        for layer in trace.layers.iter().filter(|layer| layer.applied) {
            assert_eq!(layer.before_fen, left, "{}", layer.layer_id);
            left -= layer.paid_fen;
            assert_eq!(layer.left_fen, left, "{}", layer.layer_id);
        }
        assert_eq!(left, info(&settled).psn_part_amt_fen);
        let paid = |name: &str| trace.accumulators.iter().find(|a| a.accumulator == name).unwrap().added;
        assert_eq!(paid("basic_paid"), yuan("126565"));
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "basic_paid").await, yuan("126565"));
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "stays@third").await, 1);
    }

    /// 一单 names every payer, says that the policy is a composite, and cites its documents; nothing personal in clear.
    async fn the_statement_says_who_paid_and_why(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let settled = platform.settle("R1", seven_payer_stay("P1")).await.unwrap();
        let statement = platform.statement(&info(&settled).setl_id).await.unwrap();
        assert_eq!(statement.settlement, Some(settled));
        let said = [
            "基本医疗保险", "大病保险", "工会互助", "公务员医疗补助", "抚恤优待对象医疗补助", "医疗救助", "商业保险",
            "126565.00", "22515.59", "182500.00", "合成市第一人民医院", "不是任何一地的真实政策",
            "湖南省城镇职工基本医疗保险住院政策", "鹿寨县人民政府", "张**",
        ];
        for (form, name) in [(&statement.text, "text"), (&statement.html, "html")] {
            for word in said {
                assert!(form.contains(word), "the {name} lacks {word}:\n{form}");
            }
            assert!(!form.contains("张小丽"), "the {name} names the person");
        }
        assert!(statement.html.starts_with("<!DOCTYPE html>") && statement.html.trim_end().ends_with("</html>"));
        assert!(!statement.html.contains("<script") && !statement.html.contains("src="));
    }

    /// What is printed comes from a catalogue anybody may have written: markup in it stays text.
    async fn names_with_markup_do_not_break_the_page(db: TestDatabase) {
        let odd = institution("H99990000009", "<script>alert('院')</script>&Co", "third");
        let platform =
            TestPlatform::on(&db).with_institution(odd).with_person(Person::employee("P1")).start().await;
        let settled = platform.settle("R1", seven_payer_stay("P1").at("H99990000009")).await.unwrap();
        let html = platform.statement(&info(&settled).setl_id).await.unwrap().html;
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    }
}
