//! Samples: never below the floor, each item reviewed to its end, and what is overdue told.

use yizhan_proto::audit::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

fn payments(count: u32, rate: &str) -> FreezeListRequest {
    FreezeListRequest {
        period: "2026Q1".into(),
        sizes: Vec::new(),
        rate: rate.into(),
        public_on: String::new(),
        ..list(SelectionPurpose::ManualPayments, (1..=count).map(|number| format!("M{number}")), 1)
    }
}

fn act(item: &SampleItem, action: ItemAction, reviewer: &str) -> AdvanceItemRequest {
    AdvanceItemRequest {
        request_id: new_id(),
        selection_id: item.selection_id.clone(),
        item_id: item.item_id.clone(),
        action: action.into(),
        version: item.version,
        reviewer: reviewer.into(),
        reason: if action == ItemAction::Pass { String::new() } else { "单据不全".into() },
        case_id: if action == ItemAction::NameCase { "C1".into() } else { String::new() },
        opter: "officer1".into(),
        ..Default::default()
    }
}

both_databases! {
    async fn a_sample_below_the_floor_is_refused_by_the_rules_of_the_area_and_day(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let refused = told(client.freeze_list(by(AGENCY, payments(100, "4.99%"))).await);
        assert!(refused.is_ok(), "rounded up it is five");
        let refused = told(client.freeze_list(by(AGENCY, payments(101, "4.95%"))).await).unwrap_err();
        let [wrong] = &refused.violations[..] else { panic!("{refused:?}") };
        assert_eq!((wrong.field.as_str(), wrong.reason.as_str()), ("rate", "SAMPLE_RATE_BELOW_FLOOR"));
        assert_eq!((refused.metadata["rate.floor"].as_str(), refused.metadata["rate.drawn"].as_str()), ("6", "5"));
        let few = FreezeListRequest {
            rate: String::new(),
            sizes: vec![StratumSize { stratum: String::new(), count: 5 }],
            ..payments(101, "")
        };
        assert_eq!(why(client.freeze_list(by(AGENCY, few)).await), "sizes SAMPLE_RATE_BELOW_FLOOR");
        // Neither: as the rules say. Of experts' samples so many in a quarter.
        let by_rule = told(client.freeze_list(by(AGENCY, payments(101, ""))).await).unwrap().selection.unwrap();
        assert_eq!(by_rule.sizes[0].count, 6);
        let large = |count| FreezeListRequest { purpose: SelectionPurpose::Large.into(), ..payments(count, "") };
        for (listed, drawn) in [(29, 29), (500, 30)] {
            let large = told(client.freeze_list(by(AGENCY, large(listed))).await).unwrap().selection.unwrap();
            assert_eq!(large.sizes[0].count, drawn, "of {listed}");
        }
        let monthly = FreezeListRequest { period: "2026-01".into(), ..large(40) };
        assert_eq!(why(client.freeze_list(by(AGENCY, monthly)).await), "period DATE_INVALID");
        let future = FreezeListRequest { period: "2026Q2".into(), ..payments(40, "") };
        assert_eq!(why(client.freeze_list(by(AGENCY, future)).await), "period DATE_INVALID");
        // From April on the area samples one in ten.
        let document = "rules: zhuzhou-plans\nversion: \"1\"\ntitle: 株洲\narea: \"430200\"\nsources: { s: { title: 株医保〔2026〕1号, quality: G } }\n\
            sampling: [{ from: 2026-03-01, source: s, manual_payments: 10%, passed_bills: 5%, large: 10, single_disease: 10, \
            suspicious: 10, special_group: 10, review_days: 5 }]\n";
        let publish = PublishPlanRulesRequest { request_id: new_id(), document: document.into() };
        assert_eq!(why(client.publish_plan_rules(by("agency:430300", publish.clone())).await), "AREA_NOT_OWNED");
        told(client.publish_plan_rules(by(AGENCY, publish)).await).unwrap();
        assert_eq!(why(client.freeze_list(by(AGENCY, payments(101, "9%"))).await), "rate SAMPLE_RATE_BELOW_FLOOR");
        let february = FreezeListRequest { period: "2026-02".into(), ..payments(101, "5%") };
        told(client.freeze_list(by(AGENCY, february)).await).unwrap();
    }

    async fn every_item_is_reviewed_by_two_people_to_its_end(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let sample = drawn(&mut client, payments(40, "")).await;
        assert_eq!(sample.drawn.len(), 2);
        let list = ListItemsRequest { area: AREA.into(), selection_id: sample.selection_id.clone(), ..Default::default() };
        let items = told(client.list_items(by(AGENCY, list.clone())).await).unwrap().items;
        let [first, second] = &items[..] else { panic!("{items:?}") };
        assert_eq!((first.state(), first.due.as_str()), (ItemState::Waiting, "2026-03-30"), "20 working days");
        assert_eq!(why(client.advance_item(by(AGENCY, act(first, ItemAction::NameCase, ""))).await), "PLAN_STEP_REFUSED");
        assert_eq!(why(client.advance_item(by(AGENCY, act(first, ItemAction::Pass, ""))).await), "reviewer OPTER_INVALID");
        assert_eq!(why(client.advance_item(by("agency:430300", act(first, ItemAction::Pass, "a"))).await), "SAMPLE_ITEM_UNKNOWN");
        assert_eq!(why(client.advance_item(by("department:430200", act(first, ItemAction::Pass, "a"))).await), "AREA_NOT_OWNED");
        let pass = act(first, ItemAction::Pass, "a");
        let once = told(client.advance_item(by(AGENCY, pass.clone())).await).unwrap().item.unwrap();
        assert!(told(client.advance_item(by(AGENCY, pass)).await).unwrap().replayed);
        assert_eq!(once.state(), ItemState::Second);
        let same = told(client.advance_item(by(AGENCY, act(&once, ItemAction::Reject, "a"))).await).unwrap_err();
        assert_eq!((same.reason.as_str(), same.metadata["allowed_actions"].as_str()), ("PLAN_STEP_REFUSED", "TAKE_BACK"));
        let two = told(client.advance_item(by(AGENCY, act(&once, ItemAction::Reject, "b"))).await).unwrap().item.unwrap();
        assert_eq!(two.state(), ItemState::Disputed);
        assert_eq!(why(client.advance_item(by(AGENCY, act(&once, ItemAction::Reject, "c"))).await), "PLAN_VERSION_STALE");
        let three = told(client.advance_item(by(AGENCY, act(&two, ItemAction::Reject, "c"))).await).unwrap().item.unwrap();
        assert_eq!((three.state(), three.reviews.len()), (ItemState::Rejected, 3));
        let mut sampling = async |period: &str| {
            let ask = GetSamplingRequest { area: AREA.into(), period: period.into() };
            told(client.get_sampling(by(AGENCY, ask)).await).unwrap().figures
        };
        let figures = sampling("2026Q1").await;
        let of_manual = figures[0];
        assert_eq!(
            (of_manual.listed, of_manual.needed, of_manual.drawn, of_manual.rejected, of_manual.without_case, of_manual.done),
            (40, 2, 2, 1, 1, false)
        );
        assert_eq!((figures.len(), figures[2].needed, figures[2].done), (6, 30, false), "large: nothing listed yet");
        assert_eq!(sampling("2026-01").await.len(), 2);

        // What nobody does is overdue when its day is over; a rejection without its case too.
        service.on("2026-03-31");
        let overdue = ListItemsRequest { overdue_only: true, ..list.clone() };
        assert_eq!(told(client.list_items(by(AGENCY, overdue)).await).unwrap().items.len(), 2);
        let closed = told(client.advance_item(by(AGENCY, act(&three, ItemAction::NameCase, ""))).await).unwrap().item.unwrap();
        assert_eq!((closed.state(), closed.case_id.as_str(), closed.due.as_str()), (ItemState::Closed, "C1", ""));
        let mut back = closed;
        for state in [ItemState::Rejected, ItemState::Disputed, ItemState::Second, ItemState::Waiting] {
            back = told(client.advance_item(by(AGENCY, act(&back, ItemAction::TakeBack, ""))).await).unwrap().item.unwrap();
            assert_eq!(back.state(), state);
        }
        assert_eq!(why(client.advance_item(by(AGENCY, act(&back, ItemAction::TakeBack, ""))).await), "PLAN_STEP_REFUSED");
        told(client.advance_item(by(AGENCY, act(&back, ItemAction::Pass, "a"))).await).unwrap();

        // A selection that was wrong: what nobody has reviewed is reviewed no more.
        let give_up = AbandonSelectionRequest {
            request_id: new_id(),
            selection_id: sample.selection_id.clone(),
            reason: "名单有误".into(),
            opter: "officer1".into(),
        };
        told(client.abandon_selection(by(AGENCY, give_up)).await).unwrap();
        assert_eq!(why(client.advance_item(by(AGENCY, act(&SampleItem { version: 2, ..second.clone() }, ItemAction::Pass, "a"))).await), "PLAN_STEP_REFUSED");
        let states: Vec<ItemState> =
            told(client.list_items(by(AGENCY, list)).await).unwrap().items.iter().map(SampleItem::state).collect();
        assert_eq!(states, [ItemState::Dropped, ItemState::Second]);
        assert_eq!(why(client.get_selection(by("person:P1", GetSelectionRequest { selection_id: sample.selection_id })).await), "SELECTION_UNKNOWN");
    }
}
