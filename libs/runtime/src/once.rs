//! Mutations that happen once per request id, whatever is retried.
//!
//! A service implements [`Service`] and adds [`CreateHandledRequests`] to its migrations. A use case then reads:
//!
//! ```ignore
//! pub async fn record_death(register: &Register, caller: &Caller, mut request: RecordDeathRequest) -> Result<…> {
//!     let (key, mut violations) = once::open(caller, &mut request);
//!     let death = …; // checks what it can without the database
//!     let death: Death = violations.finish(death)?;
//!     once::once(register, &key, |write| Box::pin(death.write(write))).await
//! }
//! ```
//!
//! The answer is stored in the transaction of the mutation, under caller and request id. The same id with the same method and
//! body is answered as then, `replayed` set; with others it is refused with REQUEST_ID_REUSED. A refused request leaves nothing
//! behind, and its id may be used again.

mod table;

use data_encoding::HEXLOWER;
use futures::future::BoxFuture;
use prost::Message;
use sha2::{Digest, Sha256};
pub use yizhan_proto::{MutationRequest, Replayable};

use crate::db::{DatabaseConnection, DatabaseTransaction, begin_write, retry_transient};
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

/// A service whose mutations happen once.
pub trait Service: Sync {
    /// What it must know after a commit.
    type Changed: Send;

    /// Where it writes.
    fn db(&self) -> &DatabaseConnection;

    /// What time it is.
    fn clock(&self) -> &Clock;

    /// What is kept of a request to know it again, of its plain digest: a keyed one where bodies hold what a plain digest would
    /// give away to whoever tries all possible ones (certificate numbers). Those noted before with the plain one are still known.
    fn request_digest(&self, plain: &str) -> String {
        plain.to_owned()
    }

    /// Tells caches and followers what changed, after the commit.
    fn committed(&self, changed: Self::Changed) -> impl Future<Output = ()> + Send;
}

/// A mutation at work: what it writes with. `'c` is how long what it was called with lives.
#[derive(Debug)]
pub struct Write<'t, 'c: 't, S> {
    /// The transaction; it is rolled back if the mutation fails.
    pub tx: &'t DatabaseTransaction,
    /// The service.
    pub service: &'c S,
    /// By what call of whom.
    pub cause: &'t Cause,
}

impl<S> Clone for Write<'_, '_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Write<'_, '_, S> {}

/// Identifies a request: the caller's own id, and a digest of what it asks for.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The caller, the id, and what was called.
    pub cause: Cause,
    digest: String,
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
        digest: HEXLOWER.encode(&digest),
    }
}

/// Characters of a request's id at most.
const MAX_REQUEST_ID: usize = 64;

/// Checks the id every mutation must have: 1 to 64 visible ASCII characters.
pub fn check_request_id(request_id: &str, violations: &mut Violations) {
    violations.require(is_request_id(request_id), "request_id", Reason::RequestIdInvalid);
}

fn is_request_id(request_id: &str) -> bool {
    (1..=MAX_REQUEST_ID).contains(&request_id.len()) && request_id.bytes().all(|b| b.is_ascii_graphic())
}

/// Runs a mutation once: if its id was used before, gives the answer of then or refuses another body; else writes it in a
/// transaction and notes its answer. Two at once with the same id: the unique key lets one through, and the other, run
/// again or refused for what the first one did, finds it done.
///
/// `write` checks against the database and writes; it runs again if another transaction was in the way. Nothing of it stays if it
/// fails.
///
/// # Errors
/// What the mutation refuses; REQUEST_ID_REUSED.
pub async fn once<'c, S: Service, A: Replayable>(
    service: &'c S,
    key: &RequestKey,
    write: impl for<'t> Fn(Write<'t, 'c, S>) -> BoxFuture<'t, Result<Done<A, S::Changed>, ServiceError>> + Sync,
) -> Result<A, ServiceError> {
    let (answer, changed) = retry_transient(|| async {
        let tx = begin_write(service.db()).await?;
        if let Some(handled) = table::find(&tx, &key.cause).await? {
            return replay(service, &handled, key).map(|answer| (answer, None));
        }
        let done = match write(Write { tx: &tx, service, cause: &key.cause }).await {
            Ok(done) => done,
            // Where the database is away it cannot be asked either.
            Err(away) if away.reason() == Reason::DatabaseUnavailable => return Err(away),
            Err(refusal) => {
                drop(tx);
                return Ok((done_meanwhile(service, key, refusal).await?, None));
            }
        };
        let digest = service.request_digest(&key.digest);
        table::insert(&tx, &key.cause, &digest, &done.answer, service.clock().now()).await?;
        tx.commit().await?;
        Ok((done.answer, Some(done.changed)))
    })
    .await?;
    if let Some(changed) = changed {
        service.committed(changed).await;
    }
    Ok(answer)
}

/// The same request, sent twice at once, may itself be what stands in the way of its second sending, which waited for a lock of the
/// first and then found it done. It is answered as the first was.
async fn done_meanwhile<A: Replayable>(
    service: &impl Service,
    key: &RequestKey,
    refusal: ServiceError,
) -> Result<A, ServiceError> {
    match table::find(service.db(), &key.cause).await {
        Ok(Some(handled)) => replay(service, &handled, key),
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
    service: &impl Service,
    key: &RequestKey,
) -> Result<Option<A>, ServiceError> {
    if !is_request_id(&key.cause.request_id) {
        return Ok(None);
    }
    let handled = table::find(service.db(), &key.cause).await?;
    handled.map(|handled| replay(service, &handled, key)).transpose()
}

fn replay<A: Replayable>(
    service: &impl Service,
    handled: &table::Model,
    key: &RequestKey,
) -> Result<A, ServiceError> {
    if [&service.request_digest(&key.digest), &key.digest].contains(&&handled.digest) {
        let mut answer = A::decode(handled.answer.as_slice()).map_err(ServiceError::internal)?;
        answer.set_replayed();
        return Ok(answer);
    }
    Err(reused(&key.cause.request_id))
}

/// The refusal of an id that belongs to another request: REQUEST_ID_REUSED.
pub fn reused(request_id: &str) -> ServiceError {
    ServiceError::new(Reason::RequestIdReused, "this request_id was used for another request")
        .with_text("该 request_id 已用于内容不同的请求，请更换后重试")
        .with("request_id", request_id)
}
