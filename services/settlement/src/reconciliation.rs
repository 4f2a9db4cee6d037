//! 对账: what an institution says it settled, compared; and what became of a message.

pub mod api;
mod find_message;
mod lines;
mod reverse_message;
mod scope;
mod totals;
