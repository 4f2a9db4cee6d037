//! The seal: all rows are there, so the register may be touched.

use chrono::TimeDelta;
use yizhan_proto::enrollment::v1::RosterSeal;
use yizhan_runtime::db::{begin_write, lock, retry_transient};
use yizhan_runtime::{Reason, ServiceError};

use super::stage::take_step;
use crate::app::Register;
use crate::person::domain::certificate::CertificateKey;
use crate::rosters::domain::steps::Action;
use crate::rosters::store::entities::roster;
use crate::rosters::store::{roster_rows, rosters};

/// Seals a roster, or says that it was sealed with the same rows.
pub async fn seal(
    register: &Register,
    opened: &roster::Model,
    seal: &RosterSeal,
) -> Result<roster::Model, ServiceError> {
    if opened.sealed_at.is_some() {
        return sealed_before(register, opened, seal);
    }
    retry_transient(|| async {
        let tx = begin_write(&register.db).await?;
        lock(&tx, &format!("seal rosters {} {}", opened.poolarea_no, opened.department)).await?;
        let mut held = take_step(&tx, register, opened, Action::Seal).await?;
        let complete = held.staged_rows == held.total_rows && seal.row_count == held.total_rows;
        if !complete || seal.digest != held.digest {
            return Err(mismatch(&held, seal));
        }
        if rosters::is_outdated(&tx, &held).await? {
            return Err(super::open::roster_outdated(&held));
        }
        // They are applied in the order they were sealed in, whatever the clocks of two processes say.
        if let Some(last) = rosters::last_sealed(&tx, &held).await? {
            held.sealed_at = held.sealed_at.max(Some(last + TimeDelta::microseconds(1)));
        }
        held.digest = keyed(&register.certificate_key, &held.digest);
        rosters::update(&tx, &held).await?;
        roster_rows::analyze(&tx).await?;
        tx.commit().await?;
        Ok(held)
    })
    .await
}

fn sealed_before(
    register: &Register,
    held: &roster::Model,
    seal: &RosterSeal,
) -> Result<roster::Model, ServiceError> {
    if seal.row_count == held.total_rows && keyed(&register.certificate_key, &seal.digest) == held.digest {
        return Ok(held.clone());
    }
    Err(ServiceError::new(Reason::RosterContentsChanged, "this roster_id was sealed with other rows")
        .with("roster_id", &held.roster_id))
}

fn mismatch(held: &roster::Model, seal: &RosterSeal) -> ServiceError {
    ServiceError::new(Reason::RosterSealMismatch, "the rows kept are not those sealed: wrong count or digest")
        .with("row_count", seal.row_count)
        .with("staged_rows", held.staged_rows)
        .with("total_rows", held.total_rows)
        .with("digest_matches", seal.digest == held.digest)
}

/// Of a roster of one row the plain digest would give away a certificate number to whoever tries them all.
fn keyed(key: &CertificateKey, digest: &str) -> String {
    key.digest("roster", digest)
}
