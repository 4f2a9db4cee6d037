//! Listing page by page.

use yizhan_proto::enrollment::v1::*;
use yizhan_testkit::both_databases;

use crate::support::*;

both_databases! {
    async fn every_person_of_the_area_is_listed_once(db: TestDatabase) {
        let mut service = start(&db).await;
        let rows = (0..25).map(|number| person(&format!("P{number:02}")));
        let elsewhere = (0..5).map(|number| PersonRow { poolarea_no: "430100".into(), ..person(&format!("Q{number}")) });
        service.import_persons(persons(rows.chain(elsewhere))).await.unwrap();

        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListPersonsRequest { poolarea_no: "430200".into(), page_size: 10, page_token };
            let page = service.client.list_persons(request).await.unwrap().into_inner();
            assert!(page.persons.len() <= 10);
            listed.extend(page.persons.into_iter().map(|person| person.psn_no));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, (0..25).map(|number| format!("P{number:02}")).collect::<Vec<_>>());
        let all = service.client.list_persons(ListPersonsRequest::default()).await.unwrap().into_inner();
        assert_eq!((all.persons.len(), all.persons[0].psn_no.as_str()), (30, "Q0"), "ordered by area first");
    }

    async fn a_list_is_filtered_by_what_the_caller_owns(db: TestDatabase) {
        let mut service = start(&db).await;
        let rows = [("430200", "P1"), ("430281", "P2"), ("430100", "P3"), ("110000", "P4")];
        service
            .import_persons(persons(rows.map(|(area, psn_no)| PersonRow { poolarea_no: area.into(), ..person(psn_no) })))
            .await
            .unwrap();
        for (caller, expected) in [
            ("agency:430200", vec!["P1", "P2"]),
            ("agency:430281", vec!["P2"]),
            ("department:430000", vec!["P3", "P1", "P2"]),
            ("agency:330000", vec![]),
            ("local-administrator", vec!["P4", "P3", "P1", "P2"]),
        ] {
            let page = service.client.list_persons(as_caller(caller, ListPersonsRequest::default())).await.unwrap();
            let listed: Vec<_> = page.into_inner().persons.into_iter().map(|person| person.psn_no).collect();
            assert_eq!(listed, expected, "{caller}");
        }
        let of = |poolarea_no: &str| ListPersonsRequest { poolarea_no: poolarea_no.into(), ..Default::default() };
        for (caller, area) in [("agency:430200", "430100"), ("institution:H43020000001", ""), ("person:P1", "430200")] {
            let answer = service.client.list_persons(as_caller(caller, of(area))).await;
            assert_eq!(error(answer.unwrap_err()).reason, "AREA_NOT_OWNED", "{caller}");
        }
    }

    async fn tokens_and_sizes_are_checked(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons((0..3).map(|number| person(&format!("P{number}"))))).await.unwrap();
        let list = |poolarea_no: &str, page_size: i32, page_token: &str| ListPersonsRequest {
            poolarea_no: poolarea_no.into(),
            page_size,
            page_token: page_token.into(),
        };
        let page = service.client.list_persons(list("430200", 2, "")).await.unwrap().into_inner();
        let foreign = service.client.list_persons(list("430100", 2, &page.next_page_token)).await.unwrap_err();
        assert_eq!(error(foreign).violation_reasons(), ["PAGE_TOKEN_INVALID"]);
        let negative = service.client.list_persons(list("430200", -1, "")).await.unwrap_err();
        assert_eq!(error(negative).violation_reasons(), ["PAGE_SIZE_NEGATIVE"]);
        let area = service.client.list_persons(list("4302", 1, "")).await.unwrap_err();
        assert_eq!(error(area).violation_reasons(), ["AREA_INVALID"]);
    }
}
