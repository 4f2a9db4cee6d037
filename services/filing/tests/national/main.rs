//! Every national rule on remote-care filings as a row of a table: article, case, expected (医保发〔2022〕22号, 经办规程, 医保发〔2024〕21号).

mod filed;
mod treated;
