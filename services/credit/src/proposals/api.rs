//! ProposalService as tonic sees it.

use yizhan_proto::credit::v1::proposal_service_server::ProposalService;
use yizhan_proto::credit::v1::{
    CloseProposalRequest, CloseProposalResponse, ListProposalsRequest, ListProposalsResponse,
    ReopenProposalRequest, ReopenProposalResponse,
};
use yizhan_runtime::calls;

use super::{list, settle};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct ProposalApi(Credit);

impl ProposalApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        ProposalApi(credit)
    }
}

calls! { ProposalService for ProposalApi, working with |api| &api.0;
    list_proposals(ListProposalsRequest) -> ListProposalsResponse = list::list_proposals;
    close_proposal(CloseProposalRequest) -> CloseProposalResponse = settle::close_proposal;
    reopen_proposal(ReopenProposalRequest) -> ReopenProposalResponse = settle::reopen_proposal;
}
