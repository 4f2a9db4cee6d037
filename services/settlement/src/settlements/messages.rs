//! From what the contract, enrollment and filing say to the engine's case, and from its outcome to the contract's answer.

pub mod answer;
pub mod audited;
pub mod case;
pub mod credited;
pub mod explain;
pub mod filing;
pub mod later;
pub mod marks;
pub mod part;
pub mod previous;
pub mod refunds;
pub mod reversal;
pub mod statement;
pub mod stay;
pub mod trace;
pub mod visit;
