//! Exchanging the keys of personal data: what is sealed under an older key, or not sealed at all, is sealed anew in the
//! background, until nothing is left and the older key can be taken out of the settings.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;
use yizhan_runtime::db::{self, begin_write, retry_transient};
use yizhan_runtime::{ServiceError, task};

use crate::app::Register;
use crate::person::store::entities::person;
use crate::person::store::personal_data::PersonalData;
use crate::person::store::persons;

/// Rows of one transaction.
const BATCH: u64 = 500;
/// How often to look again: while a new version is rolled out, processes of the old one still write under the old key.
const INTERVAL: Duration = Duration::from_secs(600);

/// Refuses to start without a key that rows still need, or with another key of the same id.
pub async fn check_keys(register: &Register) -> anyhow::Result<()> {
    for sample in persons::one_of_each_data_key(&register.db.patient()).await? {
        let (key, vault) = (&sample.data_key, &register.vault);
        if !key.is_empty() && !vault.knows(key) {
            bail!(
                "persons are sealed under data key {key}, which enrollment.data_keys does not give: add it behind the \
                 current one, and take it out once the log says that nothing is sealed under it any more"
            );
        }
        PersonalData::open(&sample, vault).context("enrollment.data_keys does not open what is stored")?;
    }
    Ok(())
}

/// Seals anew whatever needs it, now and from time to time, until the server stops.
pub fn keep_rotating(register: &Register, stopping: &CancellationToken) {
    let register = register.clone();
    task::every("data keys", stopping, INTERVAL, move || {
        let register = register.clone();
        async move { rotate(&register).await }
    });
}

/// Seals anew until nothing is left.
async fn rotate(register: &Register) -> Result<(), ServiceError> {
    let mut total = 0;
    loop {
        let rows = retry_transient(|| rotate_batch(register)).await?;
        if rows == 0 {
            if total > 0 {
                let key = register.vault.current_key_id();
                tracing::info!(rows = total, key, "all persons are sealed under the current data key");
            }
            return Ok(());
        }
        total += rows;
        tracing::info!(rows = total, "persons sealed anew so far");
    }
}

/// One process at a time: two would do the same rows.
async fn rotate_batch(register: &Register) -> Result<u64, ServiceError> {
    let vault = &register.vault;
    if !persons::any_sealed_otherwise(&register.db.patient(), vault.current_key_id()).await? {
        return Ok(0);
    }
    let tx = begin_write(&register.db).await?;
    db::lock(&tx, "enrollment data key rotation").await?;
    let mut found = persons::lock_sealed_otherwise(&tx, vault.current_key_id(), BATCH).await?;
    for row in &mut found {
        let opened = PersonalData::open(row, vault);
        let opened = opened.map_err(|error| ServiceError::internal(error).with("psn_no", &row.psn_no))?;
        opened.seal_into(row, vault);
    }
    let count = found.len() as u64;
    db::upsert::<person::Entity>(&tx, found).await?;
    tx.commit().await?;
    Ok(count)
}
