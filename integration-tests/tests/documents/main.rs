//! The documents are true as far as a program can tell: links lead somewhere, files and reasons that are named exist, numbers
//! are those of the code, and the README stays short.

mod contract;
mod limits;
mod links;
mod names;
mod sources;
