//! PeopleService as tonic sees it.

use yizhan_proto::audit::v1::people_service_server::PeopleService;
use yizhan_proto::audit::v1::{
    AdvancePersonItemRequest, AdvancePersonItemResponse, GetPersonItemRequest, GetPersonItemResponse,
    ListPeopleRequest, ListPeopleResponse,
};
use yizhan_runtime::calls;

use super::{advance, list};
use crate::app::Audit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct PeopleApi(Audit);

impl PeopleApi {
    /// Over audit.
    pub fn new(audit: Audit) -> Self {
        PeopleApi(audit)
    }
}

calls! { PeopleService for PeopleApi, working with |api| &api.0;
    list_people(ListPeopleRequest) -> ListPeopleResponse = list::list_people;
    get_person_item(GetPersonItemRequest) -> GetPersonItemResponse = list::get_person_item;
    advance_person_item(AdvancePersonItemRequest) -> AdvancePersonItemResponse = advance::advance_person_item;
}
