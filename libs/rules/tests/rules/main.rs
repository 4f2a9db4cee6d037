//! Documents are read, decide by area and day, and are published once.

mod book;
mod find;
mod read;
mod support;
