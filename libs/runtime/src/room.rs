//! How many answers one message takes.

use prost::Message;

/// Bytes of the answers to several questions in one message: half of what a message may have. One answer alone may be larger.
pub const MAX_ANSWERS_BYTES: usize = 2 * 1024 * 1024;

/// Room for answers in one message. Those that fit are given, and at least one; who asked asks again for the others.
#[derive(Debug, Default)]
pub struct Room {
    taken: usize,
}

impl Room {
    /// Whether this answer goes into the message; otherwise it ends before it.
    pub fn takes(&mut self, answer: &impl Message) -> bool {
        let first = self.taken == 0;
        // With what tells the field and the length.
        self.taken += answer.encoded_len() + 6;
        first || self.taken <= MAX_ANSWERS_BYTES
    }
}
