//! A database of settlement as it was before looks were logged: `golden/settlement.sql` holds what the code of commit ce1b682 wrote into
//! SQLite (all but the documents of policies: of those that ship now other versions are published, the one that settled stands beside it),
//! `golden/statement.*` what it printed. PostgreSQL had the same tables, with its own types.

use prost::Message;
use sea_orm::ConnectionTrait;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_testkit::{Backend, both_databases};

use crate::support::{everybodys_insured, seven_payer_stay};

/// The rows of then, as SQL of a database.
fn rows_of_then(backend: Backend) -> String {
    let sqlite = include_str!("../../golden/settlement.sql");
    if backend == Backend::Sqlite {
        return sqlite.to_owned();
    }
    let line = |line: &str| {
        if line.starts_with("INSERT INTO \"institutions\"") {
            return line.replace(",0);", ",false);").replace(",1);", ",true);");
        }
        if line.starts_with("INSERT") {
            let numbered =
                line.replace("\"change_log\" VALUES", "\"change_log\" OVERRIDING SYSTEM VALUE VALUES");
            return numbered.replace(",X'", ",'\\x");
        }
        let key = "bigint NOT NULL GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (txid, seq)";
        let types = [
            ("integer PRIMARY KEY AUTOINCREMENT", key),
            (" integer", " bigint"),
            ("varbinary_blob", "bytea"),
            (" blob", " bytea"),
            ("timestamp_with_timezone_text", "timestamptz"),
        ];
        types.iter().fold(line.to_owned(), |line, (sqlite, postgres)| line.replace(sqlite, postgres))
    };
    sqlite.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The settlements as they are stored, oldest first.
async fn stored(platform: &TestPlatform) -> Vec<Vec<u8>> {
    let rows = database::query(platform.rows(), "SELECT answer FROM settlements ORDER BY setl_id").await;
    rows.iter().map(|row| row.try_get("", "answer").expect("an answer")).collect()
}

/// The version of the policy that settled, as it was published then.
fn policy_of_then() -> String {
    let document = include_str!("../../golden/composite-seven-payers.yaml");
    let digest = yizhan_policy::load("composite-seven-payers.yaml", document).expect("a policy").digest;
    let document = document.replace('\'', "''");
    format!("INSERT INTO policies VALUES('composite-seven-payers', '2022.2', 1, '{digest}', '{document}')")
}

both_databases! {
    async fn what_was_stored_before_is_answered_printed_replayed_and_reversed(db: TestDatabase) {
        let before = database::open(db.url()).await;
        before.execute_unprepared(&rows_of_then(db.backend())).await.expect("the rows of then");
        before.execute_unprepared(&policy_of_then()).await.expect("the policy of then");
        before.close().await.expect("closed");
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;

        let bytes = stored(&platform).await;
        let [stay, visit, _] = bytes.as_slice() else { panic!("{} settlements", bytes.len()) };
        for bytes in &bytes {
            let settlement = Settlement::decode(bytes.as_slice()).unwrap();
            let setl_id = &info(&settlement).setl_id;
            let replayed = platform.replay(setl_id).await.unwrap();
            assert!(replayed.identical, "{setl_id}");
            let mut seen = platform.get(setl_id).await.unwrap();
            // Whether it was reversed since is told beside what was answered then.
            let header = seen.setlinfo.as_mut().unwrap();
            header.refd_setl_flag = info(&settlement).refd_setl_flag.clone();
            header.reversed_by_setl_id.clear();
            assert_eq!(&seen.encode_to_vec(), bytes, "{setl_id}");
        }
        assert_ne!(stay, visit);
        let stay = Settlement::decode(stay.as_slice()).unwrap();
        let statement = platform.statement(&info(&stay).setl_id).await.unwrap();
        assert_eq!(statement.text, include_str!("../../golden/statement.txt"));
        assert_eq!(statement.html, include_str!("../../golden/statement.html"));
        let again = seven_payer_stay("P1").with_account().numbered("M1");
        let retried = platform.answer_to(settle_request("R1", again.clone())).await.unwrap();
        assert_eq!((retried.replayed, retried.settlement.as_ref()), (true, Some(&stay)));

        // What settlements are reconciled by was in their answers only; who was registered is under contract.
        let told = "SELECT setl_id, insutype, clr_type, setl_type, acct_pay_fen FROM settlements ORDER BY setl_id";
        let rows = database::query(platform.rows(), told).await;
        for (row, bytes) in rows.iter().zip(&bytes) {
            let settlement = Settlement::decode(bytes.as_slice()).unwrap();
            let text = |column: &str| row.try_get::<String>("", column).unwrap();
            let info = info(&settlement);
            assert_eq!((text("insutype"), text("clr_type")), (info.insutype.clone(), info.clr_type.clone()));
            assert_eq!(text("setl_type"), "");
            assert_eq!(row.try_get::<i64>("", "acct_pay_fen").unwrap(), info.acct_pay_fen);
        }
        let contracts = "SELECT COUNT(*) AS value FROM institutions WHERE contract = '[]'";
        assert_eq!(database::number(platform.rows(), contracts).await, 5);

        // What stood before there were claims is claimed: a new request does not pay it twice.
        let error = refused(platform.settle("R9", again).await);
        assert_eq!((error.reason.as_str(), &error.metadata["setl_id"]), ("VISIT_SETTLED", &info(&stay).setl_id));

        let reversal = platform.reverse("V1", &stay).await.unwrap();
        assert!(platform.replay(&info(&reversal).setl_id).await.unwrap().identical);
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, [], "as if nothing had been settled");
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, 30_000);
        assert_eq!(platform.check_books(COMPOSITE_AREA).await.discrepancies, Vec::<String>::new());
        assert_eq!(stored(&platform).await[..3], bytes, "what is stored stays as it is");
    }
}
