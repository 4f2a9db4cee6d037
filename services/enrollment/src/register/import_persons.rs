//! Writes persons, new or changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{ImportOutcome, ImportPersonsRequest, ImportPersonsResponse, PersonRow};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, db, once};
use yizhan_terms::Area;

use crate::app::{Done, Register, Write};
use crate::person::domain::certificate::{CertificateKey, IdentityFault, identity_faults};
use crate::person::domain::entry::Put;
use crate::person::domain::timeline::{PersonFacts, Timeline};
use crate::person::domain::{codes, masking};
use crate::person::store::edit::Edit;
use crate::person::store::entities::person::{self, PersonalText};
use crate::person::store::personal_data::PersonalData;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::import::{check_duplicates, count, read_rows};
use crate::register::{certificates, changes};

/// All rows or none. A person who is known keeps their coverages and the rest; nobody moves to another pooling area here.
pub async fn import_persons(
    register: &Register,
    caller: &Caller,
    mut request: ImportPersonsRequest,
) -> Result<ImportPersonsResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    check_duplicates(request.rows.iter().map(|row| &row.psn_no), "psn_no", &mut violations);
    let today = register.clock.today();
    let rows = read_rows(&request.rows, &mut violations, |row, fields| new_person(row, today, fields));
    let rows = &violations.finish(rows)?;
    let areas = rows.iter().map(|row| row.poolarea_no.as_str()).enumerate();
    caller.check_manages_each(areas.map(|(at, area)| (format!("rows[{at}].poolarea_no"), area)))?;
    let outcome = once::once(register, &key, |write| Box::pin(put(write, caller, rows))).await?;
    Ok(ImportPersonsResponse { outcome: Some(outcome) })
}

/// A row that is right.
#[derive(Debug)]
pub(crate) struct NewPerson {
    pub(crate) psn_no: String,
    pub(crate) poolarea_no: Area,
    psn_cert_type: String,
    personal: PersonalData,
    gend: String,
    brdy: NaiveDate,
    die_date: Option<NaiveDate>,
    resd_code: String,
}

/// A person as told, or what is wrong with it.
pub(crate) fn new_person(row: &PersonRow, today: NaiveDate, mut fields: Fields) -> Option<NewPerson> {
    let psn_no = fields.psn_no("psn_no", &row.psn_no);
    let psn_cert_type = fields.code("psn_cert_type", &row.psn_cert_type, codes::is_psn_cert_type);
    let psn_name = fields.text("psn_name", &row.psn_name, true);
    let gend = fields.code("gend", &row.gend, codes::is_gend);
    let brdy = fields.past_date("brdy", &row.brdy, today);
    let certno = fields.text("certno", &row.certno, true);
    check_certno(row, brdy, &mut fields);
    let die_date = fields.optional("die_date", &row.die_date, |fields, field, day| {
        let died = fields.past_date(field, day, today)?;
        let in_order = brdy.is_none_or(|brdy| brdy <= died);
        let said = Reason::DatesReversed.saying("死亡日期不能早于出生日期");
        fields.require(in_order, field, said).then_some(died)
    });
    let poolarea_no = fields.area("poolarea_no", &row.poolarea_no);
    let tel_fits = row.tel.is_empty() || is_tel(&row.tel);
    fields.require(tel_fits, "tel", Reason::TelInvalid);
    fields.require(is_resd_code(&row.resd_code), "resd_code", Reason::ResdCodeInvalid);
    let (psn_name, certno, tel) = (psn_name?.into(), certno?.into(), row.tel.clone().into());
    Some(NewPerson {
        psn_no: psn_no?,
        poolarea_no: poolarea_no?,
        psn_cert_type: psn_cert_type?,
        personal: PersonalData { psn_name, certno, tel },
        gend: gend?,
        brdy: brdy?,
        die_date: die_date?,
        resd_code: row.resd_code.clone(),
    })
}

fn check_certno(row: &PersonRow, brdy: Option<NaiveDate>, fields: &mut Fields) {
    if row.psn_cert_type == codes::RESIDENT_IDENTITY_CARD && !row.certno.trim().is_empty() {
        for fault in identity_faults(&row.certno, brdy, &row.gend) {
            fields.wrong("certno", fault_reason(fault));
        }
    }
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

/// Whether it is a 联系电话: 5 to 20 digits; a `+` may lead, `-` may divide.
pub fn is_tel(tel: &str) -> bool {
    let digits = tel.bytes().filter(u8::is_ascii_digit).count();
    let divided = tel.strip_prefix('+').unwrap_or(tel);
    let plain = divided.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (5..=20).contains(&digits) && tel.len() <= 30 && plain
}

/// Whether it is a 常住地, 12 digits, or nothing.
pub fn is_resd_code(code: &str) -> bool {
    code.is_empty() || (code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit()))
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

async fn put(
    write: Write<'_>,
    caller: &Caller,
    rows: &[NewPerson],
) -> Result<Done<ImportOutcome>, ServiceError> {
    let Write { tx, service: register, .. } = write;
    let held = timelines::lock(tx, rows.iter().map(|row| row.psn_no.clone())).await?;
    check_held(caller, rows, &held)?;
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
        count(put, &mut answer);
        if put != Put::Unchanged {
            edits.push(row.edit(held.get(&row.psn_no)));
            changing.push((at, row.model(register)));
        }
    }
    certificates::exchange(tx, caller, &changing, &known).await?;
    db::upsert::<person::Entity>(tx, changing.into_iter().map(|(_, model)| model).collect()).await?;
    let changed = changes::record(write, edits).await?;
    answer.changed_person_count = changed.len() as i32;
    Ok(Done { answer, changed })
}

/// Nobody moves to another area by import, and nothing is written to a merged record. Of a record that another agency keeps no more is
/// told than that.
fn check_held(
    caller: &Caller,
    rows: &[NewPerson],
    held: &BTreeMap<String, StoredTimeline>,
) -> Result<(), ServiceError> {
    let (mut violations, mut foreign) = (Violations::new(), Violations::new());
    for (at, row) in rows.iter().enumerate() {
        let Some(person) = held.get(&row.psn_no) else { continue };
        let own = caller.may_manage_area(person.poolarea_no);
        if !foreign.require(own, format!("rows[{at}].psn_no"), Reason::AreaNotOwned) {
            continue;
        }
        let mut fields = Fields::row(at, &mut violations);
        fields.require(person.timeline.merged_into.is_none(), "psn_no", Reason::PersonMerged);
        let death = person.timeline.person.die_date;
        let same_death = death.is_none_or(|died| row.die_date == Some(died));
        let said = Reason::AlreadyDeceased.saying("已登记死亡日期；登记有误请撤销该项登记（TakeBackChange）");
        fields.require(same_death, "die_date", said);
        let said = Reason::PoolareaNotChangeable.saying("该人员已在其他统筹区登记，转移请办理关系转移接续");
        fields.require(person.poolarea_no == row.poolarea_no, "poolarea_no", said);
    }
    foreign.not_owned("")?;
    violations.none()
}
