//! Certificate numbers: what a resident identity number must look like, and the keyed digest that is kept of any.

use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use yizhan_runtime::vault::SecretKey;

/// What is wrong with a resident identity number (居民身份证号, GB 11643).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    /// Not 17 digits and a digit or X.
    Shape,
    /// The last character does not fit the others.
    CheckDigit,
    /// Digits 7 to 14 are not the date of birth given.
    Birth,
    /// Digit 17 (odd for men) does not fit the sex given.
    Sex,
}

/// Everything wrong with a resident identity number, given date of birth and gend (1 男, 2 女; others are not compared).
pub fn identity_faults(number: &str, brdy: Option<NaiveDate>, gend: &str) -> Vec<IdentityFault> {
    let Some(digits) = first_seventeen(number) else { return vec![IdentityFault::Shape] };
    let mut faults = Vec::new();
    if check_character(&digits) != number.as_bytes()[17] {
        faults.push(IdentityFault::CheckDigit);
    }
    if brdy.is_some_and(|brdy| brdy.format("%Y%m%d").to_string() != number[6..14]) {
        faults.push(IdentityFault::Birth);
    }
    let man = digits[16] % 2 == 1;
    if (gend == "1" && !man) || (gend == "2" && man) {
        faults.push(IdentityFault::Sex);
    }
    faults
}

fn first_seventeen(number: &str) -> Option<[u32; 17]> {
    let last_fits = matches!(number.as_bytes().get(17), Some(b'0'..=b'9' | b'X'));
    if number.len() != 18 || !last_fits || !number.is_ascii() {
        return None;
    }
    let digits: Option<Vec<u32>> = number.chars().take(17).map(|c| c.to_digit(10)).collect();
    digits?.try_into().ok()
}

/// ISO 7064 MOD 11-2.
fn check_character(digits: &[u32; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHARACTERS: &[u8; 11] = b"10X98765432";
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    CHARACTERS[(sum % 11) as usize]
}

/// The secret under which certificate numbers are digested: without it a list of all numbers would give them away. Never
/// printed.
#[derive(Clone, Debug)]
pub struct CertificateKey(SecretKey);

impl CertificateKey {
    /// This secret.
    pub fn new(key: SecretKey) -> Self {
        CertificateKey(key)
    }

    /// For a register on one machine, where nobody configured a secret.
    pub fn local_default() -> Self {
        CertificateKey(SecretKey::new(*b"yizhan local register, no secret"))
    }

    /// HMAC-SHA-256 of type and number, in hexadecimal.
    pub fn digest(&self, psn_cert_type: &str, certno: &str) -> String {
        HEXLOWER.encode(&self.0.hmac(&[psn_cert_type.as_bytes(), b":", certno.as_bytes()]))
    }

    /// The same of a phone, however it is written: its digits, without the +86 of the country. Types of certificates have two
    /// digits, so no digest means two things.
    pub fn tel_digest(&self, tel: &str) -> String {
        let at_home = tel.strip_prefix("+86").unwrap_or(tel);
        let digits: String = at_home.chars().filter(char::is_ascii_digit).collect();
        self.digest("tel", &digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(number: &str, brdy: &str, gend: &str) -> Vec<IdentityFault> {
        identity_faults(number, brdy.parse().ok(), gend)
    }

    /// The number printed in GB 11643-1999.
    #[test]
    fn the_standard_s_own_example_is_right() {
        assert_eq!(faults("11010519491231002X", "1949-12-31", "2"), []);
        assert_eq!(faults("11010519491231002X", "", "9"), []);
    }

    #[test]
    fn every_fault_is_found() {
        assert_eq!(
            faults("110105194912310021", "1949-12-30", "1"),
            [IdentityFault::CheckDigit, IdentityFault::Birth, IdentityFault::Sex]
        );
        for wrong in
            ["", "11010519491231002", "11010519491231002x", "1101051949123100２", "A1010519491231002X"]
        {
            assert_eq!(faults(wrong, "1949-12-31", "2"), [IdentityFault::Shape], "{wrong}");
        }
    }

    /// The expected value was computed with Python's hmac module.
    #[test]
    fn the_digest_is_hmac_sha256_of_type_and_number() {
        let mut key = [0u8; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            CertificateKey::new(SecretKey::new(key)).digest("01", "11010519491231002X"),
            "c04d501937ea69c2dc1489a2dcf5c0b365716740ec4451418159806f399092fb"
        );
    }
}
