//! The answer of Settle, written by hand: a settlement that was just stored is sent as the bytes it was stored as, and not encoded anew.

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

use crate::packages::yizhan::settlement::v1::Settlement;

/// Answer of Settle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettleResponse {
    /// The settlement; `None` in an answer that was made of its bytes.
    pub settlement: Option<Settlement>,
    /// This request had been settled before; the answer is the one given then, with whether it has been reversed since.
    pub replayed: bool,
    stored: Option<Vec<u8>>,
}

const SETTLEMENT: u32 = 1;
const REPLAYED: u32 = 2;

impl SettleResponse {
    /// Of a settlement that was just stored as these bytes.
    pub fn stored(settlement: Vec<u8>) -> SettleResponse {
        SettleResponse { stored: Some(settlement), ..SettleResponse::default() }
    }

    /// Of a settlement that was stored before.
    pub fn again(settlement: Settlement) -> SettleResponse {
        SettleResponse { settlement: Some(settlement), replayed: true, stored: None }
    }
}

/// As it would be generated, except that a settlement may be there as bytes: on the wire they are the same.
impl Message for SettleResponse {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        match (&self.stored, &self.settlement) {
            (Some(bytes), _) => encoding::bytes::encode(SETTLEMENT, bytes, buffer),
            (None, Some(settlement)) => encoding::message::encode(SETTLEMENT, settlement, buffer),
            (None, None) => {}
        }
        if self.replayed {
            encoding::bool::encode(REPLAYED, &self.replayed, buffer);
        }
    }

    fn encoded_len(&self) -> usize {
        let settlement = match (&self.stored, &self.settlement) {
            (Some(bytes), _) => encoding::bytes::encoded_len(SETTLEMENT, bytes),
            (None, Some(settlement)) => encoding::message::encoded_len(SETTLEMENT, settlement),
            (None, None) => 0,
        };
        let replayed = if self.replayed { encoding::bool::encoded_len(REPLAYED, &self.replayed) } else { 0 };
        settlement + replayed
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            SETTLEMENT => {
                let settlement = self.settlement.get_or_insert_with(Settlement::default);
                encoding::message::merge(wire_type, settlement, buffer, context)
            }
            REPLAYED => encoding::bool::merge(wire_type, &mut self.replayed, buffer, context),
            _ => encoding::skip_field(wire_type, tag, buffer, context),
        }
    }

    fn clear(&mut self) {
        *self = SettleResponse::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settlement::v1::SettlementInfo;

    #[test]
    fn bytes_that_were_stored_are_sent_as_the_message() {
        let info = SettlementInfo { setl_id: "S1".into(), medfee_sumamt_fen: -7, ..Default::default() };
        let settlement = Settlement { setlinfo: Some(info), ..Settlement::default() };
        let stored = SettleResponse::stored(settlement.encode_to_vec()).encode_to_vec();
        let made = SettleResponse { settlement: Some(settlement.clone()), ..SettleResponse::default() };
        assert_eq!(stored, made.encode_to_vec());
        assert_eq!(SettleResponse::decode(stored.as_slice()).unwrap(), made);
        let again = SettleResponse::again(settlement);
        assert_eq!(SettleResponse::decode(again.encode_to_vec().as_slice()).unwrap(), again);
        // What a later contract adds is passed over.
        let later = [again.encode_to_vec(), vec![0x1a, 1, 0]].concat();
        assert_eq!(SettleResponse::decode(later.as_slice()).unwrap(), again);
        assert_eq!(SettleResponse::decode([].as_slice()).unwrap(), SettleResponse::default());
    }
}
