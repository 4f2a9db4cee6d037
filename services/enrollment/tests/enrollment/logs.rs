//! Nothing personal is logged, whatever happens: also not where a request fails, nor where the database does.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use sea_orm::{ConnectionTrait, Database};
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::roster_support::{CIVIL_AFFAIRS, Department, add, header};
use crate::support::*;

const NAME: &str = "欧阳青禾";
const TEL: &str = "13787654321";

/// What this process logged so far, of level debug and above: more than anybody runs with.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logged {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Other tests of this process are heard, too.
fn listen() -> Logged {
    static LOGGED: OnceLock<Logged> = OnceLock::new();
    let begin = || {
        let logged = Logged::default();
        let writer = logged.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        logged
    };
    LOGGED.get_or_init(begin).clone()
}

both_databases! {
    async fn nothing_personal_is_logged(db: TestDatabase) {
        let logged = listen();
        let mut service = start(&db).await;
        let row = |psn_no: &str| PersonRow { psn_name: NAME.into(), tel: TEL.into(), ..person(psn_no) };
        service.import_persons(persons([row("L1"), row("L2")])).await.unwrap();
        service.import_persons(persons([PersonRow { certno: certno("L1"), ..row("L3") }])).await.unwrap_err();
        service.import_persons(persons([PersonRow { gend: "1".into(), tel: format!("{TEL}x"), ..row("L3") }])).await.unwrap_err();
        let child = PersonRow { psn_cert_type: "99".into(), certno: "O437654321".into(), brdy: "2024-06-01".into(), ..row("L4") };
        let payment = Contribution {
            accrym: "2024".into(), amount_fen: 1, clct_type: "10".into(), clct_flag: "1".into(), paid_date: "2024-06-02".into(),
            ..Default::default()
        };
        let newborn = || RegisterNewbornRequest {
            request_id: new_id(), person: Some(child.clone()), guardian_psn_no: "L1".into(), payments: vec![payment.clone()],
        };
        let _ = service.coverage().await.register_newborn(newborn()).await;
        let _ = service.coverage().await.register_newborn(newborn()).await;
        let department = Department::at(service.server.url(), CIVIL_AFFAIRS).await;
        let rows = [RosterRow { psn_cert_type: "01".into(), certno: certno("L1"), ..add("", "低保", "", "") }];
        department.load(&header("logs", RosterMode::Changes, 1), &rows).await.unwrap();
        let connection = Database::connect(db.url()).await.unwrap();
        let mut failed = 0;
        for table in ["certificate", "person", "access_log", "entitlement_timeline"] {
            connection.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO {table}_away")).await.unwrap();
            let mut client = service.client.clone();
            let in_clear = GetPersonRequest { psn_no: "L1".into(), unmask: true, purpose: "核对".into() };
            let by_certificate = FindPersonRequest { psn_cert_type: "01".into(), certno: certno("L1") };
            let by_document = GetEligibilityRequest { psn_cert_type: "01".into(), certno: certno("L2"), ..Default::default() };
            failed += [
                client.get_person(in_clear).await.is_err(),
                client.find_person(by_certificate).await.is_err(),
                client.get_eligibility(by_document).await.is_err(),
                client.find_persons_by_tel(FindPersonsByTelRequest { tel: TEL.into() }).await.is_err(),
                client.import_persons(persons([row("L5")])).await.is_err(),
                service.coverage().await.register_newborn(newborn()).await.is_err(),
            ]
            .into_iter()
            .filter(|failed| *failed)
            .count();
            connection.execute_unprepared(&format!("ALTER TABLE {table}_away RENAME TO {table}")).await.unwrap();
        }
        assert!(failed >= 12, "{failed} calls failed for the database's sake");
        let text = logged.text();
        assert!(text.contains("internal error") && text.contains("_id"), "the search finds what is there");
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| [NAME, TEL, &certno("L1"), &certno("L2"), "O437654321"].iter().any(|plain| line.contains(plain)))
            .collect();
        assert!(lines.is_empty(), "{lines:?}");
    }
}
