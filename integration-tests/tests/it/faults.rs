//! Faults of process, disk, network and database, made on purpose.

mod peers;
mod secrets;
mod tools;
