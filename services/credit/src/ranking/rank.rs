//! A ranking, as it was published, as things stand, or by a definition on trial.

use prost::Message;
use sea_orm::ConnectionTrait;
use yizhan_documents::RulesDocument;
use yizhan_proto::credit::v1::{InstitutionRanking, RankInstitutionsRequest, RankInstitutionsResponse};
use yizhan_rules::Publication;
use yizhan_rules::months::last_of_year;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::{Ranked, moves, rank, stability_index};
use super::{messages, store};
use crate::app::Credit;
use crate::officer::check_year;
use crate::schemes::{SchemeFamilies, Schemes};

/// Published: for everybody. Before, and on trial: for who reads the area.
pub async fn rank_institutions(
    credit: &Credit,
    caller: &Caller,
    request: RankInstitutionsRequest,
) -> Result<RankInstitutionsResponse, ServiceError> {
    let RankInstitutionsRequest { poolarea_no, year, document } = request;
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &poolarea_no);
    check_year(year, &mut fields);
    let area = wrong.finish(area)?;
    let published = store::published(&credit.db, &poolarea_no, year).await?;
    if document.is_empty() {
        return match published {
            Some(row) => {
                let ranking =
                    InstitutionRanking::decode(row.ranking.as_slice()).map_err(ServiceError::internal)?;
                Ok(RankInstitutionsResponse { ranking: Some(ranking), ..RankInstitutionsResponse::default() })
            }
            None if caller.may_read_area(area) => {
                let (ranking, _) = as_it_stands(&credit.db, &credit.schemes.current(), (area, year)).await?;
                Ok(RankInstitutionsResponse { ranking: Some(ranking), ..RankInstitutionsResponse::default() })
            }
            None => Err(not_published()),
        };
    }
    caller.check_reads(&poolarea_no)?;
    let draft = Publication::<RulesDocument<SchemeFamilies>>::read(&document, Violations::new())?;
    let mut schemes = Schemes::default();
    schemes.publish(draft.document().clone());
    let (ranking, after) = as_it_stands(&credit.db, &schemes, (area, year)).await?;
    let (_, before) = as_it_stands(&credit.db, &credit.schemes.current(), (area, year)).await?;
    let index = stability_index(&before, &after).map(|index| format!("{:.4}", index.round_dp(4)));
    Ok(RankInstitutionsResponse {
        ranking: Some(ranking),
        moves: moves(&before, &after).into_iter().map(messages::moved).collect(),
        stability_index: index.unwrap_or_default(),
    })
}

/// Nobody may know of it yet.
pub fn not_published() -> ServiceError {
    ServiceError::new(Reason::RankingUnknown, "no ranking of the area and year is published")
}

/// By the definition that holds on the last day of the year.
pub async fn as_it_stands(
    db: &impl ConnectionTrait,
    schemes: &Schemes,
    (area, year): (Area, i32),
) -> Result<(InstitutionRanking, Vec<Ranked>), ServiceError> {
    let (scheme, named) = messages::scheme(schemes, area, last_of_year(year))?;
    let figures = store::figures(db, area.as_str(), year).await?;
    let counts = store::counts(db, area.as_str(), year).await?;
    let (ranked, unranked) = rank(&scheme, messages::measured(figures, counts));
    let ranking = InstitutionRanking {
        poolarea_no: area.to_string(),
        year,
        scheme: named,
        ranked: ranked.iter().map(messages::ranked).collect(),
        unranked: unranked.into_iter().map(|one| messages::unranked(one, &scheme)).collect(),
        published_at: None,
    };
    Ok((ranking, ranked))
}
