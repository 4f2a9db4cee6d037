//! A ranking is published, and frozen by that; or taken back.

use prost::Message;
use yizhan_proto::credit::v1::{
    Entry, EntryKind, InstitutionRanking, PublishRankingRequest, PublishRankingResponse, RankedInstitution,
    SubjectKind, WithdrawRankingRequest, WithdrawRankingResponse,
};
use yizhan_rules::months::last_of_year;
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::db::{DatabaseTransaction, lock};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};
use yizhan_terms::Area;

use super::open_year;
use super::rank::{as_it_stands, not_published};
use super::store::{self, Published};
use crate::app::Credit;
use crate::ledger;
use crate::officer::{check_opter, check_said, check_year};

/// Publishes it.
pub async fn publish(
    credit: &Credit,
    caller: &Caller,
    mut request: PublishRankingRequest,
) -> Result<PublishRankingResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    check_year(request.year, &mut fields);
    let area = wrong.finish(area)?;
    caller.check_manages(&request.poolarea_no)?;
    if last_of_year(request.year) >= credit.clock.today() {
        let error = ServiceError::new(Reason::RankingYearOpen, "the year is not over");
        return Err(error.with("year", request.year));
    }
    once::once(credit, &key, |write| Box::pin(freeze(write, caller, (area, &request)))).await
}

async fn freeze(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    (area, request): (Area, &PublishRankingRequest),
) -> Result<Done<PublishRankingResponse, ()>, ServiceError> {
    open_year(tx, &request.poolarea_no, request.year).await?;
    let schemes = credit.schemes.current();
    let (mut ranking, _) = as_it_stands(tx, &schemes, (area, request.year)).await?;
    if ranking.ranked.is_empty() {
        return Err(ServiceError::new(Reason::RankingEmpty, "nobody can be ranked"));
    }
    ranking.published_at = Some(timestamp(credit.clock.now()));
    let row = Published {
        poolarea_no: request.poolarea_no.clone(),
        ranking_year: request.year,
        matter_id: new_id(),
        ranking: ranking.encode_to_vec(),
    };
    let said = Said { kind: EntryKind::Ranked, caller, opter: &request.opter, note: "" };
    enter(tx, credit, (&row.matter_id, &ranking), &said).await?;
    store::publish(tx, row).await?;
    Ok(Done { answer: PublishRankingResponse { ranking: Some(ranking), replayed: false }, changed: () })
}

/// Takes it back.
pub async fn withdraw(
    credit: &Credit,
    caller: &Caller,
    mut request: WithdrawRankingRequest,
) -> Result<WithdrawRankingResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    check_said("note", &request.note, true, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.area("poolarea_no", &request.poolarea_no);
    check_year(request.year, &mut fields);
    wrong.none()?;
    caller.check_manages(&request.poolarea_no)?;
    once::once(credit, &key, |write| Box::pin(take_back(write, caller, &request))).await
}

async fn take_back(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    request: &WithdrawRankingRequest,
) -> Result<Done<WithdrawRankingResponse, ()>, ServiceError> {
    lock(tx, &format!("ranking {} {}", request.poolarea_no, request.year)).await?;
    let row = store::published(tx, &request.poolarea_no, request.year).await?.ok_or_else(not_published)?;
    let ranking = InstitutionRanking::decode(row.ranking.as_slice()).map_err(ServiceError::internal)?;
    let said = Said { kind: EntryKind::RankingWithdrawn, caller, opter: &request.opter, note: &request.note };
    enter(tx, credit, (&row.matter_id, &ranking), &said).await?;
    store::remove(tx, row).await?;
    Ok(Done { answer: WithdrawRankingResponse { replayed: false }, changed: () })
}

/// Who says what of a ranking.
struct Said<'s> {
    kind: EntryKind,
    caller: &'s Caller,
    opter: &'s str,
    note: &'s str,
}

/// An entry of each institution that is ranked, in the order of their codes, as everybody locks them.
async fn enter(
    tx: &DatabaseTransaction,
    credit: &Credit,
    (matter_id, ranking): (&str, &InstitutionRanking),
    said: &Said<'_>,
) -> Result<(), ServiceError> {
    let mut ranked: Vec<&RankedInstitution> = ranking.ranked.iter().collect();
    ranked.sort_by(|one, other| one.fixmedins_code.cmp(&other.fixmedins_code));
    for one in ranked {
        let subject = ledger::subject(SubjectKind::Institution, &one.fixmedins_code);
        let mut known = ledger::make_known(tx, &subject, &ranking.poolarea_no).await?;
        let entry = Entry {
            poolarea_no: ranking.poolarea_no.clone(),
            kind: said.kind.into(),
            matter_id: matter_id.to_owned(),
            item: format!("{} {}-{}", one.rank, one.best_rank, one.worst_rank),
            value: one.score.clone(),
            decided_on: credit.clock.today().to_string(),
            from_date: format!("{}-01-01", ranking.year),
            until_date: format!("{}-12-31", ranking.year),
            opter: said.opter.to_owned(),
            actor: said.caller.to_string(),
            note: said.note.to_owned(),
            scheme: ranking.scheme.clone(),
            ..Entry::default()
        };
        ledger::append(tx, credit, &mut known, vec![entry]).await?;
    }
    Ok(())
}
