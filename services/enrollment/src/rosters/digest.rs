//! The digest by which a department and the service agree on the rows of a roster, as the contract says it.

use std::fmt::Write;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use yizhan_proto::enrollment::v1::{RosterRow, RosterRows};
use yizhan_runtime::ServiceError;

/// Of no rows.
pub fn of_none() -> String {
    HEXLOWER.encode(&[0; 32])
}

/// Of the rows so far and those of one message.
pub fn with(digest: &str, message: &RosterRows) -> Result<String, ServiceError> {
    let sum = HEXLOWER.decode(digest.as_bytes()).map_err(ServiceError::internal)?;
    let mut sum: [u8; 32] = sum.as_slice().try_into().map_err(ServiceError::internal)?;
    let mut text = String::new();
    for (row, row_no) in message.rows.iter().zip(message.first_row_number..) {
        text.clear();
        write_text(&mut text, row_no, row);
        sum = Sha256::new().chain_update(sum).chain_update(&text).finalize().into();
    }
    Ok(HEXLOWER.encode(&sum))
}

/// The text of a row that the contract's digest is made of.
fn write_text(text: &mut String, row_no: i64, row: &RosterRow) {
    let RosterRow { psn_no, psn_cert_type, certno, psn_idet_type, name, action, begndate, enddate } = row;
    write!(
        text,
        "{row_no}\u{1f}{psn_no}\u{1f}{psn_cert_type}\u{1f}{certno}\u{1f}{psn_idet_type}\u{1f}{name}\u{1f}{action}\
         \u{1f}{begndate}\u{1f}{enddate}"
    )
    .expect("writing to a string");
}
