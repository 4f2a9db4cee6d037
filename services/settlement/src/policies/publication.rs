//! Benefit policies: checked, published, listed. A published version never changes.

use std::path::Path;

use sea_orm::DatabaseTransaction;
use tonic::async_trait;
use yizhan_policy::load::Problem;
use yizhan_policy::{Policy, embedded, load};
use yizhan_proto::settlement::v1::{
    CheckPolicyResponse, GetPolicyResponse, ListPoliciesRequest, ListPoliciesResponse, PolicyProblem,
    PolicySummary, PublishPolicyRequest, PublishPolicyResponse,
};
use yizhan_runtime::db::begin_write;
use yizhan_runtime::page::{decode_token, encode_token, page_size};
use yizhan_runtime::{Caller, ServiceError, Violations};

use super::store::{Book, book_for_publishing, insert};
use crate::app::App;
use crate::books::digest;
use crate::books::once::{Work, once};
use crate::fields::check_id;

/// The list that page tokens belong to.
const SCOPE: &str = "policies";

/// Everything wrong with a document; stores nothing.
pub fn check(app: &App, document: &str) -> CheckPolicyResponse {
    match load("document", document) {
        Err(problems) => {
            CheckPolicyResponse { problems: problems.0.iter().map(problem).collect(), policy: None }
        }
        Ok(policy) => {
            let conflicts = app.policies.book().conflicts(&policy);
            let summary = conflicts.is_empty().then(|| summary(&policy));
            CheckPolicyResponse { problems: conflicts.iter().map(problem).collect(), policy: summary }
        }
    }
}

/// Publishes a version; it is in use from the answer on (in other processes a little later).
pub async fn publish(
    app: &App,
    caller: &Caller,
    request: PublishPolicyRequest,
) -> Result<PublishPolicyResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_id(&request.request_id, "request_id", &mut wrong);
    wrong.finish()?;
    let policy = load("document", &request.document).map_err(|problems| rejected(&problems.0))?;
    if let Some(area) = policy.areas.iter().find(|area| !caller.may_manage_area(area)) {
        let denied = ServiceError::permission_denied(
            "AREA_NOT_OWNED",
            "not the caller's area",
            "无权发布该统筹区政策",
        );
        return Err(denied.with("area", area));
    }
    let answer = PublishPolicyResponse { policy: Some(summary(&policy)), replayed: false };
    let book = app.policies.book();
    if book.version(&policy.id, &policy.version).is_some_and(|known| known.row.digest == policy.digest) {
        return Ok(PublishPolicyResponse { replayed: true, ..answer });
    }
    let digest = digest::of_bytes(request.document.as_bytes());
    let key = (caller.to_string(), request.request_id);
    let work = Publication { policy, document: request.document };
    let (answer, replayed) = once(app, &key, &digest, answer, &work).await?;
    app.policies.refresh().await?;
    Ok(PublishPolicyResponse { replayed, ..answer })
}

struct Publication {
    policy: Policy,
    document: String,
}

#[async_trait]
impl Work for Publication {
    async fn write(&self, tx: &DatabaseTransaction) -> Result<(), ServiceError> {
        let mut book = book_for_publishing(tx).await?;
        publish_in(tx, &mut book, self.policy.clone(), &self.document).await
    }
}

/// Publishes a version beside those of the book; what is published already stays as it is.
async fn publish_in(
    tx: &DatabaseTransaction,
    book: &mut Book,
    policy: Policy,
    document: &str,
) -> Result<(), ServiceError> {
    if let Some(known) = book.version(&policy.id, &policy.version) {
        return if known.row.digest == policy.digest { Ok(()) } else { Err(immutable(&policy)) };
    }
    let conflicts = book.conflicts(&policy);
    if !conflicts.is_empty() {
        return Err(rejected(&conflicts));
    }
    Ok(insert(tx, book, policy, document).await?)
}

fn immutable(policy: &Policy) -> ServiceError {
    ServiceError::already_exists(
        "POLICY_VERSION_IMMUTABLE",
        "this version is published with other content; publish a new version",
        "该版本已发布且内容不同，请使用新的版本号",
    )
    .with("policy_id", &policy.id)
    .with("version", &policy.version)
}

/// All problems of a document as violations of the request's field.
fn rejected(problems: &[Problem]) -> ServiceError {
    let mut wrong = Violations::new();
    for problem in problems {
        wrong
            .push(
                "document",
                problem.kind.code(),
                format!("第 {} 行第 {} 列：{}", problem.line, problem.column, problem.message),
            )
            .with("line", problem.line)
            .with("column", problem.column);
    }
    match wrong.finish() {
        Err(error) => error,
        Ok(()) => ServiceError::internal(anyhow::anyhow!("a document was rejected without a problem")),
    }
}

fn problem(problem: &Problem) -> PolicyProblem {
    PolicyProblem {
        kind: problem.kind.code().to_owned(),
        line: problem.line as i32,
        column: problem.column as i32,
        message: problem.message.clone(),
    }
}

fn summary(policy: &Policy) -> PolicySummary {
    PolicySummary {
        policy_id: policy.id.clone(),
        version: policy.version.clone(),
        digest: policy.digest.clone(),
        title: policy.title.clone(),
        areas: policy.areas.clone(),
        insutype: policy.scheme.code().to_owned(),
        begndate: policy.period.from.to_string(),
        enddate: policy.period.to.map(|to| to.to_string()).unwrap_or_default(),
        composite: policy.composite.clone().unwrap_or_default(),
    }
}

/// One published version with its text.
pub fn get(app: &App, policy_id: &str, version: &str) -> Result<GetPolicyResponse, ServiceError> {
    let book = app.policies.book();
    let known = book.version(policy_id, version);
    let known = known.ok_or_else(|| {
        ServiceError::not_found("POLICY_UNKNOWN", "no such policy version", "未查到该政策版本")
    })?;
    Ok(GetPolicyResponse { policy: Some(summary(&known.policy)), document: known.row.document.clone() })
}

/// Published versions by name and version.
pub fn list(app: &App, request: &ListPoliciesRequest) -> Result<ListPoliciesResponse, ServiceError> {
    let size = page_size(request.page_size)? as usize;
    let [id, version] = decode_token::<2>(SCOPE, &request.page_token)?.unwrap_or_default();
    let book = app.policies.book();
    let after = |known: &&super::store::Published| {
        (known.row.policy_id.as_str(), known.row.version.as_str()) > (id.as_str(), version.as_str())
    };
    let mut rest = book.versions().filter(after).peekable();
    let policies: Vec<PolicySummary> = rest.by_ref().take(size).map(|known| summary(&known.policy)).collect();
    let last = policies.last().filter(|_| rest.peek().is_some());
    let next_page_token =
        last.map(|last| encode_token(SCOPE, &[&last.policy_id, &last.version])).unwrap_or_default();
    Ok(ListPoliciesResponse { policies, next_page_token })
}

/// Publishes the documents of a folder, or without one the embedded ones, as far as they are not
/// published: all of them, or on any conflict none.
pub async fn publish_at_start(app: &App, folder: Option<&Path>) -> anyhow::Result<()> {
    let documents = match folder {
        Some(folder) => read_folder(folder)?,
        None => embedded().iter().map(|(name, text)| (name.to_string(), text.to_string())).collect(),
    };
    let tx = begin_write(&app.db).await?;
    let mut book = book_for_publishing(&tx).await?;
    for (name, text) in &documents {
        let policy = load(name, text).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        publish_in(&tx, &mut book, policy, text).await.map_err(|refusal| not_published(name, &refusal))?;
    }
    tx.commit().await?;
    app.policies.refresh().await?;
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
