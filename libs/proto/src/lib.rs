//! Generated gRPC code of the contract in `proto/`, and its descriptor set.
//!
//! One module per package: package `yizhan.enrollment.v1` is [`enrollment::v1`]. A package appears here as soon as its
//! `.proto` file is in the folder.

mod amounts;
mod codec;
mod list;
mod mutation;
mod settle_response;
mod walk;

#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    rustdoc::all,
    reason = "generated"
)]
mod packages {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
}

pub use amounts::Amounts;
pub use list::ListRequest;
pub use mutation::{MutationRequest, Replayable};
pub use packages::yizhan::*;
pub use walk::{Place, Visitor, Walk};

/// Messages and services of settlement, with the one message that is written by hand.
pub mod settlement {
    /// Version 1.
    pub mod v1 {
        pub use crate::packages::yizhan::settlement::v1::*;
        pub use crate::settle_response::SettleResponse;
    }
}

/// The whole contract as an encoded `google.protobuf.FileDescriptorSet`, comments included: what reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// Every method of the contract, as a path.
pub const METHODS: &[&str] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// The methods whose request is a stream of messages, as paths: `/yizhan.enrollment.v1.RosterService/LoadRoster`.
pub const CLIENT_STREAMING: &[&str] = include!(concat!(env!("OUT_DIR"), "/client_streaming.rs"));

/// The methods whose answer is a stream of messages, as paths.
pub const SERVER_STREAMING: &[&str] = include!(concat!(env!("OUT_DIR"), "/server_streaming.rs"));
