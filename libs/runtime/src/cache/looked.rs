//! What looking into a store gives.

use std::sync::Arc;

use super::format::Token;

pub(super) enum Looked<T> {
    /// A value that may be believed.
    Found(Arc<T>),
    /// Nothing that counts. With the token, what is loaded now may be stored.
    Missing(Token),
    /// Something that cannot be read.
    Poisoned(Token, Vec<u8>),
    /// The store cannot be asked, or not be believed.
    Away,
}
