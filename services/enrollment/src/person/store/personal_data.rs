//! A person's name, certificate number and phone, between clear and sealed.

use yizhan_runtime::Personal;
use yizhan_runtime::vault::{OpenError, Vault};

use super::entities::person::{Model, PersonalText};

/// In clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalData {
    /// 姓名.
    pub psn_name: Personal<String>,
    /// 证件号码; empty if it was never kept.
    pub certno: Personal<String>,
    /// 联系电话; empty when not known.
    pub tel: Personal<String>,
}

impl PersonalData {
    /// Puts it into a person's row, sealed under the vault's current key.
    pub fn seal_into(&self, row: &mut Model, vault: &Vault) {
        let seal = |column: &str, text: &Personal<String>| match text.expose().as_str() {
            "" => String::new(),
            text => vault.seal(&place(column, &row.psn_no), text),
        };
        let psn_name = seal("psn_name", &self.psn_name);
        let certno_cipher = seal("certno", &self.certno);
        row.tel_cipher = seal("tel", &self.tel);
        row.certno_cipher = certno_cipher;
        row.psn_name = PersonalText(psn_name);
        row.data_key = vault.current_key_id().to_owned();
    }

    /// The phone alone.
    pub fn open_tel(row: &Model, vault: &Vault) -> Result<Personal<String>, OpenError> {
        open("tel", &row.tel_cipher, row, vault)
    }

    /// Out of a person's row, of the version that did not seal as well.
    pub fn open(row: &Model, vault: &Vault) -> Result<PersonalData, OpenError> {
        let psn_name = match row.data_key.as_str() {
            "" => row.psn_name.0.clone().into(),
            _ => open("psn_name", &row.psn_name.0, row, vault)?,
        };
        let certno = open("certno", &row.certno_cipher, row, vault)?;
        Ok(PersonalData { psn_name, certno, tel: PersonalData::open_tel(row, vault)? })
    }
}

fn open(column: &str, sealed: &str, row: &Model, vault: &Vault) -> Result<Personal<String>, OpenError> {
    match sealed {
        "" => Ok(Personal::default()),
        sealed => vault.open(&place(column, &row.psn_no), sealed),
    }
}

/// What a text is bound to. Not the pooling area: the row moves with the person.
fn place<'a>(column: &'a str, psn_no: &'a str) -> [&'a str; 3] {
    ["person", column, psn_no]
}
