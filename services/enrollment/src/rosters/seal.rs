//! The seal: all rows are there, so the register may be touched.

use yizhan_proto::enrollment::v1::RosterSeal;
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{begin_write, retry_transient};

use super::stage::lock_stream;
use crate::app::Register;
use crate::person::domain::certificate::CertificateKey;
use crate::rosters::messages;
use crate::rosters::store::entities::roster;
use crate::rosters::store::roster_rows;
use crate::rosters::store::rosters::{self, MODE_FULL, ROWS, STAGING};

/// Seals a roster, or says that it was sealed with the same rows.
pub async fn seal(
    register: &Register,
    opened: &roster::Model,
    seal: &RosterSeal,
) -> Result<roster::Model, ServiceError> {
    if opened.stage != STAGING {
        return sealed_before(register, opened, seal);
    }
    retry_transient(|| async {
        let tx = begin_write(&register.db).await?;
        let mut held = lock_stream(&tx, opened).await?;
        let complete = held.staged_rows == held.total_rows && seal.row_count == held.total_rows;
        if !complete || seal.digest != held.digest {
            return Err(mismatch(&held, seal));
        }
        if held.mode == MODE_FULL
            && rosters::is_outdated(&tx, &held.poolarea_no, &held.department, held.effective_date).await?
        {
            return Err(super::open::roster_outdated(&messages::header(&held)?));
        }
        held.stage = ROWS.to_owned();
        held.digest = keyed(&register.certificate_key, &held.digest);
        held.touched_at = register.clock.now();
        held.sealed_at = Some(held.touched_at);
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
    Err(ServiceError::already_exists(
        "ROSTER_CONTENTS_CHANGED",
        "this roster_id was sealed with other rows",
        "该名册编号已用于内容不同的名册，请更换编号",
    )
    .with("roster_id", &held.roster_id))
}

fn mismatch(held: &roster::Model, seal: &RosterSeal) -> ServiceError {
    ServiceError::failed_precondition(
        "ROSTER_SEAL_MISMATCH",
        "the rows kept are not those sealed: wrong count or digest",
        "收到的行数或摘要与封条不符",
    )
    .with("row_count", seal.row_count)
    .with("staged_rows", held.staged_rows)
    .with("total_rows", held.total_rows)
    .with("digest_matches", seal.digest == held.digest)
}

/// Of a roster of one row the plain digest would give away a certificate number to whoever tries them all.
fn keyed(key: &CertificateKey, digest: &str) -> String {
    key.digest("roster", digest)
}
