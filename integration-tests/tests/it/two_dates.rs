//! The same person and bill on two dates: the policy of the day decides.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_testkit::both_databases;

use crate::support::stay;

both_databases! {
    /// 衢州 employees: bands of 82, 85 and 87 % until 2018-05-23 (2010 edition), 84 % from the day after.
    async fn quzhou_before_and_after_the_page_of_2018(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("Q1").of_area(QUZHOU)).start().await;
        let on = |begin: &str, end: &str, amount: &str| stay("Q1", begin, end, amount).at(QUZHOU_HOSPITAL);
        let old = platform.settle("R1", on("2018-04-20", "2018-05-01", "100000")).await.unwrap();
        let new = platform.settle("R2", on("2019-05-20", "2019-06-01", "100000")).await.unwrap();
        for (settled, paid) in [(&old, "84394"), (&new, "83328")] {
            assert_adds_up(settled);
            assert_eq!(info(settled).act_pay_dedc_fen, yuan("800"));
            assert_eq!(info(settled).hifp_pay_fen, yuan(paid));
        }
        let bands = |settled: &yizhan_proto::settlement::v1::Settlement| {
            let layers = &settled.trace.as_ref().unwrap().layers;
            let basic = layers.iter().find(|layer| layer.layer_id == "basic").unwrap();
            basic.bands.iter().map(|band| band.ratio.clone()).collect::<Vec<_>>()
        };
        assert_eq!((bands(&old), bands(&new)), (vec!["0.82".into(), "0.85".into(), "0.87".into()], vec!["0.84".into()]));
        let last_day = platform.preview(on("2018-05-11", "2018-05-23", "10000")).await.unwrap().settlement.unwrap();
        let first_day = platform.preview(on("2018-05-11", "2018-05-24", "10000")).await.unwrap().settlement.unwrap();
        // Reckoned after the stay of April: the second of the year, with 600.
        assert_eq!(info(&last_day).hifp_pay_fen, yuan("7708"));
        assert_eq!(info(&first_day).hifp_pay_fen, yuan("7896"));
    }
}
