//! The books: what is stored of settlements, deposits and their requests, written through one door ([`store::commit`]).

pub mod check_books;
pub mod digest;
pub mod domain;
pub mod merge;
pub mod messages;
pub mod moves;
pub mod retries;
pub mod store;
pub mod unmerge;
