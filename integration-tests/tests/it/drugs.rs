//! Drugs of two channels (双通道) at pharmacies, and trace codes (追溯码).

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{CatalogueItem, DrugTraceCode, FeeLine, Institution, Settlement};
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, violations};

const AGENCY: &str = "agency:999900";
/// Pharmacy of two channels in the composite area.
const DUAL_PHARMACY: &str = "P99990000002";
/// A negotiated drug; a code of the tests' own.
const NEGOTIATED: &str = "XL01EBA000A001010100001";
/// A drug whose packs have no codes.
const CODELESS: &str = "XL01EBA000A001010100002";

fn catalogue() -> Vec<CatalogueItem> {
    let labelled = |code: &str, label: &str| CatalogueItem {
        labels: vec![label.to_owned()],
        ..item(code, "试验片", "101", "02", "0.1")
    };
    vec![labelled(NEGOTIATED, "双通道"), labelled(CODELESS, "无追溯码")]
}

async fn platform(db: &yizhan_testkit::TestDatabase) -> TestPlatform {
    let dual =
        Institution { dual_channel: true, ..institution(DUAL_PHARMACY, "双通道大药房", "first") };
    let setup = TestPlatform::on(db).with_catalogue(catalogue()).with_institution(dual);
    setup.with_person(Person::employee("P1")).start().await
}

fn bought(at: &str, med_type: &str, prescribed: bool) -> VisitBuilder {
    let bill = visit("P1").on_days(med_type, "2024-06-03", "2024-06-03").at(at).line(NEGOTIATED, "1", "300");
    bill.but(|visit| {
        if prescribed {
            let line = &mut visit.feedetail[0];
            line.rxno = "RX20240603-0001".to_owned();
            line.rx_circ_flag = true;
            line.rx_fixmedins_code = THIRD_LEVEL.to_owned();
            line.bilg_dr_codg = "D999900000001".to_owned();
        }
    })
}

/// With these codes, whole packs.
pub fn coded(line: &mut FeeLine, codes: &[&str]) {
    let whole = |code: &&str| DrugTraceCode { drug_trac_codg: (*code).to_owned(), trdn_flag: false };
    line.drug_trac_info = codes.iter().map(whole).collect();
}

fn rules(version: &str, family: &str) -> String {
    format!(
        "rules: drugs-of-999900\nversion: '{version}'\ntitle: 试\narea: '999900'\n\
         sources: {{ s: {{ title: 试〔2024〕2号, quality: G }} }}\n{family}\n"
    )
}

fn marks(settlement: &Settlement) -> Vec<(&str, Vec<&str>)> {
    let marks = info(settlement).marks.iter();
    marks.map(|mark| (mark.kind.as_str(), mark.feedetl_sn.iter().map(String::as_str).collect())).collect()
}

both_databases! {
    /// Which drugs are of two channels is data of the catalogue; where the funds may pay they need a pharmacy of two channels and a
    /// prescription; by one's account (41) anybody buys them anywhere.
    async fn drugs_of_two_channels(db: TestDatabase) {
        let platform = platform(&db).await;
        let error = refused(platform.settle("R1", bought(PHARMACY, "15", true)).await);
        assert_eq!(violations(&error), [("visit.feedetail[0].hilist_code", "DUAL_CHANNEL_ONLY")]);
        let error = refused(platform.settle("R2", bought(DUAL_PHARMACY, "15", false)).await);
        assert_eq!(violations(&error), [("visit.feedetail[0].rxno", "PRESCRIPTION_REQUIRED")]);
        let settled = platform.settle("R3", bought(DUAL_PHARMACY, "15", true)).await.unwrap();
        let line = &settled.feedetail[0];
        assert_eq!((line.rxno.as_str(), line.rx_circ_flag, line.rx_fixmedins_code.as_str()), ("RX20240603-0001", true, THIRD_LEVEL));
        assert!(marks(&settled).is_empty());
        let hospital = bought(THIRD_LEVEL, "11", false);
        platform.settle("R4", hospital).await.expect("a hospital prescribes itself");
        let incomplete = bought(DUAL_PHARMACY, "15", true).but(|visit| visit.feedetail[0].rx_fixmedins_code.clear());
        assert_eq!(violations(&refused(platform.preview(incomplete).await)), [("visit.feedetail[0].rxno", "PRESCRIPTION_REQUIRED")]);

        let rule = rules("1", "dual_channel: [{ from: 2024-01-01, source: s, elsewhere: mark, without_prescription: accept }]");
        platform.as_caller(AGENCY).publish_settlement_rules(&rule).await.unwrap();
        let marked = platform.settle("R5", bought(PHARMACY, "15", false)).await.unwrap();
        assert_eq!(marks(&marked), [("DUAL_CHANNEL", vec![marked.feedetail[0].feedetl_sn.as_str()])]);
        platform.preview(bought(DUAL_PHARMACY, "15", false)).await.expect("accepted there");
        let hospital = Institution { dual_channel: true, ..institution("H99990000009", "某医院", "first") };
        let error = refused(platform.import_institutions("I", vec![hospital]).await);
        assert_eq!(violations(&error), [("institutions[0].dual_channel", "NOT_A_PHARMACY")]);
    }

    /// A drug without a code: nothing until 2025-06-30, from then on by the rule; not what is known to have none.
    async fn drugs_without_a_code(db: TestDatabase) {
        let platform = platform(&db).await;
        let bill = |id: &str, day: &str| {
            let bill = visit("P1").outpatient(day).line(FACTOR_VIII, "1", "100").line(CARE, "1", "20");
            let bill = bill.line(FACTOR_VIII, "1", "50").line(CODELESS, "1", "10");
            let id = id.to_owned();
            bill.but(|visit| {
                visit.feedetail.iter_mut().enumerate().for_each(|(at, line)| line.feedetl_sn = format!("{id}-{at}"));
                coded(&mut visit.feedetail[2], &[&format!("8112345678901234{id}")]);
                visit.mdtrt_id = id;
            })
        };
        assert!(marks(&platform.settle("A", bill("0001", "2025-06-30")).await.unwrap()).is_empty());
        let settled = platform.settle("B", bill("0002", "2025-07-01")).await.unwrap();
        assert_eq!(marks(&settled), [("TRACE_CODE_MISSING", vec!["0002-0"])]);
        assert_eq!(settled.feedetail[2].drug_trac_info[0].drug_trac_codg, "81123456789012340002");
        let rule = "trace_codes: [{ from: 2025-10-01, source: s, needed: ['101'], missing: refuse, repeated: refuse }]";
        platform.as_caller(AGENCY).publish_settlement_rules(&rules("2", rule)).await.unwrap();
        let error = refused(platform.settle("C", bill("0003", "2025-10-01")).await);
        assert_eq!(violations(&error), [("visit.feedetail[0].drug_trac_info", "TRACE_CODE_MISSING")]);
        platform.settle("D", bill("0004", "2025-09-30")).await.expect("by the nation's rule of that day");
        let wrong = bill("0005", "2025-07-01").but(|visit| {
            coded(&mut visit.feedetail[0], &["无码", "123456789", "81123456789012345678", "81123456789012345678"]);
        });
        let field = |at: usize| format!("visit.feedetail[0].drug_trac_info[{at}].drug_trac_codg");
        let error = refused(platform.preview(wrong).await);
        let told: Vec<_> = violations(&error).into_iter().map(|(field, reason)| (field.to_owned(), reason)).collect();
        assert_eq!(told, [(field(0), "TRACE_CODE_INVALID"), (field(1), "TRACE_CODE_INVALID"), (field(3), "DUPLICATE")]);
    }

    /// A whole pack stands once, wherever; parts of one repeat each other. Reversal frees it, and who may know where it stands finds it.
    async fn a_code_stands_once(db: TestDatabase) {
        let platform = platform(&db).await;
        let bill = |at: &str, packs: &[(&str, bool)]| {
            let packs: Vec<DrugTraceCode> = packs
                .iter()
                .map(|(code, split)| DrugTraceCode { drug_trac_codg: (*code).to_owned(), trdn_flag: *split })
                .collect();
            let bill = visit("P1").outpatient("2025-08-01").at(at).line(FACTOR_VIII, "1", "100").line(CARE, "1", "20");
            bill.but(|visit| visit.feedetail[0].drug_trac_info = packs)
        };
        let (first, second) = ("81123456789012345678", "81123456789012345679");
        let held = platform.settle("A", bill(THIRD_LEVEL, &[(first, false), (second, true)])).await.unwrap();
        let setl_id = info(&held).setl_id.clone();
        let field = "visit.feedetail[0].drug_trac_info[0].drug_trac_codg";
        for (at, split) in [(THIRD_LEVEL, false), (SECOND_LEVEL, false), (SECOND_LEVEL, true)] {
            let error = refused(platform.settle("B", bill(at, &[(first, split)])).await);
            assert_eq!(violations(&error), [(field, "TRACE_CODE_REPEATED")]);
            let told = error.metadata.get(&format!("{field}.setl_id"));
            assert_eq!(told, (at == THIRD_LEVEL).then_some(&setl_id), "another's is not told");
            assert_eq!(refused(platform.preview(bill(at, &[(first, split)])).await).violation_reasons(), ["TRACE_CODE_REPEATED"]);
        }
        let error = refused(platform.settle("C", bill(SECOND_LEVEL, &[(second, false)])).await);
        assert_eq!(violations(&error), [(field, "TRACE_CODE_REPEATED")]);
        platform.settle("D", bill(SECOND_LEVEL, &[(second, true)])).await.expect("another part of the pack");

        let found = async |caller: &str, code: &str| {
            let found = platform.as_caller(caller).find_trace_code(code).await.unwrap();
            (found.uses.into_iter().map(|stands| (stands.setl_id, stands.trdn_flag)).collect::<Vec<_>>(), found.stands_elsewhere)
        };
        assert_eq!(found(AGENCY, first).await, (vec![(setl_id.clone(), false)], false));
        assert_eq!(found(&format!("institution:{SECOND_LEVEL}"), first).await, (vec![], true));
        assert_eq!(found(&format!("institution:{THIRD_LEVEL}"), second).await, (vec![(setl_id.clone(), true)], true));
        assert_eq!(found("agency:430200", first).await, (vec![], true));
        assert_eq!(refused(platform.as_caller("person:P1").find_trace_code(first).await).reason, "AREA_NOT_OWNED");

        platform.reverse("R", &held).await.unwrap();
        assert_eq!(found(AGENCY, first).await, (vec![], false));
        assert_eq!(found(AGENCY, second).await.0.len(), 1, "the other part stands");
        let again = platform.settle("E", bill(SECOND_LEVEL, &[(first, false)])).await.unwrap();
        assert!(platform.replay(&info(&again).setl_id).await.unwrap().identical);
        assert_books_balance(&platform).await;

        let rule = "trace_codes: [{ from: 2025-07-01, source: s, missing: accept, repeated: mark }]";
        platform.as_caller(AGENCY).publish_settlement_rules(&rules("3", rule)).await.unwrap();
        let twice = bill(THIRD_LEVEL, &[(first, false)]).but(|visit| coded(&mut visit.feedetail[1], &[first]));
        let marked = platform.settle("F", twice).await.unwrap();
        assert_eq!(marks(&marked), [("TRACE_CODE_REPEATED", vec![
            marked.feedetail[0].feedetl_sn.as_str(),
            marked.feedetail[1].feedetl_sn.as_str(),
        ])]);
        assert_eq!(found(AGENCY, first).await.0.len(), 3);
        assert_books_balance(&platform).await;
    }

    /// Of many who hand out the same pack at once, to whomever, one is settled; parts of a pack all are.
    async fn of_many_at_once_one_has_the_code(db: TestDatabase) {
        let people: Vec<Person> = (0..8).map(|number| Person::employee(&format!("P{number}"))).collect();
        let platform = TestPlatform::on(&db).with_persons(people).start().await;
        let settle_all = async |code: &str, split: bool| {
            let one = |number: usize| {
                let bill = visit(&format!("P{number}")).outpatient("2025-08-01").line(FACTOR_VIII, "1", "100");
                let pack = DrugTraceCode { drug_trac_codg: code.to_owned(), trdn_flag: split };
                let bill = bill.but(|visit| visit.feedetail[0].drug_trac_info = vec![pack]);
                let (client, request) = (platform.client(), settle_request(&format!("{code}-{number}"), bill));
                tokio::spawn(async move { client.settle_stubbornly(request).await.map_err(|error| error.violation_reasons().join(",")) })
            };
            let answers = futures::future::join_all((0..8).map(one).collect::<Vec<_>>()).await;
            let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
            let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err().cloned()).collect();
            assert!(refused.iter().all(|reason| reason == "TRACE_CODE_REPEATED"), "{refused:?}");
            answers.len() - refused.len()
        };
        assert_eq!(settle_all("81123456789012340001", false).await, 1);
        assert_eq!(settle_all("81123456789012340002", true).await, 8);
        assert_books_balance(&platform).await;
    }

    /// What was put in by hand behind the service does not stay unknown.
    async fn check_books_finds_a_code_that_stands_twice(db: TestDatabase) {
        let platform = platform(&db).await;
        let bill = |code: &str| {
            let bill = visit("P1").outpatient("2025-08-01").line(FACTOR_VIII, "1", "100");
            bill.but(|visit| coded(&mut visit.feedetail[0], &[code]))
        };
        let (one, other) = ("81123456789012345678", "81123456789012345679");
        let first = platform.settle("A", bill(one)).await.unwrap();
        platform.settle("B", bill(other)).await.unwrap();
        assert_books_balance(&platform).await;
        let twice = format!(
            "UPDATE trace_codes SET uses = (SELECT uses FROM trace_codes WHERE drug_trac_codg = '{one}') WHERE drug_trac_codg = '{other}'"
        );
        database::tamper(platform.rows(), &twice).await;
        let told = platform.check_books(COMPOSITE_AREA).await.discrepancies;
        assert!(told.iter().any(|told| told.contains(other)), "{told:?}");
        let _ = first;
    }
}
