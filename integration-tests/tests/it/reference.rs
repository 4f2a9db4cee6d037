//! Institutions and the catalogue: imported once, listed in pages; on a bill the nearest and latest entry decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    CatalogueItem, GetCatalogueItemRequest, GetInstitutionRequest, Institution, ListCatalogueItemsRequest,
    ListInstitutionsRequest, PreviewResponse,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::violations;

/// 丁苯酞软胶囊, a real code.
const BUTYLPHTHALIDE: &str = "XN07XXD130E002010102774";

fn entry(admdvs: &str, level: &str, begndate: &str, class: &str) -> CatalogueItem {
    CatalogueItem {
        admdvs: admdvs.to_owned(),
        level: level.to_owned(),
        begndate: begndate.to_owned(),
        ..item(BUTYLPHTHALIDE, "丁苯酞软胶囊", "101", class, "")
    }
}

async fn entry_on(
    client: &Client,
    admdvs: &str,
    level: &str,
    as_of: &str,
) -> Result<CatalogueItem, RemoteError> {
    let request = GetCatalogueItemRequest {
        hilist_code: BUTYLPHTHALIDE.to_owned(),
        admdvs: admdvs.to_owned(),
        as_of: as_of.to_owned(),
        level: level.to_owned(),
    };
    let answer = client.catalogue().get_catalogue_item(request).await.map_err(RemoteError::from)?;
    Ok(answer.into_inner().item.expect("an entry"))
}

/// The catalogue's nth version: every item has the ceiling n.
fn nth_version(codes: &[String], version: usize) -> Vec<CatalogueItem> {
    let priced = |code: &String| CatalogueItem {
        pric_uplmt_amt: version.to_string(),
        ..item(code, "药", "101", "01", "")
    };
    codes.iter().map(priced).collect()
}

fn bill_of(codes: &[String]) -> VisitBuilder {
    codes.iter().fold(visit("P1").outpatient("2024-01-01"), |bill, code| bill.line(code, "1", "100"))
}

/// The one version of the catalogue that a bill was calculated by.
fn version_on(answer: Answer<PreviewResponse>) -> usize {
    let lines = answer.expect("a preview").settlement.expect("a settlement").feedetail;
    let above = lines[0].overlmt_amt_fen;
    assert!(lines.iter().all(|line| line.overlmt_amt_fen == above), "half and half: {lines:?}");
    // Of 100 yuan each.
    100 - above as usize / 100
}

async fn institution_named(client: &Client, code: &str) -> Result<Institution, RemoteError> {
    let request = GetInstitutionRequest { fixmedins_code: code.to_owned() };
    let answer = client.institutions().get_institution(request).await.map_err(RemoteError::from)?;
    Ok(answer.into_inner().institution.expect("an institution"))
}

both_databases! {
    async fn imports_happen_once(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().start().await;
        let first = platform.import_institutions("I1", standard_institutions()).await.unwrap();
        assert_eq!((first.imported, first.replayed), (5, false));
        let before = platform.row_counts().await;
        let again = platform.import_institutions("I1", standard_institutions()).await.unwrap();
        assert_eq!((again.imported, again.replayed), (5, true));
        let error = refused(platform.import_institutions("I1", standard_institutions()[..4].to_vec()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        assert_eq!(refused(platform.import_catalogue("I1", standard_catalogue()).await).reason, "REQUEST_ID_REUSED");
        assert_eq!(platform.row_counts().await, before);

        let renamed = institution(THIRD_LEVEL, "合成市中心医院", "third");
        platform.import_institutions("I2", vec![renamed.clone()]).await.unwrap();
        assert_eq!(institution_named(&platform, THIRD_LEVEL).await.unwrap(), renamed);
        assert_eq!(institution_named(&platform, "H00000000000").await.unwrap_err().reason, "INSTITUTION_UNKNOWN");
        let first = platform.import_catalogue("C1", standard_catalogue()).await.unwrap();
        assert!(!first.replayed && platform.import_catalogue("C1", standard_catalogue()).await.unwrap().replayed);
    }

    /// All rows or none, and everything wrong at once.
    async fn one_bad_row_spoils_the_import(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().start().await;
        let before = platform.row_counts().await;
        let mut rows = standard_institutions();
        rows[0].level = "fourth".to_owned();
        rows[1].fixmedins_code = "X1".to_owned();
        rows[2].admdvs = "99".to_owned();
        rows[4].fixmedins_code = rows[3].fixmedins_code.clone();
        let error = refused(platform.import_institutions("I1", rows).await);
        assert_eq!(violations(&error), [
            ("institutions[0].level", "CODE_UNKNOWN"),
            ("institutions[1].fixmedins_code", "CODE_INVALID"),
            ("institutions[2].admdvs", "AREA_INVALID"),
            ("institutions[4]", "DUPLICATE"),
        ]);
        let mut items = standard_catalogue();
        items[0].chrgitm_lv = "04".to_owned();
        items[1].selfpay_prop = "1.1".to_owned();
        items[2].pric_uplmt_amt = "-1".to_owned();
        items[3].enddate = "1999-12-31".to_owned();
        items[4].labels = vec!["标".to_owned(); 11];
        let error = refused(platform.import_catalogue("C1", items).await);
        assert_eq!(violations(&error), [
            ("items[0].chrgitm_lv", "CODE_UNKNOWN"),
            ("items[1].selfpay_prop", "RATIO_INVALID"),
            ("items[2].pric_uplmt_amt", "PRICE_INVALID"),
            ("items[3].enddate", "DATE_INVALID"),
            ("items[4].labels", "TOO_MANY"),
        ]);
        let many = |number: usize| (0..number).map(|at| item(&format!("X{at}"), "药", "101", "01", "")).collect::<Vec<_>>();
        assert_eq!(violations(&refused(platform.import_catalogue("C1", many(1001)).await)), [("items", "TOO_MANY")]);
        assert_eq!(violations(&refused(platform.import_catalogue("C1", many(0)).await)), [("items", "REQUIRED")]);
        assert_eq!(platform.row_counts().await, before);
        assert_eq!(platform.import_catalogue("C1", many(1000)).await.unwrap().imported, 1000);
    }

    async fn pages(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let (mut codes, mut token) = (Vec::new(), String::new());
        loop {
            let request = ListInstitutionsRequest { page_size: 2, page_token: token };
            let page = platform.institutions().list_institutions(request).await.unwrap().into_inner();
            codes.extend(page.institutions.into_iter().map(|row| row.fixmedins_code));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let mut known: Vec<String> = standard_institutions().into_iter().map(|row| row.fixmedins_code).collect();
        known.sort();
        assert_eq!(codes, known);

        let versions = ["2020-01-01", "2022-01-01", "2024-01-01"].map(|day| entry("430200", "", day, "02"));
        platform.import_catalogue("C1", versions.to_vec()).await.unwrap();
        let (mut entries, mut token) = (Vec::new(), String::new());
        loop {
            let request = ListCatalogueItemsRequest { page_size: 1, page_token: token.clone() };
            let page = platform.catalogue().list_catalogue_items(request).await.unwrap().into_inner();
            entries.extend(page.items.into_iter().map(|row| (row.hilist_code, row.begndate)));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(entries.len(), standard_catalogue().len() + 3);
        assert!(entries.is_sorted(), "{entries:?}");
        let request = ListCatalogueItemsRequest { page_size: 1, page_token: "institutions".to_owned() };
        assert!(platform.catalogue().list_catalogue_items(request).await.is_err());
    }

    async fn the_nearest_area_decides_and_there_the_level_and_the_day(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().start().await;
        let mut ended = entry("430200", "", "2024-01-01", "02");
        ended.enddate = "2024-06-30".to_owned();
        ended.labels = vec!["集采".to_owned()];
        let entries = vec![
            entry("100000", "", "2020-01-01", "03"),
            entry("430000", "", "2021-01-01", "02"),
            entry("430000", "", "2023-01-01", "01"),
            ended.clone(),
            entry("430200", "third", "2023-07-01", "03"),
        ];
        platform.import_catalogue("C1", entries.clone()).await.unwrap();
        let on = async |admdvs, level, day| entry_on(&platform, admdvs, level, day).await;
        assert_eq!(on("430200", "", "2019-12-31").await.unwrap_err().reason, "ITEM_UNKNOWN");
        assert_eq!(on("430200", "", "2020-01-01").await.unwrap(), entries[0]);
        assert_eq!(on("430200", "", "2022-12-31").await.unwrap(), entries[1]);
        assert_eq!(on("430200", "", "2023-12-31").await.unwrap(), entries[2]);
        assert_eq!(on("430203", "", "2024-06-30").await.unwrap(), ended, "a district has its city's");
        assert_eq!(on("430200", "third", "2024-06-30").await.unwrap(), entries[4], "the level's own goes first");
        assert_eq!(on("430200", "second", "2024-06-30").await.unwrap(), ended);
        assert_eq!(on("430200", "", "2024-07-01").await.unwrap(), entries[2]);
        assert_eq!(on("430300", "third", "2024-06-30").await.unwrap(), entries[2], "the neighbour's is not ours");
        assert_eq!(on("110100", "", "2024-06-30").await.unwrap(), entries[0]);
        // A correction of an entry takes effect at once.
        let corrected = CatalogueItem { chrgitm_lv: "01".to_owned(), ..ended };
        platform.import_catalogue("C2", vec![corrected.clone()]).await.unwrap();
        assert_eq!(on("430200", "", "2024-06-30").await.unwrap(), corrected);
    }

    /// Ceiling first, then 先行自付 of what is within it; the area's entry, not the nation's, and of the last day.
    async fn ceiling_and_prepay_on_a_bill(db: TestDatabase) {
        let limited = CatalogueItem {
            pric_uplmt_amt: "5.005".to_owned(),
            selfpay_prop: "0.15".to_owned(),
            ..entry(COMPOSITE_AREA, "", "2024-01-01", "02")
        };
        let platform = TestPlatform::on(&db)
            .with_catalogue([entry("100000", "", "2020-01-01", "03"), limited])
            .with_person(Person::employee("P1"))
            .start()
            .await;
        let bill = |day: &str| visit("P1").outpatient(day).line(BUTYLPHTHALIDE, "10", "7.00").line(BUTYLPHTHALIDE, "10", "4.00");
        let settled = platform.settle("R1", bill("2024-01-01")).await.unwrap();
        assert_adds_up(&settled);
        let dear = &settled.feedetail[0];
        assert_eq!((dear.pric_uplmt_amt.as_str(), dear.selfpay_prop.as_str(), dear.chrgitm_lv.as_str()), ("5.005", "0.15", "02"));
        // 70.00: 19.95 above the ceiling, 15 % of 50.05 is 7.5075.
        assert_eq!((dear.overlmt_amt_fen, dear.preselfpay_amt_fen, dear.inscp_scp_amt_fen), (1995, 751, 4254));
        let cheap = &settled.feedetail[1];
        assert_eq!((cheap.overlmt_amt_fen, cheap.preselfpay_amt_fen, cheap.inscp_scp_amt_fen), (0, 600, 3400));
        let before = platform.settle("R2", bill("2023-12-31")).await.unwrap();
        assert_eq!(info(&before).fulamt_ownpay_amt_fen, yuan("110"), "丙类 everywhere until then");
        let elsewhere = platform.import_institutions("I2", vec![institution("H99980000003", "邻市医院", "third")]).await;
        elsewhere.unwrap();
        let error = refused(platform.settle("R3", bill("2024-01-01").at("H99980000003")).await);
        assert_eq!(error.reason, "NOT_SETTLED_DIRECTLY", "another area's hospital, and nothing is filed");
    }

    /// Nothing that is known is ever unknown, and a bill is of one version, while the catalogue is imported again and again.
    async fn bills_are_of_one_version_of_the_catalogue(db: TestDatabase) {
        let codes: Vec<String> = (0..40).map(|at| format!("V{at}")).collect();
        let setup = TestPlatform::on(&db).with_catalogue(nth_version(&codes, 1)).with_person(Person::employee("P1"));
        let mut platform = setup.start().await;
        let elsewhere = platform.another_instance().await;
        for _ in 0..2 {
            assert_eq!(version_on(elsewhere.preview(bill_of(&codes[..20])).await), 1);
        }
        let importing = Arc::new(AtomicBool::new(true));
        let asking = (0..4).map(|_| {
            let (client, bill, importing) = (platform.client(), bill_of(&codes), importing.clone());
            tokio::spawn(async move {
                while importing.load(Ordering::Relaxed) {
                    version_on(client.preview(bill.clone()).await);
                }
            })
        });
        let asking: Vec<_> = asking.collect();
        for version in 2..=20 {
            platform.import_catalogue(&format!("V{version}"), nth_version(&codes, version)).await.unwrap();
            assert_eq!(version_on(platform.preview(bill_of(&codes)).await), version, "who imported sees it at once");
        }
        importing.store(false, Ordering::Relaxed);
        join_all(asking).await.into_iter().for_each(|asked| asked.expect("every bill is of one version"));
        assert_eq!(version_on(elsewhere.preview(bill_of(&codes)).await), 20, "half of it was kept there");
    }

    async fn an_agency_keeps_its_own_area(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().start().await;
        let agency = platform.as_caller("agency:430000");
        agency.import_catalogue("C1", vec![entry("430200", "", "2024-01-01", "02")]).await.expect("inside");
        let error = refused(agency.import_catalogue("C2", vec![entry("100000", "", "2024-01-01", "02")]).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"));
        let error = refused(agency.import_institutions("I1", standard_institutions()).await);
        assert_eq!(error.metadata["area"], COMPOSITE_AREA);
        let hospital = platform.as_caller(&format!("institution:{THIRD_LEVEL}"));
        let error = refused(hospital.import_institutions("I1", standard_institutions()).await);
        assert_eq!(error.code, Code::PermissionDenied);
    }

    /// What is replaced is asked for as what is written: all rows at once, nothing done, nothing told of what is held.
    async fn nobody_takes_another_area_s_institution(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().start().await;
        let hospital = |number: u8, admdvs: &str| Institution {
            fixmedins_code: format!("H4302000000{number}"),
            fixmedins_name: "某医院".to_owned(),
            level: "third".to_owned(),
            admdvs: admdvs.to_owned(),
            fixmedins_type: "1".to_owned(),
            contracted: true,
            dual_channel: false,
        };
        let by = |caller: &str| platform.as_caller(caller);
        let own = vec![hospital(1, "430200"), hospital(2, "430200")];
        by("agency:430200").import_institutions("I1", own.clone()).await.unwrap();
        let taken = vec![hospital(1, "110000"), hospital(3, "110000"), hospital(2, "110000")];
        let error = refused(by("agency:110000").import_institutions("I2", taken).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"));
        let code = |row: u8| (format!("institutions[{row}].fixmedins_code"), "AREA_NOT_OWNED".to_owned());
        let told: Vec<_> = error.violations.iter().map(|wrong| (wrong.field.clone(), wrong.reason.clone())).collect();
        assert_eq!(told, [code(0), code(2)]);
        assert!(!format!("{error:?}").contains("430200"), "{error:?}");
        assert_eq!(institution_named(&platform, "H43020000001").await.unwrap(), own[0]);
        assert_eq!(institution_named(&platform, "H43020000003").await.unwrap_err().reason, "INSTITUTION_UNKNOWN");
        by("agency:430000").import_institutions("I3", vec![hospital(1, "430100")]).await.expect("moved by who manages both");
        assert_eq!(institution_named(&platform, "H43020000001").await.unwrap().admdvs, "430100");
        for number in 4..=9 {
            let [here, there] = ["430200", "110000"].map(|area| {
                let agency = by(&format!("agency:{area}"));
                async move { agency.import_institutions(&format!("N{number}"), vec![hospital(number, area)]).await }
            });
            let (here, there) = tokio::join!(here, there);
            assert_ne!(here.is_ok(), there.is_ok(), "of two who bring a new one at once, one has it");
            let keeper = if here.is_ok() { "430200" } else { "110000" };
            let held = institution_named(&platform, &format!("H4302000000{number}")).await.unwrap();
            assert_eq!((held.admdvs.as_str(), refused(if here.is_ok() { there } else { here }).reason.as_str()), (keeper, "AREA_NOT_OWNED"));
        }
    }
}
