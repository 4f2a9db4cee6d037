//! Whether the services of a process can do their work: their health falls while their database does not answer and rises when it does
//! again. The process as a whole stays alive: starting it anew would help nobody.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use tokio::time::{sleep, timeout};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::db::DatabaseConnection;

/// Between two looks at the database.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long one look may take.
const LOOK_WITHIN: Duration = Duration::from_secs(2);
/// A database that has not answered a look for this long is away.
const SILENT_FOR: Duration = Duration::from_secs(4);

/// Keeps the health of these services, for ever.
pub(crate) async fn keep(db: DatabaseConnection, health: HealthReporter, services: Vec<&'static str>) {
    let (mut answered, mut ready) = (Instant::now(), true);
    loop {
        sleep(LOOK_EVERY).await;
        if answers(&db).await {
            answered = Instant::now();
        }
        if ready == (answered.elapsed() < SILENT_FOR) {
            continue;
        }
        ready = !ready;
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in &services {
            health.set_service_status(service, status).await;
        }
        match ready {
            true => tracing::info!("the database answers again; the services are ready"),
            false => tracing::warn!("the database does not answer; the services are not ready"),
        }
    }
}

/// Something that is in every database, also in a file.
async fn answers(db: &DatabaseConnection) -> bool {
    let look = db.execute_unprepared("SELECT 1 FROM seaql_migrations LIMIT 1");
    timeout(LOOK_WITHIN, look).await.is_ok_and(|answer| answer.is_ok())
}
