//! What is stored stays readable: bytes as they were written before a field changed.

use prost::Message;
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
