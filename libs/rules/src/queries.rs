//! What is published, listed and read back by anybody.

use chrono::{DateTime, Utc};
use yizhan_runtime::{ServiceError, page};
use yizhan_terms::Area;

use crate::book::RulesBook;
use crate::document::{Document, Families};
use crate::publication::MAX_NAME;
use crate::read::load;
use crate::store;

/// What a document is, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// The area it holds in, 6-digit admdvs; 100000 everywhere.
    pub area: String,
    /// SHA-256 of its text, in hexadecimal.
    pub digest: String,
    /// When it was published; `None` for one that comes with the service.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Summary {
    pub(crate) fn of<F>(document: &Document<F>, recorded_at: Option<DateTime<Utc>>) -> Summary {
        Summary {
            id: document.id.clone(),
            version: document.version.clone(),
            title: document.title.clone(),
            area: document.area.clone(),
            digest: document.digest.clone(),
            recorded_at,
        }
    }
}

/// One page of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order they were published, those that come with the service first.
    pub documents: Vec<Summary>,
    /// Asks for the next page; empty on the last.
    pub next_page_token: String,
}

impl<F: Families> RulesBook<F> {
    /// One page of all documents (`area` empty), or of those that hold in an area: its own, its city's, its province's, the
    /// nation's.
    ///
    /// # Errors
    /// POOLAREA_INVALID, and those of page sizes and tokens.
    pub async fn list(&self, area: &str, page_size: i32, page_token: &str) -> Result<Page, ServiceError> {
        let wanted = Area::parse(area);
        if wanted.is_none() && !area.is_empty() {
            let text = "应为 6 位行政区划代码";
            return Err(ServiceError::invalid_field("area", "POOLAREA_INVALID", text));
        }
        let limit = page::page_size(page_size)? as usize;
        let scope = format!("rules/{area}");
        let after = page::decode_token::<2>(&scope, page_token)?;
        let concerns = |document: &Summary| {
            wanted.is_none_or(|wanted| Area::parse(&document.area).is_some_and(|area| area.covers(wanted)))
        };
        let mut concerned = self.summaries().await?.into_iter().filter(concerns).peekable();
        if let Some([id, version]) = after {
            while concerned.next().is_some_and(|document| document.id != id || document.version != version) {}
        }
        let documents: Vec<Summary> = concerned.by_ref().take(limit).collect();
        let next_page_token = match documents.last() {
            Some(last) if concerned.peek().is_some() => {
                page::encode_token(&scope, &[&last.id, &last.version])
            }
            _ => String::new(),
        };
        Ok(Page { documents, next_page_token })
    }

    async fn summaries(&self) -> Result<Vec<Summary>, ServiceError> {
        let published = store::rows(self.db(), None).await?;
        let embedded = self.embedded().documents().len();
        let times: Vec<_> = published.iter().map(|row| row.recorded_at).collect();
        let rules = self.with_published(self.db(), published).await?;
        let recorded_at = std::iter::repeat_n(None, embedded).chain(times.into_iter().map(Some));
        Ok(rules
            .documents()
            .iter()
            .zip(recorded_at)
            .map(|(document, at)| Summary::of(document, at))
            .collect())
    }

    /// One document with its text.
    ///
    /// # Errors
    /// RULES_UNKNOWN.
    pub async fn get(&self, id: &str, version: &str) -> Result<(Summary, String), ServiceError> {
        let could_be = |name: &str| name.len() <= MAX_NAME && !name.chars().any(char::is_control);
        if !could_be(id) || !could_be(version) {
            return Err(unknown::<F>());
        }
        if let Some(row) = store::find(self.db(), id, version).await? {
            let document = load::<F>("document", &row.document).map_err(ServiceError::internal)?;
            return Ok((Summary::of(&document, Some(row.recorded_at)), row.document));
        }
        let at = self.embedded().documents().iter().position(|held| held.id == id && held.version == version);
        let at = at.ok_or_else(unknown::<F>)?;
        let (_, text) = F::embedded()[at];
        Ok((Summary::of(&self.embedded().documents()[at], None), text.to_owned()))
    }
}

fn unknown<F: Families>() -> ServiceError {
    let text = format!("未查询到该{}版本", F::NAME);
    ServiceError::not_found("RULES_UNKNOWN", "no such document of rules", text)
}
