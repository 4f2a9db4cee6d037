//! Writes persons, new or changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{ImportOutcome, ImportPersonsRequest, PersonRow};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};
use yizhan_terms::Area;

use crate::app::{Done, Register, Write};
use crate::person::domain::certificate::{CertificateKey, IdentityFault, identity_faults};
use crate::person::domain::entry::Put;
use crate::person::domain::timeline::{PersonFacts, Timeline};
use crate::person::domain::{codes, masking};
use crate::person::store::edit::Edit;
use crate::person::store::entities::person::{self, PersonalText};
use crate::person::store::personal_data::PersonalData;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::person::store::{persons, rows};
use crate::register::certificates;
use crate::register::changes;
use crate::register::import;
use crate::register::row_check::RowCheck;

/// All rows or none. A person who is known keeps their coverages and the rest; nobody moves to another pooling area here.
pub async fn import_persons(
    register: &Register,
    caller: &Caller,
    mut request: ImportPersonsRequest,
) -> Result<ImportOutcome, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let rows = checked(&request.rows, register.clock.today(), violations)?;
    for row in &rows {
        caller.check_manages(row.poolarea_no.as_str())?;
    }
    let work = PersonImport { caller, rows };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
}

/// A row that is right.
#[derive(Debug)]
pub(crate) struct NewPerson {
    psn_no: String,
    pub(crate) poolarea_no: Area,
    psn_cert_type: String,
    personal: PersonalData,
    gend: String,
    brdy: NaiveDate,
    die_date: Option<NaiveDate>,
    resd_code: String,
}

fn checked(
    rows: &[PersonRow],
    today: NaiveDate,
    mut violations: Violations,
) -> Result<Vec<NewPerson>, ServiceError> {
    import::check_row_count(rows.len(), &mut violations);
    import::check_duplicates(rows.iter().map(|row| &row.psn_no), "psn_no", &mut violations);
    let read = rows.iter().enumerate();
    let read: Vec<_> =
        read.filter_map(|(at, row)| new_person(row, today, RowCheck::new(at, &mut violations))).collect();
    violations.none()?;
    Ok(read)
}

/// A person as told, or what is wrong with it.
pub(crate) fn new_person(row: &PersonRow, today: NaiveDate, mut check: RowCheck) -> Option<NewPerson> {
    let psn_no = check.psn_no("psn_no", &row.psn_no);
    let psn_cert_type = check.code("psn_cert_type", &row.psn_cert_type, codes::is_psn_cert_type);
    let psn_name = check.text("psn_name", &row.psn_name, true);
    let gend = check.code("gend", &row.gend, codes::is_gend);
    let brdy = check.date("brdy", &row.brdy);
    let certno = certno(row, brdy, &mut check);
    let die_date = check.optional_date("die_date", &row.die_date);
    let poolarea_no = check.poolarea("poolarea_no", &row.poolarea_no);
    let tel = tel(&row.tel, &mut check);
    let resd_code = resd_code(&row.resd_code, &mut check);
    if brdy.is_some_and(|brdy| brdy > today) {
        check.wrong("brdy", Reason::InTheFuture);
    }
    if let (Some(brdy), Some(Some(died))) = (brdy, die_date) {
        if died < brdy {
            check.wrong("die_date", Reason::DatesReversed.saying("死亡日期不能早于出生日期"));
        }
        if died > today {
            check.wrong("die_date", Reason::InTheFuture);
        }
    }
    Some(NewPerson {
        psn_no: psn_no?,
        poolarea_no: poolarea_no?,
        psn_cert_type: psn_cert_type?,
        personal: PersonalData { psn_name: psn_name?.into(), certno: certno?.into(), tel: tel?.into() },
        gend: gend?,
        brdy: brdy?,
        die_date: die_date?,
        resd_code: resd_code?,
    })
}

fn certno(row: &PersonRow, brdy: Option<NaiveDate>, check: &mut RowCheck) -> Option<String> {
    let certno = check.text("certno", &row.certno, true)?;
    if row.psn_cert_type == codes::RESIDENT_IDENTITY_CARD {
        for fault in identity_faults(&certno, brdy, &row.gend) {
            let reason = fault_reason(fault);
            check.wrong("certno", reason);
        }
    }
    Some(certno)
}

/// What a fault of a resident identity number is called.
pub fn fault_reason(fault: IdentityFault) -> Reason {
    match fault {
        IdentityFault::Shape => Reason::CertnoShape,
        IdentityFault::CheckDigit => Reason::CertnoCheckDigit,
        IdentityFault::Birth => Reason::CertnoBirthMismatch,
        IdentityFault::Sex => Reason::CertnoSexMismatch,
    }
}

/// 联系电话: 5 to 20 digits; a `+` may lead, `-` may divide.
fn tel(tel: &str, check: &mut RowCheck) -> Option<String> {
    let fits = tel.is_empty() || is_tel(tel);
    if !fits {
        check.wrong("tel", Reason::TelInvalid);
    }
    fits.then(|| tel.to_owned())
}

/// Whether it is a phone.
pub fn is_tel(tel: &str) -> bool {
    let digits = tel.bytes().filter(u8::is_ascii_digit).count();
    let divided = tel.strip_prefix('+').unwrap_or(tel);
    let plain = divided.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (5..=20).contains(&digits) && tel.len() <= 30 && plain
}

/// 常住地: 12 digits or nothing.
fn resd_code(code: &str, check: &mut RowCheck) -> Option<String> {
    let fits = code.is_empty() || (code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit()));
    if !fits {
        check.wrong("resd_code", Reason::ResdCodeInvalid);
    }
    fits.then(|| code.to_owned())
}

impl NewPerson {
    /// What it makes of the register.
    pub(crate) fn edit(&self, held: Option<&StoredTimeline>) -> Edit {
        let Some(held) = held else {
            let timeline = Timeline::of(self.facts());
            return Edit::created(self.psn_no.clone(), self.poolarea_no, timeline);
        };
        let mut edit = Edit::of(held.clone());
        edit.after.timeline.person = self.facts();
        edit.touch();
        edit
    }

    fn facts(&self) -> PersonFacts {
        PersonFacts {
            psn_name_masked: masking::mask_name(self.personal.psn_name.expose()),
            gend: self.gend.clone(),
            brdy: self.brdy,
            die_date: self.die_date,
        }
    }

    fn certno_digest(&self, key: &CertificateKey) -> String {
        key.digest(&self.psn_cert_type, self.personal.certno.expose())
    }

    /// As a row.
    pub(crate) fn model(&self, register: &Register) -> person::Model {
        let key = &register.certificate_key;
        let tel = self.personal.tel.expose();
        let mut model = person::Model {
            poolarea_no: self.poolarea_no.to_string(),
            psn_no: self.psn_no.clone(),
            psn_cert_type: self.psn_cert_type.clone(),
            certno_digest: self.certno_digest(key),
            certno_masked: masking::mask_certno(self.personal.certno.expose()),
            certno_cipher: String::new(),
            psn_name: PersonalText(String::new()),
            tel_cipher: String::new(),
            tel_digest: if tel.is_empty() { String::new() } else { key.tel_digest(tel) },
            data_key: String::new(),
            gend: self.gend.clone(),
            brdy: self.brdy,
            die_date: self.die_date,
            resd_code: self.resd_code.clone(),
            merged_into: String::new(),
        };
        self.personal.seal_into(&mut model, &register.vault);
        model
    }

    /// Whether the row already says all of this. Sealed texts look different each time: what they hold is compared.
    fn is_held_by(&self, held: &person::Model, register: &Register) -> Result<bool, ServiceError> {
        let opened = PersonalData::open(held, &register.vault).map_err(ServiceError::internal)?;
        Ok(opened == self.personal
            && held.psn_cert_type == self.psn_cert_type
            && held.certno_digest == self.certno_digest(&register.certificate_key)
            && held.gend == self.gend
            && held.brdy == self.brdy
            && held.die_date == self.die_date
            && held.resd_code == self.resd_code)
    }
}

/// Persons to be written.
struct PersonImport<'a> {
    caller: &'a Caller,
    rows: Vec<NewPerson>,
}

impl PersonImport<'_> {
    async fn write(
        &self,
        write @ Write { tx, service: register, .. }: Write<'_>,
    ) -> Result<Done<ImportOutcome>, ServiceError> {
        let rows = &self.rows;
        let held = timelines::lock(tx, rows.iter().map(|row| row.psn_no.clone())).await?;
        check_held(rows, &held)?;
        let keys = held.values().map(|person| (person.poolarea_no, person.psn_no.clone()));
        let known = persons::find_many(tx, keys).await?;

        let mut answer = ImportOutcome { row_count: rows.len() as i32, ..ImportOutcome::default() };
        let (mut changing, mut edits) = (Vec::new(), Vec::new());
        for (at, row) in rows.iter().enumerate() {
            let put = match known.get(&row.psn_no) {
                None => Put::Created,
                Some(model) if row.is_held_by(model, register)? => Put::Unchanged,
                Some(_) => Put::Updated,
            };
            import::count(put, &mut answer);
            if put != Put::Unchanged {
                edits.push(row.edit(held.get(&row.psn_no)));
                changing.push((at, row.model(register)));
            }
        }
        certificates::exchange(tx, self.caller, &changing, &known).await?;
        rows::upsert::<person::Entity, _>(tx, changing.into_iter().map(|(_, model)| model).collect()).await?;
        let changed = changes::record(write, edits).await?;
        answer.changed_person_count = changed.len() as i32;
        Ok(Done { answer, changed })
    }
}

/// Nobody moves to another area by import, and nothing is written to a merged record.
fn check_held(rows: &[NewPerson], held: &BTreeMap<String, StoredTimeline>) -> Result<(), ServiceError> {
    let mut violations = Violations::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(person) = held.get(&row.psn_no) else { continue };
        let mut check = RowCheck::new(at, &mut violations);
        if person.timeline.merged_into.is_some() {
            check.wrong("psn_no", Reason::PersonMerged);
        }
        if person.poolarea_no != row.poolarea_no {
            let text = "该人员已在其他统筹区登记，转移请办理关系转移接续";
            check.wrong("poolarea_no", Reason::PoolareaNotChangeable.saying(text));
        }
    }
    violations.none()
}
