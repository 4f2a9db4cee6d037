//! What is stored stays readable: bytes as they were written before a field changed.

use prost::Message;
use yizhan_proto::enrollment::v1::{AccessGrant, GetEligibilityRequest, GrantAccessResponse};
use yizhan_proto::settlement::v1::Settlement;

/// A settlement's answer from before `eligibility_expires_at` was a Timestamp: `setl_id` (1), `out_filing` (50) and the text (52).
const BEFORE: &[u8] = b"\x0a\x25\x0a\x02S1\x92\x03\x07unfiled\xa2\x03\x142026-02-01T04:05:00Z";

#[test]
fn a_settlement_with_a_text_for_a_time_stays_as_it_was() {
    let settlement = Settlement::decode(BEFORE).unwrap();
    let info = settlement.setlinfo.as_ref().unwrap();
    assert_eq!((info.setl_id.as_str(), info.out_filing.as_str()), ("S1", "unfiled"));
    assert_eq!(info.eligibility_expires_text, "2026-02-01T04:05:00Z");
    assert_eq!(info.eligibility_expires_at, None);
    assert_eq!(settlement.encode_to_vec(), BEFORE);
}

/// The answer to a GrantAccess from before: `grant_id` (1), then the texts of `begins_at` (6) and `granted_at` (10).
#[test]
fn an_answer_with_texts_for_times_is_still_read() {
    let before = b"\x0a\x30\x0a\x02G1\x32\x142026-02-01T04:05:00Z\x52\x142026-02-01T04:05:00Z";
    let grant = GrantAccessResponse::decode(&before[..]).unwrap().grant.unwrap();
    assert_eq!(grant, AccessGrant { grant_id: "G1".into(), ..AccessGrant::default() });
}

/// Passed over, it would be answered as of now.
#[test]
fn a_question_with_a_text_for_a_time_is_malformed() {
    for text in ["2026-02-01T04:05:00Z", "1999-12-31T00:00:00.000001+08:00"] {
        let question = [&[0x4a, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        assert!(GetEligibilityRequest::decode(question.as_slice()).is_err(), "{text}");
    }
}
