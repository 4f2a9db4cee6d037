//! Digests by which two things are compared without keeping both.

use data_encoding::HEXLOWER;
use prost::Message;
use sha2::{Digest, Sha256};

/// SHA-256 in hex.
pub fn of_bytes(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// SHA-256 of a message's encoding, in hex. Our messages hold no maps, so equal messages have equal bytes.
pub fn of_message(message: &impl Message) -> String {
    of_bytes(&message.encode_to_vec())
}
