//! Mutations that happen once per request id, whatever is retried.
//!
//! A service adds [`CreateHandledRequests`] to its migrations. A use case then reads:
//!
//! ```ignore
//! pub async fn record_death(register: &Register, caller: &Caller, mut request: RecordDeathRequest) -> Result<…> {
//!     let (key, mut violations) = once::open(caller, &mut request);
//!     … // checks what it can without the database
//!     violations.none()?;
//!     let death = Death { … }; // implements Mutation<Register>
//!     let (answer, changed) = once::once(&register.db, &register.clock, &key, register, &death).await?;
//!     … // tells caches and followers what changed; nothing did if the answer is given again
//!     Ok(answer)
//! }
//! ```
//!
//! The answer is stored in the transaction of the mutation, under caller and request id. The same id with the same method and
//! body is answered as then, `replayed` set; with others it is refused with REQUEST_ID_REUSED. A refused request leaves nothing
//! behind, and its id may be used again.

mod table;

use prost::Message;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use sha2::{Digest, Sha256};
use tonic::async_trait;
pub use yizhan_proto::{MutationRequest, Replayable};

use crate::db::{begin_write, retry_transient};
use crate::{Caller, Clock, Reason, ServiceError, Violations};

pub use table::CreateHandledRequests;

/// By what call of whom something is changed: services keep it with what they write. Holds no personal data.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The call.
    pub method: &'static str,
    /// Who made it, as the caller header says it.
    pub caller: String,
    /// The caller's own id of it.
    pub request_id: String,
}

/// What a mutation did.
#[derive(Debug)]
pub struct Done<A, C> {
    /// What the caller is told.
    pub answer: A,
    /// What the service must know after the commit: what to put into a cache, whom to wake.
    pub changed: C,
}

/// A mutation of a service `S`, checked as far as it can be without the database.
#[async_trait]
pub trait Mutation<S: Sync>: Sync {
    /// What the caller is told.
    type Answer: Replayable;
    /// What the service must know after the commit.
    type Changed: Send;

    /// Checks it against the database and writes it, within a transaction that is rolled back if this fails. Runs again if
    /// another transaction was in the way.
    async fn write(
        &self,
        tx: &DatabaseTransaction,
        service: &S,
        cause: &Cause,
    ) -> Result<Done<Self::Answer, Self::Changed>, ServiceError>;
}

/// Identifies a request: the caller's own id, and a digest of what it asks for.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The caller, the id, and what was called.
    pub cause: Cause,
    digest: String,
    plain: Option<String>,
}

impl RequestKey {
    /// With the digest under the service's secret: where bodies hold what a plain digest would give away to whoever tries all
    /// possible ones (certificate numbers). Requests noted before with the plain digest are still known.
    #[must_use]
    pub fn under_secret(&self, digest: impl FnOnce(&str) -> String) -> RequestKey {
        RequestKey {
            cause: self.cause.clone(),
            digest: digest(&self.digest),
            plain: Some(self.digest.clone()),
        }
    }

    fn is_of(&self, digest: &str) -> bool {
        self.digest == digest || self.plain.as_deref() == Some(digest)
    }
}

/// How every mutation begins: takes the id out of the request and checks it, and identifies the request as it stands now.
/// Further violations are to be added.
pub fn open<M: MutationRequest>(caller: &Caller, request: &mut M) -> (RequestKey, Violations) {
    let request_id = request.take_request_id();
    let mut violations = Violations::new();
    check_request_id(&request_id, &mut violations);
    (request_key(caller, &request_id, M::METHOD, request), violations)
}

/// Identifies a request whose body does not hold its id. [`open`] serves where the request is one message.
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
        plain: None,
    }
}

/// Checks the id every mutation must have: 1 to 64 visible ASCII characters.
pub fn check_request_id(request_id: &str, violations: &mut Violations) {
    violations.require(is_request_id(request_id), "request_id", Reason::RequestIdInvalid);
}

fn is_request_id(request_id: &str) -> bool {
    (1..=64).contains(&request_id.len()) && request_id.bytes().all(|b| b.is_ascii_graphic())
}

/// Runs a mutation once: if its id was used before, gives the answer of then or refuses another body; else writes it in a
/// transaction and notes its answer. Two at once with the same id: the unique key lets one through, and the other, run
/// again or refused for what the first one did, finds it done. What changed is `None` where an answer is given again.
///
/// # Errors
/// What the mutation refuses; REQUEST_ID_REUSED.
pub async fn once<S: Sync, M: Mutation<S>>(
    db: &DatabaseConnection,
    clock: &Clock,
    key: &RequestKey,
    service: &S,
    mutation: &M,
) -> Result<(M::Answer, Option<M::Changed>), ServiceError> {
    retry_transient(|| async {
        let tx = begin_write(db).await?;
        if let Some(handled) = table::find(&tx, &key.cause).await? {
            return replay(&handled, key).map(|answer| (answer, None));
        }
        let done = match mutation.write(&tx, service, &key.cause).await {
            Ok(done) => done,
            Err(refusal) => {
                drop(tx);
                return done_meanwhile(db, key, refusal).await;
            }
        };
        table::insert(&tx, &key.cause, &key.digest, &done.answer, clock.now()).await?;
        tx.commit().await?;
        Ok((done.answer, Some(done.changed)))
    })
    .await
}

/// The same request, sent twice at once, may itself be what stands in the way of its second sending, which waited for a lock of the
/// first and then found it done. It is answered as the first was.
async fn done_meanwhile<A: Replayable, C>(
    db: &DatabaseConnection,
    key: &RequestKey,
    refusal: ServiceError,
) -> Result<(A, Option<C>), ServiceError> {
    match table::find(db, &key.cause).await {
        Ok(Some(handled)) => replay(&handled, key).map(|answer| (answer, None)),
        // Where nobody could look, what it was refused for is told.
        Ok(None) | Err(_) => Err(refusal),
    }
}

/// The answer of then, if the request was handled before: for use cases that ask others, or a clock, before they write. A retry
/// is then answered as it was, whatever those would say now. An id that does not fit was never noted: it is not looked for, and what
/// is wrong with it stands in the violations of [`open`].
///
/// # Errors
/// REQUEST_ID_REUSED.
pub async fn answered<A: Replayable>(
    db: &DatabaseConnection,
    key: &RequestKey,
) -> Result<Option<A>, ServiceError> {
    if !is_request_id(&key.cause.request_id) {
        return Ok(None);
    }
    table::find(db, &key.cause).await?.map(|handled| replay(&handled, key)).transpose()
}

fn replay<A: Replayable>(handled: &table::Model, key: &RequestKey) -> Result<A, ServiceError> {
    if key.is_of(&handled.digest) {
        let mut answer = A::decode(handled.answer.as_slice()).map_err(ServiceError::internal)?;
        answer.set_replayed();
        return Ok(answer);
    }
    Err(ServiceError::new(Reason::RequestIdReused, "this request_id was used for another request")
        .with_text("该 request_id 已用于内容不同的请求，请更换后重试")
        .with("request_id", &key.cause.request_id))
}
