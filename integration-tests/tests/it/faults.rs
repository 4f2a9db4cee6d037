//! Faults of process, disk, network and database, made on purpose.

mod tools;
