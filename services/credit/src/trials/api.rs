//! TrialService as tonic sees it.

use yizhan_proto::credit::v1::trial_service_server::TrialService;
use yizhan_proto::credit::v1::{
    TrySchemeRequest, TrySchemeResponse, TryScorecardRequest, TryScorecardResponse,
};
use yizhan_runtime::calls;

use super::{try_scheme, try_scorecard};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct TrialApi(Credit);

impl TrialApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        TrialApi(credit)
    }
}

calls! { TrialService for TrialApi, working with |api| &api.0;
    try_scheme(TrySchemeRequest) -> TrySchemeResponse = try_scheme::try_scheme;
    try_scorecard(TryScorecardRequest) -> TryScorecardResponse = try_scorecard::try_scorecard;
}
