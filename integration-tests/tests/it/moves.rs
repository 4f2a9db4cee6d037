//! Persons move between pooling areas (关系转移接续): the account goes with them once, and what the year adds up to as the area says.

use std::time::{Duration, Instant};

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::Kinship;
use yizhan_proto::settlement::v1::{
    AccountBookingKind, CancelAccountBookingRequest, GetAccountRequest, Settlement,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::resettled::{assert_blocked, whys};
use crate::support::clinic;

/// 长沙, of the same policy as 株洲.
const CHANGSHA: &str = "430100";
const CHANGSHA_HOSPITAL: &str = "H43010000003";

/// P of 株洲, insured there until 2026-01-20.
async fn start(db: &TestDatabase) -> TestPlatform {
    let of = |psn_no, area| Person::employee(psn_no).of_area(area);
    let mover = of("P", ZHUZHOU).insured_between("2010-01-01", "2026-01-20");
    let hospital = institution(CHANGSHA_HOSPITAL, "长沙某三级医院", "third");
    let platform = TestPlatform::on(db).with_distant_institutions().with_institution(hospital);
    platform.with_persons([mover, of("F", NANCHANG)]).start().await
}

/// 700 yuan in 株洲: 300 are the deductible, 240 paid of the rest, 460 are P's.
fn visit_on(day: &str) -> VisitBuilder {
    clinic("P", day, "700").at(ZHUZHOU_HOSPITAL).with_account()
}

async fn until_balance(platform: &TestPlatform, area: &str, fen: i64) {
    let begun = Instant::now();
    while platform.balance("P", area).await != fen {
        assert!(begun.elapsed() < Duration::from_secs(20), "{area}: {}", platform.balance("P", area).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn assert_all_balance(platform: &TestPlatform) {
    for area in [ZHUZHOU, CHANGSHA, NANCHANG] {
        assert_eq!(platform.check_books(area).await.discrepancies, Vec::<String>::new(), "{area}");
    }
}

/// Amount, the other area and the transfer of what a transfer booked.
async fn moved(platform: &TestPlatform, area: &str) -> Vec<(i64, String, String)> {
    let bookings = platform.bookings_in("P", area).await.into_iter();
    let transfers = bookings.filter(|booking| booking.kind() == AccountBookingKind::Transfer);
    transfers.map(|booking| (booking.amount_fen, booking.for_poolarea_no, booking.transfer_id)).collect()
}

fn booked(settled: &Settlement) -> Vec<(&str, &str, i64)> {
    settled.postings.iter().map(|p| (p.poolarea_no.as_str(), p.account.as_str(), p.amount_fen)).collect()
}

/// What is told of it, but that values of the areas' documents are of years before.
fn marks(settlement: &Settlement) -> Vec<(&str, &str)> {
    let marks = info(settlement).marks.iter().filter(|mark| mark.kind != "VALUE_OLD");
    marks.map(|mark| (mark.kind.as_str(), mark.text.as_str())).collect()
}

fn rules(version: &str, moves: &str) -> String {
    format!(
        "rules: changsha-moves\nversion: '{version}'\ntitle: 试\narea: '{CHANGSHA}'\n\
         sources: {{ s: {{ title: 试〔2026〕1号, quality: G }} }}\nmoves:\n  - {{ from: 2026-01-01, source: s, {moves} }}\n"
    )
}

both_databases! {
    async fn a_transfer_moves_the_account_once_and_a_transfer_back_moves_it_back(db: TestDatabase) {
        let mut platform = start(&db).await;
        platform.deposit("P", ZHUZHOU, yuan("1000")).await;
        let settled = platform.settle("R1", visit_on("2026-01-15")).await.unwrap();
        assert_eq!(info(&settled).acct_pay_fen, yuan("460"));
        platform.enrol_mover("P", NANCHANG, "2026-01-21").await;
        platform.deposit("P", NANCHANG, yuan("100")).await;
        let transfer_id = platform.transfer("P", [ZHUZHOU, NANCHANG], None).await;
        until_balance(&platform, NANCHANG, yuan("640")).await;
        let request = GetAccountRequest { psn_no: "P".to_owned(), poolarea_no: ZHUZHOU.to_owned() };
        let old = platform.accounts().get_account(request).await.unwrap().into_inner();
        assert_eq!((old.balc_fen, old.moved_to_poolarea_no.as_str()), (0, NANCHANG));
        assert_eq!(moved(&platform, ZHUZHOU).await, [(-yuan("540"), NANCHANG.to_owned(), transfer_id.clone())]);
        assert_eq!(moved(&platform, NANCHANG).await, [(yuan("540"), ZHUZHOU.to_owned(), transfer_id.clone())]);
        assert_all_balance(&platform).await;
        let booking_id = platform.bookings_in("P", NANCHANG).await.remove(0).booking_id;
        let cancel = CancelAccountBookingRequest {
            request_id: "C1".to_owned(), psn_no: "P".to_owned(), poolarea_no: NANCHANG.to_owned(), booking_id,
        };
        let refusal = RemoteError::from(platform.accounts().cancel_account_booking(cancel).await.unwrap_err());
        assert_eq!((refusal.reason.as_str(), &refusal.metadata["transfer_id"]), ("BOOKING_OF_TRANSFER", &transfer_id));

        // A visit of before that comes late is paid from where the account is.
        let late = platform.settle("R2", visit_on("2026-01-16").numbered("M2")).await.unwrap();
        assert_adds_up(&late);
        assert_eq!((info(&late).acct_pay_fen, info(&late).balc_fen, marks(&late).len()), (yuan("280"), yuan("360"), 0));
        assert_eq!(booked(&late)[2..], [
            ("", "clearing/360100", -yuan("280")),
            (NANCHANG, "account/P", -yuan("280")),
            (NANCHANG, "clearing/430200", yuan("280")),
        ]);
        assert!(platform.replay(&info(&late).setl_id).await.unwrap().identical);
        platform.reverse("V2", &late).await.unwrap();
        // Of one of long before nothing says where it is: settled without the account, and told.
        let late = platform.settle("R3", visit_on("2025-01-10").numbered("M3")).await.unwrap();
        assert_eq!((info(&late).acct_pay_fen, marks(&late)[0].0), (0, "ACCOUNT_MOVED"));
        let page = platform.statement(&info(&late).setl_id).await.unwrap();
        assert!(page.text.contains("提示：个人账户余额已随关系转移接续转至 360100 统筹区"), "{}", page.text);

        // What comes back goes where the account is now.
        let reversal = platform.reverse("V1", &settled).await.unwrap();
        assert_adds_up(&reversal);
        assert_eq!(info(&reversal).balc_fen, yuan("1100"));
        assert_eq!(booked(&reversal), [
            ("", "institution/H43020000003", -yuan("700")),
            ("", "fund/310100", yuan("240")),
            ("", "clearing/360100", yuan("460")),
            (NANCHANG, "account/P", yuan("460")),
            (NANCHANG, "clearing/430200", -yuan("460")),
        ]);
        assert!(platform.replay(&info(&reversal).setl_id).await.unwrap().identical);
        assert_eq!((platform.balance("P", ZHUZHOU).await, platform.balance("P", NANCHANG).await), (0, yuan("1100")));
        assert_all_balance(&platform).await;

        // Heard again from the beginning, and a transfer back: each moved it once.
        database::tamper(platform.rows(), "UPDATE followed_feed SET resume_token = ''").await;
        platform.restart_settlement().await;
        platform.transfer("P", [NANCHANG, ZHUZHOU], Some("2026-02-02")).await;
        until_balance(&platform, ZHUZHOU, yuan("1100")).await;
        assert_eq!(platform.balance("P", NANCHANG).await, 0);
        // Until the coverage here begins 南昌 insures, and what it pays in follows the account.
        let paid_in = platform.deposit("P", NANCHANG, yuan("7")).await;
        assert_eq!((paid_in, platform.balance("P", NANCHANG).await), (yuan("1107"), 0));
        let booked = platform.bookings_in("P", ZHUZHOU).await.remove(0);
        assert_eq!((booked.kind(), booked.for_poolarea_no.as_str()), (AccountBookingKind::Deposit, NANCHANG));
        let cancel = CancelAccountBookingRequest {
            request_id: "C2".to_owned(), psn_no: "P".to_owned(), poolarea_no: ZHUZHOU.to_owned(), booking_id: booked.booking_id,
        };
        assert_eq!(platform.accounts().cancel_account_booking(cancel).await.unwrap().into_inner().balc_fen, yuan("1100"));
        assert_eq!((moved(&platform, ZHUZHOU).await.len(), moved(&platform, NANCHANG).await.len()), (2, 2));
        assert_all_balance(&platform).await;
        database::tamper(platform.rows(), "UPDATE journal SET lines = REPLACE(lines, 'clearing/430200', 'cash/430200') WHERE poolarea_no = '360100' \
            AND setl_id = (SELECT booking_id FROM account_bookings WHERE amount_fen = -110000)").await;
        assert_ne!(platform.check_books(ZHUZHOU).await.discrepancies, Vec::<String>::new());
    }

    /// The same policy in both areas: what the area that was left says of the year is told, and counts where the new one's rule says so.
    async fn what_the_year_adds_up_to_goes_on_as_the_area_says(db: TestDatabase) {
        let platform = start(&db).await;
        platform.settle("R1", visit_on("2026-01-15")).await.unwrap();
        platform.enrol_mover("P", CHANGSHA, "2026-01-21").await;
        let visit = clinic("P", "2026-01-25", "700").at(CHANGSHA_HOSPITAL);
        let preview = platform.preview(visit.clone()).await.unwrap().settlement.unwrap();
        assert_eq!(info(&preview).act_pay_dedc_fen, yuan("300"), "43号 says nothing: each area by itself");
        let told = "本待遇年度在 430200 统筹区的累计（门诊起付线年度累计 300.00、门诊统筹年度支付 240.00）按规定不计入本统筹区";
        assert_eq!(marks(&preview), [("MOVED_IN_YEAR", told)]);

        platform.publish_settlement_rules(&rules("1", "otherwise: refuse")).await.unwrap();
        let refusal = refused(platform.settle("R2", visit.clone()).await);
        assert_eq!((refusal.reason.as_str(), refusal.metadata["poolarea_no"].as_str()), ("MOVED_IN_YEAR", ZHUZHOU));
        let counts = "counts: [outpatient_deductible, outpatient_paid], otherwise: refuse";
        platform.publish_settlement_rules(&rules("2", counts)).await.unwrap();
        let settled = platform.settle("R2", visit.clone()).await.unwrap();
        assert_eq!((info(&settled).act_pay_dedc_fen, info(&settled).fund_pay_sumamt_fen), (0, yuan("420")));
        let told = "本待遇年度在 430200 统筹区的累计（门诊起付线年度累计 300.00、门诊统筹年度支付 240.00）已计入本统筹区";
        assert_eq!(marks(&settled), [("MOVED_IN_YEAR", told)]);
        assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        assert_eq!(platform.accumulator("P", CHANGSHA, "2026-01-01", "outpatient_paid").await, yuan("420"));
        platform.reverse("V2", &settled).await.unwrap();
        assert_all_balance(&platform).await;
    }

    /// What another area's books say, and an account that is there now, are no part of what is settled again: refused, and told why.
    async fn what_moved_is_not_settled_again_by_us(db: TestDatabase) {
        let platform = start(&db).await;
        platform.deposit("P", ZHUZHOU, yuan("1000")).await;
        let hospital = platform.as_caller(&format!("institution:{ZHUZHOU_HOSPITAL}"));
        let first = platform.settle("R1", visit_on("2026-01-10")).await.unwrap();
        let second = platform.settle("R2", visit_on("2026-01-12")).await.unwrap();
        platform.enrol_mover("P", NANCHANG, "2026-01-21").await;
        platform.transfer("P", [ZHUZHOU, NANCHANG], None).await;
        until_balance(&platform, NANCHANG, yuan("260")).await;
        let written = async || {
            let counts = platform.row_counts().await.into_iter();
            counts.filter(|(table, _)| ["settlements", "journal", "requests"].contains(&table.as_str())).collect::<Vec<_>>()
        };
        let before = written().await;
        let away = [(info(&second).setl_id.as_str(), "ACCOUNT_MOVED", false)];
        let found = hospital.find_later_visits(&info(&first).setl_id).await.unwrap();
        assert_eq!(whys(found.later.as_ref()), away);
        for settled in [&first, &second] {
            assert_blocked(&refused(hospital.resettle_behind("A1", settled).await), "ACCOUNT_MOVED", &[&second]);
        }
        assert_eq!(written().await, before);
        assert_eq!(whys(hospital.reverse_telling("V1", &first).await.unwrap().later.as_ref()), away);
        assert_blocked(&refused(hospital.resettle_behind("A1", &first).await), "ACCOUNT_MOVED", &[&second]);
        // By hand it goes back where the account is, and is taken from there.
        hospital.reverse("V2", &second).await.unwrap();
        assert_eq!(platform.balance("P", NANCHANG).await, yuan("1000"));
        let again = hospital.settle("R3", visit_on("2026-01-12")).await.unwrap();
        assert_eq!((info(&again).act_pay_dedc_fen, platform.balance("P", NANCHANG).await), (yuan("300"), yuan("540")));
        assert_all_balance(&platform).await;
    }

    async fn what_another_area_said_of_the_year_is_not_asked_again(db: TestDatabase) {
        let platform = start(&db).await;
        let hospital = platform.as_caller(&format!("institution:{CHANGSHA_HOSPITAL}"));
        platform.settle("R1", visit_on("2026-01-15")).await.unwrap();
        platform.enrol_mover("P", CHANGSHA, "2026-01-21").await;
        let visit = |day: &str| clinic("P", day, "700").at(CHANGSHA_HOSPITAL);
        let first = hospital.settle("R2", visit("2026-01-25")).await.unwrap();
        let second = hospital.settle("R3", visit("2026-01-26")).await.unwrap();
        assert_eq!((marks(&first)[0].0, marks(&second)[0].0), ("MOVED_IN_YEAR", "MOVED_IN_YEAR"));
        let blocked = async || {
            let refusal = refused(hospital.resettle_behind("A1", &first).await);
            assert_blocked(&refusal, "MOVED_IN_YEAR", &[&second]);
        };
        let told = [(info(&second).setl_id.as_str(), "MOVED_IN_YEAR", false)];
        let found = hospital.find_later_visits(&info(&first).setl_id).await.unwrap();
        assert_eq!(whys(found.later.as_ref()), told);
        blocked().await;
        assert_eq!(whys(hospital.reverse_telling("V2", &first).await.unwrap().later.as_ref()), told);
        blocked().await;
        assert_eq!(info(&hospital.get(&info(&second).setl_id).await.unwrap()).refd_setl_flag, "0");
        assert_all_balance(&platform).await;
    }

    /// 跨省共济: no shipped policy says that its area takes part; documents that do are followed, with clearing between the provinces.
    async fn a_share_across_provinces_pays_where_both_areas_take_part(db: TestDatabase) {
        let platform = start(&db).await;
        platform.deposit("F", NANCHANG, yuan("1000")).await;
        platform.share_account("F", "P", Kinship::Sibling).await;
        let visit = || visit_on("2026-01-15").helped_by("F");
        assert!(refused(platform.settle("R1", visit()).await).says("ACCOUNT_IN_ANOTHER_AREA"));
        let next = |policy: &str, from: &str, to: &str| {
            let embedded = yizhan_policy::embedded();
            let (_, text) = embedded.iter().find(|(_, text)| text.contains(&format!("policy: {policy}\n"))).unwrap();
            let version = text.lines().find(|line| line.starts_with("version:")).unwrap();
            let next = text.replacen(version, "version: \"9\"", 1).replacen(from, to, 1);
            assert!(next.contains(to), "{policy}");
            next
        };
        let nation = "    - { from: 2026-01-09, source: sharing, reach: nation }\n";
        let hunan = "    - { from: 2024-12-09, source: sharing, reach: province }\n";
        let opened = format!("    - {{ from: 2024-12-09, to: 2026-01-08, source: sharing, reach: province }}\n{nation}");
        platform.publish_policy(&next("zhuzhou-employee", hunan, &opened)).await.unwrap();
        assert!(refused(platform.settle("R1", visit()).await).says("ACCOUNT_IN_ANOTHER_AREA"), "南昌 does not take part");
        let area = "    - { from: 2025-01-01, to: 2026-01-08, source: project, reach: area }\n";
        let nanchang = format!("{area}{}", nation.replace("source: sharing", "source: project"));
        let opened = format!("account:\n  pays: [in_scope, preself, overlimit]\n  sharing: true\n  reach:\n{nanchang}");
        platform.publish_policy(&next("nanchang-employee", "account: { pays: [in_scope, preself, overlimit], sharing: true }\n", &opened)).await.unwrap();
        assert!(refused(platform.settle("R0", visit_on("2026-01-08").helped_by("F")).await).says("ACCOUNT_IN_ANOTHER_AREA"));
        let settled = platform.settle("R1", visit()).await.unwrap();
        assert_adds_up(&settled);
        assert_eq!(booked(&settled)[2..], [
            ("", "clearing/360100", -yuan("460")),
            (NANCHANG, "account/F", -yuan("460")),
            (NANCHANG, "clearing/430200", yuan("460")),
        ]);
        assert_all_balance(&platform).await;

        // The owner moves here: what was paid is given back to the account where it is now.
        platform.transfer("F", [NANCHANG, ZHUZHOU], Some("2026-02-02")).await;
        let begun = Instant::now();
        while platform.balance("F", ZHUZHOU).await != yuan("540") {
            assert!(begun.elapsed() < Duration::from_secs(20), "it never moved");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let reversal = platform.reverse("V1", &settled).await.unwrap();
        assert_eq!((platform.balance("F", ZHUZHOU).await, platform.balance("F", NANCHANG).await), (yuan("1000"), 0));
        assert!(platform.replay(&info(&reversal).setl_id).await.unwrap().identical);
        assert_all_balance(&platform).await;
    }
}
