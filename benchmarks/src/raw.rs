//! A codec that leaves answers encoded. Institutions decode on their own machines; here they share the cores of the
//! services that are measured.

use prost::Message;
use prost::bytes::{Buf, Bytes};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use yizhan_proto::settlement::v1::SettleRequest;

/// Encodes Settle's request, keeps its answer as bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawAnswer;

impl Codec for RawAnswer {
    type Encode = SettleRequest;
    type Decode = Bytes;
    type Encoder = RawAnswer;
    type Decoder = RawAnswer;

    fn encoder(&mut self) -> RawAnswer {
        RawAnswer
    }

    fn decoder(&mut self) -> RawAnswer {
        RawAnswer
    }
}

impl Encoder for RawAnswer {
    type Item = SettleRequest;
    type Error = Status;

    fn encode(&mut self, request: SettleRequest, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        request.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for RawAnswer {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
