//! RankingService as tonic sees it.

use yizhan_proto::credit::v1::ranking_service_server::RankingService;
use yizhan_proto::credit::v1::{
    ImportRankingIndicatorsRequest, ImportRankingIndicatorsResponse, PublishRankingRequest,
    PublishRankingResponse, RankInstitutionsRequest, RankInstitutionsResponse, RecordSurveyRequest,
    RecordSurveyResponse, WithdrawRankingRequest, WithdrawRankingResponse,
};
use yizhan_runtime::calls;

use super::{import, publish, rank, survey};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct RankingApi(Credit);

impl RankingApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        RankingApi(credit)
    }
}

calls! { RankingService for RankingApi, working with |api| &api.0;
    import_ranking_indicators(ImportRankingIndicatorsRequest) -> ImportRankingIndicatorsResponse = import::import;
    record_survey(RecordSurveyRequest) -> RecordSurveyResponse = survey::record;
    rank_institutions(RankInstitutionsRequest) -> RankInstitutionsResponse = rank::rank_institutions;
    publish_ranking(PublishRankingRequest) -> PublishRankingResponse = publish::publish;
    withdraw_ranking(WithdrawRankingRequest) -> WithdrawRankingResponse = publish::withdraw;
}
