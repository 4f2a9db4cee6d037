//! From a visit as it is sent to one that rules ask about.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;
use yizhan_proto::audit::v1::{Encounter, EncounterLine, Operation as SentOperation};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Fields, Reason, Violations};
use yizhan_terms::{InstitutionType, Insutype, MedType, Tier, is_fixmedins_code};

use crate::rules::{Diagnosis, Line, Operation, Sex, Visit};

/// Lines of one visit at most.
const MAX_LINES: usize = 4000;
/// Diagnoses of one visit at most.
const MAX_DIAGNOSES: usize = 20;
/// Operations of one visit at most.
const MAX_OPERATIONS: usize = 50;
/// Longest number of a visit or a line.
const MAX_ID: usize = 30;
/// Longest code of the catalogue.
const MAX_CODE: usize = 50;

/// Reads a visit; `today` is its last day where the patient is still there. `None` where something is wrong, which is noted.
pub fn read(encounter: &Encounter, today: NaiveDate, wrong: &mut Violations) -> Option<Visit> {
    let mut fields = Fields::within("encounter.", wrong);
    fields.require(encounter.diagnoses.len() <= MAX_DIAGNOSES, "diagnoses", Reason::TooMany);
    fields.require(encounter.operations.len() <= MAX_OPERATIONS, "operations", Reason::TooMany);
    fields.require(encounter.lines.len() <= MAX_LINES, "lines", Reason::TooMany);
    understand(encounter, Some(today), wrong)
}

/// The same of a visit of any size, as a stay is that was settled in parts; without `today` it must be over.
pub fn understand(encounter: &Encounter, today: Option<NaiveDate>, wrong: &mut Violations) -> Option<Visit> {
    let mut fields = Fields::within("encounter.", wrong);
    let psn_no = fields.psn_no("psn_no", &encounter.psn_no);
    let born = fields.optional("brdy", &encounter.brdy, Fields::date);
    let sex = fields.coded("gend", &encounter.gend, sex);
    let area = fields.area("poolarea_no", &encounter.poolarea_no);
    let scheme = fields.coded("insutype", &encounter.insutype, Insutype::settled);
    let mdtrt_id = id(&mut fields, "mdtrt_id", &encounter.mdtrt_id);
    let med_type = fields.coded("med_type", &encounter.med_type, MedType::from_code);
    // A bill that was paid by hand may be of an institution that has no code.
    let by_hand = !encounter.setl_id.is_empty() && encounter.lines.is_empty();
    let known = |code: &str| is_fixmedins_code(code) || (by_hand && code.is_empty());
    let institution = fields.code("fixmedins_code", &encounter.fixmedins_code, known);
    let kind = fields.coded("medins_type", &encounter.medins_type, InstitutionType::from_code);
    let level = fields.optional("medins_lv", &encounter.medins_lv, |fields, name, code| {
        fields.coded(name, code, Tier::from_code)
    });
    let days = days(encounter, today, &mut fields);
    let last = days.map(|(_, end)| end).or(today).unwrap_or_default();
    let lines = lines(&encounter.lines, last, wrong);
    let operations = operations(&encounter.operations, last, wrong);
    let (begin, end) = days?;
    Some(Visit {
        psn_no: psn_no?,
        sex: sex?,
        born: born?,
        area: area?,
        scheme: scheme?,
        mdtrt_id: mdtrt_id?,
        med_type: med_type?,
        institution: institution?,
        kind: kind?,
        level: level?,
        begin,
        end,
        is_over: !encounter.enddate.is_empty(),
        diagnoses: diagnoses(encounter),
        departments: [encounter.adm_dept_codg.clone(), encounter.dscg_dept_codg.clone()],
        doctor: encounter.dr_codg.clone(),
        disease: encounter.opsp_dise_code.clone(),
        emergency: encounter.emergency,
        internet: encounter.itnt_flag,
        discharge_way: encounter.dscg_way.clone(),
        admission_way: encounter.adm_way.clone(),
        lines: lines?,
        operations: operations?,
        setl_id: encounter.setl_id.clone(),
        amounts: [encounter.medfee_sumamt_fen, encounter.fund_pay_sumamt_fen, encounter.psn_part_amt_fen],
    })
}

/// The sex, where it is known; the outer `None` is no code of the dictionary.
fn sex(code: &str) -> Option<Option<Sex>> {
    match code {
        "1" => Some(Some(Sex::Male)),
        "2" => Some(Some(Sex::Female)),
        "" | "0" | "9" => Some(None),
        _ => None,
    }
}

fn id(fields: &mut Fields<'_>, name: &str, value: &str) -> Option<String> {
    code(fields, name, value, MAX_ID)
}

/// Given, short enough, printable ASCII.
fn code(fields: &mut Fields<'_>, name: &str, value: &str, most: usize) -> Option<String> {
    fields.require(!value.is_empty(), name, Reason::Required).then_some(())?;
    fields.require(value.len() <= most, name, Reason::TooLong).then_some(())?;
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic());
    fields.require(plain, name, Reason::Characters).then(|| value.to_owned())
}

fn days(
    encounter: &Encounter,
    today: Option<NaiveDate>,
    fields: &mut Fields<'_>,
) -> Option<(NaiveDate, NaiveDate)> {
    let begin = fields.date("begndate", &encounter.begndate);
    let end = fields.optional("enddate", &encounter.enddate, Fields::date);
    let (begin, end) = (begin?, fields.some(end?.or(today), "enddate", Reason::Required)?);
    fields.require(begin <= end, "enddate", Reason::DatesReversed).then_some((begin, end))
}

/// The main one first.
fn diagnoses(encounter: &Encounter) -> Vec<Diagnosis> {
    let mut sent: Vec<_> = encounter.diagnoses.iter().collect();
    sent.sort_by_key(|diagnosis| !diagnosis.maindise_flag);
    let read = |code: &str, name: &str| Diagnosis { code: code.to_owned(), name: name.to_owned() };
    sent.iter().map(|diagnosis| read(&diagnosis.dise_codg, &diagnosis.dise_name)).collect()
}

fn operations(sent: &[SentOperation], last: NaiveDate, wrong: &mut Violations) -> Option<Vec<Operation>> {
    let read = |(index, operation): (usize, &SentOperation)| {
        let prefix = format!("encounter.operations[{index}].");
        let mut fields = Fields::within(&prefix, wrong);
        let day = fields.optional("oprn_oprt_date", &operation.oprn_oprt_date, Fields::date);
        let code = code(&mut fields, "oprn_oprt_code", &operation.oprn_oprt_code, MAX_CODE);
        Some(Operation {
            code: code?,
            name: operation.oprn_oprt_name.clone(),
            is_main: operation.main_oprn_flag,
            day: day?.unwrap_or(last),
        })
    };
    all(sent.iter().enumerate().map(read))
}

/// All of them are read before any is given up.
fn all<T>(read: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = read.collect();
    read.into_iter().collect()
}

/// Lines with what is left of them: what refunds (退单) take back is netted, and a line of which nothing is left does not count.
fn lines(sent: &[EncounterLine], last: NaiveDate, wrong: &mut Violations) -> Option<Vec<Line>> {
    let mut numbers = BTreeMap::new();
    let mut read: Vec<Option<Line>> = Vec::new();
    for (index, line) in sent.iter().enumerate() {
        let prefix = format!("encounter.lines[{index}].");
        let mut fields = Fields::within(&prefix, wrong);
        if !line.init_feedetl_sn.is_empty() {
            take_back(line, &numbers, &mut read, &mut fields);
            continue;
        }
        let line = self::line(line, last, &mut fields);
        if let Some(line) = &line {
            let known = numbers.insert(line.number.clone(), read.len());
            fields.require(known.is_none(), "feedetl_sn", Reason::Duplicate);
        }
        read.push(line);
    }
    let lines = all(read.into_iter())?;
    Some(lines.into_iter().filter(|line| line.quantity > Decimal::ZERO).collect())
}

fn line(sent: &EncounterLine, last: NaiveDate, fields: &mut Fields<'_>) -> Option<Line> {
    let number = id(fields, "feedetl_sn", &sent.feedetl_sn);
    let code = code(fields, "hilist_code", &sent.hilist_code, MAX_CODE);
    let quantity = decimal(fields, "cnt", &sent.cnt);
    let price = decimal(fields, "pric", &sent.pric);
    let at = at(fields, &sent.fee_ocur_time);
    let dated = !sent.fee_ocur_time.is_empty();
    let (day, time) = at?.unwrap_or((last, None));
    Some(Line {
        number: number?,
        recipe: sent.rxno.clone(),
        code: code?,
        name: sent.hilist_name.clone(),
        list: sent.list_type.clone(),
        quantity: quantity?,
        price: price?,
        amount_fen: sent.det_item_fee_sumamt_fen,
        in_scope_fen: sent.inscp_scp_amt_fen,
        day,
        dated,
        time,
        department: sent.bilg_dept_codg.clone(),
        doctor: sent.bilg_dr_codg.clone(),
        days: u32::try_from(sent.prd_days).ok().filter(|days| *days > 0),
        dose: [sent.sin_dos_dscr.clone(), sent.used_frqu_dscr.clone()],
        take_home: sent.dscg_tkdrug_flag,
        long_recipe: sent.long_rx_flag,
        trace_codes: sent
            .drug_trac_info
            .iter()
            .map(|code| (code.drug_trac_codg.clone(), code.trdn_flag))
            .collect(),
    })
}

fn take_back(
    refund: &EncounterLine,
    numbers: &BTreeMap<String, usize>,
    read: &mut [Option<Line>],
    fields: &mut Fields<'_>,
) {
    let (Some(quantity), Some(at)) = (
        decimal(fields, "cnt", &refund.cnt),
        fields.some(numbers.get(&refund.init_feedetl_sn), "init_feedetl_sn", Reason::RefundUnmatched),
    ) else {
        return;
    };
    let Some(line) = &mut read[*at] else { return };
    line.quantity += quantity;
    line.amount_fen += refund.det_item_fee_sumamt_fen;
    line.in_scope_fen += refund.inscp_scp_amt_fen;
}

fn decimal(fields: &mut Fields<'_>, name: &str, value: &str) -> Option<Decimal> {
    let read =
        Decimal::from_str_exact(value).ok().filter(|read| read.abs() < Decimal::from(10_000_000_000_i64));
    fields.some(read, name, Reason::QuantityInvalid)
}

/// The day and the time, where there is one; the outer `None` was noted.
fn at(fields: &mut Fields<'_>, text: &str) -> Option<Option<(NaiveDate, Option<NaiveDateTime>)>> {
    if text.is_empty() {
        return Some(None);
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok();
    let day = time.map(|time| time.date()).or_else(|| parse_date(text));
    fields.some(day.map(|day| (day, time)), "fee_ocur_time", Reason::DateInvalid).map(Some)
}
