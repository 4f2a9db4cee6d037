//! 家庭共济 between pooling areas: the account is debited where it is kept, and the areas owe one another.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::Kinship;
use yizhan_proto::settlement::v1::{GetStatementRequest, Settlement};
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::{clinic, violations};

/// 长沙
const CHANGSHA: &str = "430100";

/// P of 株洲, and relatives: R of 长沙 and F of 南昌, each with 1000 yuan.
async fn family(db: &TestDatabase) -> TestPlatform {
    let of = |psn_no, area| Person::employee(psn_no).of_area(area);
    let persons = [of("R", CHANGSHA), of("F", NANCHANG), of("P", ZHUZHOU)];
    let pharmacy = institution("P43020000001", "株洲大药房", "first");
    let platform = TestPlatform::on(db).with_institution(pharmacy).with_persons(persons).start().await;
    platform.deposit("R", CHANGSHA, yuan("1000")).await;
    platform.deposit("F", NANCHANG, yuan("1000")).await;
    platform
}

/// 700 yuan in 株洲, of which 460 are P's: 300 of deductible and 40 % of the rest.
fn visit_of(day: &str, relative: &str) -> VisitBuilder {
    clinic("P", day, "700").at(ZHUZHOU_HOSPITAL).helped_by(relative)
}

async fn assert_all_balance(platform: &TestPlatform) {
    for area in [ZHUZHOU, CHANGSHA, NANCHANG] {
        assert_eq!(platform.check_books(area).await.discrepancies, Vec::<String>::new(), "{area}");
    }
}

/// Each posting with the area in whose books it stands.
fn booked(settled: &Settlement) -> Vec<(&str, &str, i64)> {
    settled.postings.iter().map(|p| (p.poolarea_no.as_str(), p.account.as_str(), p.amount_fen)).collect()
}

async fn refusal(platform: &TestPlatform, visit: VisitBuilder) -> Vec<String> {
    let error = refused(platform.settle("R9", visit).await);
    violations(&error).iter().map(|(field, reason)| format!("{field} {reason}")).collect()
}

both_databases! {
    async fn it_is_debited_there_and_given_back_there(db: TestDatabase) {
        let platform = family(&db).await;
        platform.share_account("R", "P", Kinship::Parent).await;
        let settled = platform.settle("R1", visit_of("2026-01-15", "R")).await.unwrap();
        assert_adds_up(&settled);
        assert_eq!((info(&settled).acct_mulaid_pay_fen, info(&settled).psn_cash_pay_fen), (yuan("460"), 0));
        assert_eq!(booked(&settled), [
            ("", "institution/H43020000003", yuan("700")),
            ("", "fund/310100", yuan("-240")),
            ("", "clearing/430100", yuan("-460")),
            (CHANGSHA, "account/R", yuan("-460")),
            (CHANGSHA, "clearing/430200", yuan("460")),
        ]);
        assert_eq!(platform.balance("R", CHANGSHA).await, yuan("540"));
        assert_eq!(platform.balance("R", ZHUZHOU).await, 0);
        assert_all_balance(&platform).await;
        let told = info(&settled);
        let whose = (told.mulaid_psn_name_masked.as_str(), told.mulaid_poolarea_no.as_str(), told.mulaid_kinship.as_str());
        assert_eq!(whose, ("张**", CHANGSHA, "父母"));
        let how = "张**的个人账户（患者为其父母），由 430100 统筹区支付，与参保统筹区清算";
        assert!(settled.setldetail.iter().any(|row| row.setl_proc_info == how), "{:?}", settled.setldetail);
        let request = GetStatementRequest { setl_id: told.setl_id.clone(), ..Default::default() };
        let page = platform.settlements().get_statement(request).await.unwrap().into_inner();
        assert!(page.text.contains(&format!("共济账户：{how}")) && page.html.contains(how), "{}", page.text);
        // No household shows that they are relatives: settled, and told.
        assert_eq!(told.marks.iter().map(|mark| mark.kind.as_str()).collect::<Vec<_>>(), ["KINSHIP_NOT_SHOWN", "VALUE_OLD"]);
        assert!(page.text.contains("提示：亲属个人账户：公安户籍登记未见双方同户"), "{}", page.text);

        // The grant is withdrawn, and the owner dies: what was paid goes back where it came from all the same.
        assert_eq!(platform.withdraw_account("R", "P", false).await, 1);
        assert_eq!(refusal(&platform, visit_of("2026-01-16", "R")).await, ["visit.mulaid_psn_no ACCOUNT_NOT_SHARED"]);
        platform.record_death("R", "2026-01-31").await;
        let reversal = platform.reverse("V1", &settled).await.unwrap();
        assert_adds_up(&reversal);
        assert_eq!(platform.balance("R", CHANGSHA).await, yuan("1000"));
        for settlement in [&settled, &reversal] {
            assert!(platform.replay(&info(settlement).setl_id).await.unwrap().identical);
        }
        assert_all_balance(&platform).await;
    }

    /// Resettled, the surplus goes back there, and the areas owe one another so much less.
    async fn what_is_settled_again_is_given_back_there(db: TestDatabase) {
        let platform = family(&db).await;
        platform.share_account("R", "P", Kinship::Parent).await;
        let first = platform.settle("R1", clinic("P", "2026-01-14", "9000").at(ZHUZHOU_HOSPITAL)).await.unwrap();
        let second = platform.settle("R2", visit_of("2026-01-15", "R")).await.unwrap();
        assert_eq!(info(&second).acct_mulaid_pay_fen, yuan("700"), "the cap is reached");
        let resettled = platform.resettle_behind("A1", &first).await.unwrap();
        let new = platform.get(&resettled.visits[0].new_setl_id).await.unwrap();
        assert_eq!((info(&new).acct_mulaid_pay_fen, resettled.visits[0].cash_due_fen), (yuan("460"), 0));
        assert_eq!(booked(&new)[2..], [
            ("", "clearing/430100", yuan("-460")),
            (CHANGSHA, "account/R", yuan("-460")),
            (CHANGSHA, "clearing/430200", yuan("460")),
        ]);
        assert_eq!(platform.balance("R", CHANGSHA).await, yuan("540"));
        assert!(platform.replay(&info(&new).setl_id).await.unwrap().identical);
        assert_all_balance(&platform).await;
    }

    async fn what_one_area_books_the_other_must_have(db: TestDatabase) {
        let platform = family(&db).await;
        platform.share_account("R", "P", Kinship::Parent).await;
        platform.settle("R1", visit_of("2026-01-15", "R")).await.unwrap();
        let clearing = |from: &str, to: &str| format!(
            "UPDATE journal SET lines = REPLACE(lines, '{from}', '{to}') WHERE lines LIKE '%{from}%'");
        database::tamper(platform.rows(), &clearing("clearing/430200", "clearing/360100")).await;
        let told = |books: &[String], said: &str| books.iter().any(|text| text.contains(said));
        let (here, there) = (platform.check_books(ZHUZHOU).await, platform.check_books(CHANGSHA).await);
        assert!(told(&here.discrepancies, "the other area's books"), "{here:?}");
        assert!(told(&here.discrepancies, "not those it was answered with"), "{here:?}");
        assert!(told(&there.discrepancies, "the other area's books"), "{there:?}");
        database::tamper(platform.rows(), &clearing("clearing/360100", "clearing/430200")).await;
        assert_all_balance(&platform).await;
    }

    /// 湖南 takes part within the province from 2024-12-09, 南昌 not at all; and only a share that tells kinship and consent reaches that far.
    async fn areas_that_do_not_take_part_pay_nothing(db: TestDatabase) {
        let platform = family(&db).await;
        let before = platform.row_counts().await;
        let shares = vec![relative_share("P", "R"), relative_share("P", "F")];
        platform.import_shares(shares).await;
        let field = |reason: &str| vec![format!("visit.mulaid_psn_no {reason}")];
        assert_eq!(refusal(&platform, visit_of("2026-01-15", "R")).await, field("SHARE_INCOMPLETE"));
        platform.share_account("R", "P", Kinship::Parent).await;
        platform.share_account("F", "P", Kinship::Sibling).await;
        assert_eq!(refusal(&platform, visit_of("2024-12-08", "R")).await, field("ACCOUNT_IN_ANOTHER_AREA"));
        assert_eq!(refusal(&platform, visit_of("2026-01-15", "F")).await, field("ACCOUNT_IN_ANOTHER_AREA"));
        let settlements = |counts: &[(String, i64)]| counts.iter().find(|(table, _)| table == "settlements").cloned();
        assert_eq!(settlements(&platform.row_counts().await), settlements(&before));
        platform.settle("R1", visit_of("2024-12-09", "R")).await.unwrap();
    }

    /// 药店购药: no fund pays, the accounts do.
    async fn accounts_pay_at_pharmacies(db: TestDatabase) {
        let platform = family(&db).await;
        platform.share_account("R", "P", Kinship::Spouse).await;
        platform.deposit("P", ZHUZHOU, yuan("30")).await;
        let bought = visit("P").on_days("41", "2026-01-20", "2026-01-20").at("P43020000001").line(CARE, "1", "100");
        let settled = platform.settle("R1", bought.helped_by("R")).await.unwrap();
        assert_adds_up(&settled);
        let paid = info(&settled);
        assert_eq!((paid.fund_pay_sumamt_fen, paid.acct_pay_fen, paid.psn_cash_pay_fen), (0, yuan("100"), 0));
        assert_eq!((paid.acct_mulaid_pay_fen, paid.clr_type.as_str()), (yuan("70"), "41"));
        assert_eq!(platform.balance("R", CHANGSHA).await, yuan("930"));
        assert_all_balance(&platform).await;
    }
}
