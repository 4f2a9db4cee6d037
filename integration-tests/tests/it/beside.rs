//! A product that stands beside the document of an area: published by itself, settled together, and named with it.

use yizhan_integration_tests::checks::{assert_adds_up, info, paid_in_layer, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{PolicyReference, Settlement, TryPolicyRequest};
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, clinic, everybodys_insured, violations};

/// Pays a part of what is left of every bill of 2024.
fn product(version: &str, ratio: &str) -> String {
    format!(
        "policy: test-product\nversion: \"{version}\"\ntitle: 试验惠民保\nareas: [\"{COMPOSITE_AREA}\"]\nscheme: any\nbeside: [basic]\n\
         from: 2024-01-01\nto: 2024-12-31\nsources: {{ terms: {{ title: 试验条款, quality: P }} }}\n\
         accumulators: {{ product_paid: {{ label: 试验给付累计, unit: fen }} }}\n\
         layers:\n  - id: product\n    title: 试验惠民保\n    payer: commercial_insurance\n    fund_pay_type: \"YZ0300\"\n\
         \x20   base: [ {{ add: remaining }}, {{ less: deductible.basic }} ]\n    scale: {{ cut_on: net, bands: {{ source: terms, ratio: {ratio} }} }}\n    remote: none\n\
         \x20   cap: {{ per: year, amount: {{ source: terms, amount: 1万 }}, used: product_paid }}\n    feeds: {{ product_paid: paid }}\n"
    )
}

fn decided(settled: &Settlement) -> &PolicyReference {
    settled.trace.as_ref().unwrap().policy.as_ref().unwrap()
}

both_databases! {
    async fn a_product_is_published_settled_and_named_beside_the_document_of_the_area(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let before = platform.settle("R1", clinic("P1", "2024-06-03", "500")).await.unwrap();
        assert!(decided(&before).together.is_empty());
        // A name of the document's is refused, and nothing is published.
        let clash = product("1", "50%").replace("id: product", "id: basic").replace("beside: [basic]", "beside: any").replace(", { less: deductible.basic }", "");
        assert_eq!(violations(&platform.publish_policy(&clash).await.unwrap_err()), [("document", "NOT_BESIDE")]);
        let quoted = platform.preview(clinic("P1", "2024-06-04", "500")).await.unwrap();
        platform.publish_policy(&product("1", "50%")).await.unwrap();

        let settled = platform.settle("R2", clinic("P1", "2024-06-04", "500")).await.unwrap();
        assert_adds_up(&settled);
        let paid = paid_in_layer(&settled, "product");
        assert!(paid > 0, "{:?}", settled.setldetail);
        assert_eq!(info(&settled).psn_part_amt_fen + paid, info(quoted.settlement.as_ref().unwrap()).psn_part_amt_fen);
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, "2024-01-01", "product_paid").await, paid);
        let both = decided(&settled);
        assert_eq!((both.policy_id.as_str(), both.version.ends_with("+1")), ("composite-seven-payers+test-product", true));
        let members: Vec<&str> = both.together.iter().map(|of| of.policy_id.as_str()).collect();
        assert_eq!((members, both.together[0].digest.as_str()), (vec!["composite-seven-payers", "test-product"], decided(&before).digest.as_str()));

        // A draft of the product is tried with the document it stands beside.
        let request = TryPolicyRequest {
            document: product("2", "20%"),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            begndate: "2024-01-01".to_owned(),
            enddate: "2024-12-31".to_owned(),
            ..TryPolicyRequest::default()
        };
        let tried = platform.as_caller("agency:999900").policies().try_policy(request).await.unwrap().into_inner();
        assert_eq!((tried.visits, tried.of_others), (2, 0));
        let all = tried.all.unwrap();
        assert_eq!((all.gain, all.lose), (1, 1), "the first was settled before there was a product");

        // A new version of it decides from then on; what was settled is replayed under what decided it.
        platform.publish_policy(&product("2", "20%")).await.unwrap();
        let later = platform.settle("R3", clinic("P1", "2024-06-05", "500")).await.unwrap();
        assert!(decided(&later).version.ends_with("+2"));
        assert!(paid_in_layer(&later, "product") < paid);
        let next_year = platform.settle("R4", clinic("P1", "2025-06-05", "500")).await.unwrap();
        assert!(decided(&next_year).together.is_empty(), "a product ends, and the document stands");
        for one in [&before, &settled, &later, &next_year] {
            assert!(platform.replay(&info(one).setl_id).await.unwrap().identical);
        }
        platform.reverse("V2", &settled).await.unwrap();
        assert_eq!(
            platform.accumulator("P1", COMPOSITE_AREA, "2024-01-01", "product_paid").await,
            paid_in_layer(&later, "product")
        );
        assert!(info(&settled).medfee_sumamt_fen == yuan("500"));
        assert_books_balance(&platform).await;
    }
}
