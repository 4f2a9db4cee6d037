//! Administrative changes: done once however often they are asked.

use futures::future::BoxFuture;
use prost::Message;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{begin_write, insert_new, retry_transient};

use super::retries::reused;
use super::store::entities::request;
use super::store::load::handled_request;

/// What an administrative change writes; done again when another transaction was in the way.
pub trait Write:
    for<'t> Fn(&'t DatabaseTransaction) -> BoxFuture<'t, Result<(), ServiceError>> + Sync
{
}

impl<F> Write for F where
    F: for<'t> Fn(&'t DatabaseTransaction) -> BoxFuture<'t, Result<(), ServiceError>> + Sync
{
}

/// Does an administrative change and stores its answer under the request id, in one transaction;
/// a request that was handled before is answered as then. The flag says which.
pub async fn once<A: Message + Default + Clone>(
    db: &DatabaseConnection,
    key: &(String, String),
    digest: &str,
    answer: A,
    write: impl Write,
) -> Result<(A, bool), ServiceError> {
    retry_transient(|| once_attempt(db, key, digest, &answer, &write)).await
}

async fn once_attempt<A: Message + Default + Clone>(
    db: &DatabaseConnection,
    key: &(String, String),
    digest: &str,
    answer: &A,
    write: &impl Write,
) -> Result<(A, bool), ServiceError> {
    let tx = begin_write(db).await?;
    let request = request::Model {
        owner: key.0.clone(),
        request_id: key.1.clone(),
        digest: digest.to_owned(),
        poolarea_no: String::new(),
        psn_no: String::new(),
        setl_id: String::new(),
        answer: answer.encode_to_vec(),
    };
    if insert_new::<request::Entity>(&tx, vec![request]).await? == 0 {
        tx.rollback().await?;
        let handled = handled_request(db, &key.0, &key.1).await?;
        return Ok((answer_again(handled, digest, &key.1)?, true));
    }
    write(&tx).await?;
    tx.commit().await?;
    Ok((answer.clone(), false))
}

fn answer_again<A: Message + Default>(
    handled: Option<request::Model>,
    digest: &str,
    request_id: &str,
) -> Result<A, ServiceError> {
    match handled {
        Some(handled) if handled.digest == digest => {
            A::decode(handled.answer.as_slice()).map_err(ServiceError::internal)
        }
        _ => Err(reused(request_id)),
    }
}
