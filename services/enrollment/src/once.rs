//! Mutations that happen once per request id, whatever is retried.

use prost::Message;
use sea_orm::DatabaseTransaction;
use sha2::{Digest, Sha256};
use tonic::async_trait;
use yizhan_proto::enrollment::v1::ImportOutcome;
use yizhan_runtime::db::{begin_write, retry_transient};
use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::changes::Cause;
use crate::register::Register;
use crate::store::requests::{self, Handled, RequestKey};
use crate::store::timelines::StoredTimeline;

/// An answer that says whether it is given again.
pub trait Replayable: Message + Default {
    /// Notes that the request had been handled before.
    fn set_replayed(&mut self);
}

/// For a message with a field `replayed`.
macro_rules! replayable {
    ($answer:ty) => {
        impl $crate::once::Replayable for $answer {
            fn set_replayed(&mut self) {
                self.replayed = true;
            }
        }
    };
}
pub(crate) use replayable;

replayable!(ImportOutcome);

/// What a mutation did.
#[derive(Debug)]
pub struct Done<A> {
    /// What the caller is told.
    pub answer: A,
    /// The persons that changed, as they now are.
    pub changed: Vec<StoredTimeline>,
}

/// A mutation that was checked as far as it can be without the register.
#[async_trait]
pub trait Mutation: Sync {
    /// What the caller is told.
    type Answer: Replayable;

    /// Checks it against the register and writes it, within a transaction that is rolled back if this fails.
    async fn write(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
        cause: &Cause,
    ) -> Result<Done<Self::Answer>, ServiceError>;
}

/// Identifies a request: the caller's own id, and a digest of what it asks for.
pub fn request_key<M: Message>(
    caller: &Caller,
    request_id: &str,
    method: &'static str,
    body: &M,
) -> RequestKey {
    let digest =
        Sha256::new().chain_update(method).chain_update([0]).chain_update(body.encode_to_vec()).finalize();
    RequestKey {
        cause: Cause { method, caller: caller.to_string(), request_id: request_id.to_owned() },
        digest: hex::encode(digest),
    }
}

/// Checks the id every mutation must have.
pub fn check_request_id(request_id: &str, violations: &mut Violations) {
    let fits = (1..=64).contains(&request_id.len()) && request_id.bytes().all(|b| b.is_ascii_graphic());
    violations.require(fits, "request_id", "REQUEST_ID_INVALID", "request_id 应为 1 至 64 位可见 ASCII 字符");
}

/// Runs a mutation once: if its id was used before, gives the answer of then or refuses another body; else writes it in a
/// transaction and notes its answer. Two at once with the same id: the unique key lets one through, and the other, run
/// again, finds it done.
pub async fn once<M: Mutation>(
    register: &Register,
    key: &RequestKey,
    mutation: &M,
) -> Result<M::Answer, ServiceError> {
    // Under a secret: bodies hold certificate numbers, which a plain digest would give away to whoever tries them all.
    let plain_digest = &key.digest;
    let digest = register.certificate_key.digest("request", plain_digest);
    let key = &RequestKey { digest, ..key.clone() };
    let (answer, changed) = retry_transient(|| async {
        let tx = begin_write(&register.db).await?;
        if let Some(handled) = requests::find(&tx, key).await? {
            // The version before noted the plain digest.
            let same = [&key.digest, plain_digest].contains(&&handled.digest);
            return replay(handled, key, same).map(|answer| (answer, None));
        }
        let done = mutation.write(&tx, register, &key.cause).await?;
        requests::insert(&tx, key, &done.answer, register.clock.now()).await?;
        tx.commit().await?;
        Ok::<_, ServiceError>((done.answer, Some(done.changed)))
    })
    .await?;
    if let Some(changed) = changed {
        register.committed(changed).await;
    }
    Ok(answer)
}

fn replay<A: Replayable>(handled: Handled, key: &RequestKey, same: bool) -> Result<A, ServiceError> {
    if same {
        let mut answer = A::decode(handled.answer.as_slice()).map_err(ServiceError::internal)?;
        answer.set_replayed();
        return Ok(answer);
    }
    Err(ServiceError::already_exists(
        "REQUEST_ID_REUSED",
        "this request_id was used for another request",
        "该 request_id 已用于内容不同的请求，请更换后重试",
    )
    .with("request_id", &key.cause.request_id))
}
