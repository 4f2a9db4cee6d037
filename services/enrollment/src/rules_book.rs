//! The rules of entitlement as they are now, in memory: what is asked with every question is not read with every question.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr};

use crate::domain::rules::Rules;
use crate::store::rules;

/// How long other processes' publications may go unnoticed.
const REFRESH: Duration = Duration::from_secs(2);

/// The rules. Cheap to clone; clones see the same.
#[derive(Clone, Debug)]
pub struct RulesBook {
    db: DatabaseConnection,
    current: Arc<RwLock<Arc<Rules>>>,
}

impl RulesBook {
    /// Reads them.
    pub async fn open(db: DatabaseConnection) -> Result<RulesBook, DbErr> {
        let current = Arc::new(RwLock::new(Arc::new(rules::load(&db).await?)));
        Ok(RulesBook { db, current })
    }

    /// As they are now.
    pub fn current(&self) -> Arc<Rules> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads them again: after a publication.
    pub async fn refresh(&self) -> Result<(), DbErr> {
        let rules = Arc::new(rules::load(&self.db).await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// Notices what other processes publish. Never ends; while the database is away the known rules stay in use.
    pub async fn keep_fresh(self) {
        loop {
            tokio::time::sleep(REFRESH).await;
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the rules of entitlement could not be read again");
            }
        }
    }
}
