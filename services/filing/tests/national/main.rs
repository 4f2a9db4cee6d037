//! Every national rule on remote-care filings as a row of a table: article, case, expected (医保发〔2022〕22号, 经办规程, 医保发〔2024〕21号).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test that lacks what it needs ends; tables of cases are long"
)]

mod filed;
mod treated;
