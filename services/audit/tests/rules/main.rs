//! What rules find and what they do not, kind by kind, and what is wrong with documents.

mod documents;
mod kinds;
mod reach;
mod support;
