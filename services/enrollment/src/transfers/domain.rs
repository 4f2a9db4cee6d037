//! 关系转移接续: how a transfer goes, who takes which step, and what finishing it does to a person (医保办发〔2021〕43号).

pub mod codes;
pub mod due;
pub mod finish;
pub mod mover;
pub mod statement;
pub mod steps;

pub use steps::{Action, Initiator, Position, Refused, Side, Sides, State, Taken, allowed_actions, next};
