//! A codec that leaves answers encoded. Institutions decode on their own machines; here they share the cores of the
//! services that are measured.

use std::marker::PhantomData;

use prost::Message;
use prost::bytes::{Buf, Bytes};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Encodes a request, keeps its answer as bytes.
#[derive(Clone, Copy, Debug)]
pub struct RawAnswer<M>(PhantomData<fn(M)>);

impl<M> Default for RawAnswer<M> {
    fn default() -> Self {
        RawAnswer(PhantomData)
    }
}

impl<M: Message + 'static> Codec for RawAnswer<M> {
    type Encode = M;
    type Decode = Bytes;
    type Encoder = RawAnswer<M>;
    type Decoder = RawAnswer<M>;

    fn encoder(&mut self) -> RawAnswer<M> {
        RawAnswer::default()
    }

    fn decoder(&mut self) -> RawAnswer<M> {
        RawAnswer::default()
    }
}

impl<M: Message> Encoder for RawAnswer<M> {
    type Item = M;
    type Error = Status;

    fn encode(&mut self, request: M, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        request.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<M> Decoder for RawAnswer<M> {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
