//! A document is published to the running service. A published version never changes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use yizhan_documents::{Document, Documents, Head, Problem};
use yizhan_runtime::db::{DatabaseTransaction, lock};
use yizhan_runtime::ids::new_id_after;
use yizhan_runtime::once::{self, Done, Replayable, RequestKey, Write};
use yizhan_runtime::{Caller, Clock, Reason, ServiceError, Violations};

use crate::MAX_NAME;
use crate::book::Book;
use crate::queries::Summary;
use crate::store::{self, Model};

/// A document that is right, to be published.
#[derive(Clone, Debug)]
pub struct Publication<D> {
    document: Arc<D>,
    text: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The document.
    pub summary: Summary,
    /// Whether it had been published before with the same content: nothing was done.
    pub known: bool,
    /// What it warns of.
    pub warnings: Vec<Problem>,
}

/// Refuses a document that warns of anything, with every warning at its place. One that cannot be read is not looked at: whoever publishes it
/// is told why.
///
/// # Errors
/// The warnings.
pub fn refuse_warnings<D: Document>(text: &str) -> Result<(), ServiceError> {
    let mut violations = Violations::new();
    let warnings = D::read("document", text).map(|document| document.findings()).unwrap_or_default();
    tell(&warnings, &mut violations);
    violations.none()
}

impl<D: Document> Publication<D> {
    /// Reads the request's field `document`.
    ///
    /// # Errors
    /// The violations found before, and everything wrong with the document (also what one that was published before may hold), each with the place it stands at (`line` and
    /// `column` in the metadata); TEXT_INVALID for a name or version of more than 64 bytes.
    pub fn read(text: &str, mut violations: Violations) -> Result<Publication<D>, ServiceError> {
        let read = D::read("document", text);
        match &read {
            Err(problems) => tell(&problems.0, &mut violations),
            Ok(document) => {
                let Head { id, version, .. } = document.head();
                let wrong = document.findings().into_iter().filter(|found| !found.kind.is_warning());
                tell(&wrong.collect::<Vec<_>>(), &mut violations);
                let short = id.len() <= MAX_NAME && version.len() <= MAX_NAME;
                violations.require(
                    short,
                    "document",
                    Reason::TextInvalid.saying("规则名称和版本最多 64 个字符"),
                );
            }
        }
        violations.none()?;
        let document = read.map_err(ServiceError::internal)?;
        Ok(Publication::of(document, text.to_owned()))
    }

    /// One that was read before, with its text.
    pub fn of(document: impl Into<Arc<D>>, text: String) -> Publication<D> {
        Publication { document: document.into(), text }
    }

    /// Only whoever manages all its areas publishes a document for them.
    ///
    /// # Errors
    /// AREA_NOT_OWNED.
    pub fn check_area(&self, caller: &Caller) -> Result<(), ServiceError> {
        self.document.head().areas.iter().try_for_each(|area| caller.check_manages(area.as_str()))
    }

    /// What it is, with the time it was or is published.
    pub fn summary(&self, recorded_at: Option<DateTime<Utc>>) -> Summary {
        Summary::of(&*self.document, recorded_at)
    }

    /// The document.
    pub fn document(&self) -> &D {
        &self.document
    }

    /// Stores it within a transaction, unless it is known, and keeps other publishers out until that ends.
    /// [`Book::refresh`] is to follow the commit.
    ///
    /// # Errors
    /// AREA_NOT_OWNED where versions of the same name hold in areas that the publisher does not manage: a name is theirs who use it;
    /// RULES_VERSION_IMMUTABLE where the version is known with other content; what is wrong with it beside the documents published
    /// before.
    pub async fn write(
        &self,
        tx: &DatabaseTransaction,
        book: &Book<D>,
        publisher: &Caller,
        now: DateTime<Utc>,
    ) -> Result<Published, ServiceError> {
        lock(tx, "publish documents").await?;
        let rows = store::rows(tx, book.table(), None).await?;
        let last = rows.last().map(|row| row.ordinal.clone());
        let head = self.document.head();
        let mut same = rows.iter().filter(|row| row.rules_id == head.id && row.version == head.version);
        let recorded_at = same.next().map(|row| row.recorded_at);
        let published = book.with_published(tx, rows).await?;
        let known = published.version(head.id, head.version).map(|known| known.head().digest == head.digest);
        if known == Some(true) {
            return Ok(Published {
                summary: self.summary(recorded_at),
                known: true,
                warnings: self.warnings(),
            });
        }
        check_name(&head, publisher, &published)?;
        if known.is_some() {
            return Err(immutable(&head));
        }
        let conflicts = self.document.conflicts(&published);
        if !conflicts.is_empty() {
            let mut violations = Violations::new();
            tell(&conflicts, &mut violations);
            violations.none()?;
        }
        let ordinal = new_id_after(&last.unwrap_or_default());
        let row = row(&head, self.text.clone(), ordinal, &publisher.to_string(), now);
        store::insert(tx, book.table(), row).await?;
        book.knows(self.document.clone());
        Ok(Published { summary: self.summary(Some(now)), known: false, warnings: self.warnings() })
    }

    /// What it warns of.
    pub fn warnings(&self) -> Vec<Problem> {
        self.document.findings()
    }
}

/// Checks the document of a request and publishes it, once however often it is asked. It is worked by from the answer on; in other
/// processes a little later. One that is known with the same content is answered as it is.
///
/// # Errors
/// Those of [`Publication::read`], [`Publication::check_area`] and [`Publication::write`]; REQUEST_ID_REUSED.
pub async fn publish<S, D, A>(
    service: &S,
    book: &Book<D>,
    caller: &Caller,
    (key, wrong): (RequestKey, Violations),
    (text, told): (&str, fn(Published) -> A),
) -> Result<A, ServiceError>
where
    S: once::Service<Changed: Default>,
    D: Document,
    A: Replayable + Send,
{
    let publication = Publication::<D>::read(text, wrong)?;
    publication.check_area(caller)?;
    let Head { id, version, digest, .. } = publication.document.head();
    if book.current().version(id, version).is_some_and(|known| known.head().digest == digest) {
        let (summary, _) = book.get(id, version).await?;
        return Ok(told(Published { summary, known: true, warnings: publication.warnings() }));
    }
    let by = (&publication, caller);
    let answer = once::once(service, &key, |write| Box::pin(write_down(write, book, by, told)));
    let answer = answer.await?;
    book.refresh().await?;
    Ok(answer)
}

async fn write_down<S: once::Service<Changed: Default>, D: Document, A>(
    Write { tx, service, .. }: Write<'_, '_, S>,
    book: &Book<D>,
    (publication, publisher): (&Publication<D>, &Caller),
    told: fn(Published) -> A,
) -> Result<Done<A, S::Changed>, ServiceError> {
    let published = publication.write(tx, book, publisher, service.clock().now()).await?;
    Ok(Done { answer: told(published), changed: S::Changed::default() })
}

/// Stores a document that was published elsewhere before, in a migration. When that was is not known: now is noted.
///
/// # Errors
/// Where the database is away.
pub async fn take_over<C: ConnectionTrait>(
    db: &C,
    document: &impl Document,
    text: String,
    ordinal: String,
    caller: &str,
) -> Result<(), DbErr> {
    store::insert(db, store::TABLE, row(&document.head(), text, ordinal, caller, Clock::system().now())).await
}

fn row(head: &Head, document: String, ordinal: String, caller: &str, recorded_at: DateTime<Utc>) -> Model {
    Model {
        rules_id: head.id.to_owned(),
        version: head.version.to_owned(),
        ordinal,
        area: areas(head),
        digest: head.digest.to_owned(),
        document,
        caller: caller.to_owned(),
        recorded_at,
    }
}

/// As the table holds them.
fn areas(head: &Head) -> String {
    head.areas.iter().map(|area| area.as_str()).collect::<Vec<_>>().join(",")
}

/// Every problem with its place.
fn tell(problems: &[Problem], violations: &mut Violations) {
    for problem in problems {
        let text = format!("第 {} 行第 {} 列：{}", problem.line, problem.column, problem.chinese());
        let violation = violations.push("document", Reason::from(problem.kind).saying(text));
        violation.with("line", problem.line).with("column", problem.column);
    }
}

/// A further version takes the place of those before it: only who manages all their areas publishes one. A service publishes what it comes
/// with.
fn check_name<D: Document>(
    head: &Head,
    publisher: &Caller,
    published: &Documents<D>,
) -> Result<(), ServiceError> {
    let of_name = published.documents().iter().filter(|document| document.head().id == head.id);
    let mut areas = of_name.flat_map(|document| document.head().areas.to_vec());
    let foreign = areas.find(|area| !publisher.may_manage_area(*area));
    match foreign.filter(|_| !matches!(publisher, Caller::Service { .. })) {
        Some(area) => Err(ServiceError::area_not_owned(area)
            .with_text("该规则名称由其他地区使用，请另取名称")
            .with("rules_id", head.id)),
        None => Ok(()),
    }
}

fn immutable(head: &Head) -> ServiceError {
    ServiceError::new(
        Reason::RulesVersionImmutable,
        "this version is published with other content; publish a new version",
    )
    .with("rules_id", head.id)
    .with("version", head.version)
}
