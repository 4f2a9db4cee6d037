//! PersonCreditService as tonic sees it.

use yizhan_proto::credit::v1::person_credit_service_server::PersonCreditService;
use yizhan_proto::credit::v1::{
    DecideObjectionRequest, DecideObjectionResponse, GetPayLaterTermsRequest, GetPayLaterTermsResponse,
    ListPersonConductRequest, ListPersonConductResponse, ObjectToConductRequest, ObjectToConductResponse,
    RecordPersonConductRequest, RecordPersonConductResponse, TakeBackConductRequest, TakeBackConductResponse,
};
use yizhan_runtime::calls;

use super::{advance, list, record, terms};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct PersonCreditApi(Credit);

impl PersonCreditApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        PersonCreditApi(credit)
    }
}

calls! { PersonCreditService for PersonCreditApi, working with |api| &api.0;
    record_person_conduct(RecordPersonConductRequest) -> RecordPersonConductResponse = record::record_person_conduct;
    object_to_conduct(ObjectToConductRequest) -> ObjectToConductResponse = advance::object_to_conduct;
    decide_objection(DecideObjectionRequest) -> DecideObjectionResponse = advance::decide_objection;
    take_back_conduct(TakeBackConductRequest) -> TakeBackConductResponse = advance::take_back_conduct;
    list_person_conduct(ListPersonConductRequest) -> ListPersonConductResponse = list::list_person_conduct;
    get_pay_later_terms(GetPayLaterTermsRequest) -> GetPayLaterTermsResponse = terms::get_pay_later_terms;
}
