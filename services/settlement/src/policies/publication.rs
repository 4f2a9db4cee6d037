//! Benefit policies: checked, published, listed. A published version never changes.

use std::path::Path;
use std::sync::Arc;

use yizhan_documents::{Document, Problem, digest};
use yizhan_policy::{Policy, embedded};
use yizhan_proto::rules::v1::RulesDocument;
use yizhan_proto::settlement::v1::{
    CheckPolicyRequest, CheckPolicyResponse, GetPolicyRequest, GetPolicyResponse, ListPoliciesRequest,
    ListPoliciesResponse, PublishPolicyRequest, PublishPolicyResponse,
};
use yizhan_rules::{Publication, Published, Summary};
use yizhan_runtime::db::begin_write;
use yizhan_runtime::once;
use yizhan_runtime::{Caller, ServiceError};

use crate::app::App;

/// Everything wrong with a document; stores nothing.
pub async fn check(
    app: &App,
    _: &Caller,
    request: CheckPolicyRequest,
) -> Result<CheckPolicyResponse, ServiceError> {
    Ok(match app.policies.check(&request.document) {
        Ok((summary, warnings)) => CheckPolicyResponse {
            problems: Vec::new(),
            policy: Some(summary.into()),
            warnings: warnings.iter().map(yizhan_rules::problem).collect(),
        },
        Err(problems) => CheckPolicyResponse {
            problems: problems.iter().map(yizhan_rules::problem).collect(),
            policy: None,
            warnings: Vec::new(),
        },
    })
}

/// Publishes a version; it is in use from the answer on (in other processes a little later).
pub async fn publish(
    app: &App,
    caller: &Caller,
    mut request: PublishPolicyRequest,
) -> Result<PublishPolicyResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    if request.strict {
        yizhan_rules::refuse_warnings::<Policy>(&request.document)?;
    }
    let told = |published: Published| {
        let warnings = published.warnings.iter().map(yizhan_rules::problem).collect();
        let (policy, replayed) = (Some(published.summary.into()), published.known);
        PublishPolicyResponse { policy, replayed, warnings }
    };
    yizhan_rules::publish(app, &app.policies, caller, opened, (&request.document, told)).await
}

/// One published version with its text.
pub async fn get(
    app: &App,
    _: &Caller,
    request: GetPolicyRequest,
) -> Result<GetPolicyResponse, ServiceError> {
    let (summary, document) = app.policies.get(&request.rules_id, &request.version).await?;
    Ok(GetPolicyResponse { policy: Some(RulesDocument { document, ..summary.into() }) })
}

/// Published versions, in the order they were published.
pub async fn list(
    app: &App,
    caller: &Caller,
    request: ListPoliciesRequest,
) -> Result<ListPoliciesResponse, ServiceError> {
    let page = app.policies.list(&request.area, &app.pages.asked(caller, &request)).await?;
    Ok(ListPoliciesResponse {
        policies: page.documents.into_iter().map(Summary::into).collect(),
        next_page_token: page.next_page_token,
    })
}

/// Publishes the documents of a folder, or without one the embedded ones, as far as they are not
/// published: all of them, or on any conflict none.
pub async fn publish_at_start(app: &App, folder: Option<&Path>) -> anyhow::Result<()> {
    let documents = match folder {
        Some(folder) => read_folder(folder)?,
        None => embedded().iter().map(|(name, text)| (name.to_string(), text.to_string())).collect(),
    };
    let service = Caller::Service { name: "settlement".to_owned() };
    let tx = begin_write(&app.db).await?;
    for (name, text) in documents {
        // At every start but the first they are published, and have just been read.
        let policy = match app.policies.known(&digest(&text)) {
            Some(policy) => policy,
            None => Arc::new(Policy::read(&name, &text).map_err(|problems| anyhow::anyhow!("{problems}"))?),
        };
        let publication = Publication::<Policy>::of(policy, text);
        let written = publication.write(&tx, &app.policies, &service, app.clock.now()).await;
        let published = written.map_err(|refusal| not_published(&name, &refusal))?;
        if !published.known {
            warn_of(&name, &published.warnings)?;
        }
    }
    tx.commit().await?;
    app.policies.refresh().await?;
    Ok(())
}

/// What a new document warns of is logged; what must not be published is not.
fn warn_of(name: &str, found: &[Problem]) -> anyhow::Result<()> {
    for one in found {
        anyhow::ensure!(one.kind.is_warning(), "{name} cannot be published, so nothing was: {one}");
        tracing::warn!(document = name, line = one.line, kind = one.kind.code(), "{}", one.message);
    }
    Ok(())
}

fn not_published(name: &str, refusal: &ServiceError) -> anyhow::Error {
    let why: Vec<&str> = refusal.violations().iter().map(|wrong| wrong.description.as_str()).collect();
    anyhow::anyhow!("{name} cannot be published, so nothing was: {refusal} {}", why.join("; "))
}

fn read_folder(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            documents.push((path.display().to_string(), std::fs::read_to_string(&path)?));
        }
    }
    documents.sort();
    Ok(documents)
}
