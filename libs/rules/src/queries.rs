//! What is published, listed and read back by anybody.

use chrono::{DateTime, Utc};
use yizhan_documents::{Document, Head, Period, Problem};
use yizhan_runtime::page::Asked;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::{Area, Insutype};

use crate::MAX_NAME;
use crate::book::Book;
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
    /// The areas it holds in.
    pub areas: Vec<Area>,
    /// SHA-256 of its text, in hexadecimal.
    pub digest: String,
    /// The scheme it is for; `None` for all.
    pub scheme: Option<Insutype>,
    /// When it is in force; `None` where its versions say so themselves.
    pub period: Option<Period>,
    /// Says why, when it is assembled from several areas and is no area's own.
    pub composite: Option<String>,
    /// When it was published; `None` for one that comes with the service.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Summary {
    pub(crate) fn of(document: &impl Document, recorded_at: Option<DateTime<Utc>>) -> Summary {
        let Head { id, version, title, areas, digest, scheme, period, composite } = document.head();
        Summary {
            id: id.to_owned(),
            version: version.to_owned(),
            title: title.to_owned(),
            areas: areas.to_vec(),
            digest: digest.to_owned(),
            scheme,
            period,
            composite: composite.map(str::to_owned),
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

impl<D: Document> Book<D> {
    /// What a document is that is to be published, or everything wrong with it: in itself, and beside those published.
    ///
    /// # Errors
    /// The problems, never none.
    pub fn check(&self, text: &str) -> Result<(Summary, Vec<Problem>), Vec<Problem>> {
        let document = D::read("document", text).map_err(|problems| problems.0)?;
        let (warnings, mut wrong): (Vec<_>, Vec<_>) =
            document.findings().into_iter().partition(|found| found.kind.is_warning());
        wrong.extend(document.conflicts(&self.current()));
        if wrong.is_empty() { Ok((Summary::of(&document, None), warnings)) } else { Err(wrong) }
    }

    /// One page of all documents (`area` empty), or of those that hold in an area: its own, its city's, its province's, the
    /// nation's.
    ///
    /// # Errors
    /// AREA_INVALID, and those of page sizes and tokens.
    pub async fn list(&self, area: &str, asked: &Asked) -> Result<Page, ServiceError> {
        let wanted = Area::parse(area);
        if wanted.is_none() && !area.is_empty() {
            return Err(ServiceError::invalid_field("area", Reason::AreaInvalid));
        }
        let behind = async |after: Option<[String; 2]>, limit: u64| {
            let concerns = |document: &Summary| {
                wanted.is_none_or(|wanted| document.areas.iter().any(|area| area.covers(wanted)))
            };
            let mut concerned = self.summaries().await?.into_iter().filter(concerns);
            if let Some([id, version]) = after {
                concerned.find(|document| document.id == id && document.version == version);
            }
            Ok::<_, ServiceError>(concerned.take(limit as usize).collect())
        };
        let key = |last: &Summary| [last.id.clone(), last.version.clone()];
        let (documents, next_page_token) = asked.page(behind, key).await?;
        Ok(Page { documents, next_page_token })
    }

    async fn summaries(&self) -> Result<Vec<Summary>, ServiceError> {
        let published = store::rows(self.db(), self.table(), None).await?;
        let embedded = self.embedded().documents().len();
        let times: Vec<_> = published.iter().map(|row| row.recorded_at).collect();
        let rules = self.with_published(self.db(), published).await?;
        let recorded_at = std::iter::repeat_n(None, embedded).chain(times.into_iter().map(Some));
        Ok(rules
            .documents()
            .iter()
            .zip(recorded_at)
            .map(|(document, at)| Summary::of(document.as_ref(), at))
            .collect())
    }

    /// One document with its text.
    ///
    /// # Errors
    /// RULES_UNKNOWN.
    pub async fn get(&self, id: &str, version: &str) -> Result<(Summary, String), ServiceError> {
        let could_be = |name: &str| name.len() <= MAX_NAME && !name.chars().any(char::is_control);
        if !could_be(id) || !could_be(version) {
            return Err(unknown::<D>());
        }
        if let Some(row) = store::find(self.db(), self.table(), (id, version)).await? {
            let document = D::read("document", &row.document).map_err(ServiceError::internal)?;
            return Ok((Summary::of(&document, Some(row.recorded_at)), row.document));
        }
        let mut embedded = self.embedded().documents().iter().zip(D::embedded());
        let is = |head: Head| head.id == id && head.version == version;
        let (document, (_, text)) = embedded.find(|(held, _)| is(held.head())).ok_or_else(unknown::<D>)?;
        Ok((Summary::of(document.as_ref(), None), (*text).to_owned()))
    }
}

fn unknown<D: Document>() -> ServiceError {
    let text = format!("未查询到该{}版本", D::NAME);
    ServiceError::new(Reason::RulesUnknown, "no such document of rules").with_text(text)
}
