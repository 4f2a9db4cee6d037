//! Selections: frozen before the draw, drawn once, and drawn again by anybody, also by hand.

use std::io::Write;
use std::process::{Command, Stdio};

use sea_orm::{ConnectionTrait, Database, Statement};
use yizhan_proto::audit::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

fn hospitals(count: u32) -> impl Iterator<Item = String> {
    (1..=count).map(|number| format!("H4302000{number:04}"))
}

/// What docs/AUDIT.md tells a citizen to do, done with a shell.
fn by_hand(selection: &Selection) -> Vec<String> {
    let page = include_str!("../../../../docs/AUDIT.md");
    let recipe = page.split("### Repeat a selection").nth(1).unwrap().split("```sh\n").nth(1).unwrap();
    let recipe = recipe.split("```").next().unwrap();
    let folder = std::env::temp_dir().join(new_id());
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("list.txt"), &selection.list).unwrap();
    let mut shell = Command::new("bash")
        .args(["-eu", "-s"])
        .current_dir(&folder)
        .envs([("nonce", &selection.nonce), ("public_value", &selection.public_value)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(recipe.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let lines: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(output.status.success() && lines.len() > 3, "{lines:?}");
    assert_eq!(
        lines[..3],
        [&selection.list_digest, &selection.nonce_digest, &selection.seed].map(String::clone)
    );
    lines[3..].to_vec()
}

both_databases! {
    async fn anybody_repeats_a_selection(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let mut request = list(SelectionPurpose::Institutions, hospitals(9), 2);
        for (at, entry) in request.entries.iter_mut().enumerate() {
            entry.stratum = ["third", "first"][at % 2].into();
        }
        request.sizes = vec![
            StratumSize { stratum: "first".into(), count: 1 },
            StratumSize { stratum: "third".into(), count: 2 },
        ];
        let frozen = told(client.freeze_list(by(AGENCY, request.clone())).await).unwrap().selection.unwrap();
        assert!(frozen.nonce.is_empty() && frozen.seed.is_empty() && frozen.nonce_digest.len() == 64);
        assert!(told(client.freeze_list(by(AGENCY, request)).await).unwrap().replayed);
        let again = |id: &str| RepeatSelectionRequest { selection_id: id.into() };
        assert_eq!(why(client.repeat_selection(by(AGENCY, again(&frozen.selection_id))).await), "SELECTION_NOT_PUBLIC");
        let draw = DrawSelectionRequest {
            request_id: new_id(),
            selection_id: frozen.selection_id.clone(),
            public_value: "03 08 11 19".into(),
            opter: "officer1".into(),
        };
        let drawn = told(client.draw_selection(by(AGENCY, draw.clone())).await).unwrap().selection.unwrap();
        assert_eq!((drawn.drawn.len(), &drawn.list_digest, &drawn.nonce_digest),
            (3, &frozen.list_digest, &frozen.nonce_digest));
        assert_eq!(by_hand(&drawn), drawn.drawn);
        assert!(told(client.draw_selection(by(AGENCY, draw.clone())).await).unwrap().replayed);
        let other = DrawSelectionRequest { request_id: new_id(), public_value: "04".into(), ..draw };
        let refused = told(client.draw_selection(by(AGENCY, other)).await).unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.metadata["allowed_actions"].as_str()), ("PLAN_STEP_REFUSED", "ABANDON"));

        // Others see what was committed to at once, and what it gave from its day on.
        let get = || GetSelectionRequest { selection_id: drawn.selection_id.clone() };
        let early = told(client.get_selection(by("person:P1", get())).await).unwrap().selection.unwrap();
        assert_eq!((early.list_digest, early.nonce, early.drawn, early.list),
            (drawn.list_digest.clone(), String::new(), Vec::<String>::new(), String::new()));
        assert_eq!(why(client.repeat_selection(by("person:P1", again(&drawn.selection_id))).await), "SELECTION_NOT_PUBLIC");
        service.on("2026-03-20");
        let late = told(client.get_selection(by("person:P1", get())).await).unwrap().selection.unwrap();
        assert_eq!((&late.drawn, &late.list), (&drawn.drawn, &drawn.list));
        let repeated = told(client.repeat_selection(by("person:P1", again(&drawn.selection_id))).await).unwrap();
        assert!(repeated.same && repeated.drawn == drawn.drawn);

        // Somebody writes into the database.
        let rows = Database::connect(db.url()).await.unwrap();
        let forged = drawn.list.replace(&drawn.drawn[0], "H43020009999");
        let forged = serde_json::json!({ "selection_id": drawn.selection_id, "text": forged }).to_string().into_bytes();
        let statement = Statement::from_sql_and_values(
            rows.get_database_backend(),
            "UPDATE audit_record SET record = $1 WHERE kind = 3",
            [forged.into()],
        );
        rows.execute_raw(statement).await.unwrap();
        let repeated = told(client.repeat_selection(by(AGENCY, again(&drawn.selection_id))).await).unwrap();
        assert!(!repeated.same && repeated.differs.contains(&"list_digest".to_owned()), "{:?}", repeated.differs);
    }

    async fn a_wrong_list_is_refused_or_given_up(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let mut wrong = list(SelectionPurpose::Institutions, hospitals(3), 4);
        wrong.entries[1].id = wrong.entries[0].id.clone();
        wrong.entries[2].id = "a\tb".into();
        wrong.public_on = "2026-03-01".into();
        wrong.period = "2026Q1".into();
        // What no field may hold is refused before all else.
        assert_eq!(why(client.freeze_list(by(AGENCY, wrong.clone())).await), "entries[2].id TEXT_INVALID");
        wrong.entries[2].id = "a b".into();
        assert_eq!(
            why(client.freeze_list(by(AGENCY, wrong)).await),
            "period FIELD_NOT_EXPECTED, public_on DATE_INVALID, entries[1].id DUPLICATE, entries[2].id TEXT_INVALID, \
             sizes[0].count COUNT_INVALID"
        );
        let both = FreezeListRequest { rate: "5%".into(), ..list(SelectionPurpose::Institutions, hospitals(3), 1) };
        assert_eq!(why(client.freeze_list(by(AGENCY, both)).await), "rate FIELD_NOT_EXPECTED");
        let frozen = list(SelectionPurpose::Institutions, hospitals(3), 1);
        let frozen = told(client.freeze_list(by(AGENCY, frozen)).await).unwrap().selection.unwrap();
        let give_up = || AbandonSelectionRequest {
            request_id: new_id(),
            selection_id: frozen.selection_id.clone(),
            reason: "名单不全".into(),
            opter: "officer1".into(),
        };
        assert_eq!(why(client.abandon_selection(by("agency:430300", give_up())).await), "SELECTION_UNKNOWN");
        told(client.abandon_selection(by(AGENCY, give_up())).await).unwrap();
        assert_eq!(why(client.abandon_selection(by(AGENCY, give_up())).await), "PLAN_STEP_REFUSED");
        let draw = DrawSelectionRequest {
            request_id: new_id(),
            selection_id: frozen.selection_id.clone(),
            public_value: "1".into(),
            opter: "officer1".into(),
        };
        assert_eq!(why(client.draw_selection(by(AGENCY, draw)).await), "PLAN_STEP_REFUSED");
        let listed = ListSelectionsRequest { area: "430000".into(), ..Default::default() };
        let listed = told(client.list_selections(by("department:430000", listed)).await).unwrap().selections;
        assert_eq!((listed.len(), listed[0].abandoned_for.as_str()), (1, "名单不全"), "it stays listed");
    }
}
