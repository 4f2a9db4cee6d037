//! What the messages of every mutation have alike, so that code shared by all can use it. Implemented by the build for each
//! message that has the field.

use prost::Message;

/// A request that changes something: it carries the caller's own id of it, `request_id`.
pub trait MutationRequest: Message {
    /// The method that takes it, `RecordDeath`.
    const METHOD: &'static str;

    /// Takes the id out; what is left is what is asked for, the same with each retry.
    fn take_request_id(&mut self) -> String;
}

/// An answer that says whether it is given again.
pub trait Replayable: Message + Default {
    /// Notes that the request had been handled before.
    fn set_replayed(&mut self);
}

include!(concat!(env!("OUT_DIR"), "/mutations.rs"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrollment::v1::{RecordDeathRequest, RecordDeathResponse};

    #[test]
    fn messages_of_a_mutation_are_known_by_their_fields() {
        let mut request = RecordDeathRequest {
            request_id: "r1".into(),
            psn_no: "P1".into(),
            die_date: "2026-01-01".into(),
        };
        assert_eq!(RecordDeathRequest::METHOD, "RecordDeath");
        assert_eq!(request.take_request_id(), "r1");
        assert_eq!((request.request_id.as_str(), request.psn_no.as_str()), ("", "P1"));
        let mut answer = RecordDeathResponse::default();
        answer.set_replayed();
        assert!(answer.replayed);
    }
}
