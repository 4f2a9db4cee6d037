//! A document is published to the running service. A published version never changes.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use yizhan_policy::load::Problems;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::Cause;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::book::RulesBook;
use crate::document::{Document, Families};
use crate::queries::Summary;
use crate::read::load;
use crate::store::{self, Model};

/// Longest name or version of a document, in bytes.
pub(crate) const MAX_NAME: usize = 64;

/// A document that is right, to be published.
#[derive(Clone, Debug)]
pub struct Publication<F> {
    document: Document<F>,
    text: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The document.
    pub summary: Summary,
    /// Whether it had been published before with the same content: nothing was done.
    pub known: bool,
}

impl<F: Families> Publication<F> {
    /// Reads the request's field `document`.
    ///
    /// # Errors
    /// The violations found before, and everything wrong with the document, each with the place it stands at (`line` and
    /// `column` in the metadata); TEXT_INVALID for a name or version of more than 64 bytes.
    pub fn read(text: &str, mut violations: Violations) -> Result<Publication<F>, ServiceError> {
        let read = load::<F>("document", text);
        match &read {
            Err(problems) => tell(problems, &mut violations),
            Ok(document) => {
                let short = [&document.id, &document.version].iter().all(|name| name.len() <= MAX_NAME);
                violations.require(short, "document", Reason::TextInvalid, "规则名称和版本最多 64 个字符");
            }
        }
        violations.finish()?;
        let document = read.map_err(ServiceError::internal)?;
        Ok(Publication { document, text: text.to_owned() })
    }

    /// Only whoever manages an area publishes rules for it.
    ///
    /// # Errors
    /// AREA_NOT_OWNED.
    pub fn check_area(&self, caller: &Caller) -> Result<(), ServiceError> {
        if caller.may_manage_area(&self.document.area) {
            return Ok(());
        }
        let text = format!("无权发布该地区的{}", F::NAME);
        let refused = ServiceError::new(Reason::AreaNotOwned, "not the caller's area").with_text(text);
        Err(refused.with("area", &self.document.area))
    }

    /// The document.
    pub fn document(&self) -> &Document<F> {
        &self.document
    }

    /// Stores it within a transaction, unless it is known. [`RulesBook::refresh`] is to follow the commit.
    ///
    /// # Errors
    /// RULES_VERSION_IMMUTABLE where the version is known with other content.
    pub async fn write<C: ConnectionTrait>(
        &self,
        tx: &C,
        book: &RulesBook<F>,
        cause: &Cause,
        now: DateTime<Utc>,
    ) -> Result<Published, ServiceError> {
        let Document { id, version, area, digest, .. } = &self.document;
        let known = match store::find(tx, id, version).await? {
            Some(row) => Some((row.digest, Some(row.recorded_at))),
            None => book.embedded().version(id, version).map(|document| (document.digest.clone(), None)),
        };
        if let Some((known, recorded_at)) = known {
            if known != *digest {
                return Err(immutable(&self.document));
            }
            return Ok(Published { summary: Summary::of(&self.document, recorded_at), known: true });
        }
        let row = Model {
            rules_id: id.clone(),
            version: version.clone(),
            ordinal: new_id(),
            area: area.clone(),
            digest: digest.clone(),
            document: self.text.clone(),
            caller: cause.caller.clone(),
            recorded_at: now,
        };
        store::insert(tx, row).await?;
        Ok(Published { summary: Summary::of(&self.document, Some(now)), known: false })
    }
}

/// Every problem with its place.
fn tell(problems: &Problems, violations: &mut Violations) {
    for problem in &problems.0 {
        let text = format!("第 {} 行第 {} 列：{}", problem.line, problem.column, problem.message);
        let violation = violations.push("document", problem.kind.into(), text);
        violation.with("line", problem.line).with("column", problem.column);
    }
}

fn immutable<F>(document: &Document<F>) -> ServiceError {
    ServiceError::new(
        Reason::RulesVersionImmutable,
        "this version is published with other content; publish a new version",
    )
    .with("rules_id", &document.id)
    .with("version", &document.version)
}
