//! Ordinary lawful care, much of which looks like something that rules find: dialysis, chemotherapy, transfers, emergencies, isolation, births,
//! long recipes, packs given in parts. Codes are shaped like the catalogue's.

use chrono::{Days, NaiveDate};
use yizhan_audit::rules::{Sex, Visit};
use yizhan_terms::{InstitutionType, Insutype, MedType, Tier};

use super::{Dice, Year, new_year};
use crate::support::{diagnosis, line, operation, visit};

/// Hospitals of each level, and pharmacies.
pub const TERTIARY: u64 = 3;
pub const SECONDARY: u64 = 9;
const PRIMARY: u64 = 28;
const PHARMACIES: u64 = 20;

const BED: &str = "001109000010000";
const NURSING: &str = "001201000040000";
const ROUNDS: &str = "001102000050000";
const INFUSION: &str = "001204000060000";
const CONSULTATION: &str = "001102000010000";
const BLOOD_COUNT: &str = "002501010150000";
const CHEMISTRY: &str = "002503050010000";
const CT: &str = "002103000010000";
const ULTRASOUND: &str = "002203020010000";
const GLYCATED: &str = "002503020030000";
const DIALYSIS: &str = "003110000010000";
const ANAESTHESIA: &str = "003301000050000";
const REHABILITATION: &str = "003401000010000";
const PARACETAMOL: &str = "XN02BEB001A001010100001";
const AMOXICILLIN: &str = "XJ01CAA040E001010100001";
const CEFUROXIME: &str = "XJ01DCT099B001010100001";
const AMLODIPINE: &str = "XC08CAA090A001010100001";
const METFORMIN: &str = "XA10BAE021A001010100842";
const CISPLATIN: &str = "XL01XAS199B001010100001";
const FOR_CHILDREN: &str = "XR05XXA173N001010101350";
const CATHETER: &str = "C0104010010000100001";
const ASTRAGALUS: &str = "T001700368";
const ANOTHER_SLICE: &str = "T000000001";

/// Somebody insured.
pub struct Person {
    pub psn_no: String,
    sex: Sex,
    born: NaiveDate,
    scheme: Insutype,
}

impl Person {
    fn of(dice: &mut Dice, number: usize) -> Person {
        Person {
            psn_no: format!("P{number:07}"),
            sex: dice.one_of(&[Sex::Male, Sex::Female]),
            born: new_year() - Days::new(400 + dice.below(85 * 365)),
            scheme: dice.one_of(&[Insutype::Employee, Insutype::Resident]),
        }
    }

    fn age(&self) -> u32 {
        new_year().years_since(self.born).unwrap_or_default()
    }

    fn visit(&self, dice: &mut Dice, med_type: MedType, begin: NaiveDate, nights: u64) -> Visit {
        let mut made = Visit {
            psn_no: self.psn_no.clone(),
            sex: Some(self.sex),
            born: Some(self.born),
            scheme: self.scheme,
            med_type,
            begin,
            end: begin + Days::new(nights),
            departments: ["A03".to_owned(), "A03".to_owned()],
            ..visit()
        };
        let tier = match (med_type.is_stay(), dice.below(10)) {
            (true, 0..6) | (false, 0..2) => Tier::Third,
            (true, _) | (false, 2..5) => Tier::Second,
            _ => Tier::Primary,
        };
        place(&mut made, dice, (med_type != MedType::Pharmacy).then_some(tier));
        made
    }
}

/// Puts a visit at an institution of a level, or at a pharmacy: at the largest ones most often.
pub fn place(visit: &mut Visit, dice: &mut Dice, tier: Option<Tier>) {
    let (kind, number) = match tier {
        Some(Tier::Third | Tier::Provincial) => (InstitutionType::Hospital, dice.skewed(TERTIARY)),
        Some(Tier::Second) => (InstitutionType::Hospital, TERTIARY + dice.skewed(SECONDARY)),
        Some(_) => (InstitutionType::Hospital, TERTIARY + SECONDARY + dice.skewed(PRIMARY)),
        None => (InstitutionType::Pharmacy, dice.skewed(PHARMACIES)),
    };
    (visit.kind, visit.level) = (kind, tier);
    visit.institution = match kind {
        InstitutionType::Hospital => hospital(number),
        InstitutionType::Pharmacy => format!("P4302000{:04}", number + 1),
    };
}

pub fn hospital(number: u64) -> String {
    format!("H4302000{:04}", number + 1)
}

/// So many of an item on a day, for so many fen each.
pub fn sell(visit: &mut Visit, code: &str, quantity: i64, price_fen: i64, on: NaiveDate) {
    let line = line(visit, code);
    (line.quantity, line.price) = (quantity.into(), rust_decimal::Decimal::new(price_fen, 2));
    (line.amount_fen, line.day, line.time) = (quantity * price_fen, on, on.and_hms_opt(9, 0, 0));
}

/// Funds pay seven parts of ten of what they may pay, which is all that is not said otherwise.
pub fn pay(visit: &mut Visit) {
    if visit.lines.iter().all(|line| line.in_scope_fen == 0) {
        visit.lines.iter_mut().for_each(|line| line.in_scope_fen = line.amount_fen);
    }
    let total: i64 = visit.lines.iter().map(|line| line.amount_fen).sum();
    let funds = visit.lines.iter().map(|line| line.in_scope_fen).sum::<i64>() * 7 / 10;
    visit.amounts = [total, funds, total - funds];
}

fn add(year: &mut Year, mut visit: Visit) {
    pay(&mut visit);
    year.add(visit);
}

/// A person's year.
pub fn live(year: &mut Year, dice: &mut Dice, number: usize) {
    let person = Person::of(dice, number);
    let mut until = 365;
    match dice.below(1000) {
        0..2 => dialysis(year, dice, &person),
        2..13 => chemotherapy(year, dice, &person),
        13..33 if person.sex == Sex::Female && (20..45).contains(&person.age()) => birth(year, dice, &person),
        33..160 => until = stay(year, dice, &person),
        160..390 if person.age() >= 40 => chronic(year, dice, &person),
        390..430 => slices(year, dice, &person),
        _ => {}
    }
    for _ in 0..dice.below(4) + dice.skewed(4) {
        cold(year, dice, &person, until);
    }
    for _ in 0..dice.skewed(5) {
        purchase(year, dice, &person, until);
    }
}

fn cold(year: &mut Year, dice: &mut Dice, person: &Person, until: u64) {
    let day = new_year() + Days::new(dice.below(until));
    let med_type = dice.one_of(&[MedType::Outpatient, MedType::PooledOutpatient, MedType::Emergency]);
    let mut visit = person.visit(dice, med_type, day, 0);
    diagnosis(&mut visit, "J06.900", "急性上呼吸道感染");
    sell(&mut visit, CONSULTATION, 1, 1_000 + 500 * dice.below(4) as i64, day);
    sell(&mut visit, BLOOD_COUNT, 1, 2_000, day);
    let child = person.born + Days::new(366 * 17) > day;
    sell(
        &mut visit,
        if child { FOR_CHILDREN } else { dice.one_of(&[PARACETAMOL, AMOXICILLIN]) },
        2,
        1_250,
        day,
    );
    visit.lines.last_mut().unwrap().days = Some(3);
    if dice.below(3) == 0 {
        sell(&mut visit, dice.one_of(&[ULTRASOUND, REHABILITATION]), 1, 8_000, day);
    }
    add(year, visit);
}

/// From the pharmacy, with trace codes; of a pack that is split both buyers' bills have the code.
fn purchase(year: &mut Year, dice: &mut Dice, person: &Person, until: u64) {
    let day = new_year() + Days::new(dice.below(until));
    let is_split = dice.below(20) == 0;
    let mut visit = person.visit(dice, MedType::Pharmacy, day, 0);
    let packs = if is_split { 2 } else { 1 };
    for _ in 0..packs {
        sell(&mut visit, PARACETAMOL, 1, 1_500, day);
        visit.lines.last_mut().unwrap().trace_codes = vec![(format!("81{:016}", year.count), is_split)];
    }
    year.look_alikes += usize::from(is_split);
    add(year, visit);
}

/// Every month four weeks of drugs, by a long recipe; of diabetes the test every four months.
fn chronic(year: &mut Year, dice: &mut Dice, person: &Person) {
    let (first, drug, disease) = (dice.below(25), dice.one_of(&[AMLODIPINE, METFORMIN]), dice.below(2));
    for month in 0..12 {
        let day = new_year() + Days::new(first + month * 28);
        let mut visit = person.visit(dice, MedType::Chronic, day, 0);
        visit.disease = if disease == 0 { "M03900" } else { "M01600" }.to_owned();
        diagnosis(&mut visit, if drug == METFORMIN { "E11.900" } else { "I10.x00" }, "");
        sell(&mut visit, CONSULTATION, 1, 1_000, day);
        sell(&mut visit, drug, 28, 150, day);
        let line = visit.lines.last_mut().unwrap();
        (line.days, line.long_recipe) = (Some(28), true);
        if drug == METFORMIN && month % 4 == 0 {
            sell(&mut visit, GLYCATED, 1, 5_000, day);
        }
        year.look_alikes += 1;
        add(year, visit);
    }
}

fn slices(year: &mut Year, dice: &mut Dice, person: &Person) {
    let day = dice.day(0);
    let mut visit = person.visit(dice, MedType::Outpatient, day, 0);
    diagnosis(&mut visit, "R53.x00", "乏力");
    sell(&mut visit, CONSULTATION, 1, 2_000, day);
    sell(&mut visit, ASTRAGALUS, 70, 30, day);
    sell(&mut visit, ANOTHER_SLICE, 70, 25, day);
    visit.lines.iter_mut().skip(1).for_each(|line| line.days = Some(7));
    year.look_alikes += 1;
    add(year, visit);
}

/// Three times a week.
fn dialysis(year: &mut Year, dice: &mut Dice, person: &Person) {
    let med_type = dice.one_of(&[MedType::Outpatient, MedType::Chronic]);
    let first = person.visit(dice, med_type, new_year(), 0);
    for day in (0..365).filter(|day| [0, 2, 4].contains(&(day % 7))) {
        let day = new_year() + Days::new(day);
        let mut visit = Visit { begin: day, end: day, ..first.clone() };
        diagnosis(&mut visit, "Z49.101", "血液透析");
        diagnosis(&mut visit, "N18.900", "慢性肾衰竭");
        sell(&mut visit, DIALYSIS, 1, 40_000, day);
        sell(&mut visit, CATHETER, 1, 6_000, day);
        year.look_alikes += 1;
        add(year, visit);
    }
}

/// Stays of three days, two weeks after each other.
fn chemotherapy(year: &mut Year, dice: &mut Dice, person: &Person) {
    let first = dice.below(100);
    let at = person.visit(dice, MedType::Inpatient, new_year(), 0);
    for cycle in 0..6 + dice.below(6) {
        let begin = new_year() + Days::new(first + cycle * 14);
        let mut visit = Visit { begin, end: begin + Days::new(2), ..at.clone() };
        let cancer = dice.one_of(&["C34.900", "C50.900", "C18.900"]);
        diagnosis(&mut visit, "Z51.103", "恶性肿瘤维持性化学治疗");
        diagnosis(&mut visit, cancer, "恶性肿瘤");
        ward(&mut visit, 1);
        sell(&mut visit, CISPLATIN, 2, 10_000, begin);
        year.look_alikes += 1;
        add(year, visit);
    }
}

/// With what the newborn was given, which is charged to the mother.
fn birth(year: &mut Year, dice: &mut Dice, person: &Person) {
    let day = dice.day(5);
    let mut visit = person.visit(dice, MedType::MaternityInpatient, day, 3);
    diagnosis(&mut visit, "O80.000", "头位顺产");
    ward(&mut visit, 1);
    sell(&mut visit, "003314000020000", 1, 80_000, day);
    sell(&mut visit, "001201000070000", 1, 3_000, day + Days::new(1));
    year.look_alikes += 1;
    add(year, visit);
}

/// Bed, nursing, rounds, infusions and tests of every day.
fn ward(visit: &mut Visit, beds: i64) {
    let (begin, nights) = (visit.begin, (visit.end - visit.begin).num_days().max(1).unsigned_abs());
    for day in (0..nights).map(|night| begin + Days::new(night)) {
        sell(visit, BED, beds, 4_500, day);
        sell(visit, NURSING, 1, 2_500, day);
        sell(visit, ROUNDS, 1, 2_000, day);
        sell(visit, INFUSION, 1, 1_200, day);
        sell(visit, REHABILITATION, 1, 1_500, day);
        sell(visit, CHEMISTRY, 1, 4_000, day);
        sell(visit, CATHETER, 1, 4_000, day);
    }
}

/// A stay; after it mostly nothing. The day of the year until which there is a person.
fn stay(year: &mut Year, dice: &mut Dice, person: &Person) -> u64 {
    let (day, nights) = (30 + dice.below(280), 3 + dice.skewed(12));
    let begin = new_year() + Days::new(day);
    let end = begin + Days::new(nights);
    let mut visit = person.visit(dice, MedType::Inpatient, begin, nights);
    let is_isolated = dice.below(15) == 0;
    if is_isolated {
        visit.departments = ["A16".to_owned(), "A16".to_owned()];
        diagnosis(&mut visit, "B05.900", "麻疹");
    } else {
        diagnosis(&mut visit, "J18.900", "肺炎");
    }
    ward(&mut visit, 1 + i64::from(is_isolated));
    for on in (0..nights).map(|night| begin + Days::new(night)) {
        sell(&mut visit, CEFUROXIME, 2, 3_000, on);
    }
    sell(&mut visit, if dice.below(3) == 0 { CT } else { ULTRASOUND }, 1, 20_000, begin);
    if !is_isolated && dice.below(4) == 0 {
        visit.diagnoses[0].code = "K35.900".to_owned();
        operation(&mut visit, "47.0901");
        sell(&mut visit, ANAESTHESIA, 1, 60_000, begin);
        sell(&mut visit, "003310040080000", 1, 150_000, begin);
        sell(&mut visit, CATHETER, 2, 30_000, begin);
    }
    sell(&mut visit, PARACETAMOL, 2, 2_000, end);
    let line = visit.lines.last_mut().unwrap();
    (line.days, line.take_home) = (Some(14), true);
    if is_isolated {
        visit.lines.iter_mut().for_each(|line| line.department = "A16".to_owned());
    }
    visit.discharge_way = "1".to_owned();
    year.look_alikes += usize::from(is_isolated);
    match dice.below(20) {
        0 => {
            visit.discharge_way = "5".to_owned();
            add(year, visit);
            return day;
        }
        // Moved by order to another hospital on the day on which the stay ends.
        1 | 2 => {
            visit.discharge_way = "2".to_owned();
            let mut next = person.visit(dice, MedType::Inpatient, end, 4);
            next.admission_way = "3".to_owned();
            again(year, next);
        }
        3 | 4 => {
            let soon = end + Days::new(5 + dice.below(8));
            let mut next = person.visit(dice, MedType::Inpatient, soon, 4);
            (next.institution, next.level, next.admission_way) =
                (visit.institution.clone(), visit.level, "1".to_owned());
            again(year, next);
        }
        _ => {}
    }
    add(year, visit);
    365
}

fn again(year: &mut Year, mut visit: Visit) {
    diagnosis(&mut visit, "J96.900", "呼吸衰竭");
    let begin = visit.begin;
    ward(&mut visit, 1);
    sell(&mut visit, CEFUROXIME, 8, 3_000, begin);
    year.look_alikes += 1;
    add(year, visit);
}
