//! The dictionaries filings are checked against (national interface; see the contract's comments for the names).

/// 申报来源 (docs/CODES.md, dcla_souc).
const SOURCES: [&str; 6] = ["01", "02", "03", "04", "05", "99"];

/// Whether it is a dcla_souc.
pub fn is_dcla_souc(code: &str) -> bool {
    SOURCES.contains(&code)
}
