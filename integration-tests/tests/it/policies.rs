//! Benefit policies: checked, published, listed; a published version never changes.

use std::time::Duration;

use futures::future::join_all;
use tonic::Code;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::rules::v1::{RulesDocument, RulesProblem};
use yizhan_proto::settlement::v1::{
    GetPolicyRequest, ListPoliciesRequest, SettleRequest, Settlement, TryPolicyRequest,
};
use yizhan_runtime::clock::moment;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::replay::next_composite_version;
use crate::support::{seven_payer_stay, stay, violations};

/// An embedded document by what stands in it.
fn embedded(containing: &str) -> &'static str {
    yizhan_policy::embedded().iter().find(|(_, text)| text.contains(containing)).expect("a document").1
}

/// The line, from 1, on which a text first stands.
fn line_of(document: &str, text: &str) -> i32 {
    document.lines().position(|line| line.contains(text)).expect("it stands there") as i32 + 1
}

fn version_used(settlement: &Settlement) -> String {
    settlement.trace.as_ref().unwrap().policy.as_ref().unwrap().version.clone()
}

async fn list(client: &Client, page_size: i32) -> Vec<RulesDocument> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListPoliciesRequest { area: String::new(), page_size, page_token };
        let page = client.policies().list_policies(request).await.expect("a page").into_inner();
        assert!(page.policies.len() <= page_size as usize);
        all.extend(page.policies);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

async fn get(client: &Client, policy_id: &str, version: &str) -> Result<String, RemoteError> {
    let request = GetPolicyRequest { rules_id: policy_id.to_owned(), version: version.to_owned() };
    let answer = client.policies().get_policy(request).await.map_err(RemoteError::from)?;
    Ok(answer.into_inner().policy.expect("a policy").document)
}

both_databases! {
    async fn every_problem_has_its_line_and_column(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let good = embedded("policy: composite-seven-payers");
        assert_eq!(platform.check_policy(good).await.problems, []);
        let bad = good
            .replacen("    payer: union_mutual_aid", "    payee: union_mutual_aid", 1)
            .replacen("ratio: 93% }", "ratio: 193% }", 1);
        let before = platform.row_counts().await;
        let checked = platform.check_policy(&bad).await;
        assert_eq!(checked.policy, None);
        let found: Vec<_> = checked.problems.iter().map(|p| (p.kind.as_str(), p.line, p.column)).collect();
        assert!(found.contains(&("UNKNOWN_KEY", line_of(&bad, "payee:"), 5)), "{found:?}");
        let ratio = ("RATIO_OUT_OF_RANGE", line_of(&bad, "193%"));
        assert!(found.iter().any(|(kind, line, _)| (*kind, *line) == ratio), "{found:?}");
        let error = refused(platform.publish_policy(&bad).await);
        assert_eq!(error.code, Code::InvalidArgument);
        assert!(violations(&error).contains(&("document", "UNKNOWN_KEY")), "{error:?}");
        for text in ["", "- 1", "policy: [", &"x: ".repeat(200_000)] {
            assert!(!platform.check_policy(text).await.problems.is_empty());
        }
        // A fund of the other scheme is refused, though it can be read.
        let other = good.replacen("\"310100\"", "\"390100\"", 1);
        let kinds = platform.check_policy(&other).await.problems;
        assert_eq!(kinds.iter().map(|problem| problem.kind.as_str()).collect::<Vec<_>>(), ["FUND_OF_OTHER_SCHEME"]);
        let error = refused(platform.publish_policy(&other).await);
        assert!(violations(&error).contains(&("document", "FUND_OF_OTHER_SCHEME")), "{error:?}");
        assert_eq!(platform.row_counts().await, before);
    }

    async fn warnings_are_answered_and_refused_when_that_is_asked(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let next = next_composite_version();
        let unsaid = next.replacen("    cap:\n      per: year\n", "    cap:\n", 1);
        let line = line_of(&unsaid, "    cap:") + 1;
        let expected = [("LIMIT_PER_MISSING", line, 7)];
        let of = |warnings: &[RulesProblem]| warnings.iter().map(|one| (one.kind.clone(), one.line, one.column)).collect::<Vec<_>>();
        let expected = expected.map(|(kind, line, column)| (kind.to_owned(), line, column));
        let checked = platform.check_policy(&unsaid).await;
        assert_eq!((checked.problems, of(&checked.warnings)), (Vec::new(), expected.to_vec()));
        let before = platform.row_counts().await;
        let error = refused(platform.publish_policy_strictly(&unsaid).await);
        assert_eq!(violations(&error), [("document", "LIMIT_PER_MISSING")]);
        assert_eq!(platform.row_counts().await, before);
        let published = platform.publish_policy(&unsaid).await.unwrap();
        assert_eq!(of(&published.warnings), expected);
        // Published already: answered as it is, with what it warns of.
        let again = platform.publish_policy(&unsaid).await.unwrap();
        assert!(again.replayed && of(&again.warnings) == expected);
    }

    async fn embedded_ones_are_published_listed_and_read(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let all = list(&platform, 3).await;
        assert_eq!(all.len(), yizhan_policy::embedded().len());
        let times: Vec<_> = all.iter().map(|policy| policy.recorded_at.and_then(moment)).collect();
        assert!(times.is_sorted() && times[0].is_some(), "in the order they were published");
        assert_eq!(list(&platform, 500).await, all);
        let composite = all.iter().find(|policy| policy.rules_id == "composite-seven-payers").unwrap();
        assert_eq!((composite.areas.as_slice(), composite.insutype.as_str()), (&[COMPOSITE_AREA.to_owned()][..], "310"));
        assert!(!composite.composite.is_empty() && composite.digest.len() == 64);
        let document = get(&platform, "composite-seven-payers", "2022.4").await.unwrap();
        assert_eq!(document, embedded("policy: composite-seven-payers"));
        assert_eq!(get(&platform, "composite-seven-payers", "9").await.unwrap_err().reason, "RULES_UNKNOWN");
    }

    async fn a_published_version_never_changes(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let next = next_composite_version();
        assert!(!platform.publish_policy(&next).await.unwrap().replayed);
        let before = platform.row_counts().await;
        assert!(platform.publish_policy(&next).await.unwrap().replayed, "the same content");
        let error = refused(platform.publish_policy(&next.replace("ratio: 80% }", "ratio: 79% }")).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "RULES_VERSION_IMMUTABLE"));
        assert_eq!(error.metadata["rules_id"], "composite-seven-payers");
        assert_eq!(error.metadata["version"], "2022.5");
        assert_eq!(platform.row_counts().await, before);
        assert_eq!(get(&platform, "composite-seven-payers", "2022.5").await.unwrap(), next);
        // Publishing an old version again does not bring it back into use.
        assert!(platform.publish_policy(embedded("policy: composite-seven-payers")).await.unwrap().replayed);
        let settled = platform.settle("R1", seven_payer_stay("P1")).await.unwrap();
        assert_eq!(version_used(&settled), "2022.5");
    }

    /// A draft never touches the books: what was settled is settled again beside, through each person's year.
    async fn a_draft_is_tried_on_what_was_settled(db: TestDatabase) {
        let persons = ["P1", "P2", "P3"].map(Person::employee);
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        let settle = async |id: &str, person: &str, day: &str| {
            platform.settle(id, stay(person, day, day, "10000")).await.unwrap()
        };
        settle("R1", "P1", "2024-05-06").await;
        let second = info(&settle("R2", "P1", "2024-06-06").await).setl_id.clone();
        settle("R3", "P2", "2024-05-06").await;
        let reversed = settle("R4", "P3", "2024-05-06").await;
        platform.reverse("V4", &reversed).await.unwrap();
        let before = platform.row_counts().await;
        let request = TryPolicyRequest {
            document: next_composite_version(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            begndate: "2024-01-01".to_owned(),
            enddate: "2024-12-31".to_owned(),
            most: 1,
            page_size: 1,
            ..TryPolicyRequest::default()
        };
        let agency = platform.as_caller(&format!("agency:{COMPOSITE_AREA}"));
        let run = async |request: TryPolicyRequest| agency.policies().try_policy(request).await;
        let page = run(request.clone()).await.unwrap().into_inner();
        let all = page.all.clone().unwrap();
        assert_eq!((page.visits, page.persons, page.persons_lose, all.lose), (2, 1, 1, 2), "{page:?}");
        assert_eq!(page.lose_most[0].setl_id, second, "half the deductible of the first, so more of it is paid");
        let basic = page.payers.iter().find(|sums| sums.payer == "basic").unwrap();
        assert!(basic.draft_fen < basic.standing_fen, "93 % become 80 %");
        let rest = TryPolicyRequest { page_token: page.next_page_token.clone(), page_size: 9, ..request.clone() };
        let rest = run(rest).await.unwrap().into_inner();
        assert_eq!((rest.visits, rest.persons, rest.next_page_token.as_str()), (1, 1, ""), "what was reversed is none");
        assert_eq!(platform.row_counts().await, before, "nothing is written");

        let same = TryPolicyRequest { document: embedded("policy: composite-seven-payers").to_owned(), page_size: 9, ..request.clone() };
        let same = run(same).await.unwrap().into_inner().all.unwrap();
        assert_eq!((same.visits, same.gain, same.lose), (3, 0, 0), "what stands changes nothing");

        let refuse = async |request: TryPolicyRequest| refused(run(request).await.map(drop).map_err(|status| Box::new(RemoteError::from(status))));
        let long = refuse(TryPolicyRequest { begndate: "2023-12-31".to_owned(), ..request.clone() }).await;
        assert_eq!(violations(&long), [("enddate", "TOO_MANY_DAYS")]);
        let far = refuse(TryPolicyRequest { years_later: 21, most: 101, ..request.clone() }).await;
        assert_eq!(violations(&far), [("years_later", "COUNT_INVALID"), ("most", "COUNT_INVALID")]);
        let elsewhere = refuse(TryPolicyRequest { poolarea_no: "430200".to_owned(), ..request }).await;
        assert_eq!(violations(&elsewhere), [("poolarea_no", "POOLAREA_NOT_OF_DOCUMENT")]);
    }

    /// A newer version decides on the days it covers, the older one on the days before.
    async fn an_older_version_stays_for_older_days(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let next = next_composite_version().replace("from: 2022-10-01", "from: 2024-05-10");
        platform.publish_policy(&next).await.unwrap();
        let preview = async |begin: &str, end: &str| {
            let answer = platform.preview(stay("P1", begin, end, "10000")).await.unwrap();
            (answer.quote.unwrap().policy_version, info(&answer.settlement.unwrap()).hifp_pay_fen)
        };
        assert_eq!(preview("2024-05-01", "2024-05-09").await, ("2022.4".to_owned(), 756_500));
        assert_eq!(preview("2024-05-01", "2024-05-10").await, ("2022.5".to_owned(), 712_000));
        platform.settle("R1", stay("P1", "2024-05-01", "2024-05-09", "10000")).await.expect("as before");
    }

    async fn a_quote_says_that_the_policy_changed(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let visit = stay("P1", "2024-05-06", "2024-05-20", "10000");
        let quote_id = platform.preview(visit.clone()).await.unwrap().quote.unwrap().quote_id;
        platform.publish_policy(&next_composite_version()).await.unwrap();
        let request = SettleRequest { quote_id, ..settle_request("R1", visit) };
        let error = refused(platform.answer_to(request).await);
        assert_eq!((error.reason.as_str(), error.metadata["changed"].as_str()), ("QUOTE_CHANGED", "policy"));
    }

    /// The same document by many at once is published once; two documents for one area and time are not both.
    async fn publishers_at_once(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).start().await;
        let mut clients = vec![platform.client()];
        if db.backend() == yizhan_testkit::Backend::Postgres {
            clients.push(platform.another_instance().await);
        }
        let next = next_composite_version();
        let tasks = (0..20).map(|number| {
            let (client, document) = (clients[number % clients.len()].clone(), next.clone());
            tokio::spawn(async move { client.publish_policy(&document).await })
        });
        let answers = join_all(tasks.collect::<Vec<_>>()).await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("no panic").expect("published")).collect();
        assert!(answers.iter().any(|answer| !answer.replayed));

        let rivals = (0..10).map(|number| {
            let client = clients[number % clients.len()].clone();
            let document = next.replace("composite-seven-payers", &format!("rival-{number}")).replace("999900", "999800");
            tokio::spawn(async move { client.publish_policy(&document).await })
        });
        let answers = join_all(rivals.collect::<Vec<_>>()).await;
        let mut published = 0;
        for answer in answers {
            match answer.expect("no panic") {
                Ok(_) => published += 1,
                Err(error) => assert!(error.says("POLICIES_OVERLAP"), "{error:?}"),
            }
        }
        assert_eq!(published, 1);
        platform.restart_settlement().await;
        assert_eq!(list(&platform, 500).await.len(), yizhan_policy::embedded().len() + 2);
    }

    /// Another server uses a new version soon.
    async fn another_server_learns_of_it(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let other = platform.another_instance().await;
        platform.publish_policy(&next_composite_version()).await.unwrap();
        let learned = async {
            loop {
                let preview = other.preview(seven_payer_stay("P1")).await.unwrap();
                if preview.quote.unwrap().policy_version == "2022.5" {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), learned).await.expect("within seconds");
    }

    async fn an_agency_publishes_for_its_own_area(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let error = refused(platform.as_caller("agency:430200").publish_policy(&next_composite_version()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"));
        for stranger in ["department:999900", "person:P1", &format!("institution:{THIRD_LEVEL}")] {
            let error = refused(platform.as_caller(stranger).publish_policy(&next_composite_version()).await);
            assert_eq!(error.code, Code::PermissionDenied, "{stranger}");
        }
        platform.as_caller("agency:999900").publish_policy(&next_composite_version()).await.expect("its own");
    }

    /// A folder of documents takes the place of the embedded ones; one that contradicts what is published stops the start.
    async fn a_folder_in_place_of_the_embedded_ones(db: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("composite.yaml");
        std::fs::write(&file, next_composite_version()).unwrap();
        std::fs::write(folder.path().join("README"), "no policy").unwrap();
        let platform = TestPlatform::on(&db)
            .with_policies_of(folder.path())
            .with_persons([Person::employee("P1"), Person::employee("Q1").of_area(QUZHOU)])
            .start()
            .await;
        let all = list(&platform, 500).await;
        assert_eq!(all.iter().map(|policy| policy.version.as_str()).collect::<Vec<_>>(), ["2022.5"]);
        let settled = platform.settle("R1", seven_payer_stay("P1")).await.unwrap();
        assert_eq!(version_used(&settled), "2022.5");
        assert_eq!(info(&settled).psn_no, "P1");
        let elsewhere = stay("Q1", "2019-05-20", "2019-06-01", "100000").at(QUZHOU_HOSPITAL);
        assert_eq!(refused(platform.settle("R2", elsewhere).await).reason, "POLICY_NOT_IN_FORCE");

        let start = async || platform.try_settlement(Some(folder.path().to_owned())).await.map(|_| ());
        start().await.expect("the same folder again");
        std::fs::write(&file, next_composite_version().replace("ratio: 80% }", "ratio: 79% }")).unwrap();
        let error = start().await.unwrap_err().to_string();
        assert!(error.contains("composite.yaml") && error.contains("RULES_VERSION_IMMUTABLE"), "{error}");
        std::fs::write(&file, "policy: 1").unwrap();
        let error = start().await.unwrap_err().to_string();
        assert!(error.contains("composite.yaml:1"), "{error}");
    }
}
