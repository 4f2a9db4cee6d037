//! Whether a filing may be submitted, by the rules of the home area, and what it becomes.

use chrono::NaiveDate;
use yizhan_rules::months::last_day_from;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, Violations};
use yizhan_terms::{FilingKind, FilingMaterial, Status, is_fixmedins_code};

use super::filing::{Material, Referral, kinds};
use crate::rules::places;
use crate::rules::{Handling, InProvince, KindRule, Places, Requirement, Validity};

/// Papers handed in at once at most.
pub const MAX_MATERIALS: usize = 20;
/// Longest document number of a paper.
const MAX_FILE_ID: usize = 64;

/// What the home area's rules say on the day, for a kind.
#[derive(Clone, Copy, Debug)]
pub struct RulesOfKind<'r> {
    /// The kind.
    pub kind: &'r KindRule,
    /// Where to.
    pub places: &'r Places,
    /// How handled.
    pub handling: &'r Handling,
    /// In the own province.
    pub in_province: &'r InProvince,
}

/// Who files, and when.
#[derive(Clone, Copy, Debug)]
pub struct Filer<'f> {
    /// 参保地.
    pub poolarea_no: &'f str,
    /// In service, retired …; `None`: one that no policy tells apart.
    pub status: Option<Status>,
    /// The day of submission.
    pub today: NaiveDate,
}

/// What is asked for, as it was written.
#[derive(Clone, Debug)]
pub struct Asked<'r> {
    /// 就医地.
    pub place: &'r str,
    /// First day; empty: today.
    pub begndate: &'r str,
    /// Last day; empty: as the rule of the kind says.
    pub enddate: &'r str,
    /// What is handed in.
    pub papers: Vec<Paper<'r>>,
    /// 转诊转院.
    pub referral: Option<AskedReferral<'r>>,
}

/// A paper as it is handed in.
#[derive(Clone, Copy, Debug)]
pub struct Paper<'r> {
    /// Its code.
    pub material: &'r str,
    /// Where it is kept.
    pub file_id: &'r str,
}

/// 转诊转院 as it was written.
#[derive(Clone, Copy, Debug)]
pub struct AskedReferral<'r> {
    /// The hospital that refers.
    pub fixmedins_code: &'r str,
    /// Where to.
    pub reflin_medins_no: &'r str,
    /// 转院日期.
    pub refl_date: &'r str,
}

/// What the rules make of a request. Counts only without violations.
#[derive(Clone, Debug)]
pub struct Submission {
    /// 就医地 as filed.
    pub place: String,
    /// First day.
    pub begndate: NaiveDate,
    /// Last day; `None`: until changed.
    pub enddate: Option<NaiveDate>,
    /// Until when it cannot be changed.
    pub locked_until: Option<NaiveDate>,
    /// Kind 06.
    pub referral: Option<Referral>,
}

/// Judges the request by the rules; notes everything that is wrong.
pub fn judge(
    asked: &Asked,
    materials: &[Material],
    filer: Filer,
    rules: RulesOfKind,
    wrong: &mut Violations,
) -> Submission {
    let RulesOfKind { kind, handling, .. } = rules;
    let fits = kind.status.is_empty() || filer.status.is_some_and(|status| kind.status.contains(&status));
    wrong.require(fits, "out_fil_type", Reason::KindNotForPerson);
    let place = place(asked, kind.kind, filer, rules, wrong);
    let begndate = begndate(asked.begndate, filer.today, handling, wrong);
    let enddate = enddate(asked.enddate, begndate, kind.validity, wrong);
    check_kinds(&asked.papers, &kind.requirements, wrong);
    check_materials(materials, &kind.requirements, wrong);
    let referral = referral(asked.referral, kind.kind, filer.today, wrong);
    let locked_until = (kind.lock_months > 0).then(|| last_day_from(begndate, kind.lock_months));
    Submission { place, begndate, enddate, locked_until, referral }
}

fn place(
    asked: &Asked,
    kind: FilingKind,
    filer: Filer,
    rules: RulesOfKind,
    wrong: &mut Violations,
) -> String {
    let Some(place) = places::filed_place(asked.place, &rules.places.whole_provinces) else {
        let text = "就医地应备案到地级市、直辖市，或规则列明的省";
        wrong.push("rloc_admdvs", Reason::PlaceInvalid.saying(text));
        return String::new();
    };
    let at_home =
        places::is_at_home(filer.poolarea_no, asked.place) || places::is_at_home(filer.poolarea_no, &place);
    if at_home {
        wrong.push("rloc_admdvs", Reason::PlaceAtHome);
    } else if places::same_province(filer.poolarea_no, &place) && !kind.is_long_term() {
        let needed = rules.in_province.filing_needed;
        wrong.require(needed, "rloc_admdvs", Reason::FilingNotNeeded);
    }
    place
}

fn begndate(text: &str, today: NaiveDate, handling: &Handling, wrong: &mut Violations) -> NaiveDate {
    if text.is_empty() {
        return today;
    }
    let Some(begndate) = parse_date(text) else {
        wrong.push("begndate", Reason::DateInvalid);
        return today;
    };
    let offset = (begndate - today).num_days();
    if offset < -i64::from(handling.days_back) {
        let text = format!("起始日期最多早于今天 {} 天", handling.days_back);
        wrong.push("begndate", Reason::BegndateTooEarly.saying(text)).with("limit", handling.days_back);
    }
    if offset > i64::from(handling.days_ahead) {
        let text = format!("起始日期最多晚于今天 {} 天", handling.days_ahead);
        wrong.push("begndate", Reason::BegndateTooLate.saying(text)).with("limit", handling.days_ahead);
    }
    begndate
}

fn enddate(text: &str, begndate: NaiveDate, validity: Validity, wrong: &mut Violations) -> Option<NaiveDate> {
    let asked = parse_date(text);
    wrong.require(text.is_empty() || asked.is_some(), "enddate", Reason::DateInvalid);
    let Validity::Months { least, most } = validity else {
        wrong.require(text.is_empty(), "enddate", Reason::EnddateNotForKind);
        return None;
    };
    let shortest = last_day_from(begndate, least);
    let Some(asked) = asked else { return Some(shortest) };
    if asked < begndate {
        wrong.push("enddate", Reason::DatesReversed);
    } else if asked < shortest {
        let text = format!("有效期不少于 {least} 个月；不填写截止日期即按 {least} 个月");
        wrong.push("enddate", Reason::ValidityTooShort.saying(text)).with("at_least", shortest);
    }
    let longest = last_day_from(begndate, most);
    if asked > longest {
        let text = format!("有效期不超过 {most} 个月");
        wrong.push("enddate", Reason::ValidityTooLong.saying(text)).with("at_most", longest);
    }
    Some(asked)
}

/// What is missing must be promised, or be allowed to come later.
fn check_materials(materials: &[Material], requirements: &[Requirement], wrong: &mut Violations) {
    let committed = materials.iter().any(|paper| paper.material == FilingMaterial::CommitmentLetter);
    for requirement in requirements.iter().filter(|requirement| !requirement.is_met_by(kinds(materials))) {
        if (requirement.may_be_promised && committed) || requirement.may_come_later {
            continue;
        }
        let way = if requirement.may_be_promised { "，或提交个人承诺书" } else { "" };
        let codes: Vec<&str> = requirement.one_of.iter().map(|material| material.code()).collect();
        let text = format!("缺少材料：{}{way}", requirement.label());
        wrong.push("materials", Reason::MaterialMissing.saying(text)).with("one_of", codes.join(","));
    }
}

/// Papers must be such that a filing of these requirements can do something with them. Unknown ones are [`read_materials`]'s to note.
pub fn check_kinds(papers: &[Paper], requirements: &[Requirement], wrong: &mut Violations) {
    let promises = requirements.iter().any(|requirement| requirement.may_be_promised);
    for (at, paper) in papers.iter().take(MAX_MATERIALS).enumerate() {
        let Some(material) = FilingMaterial::from_code(paper.material) else { continue };
        let wanted = requirements.iter().any(|requirement| requirement.one_of.contains(&material))
            || (promises && material == FilingMaterial::CommitmentLetter);
        let text = format!("此类备案不需要{}", material.label());
        wrong.require(wanted, format!("materials[{at}].material"), Reason::MaterialNotForKind.saying(text));
    }
}

fn referral(
    referral: Option<AskedReferral>,
    kind: FilingKind,
    today: NaiveDate,
    wrong: &mut Violations,
) -> Option<Referral> {
    match (kind, referral) {
        (FilingKind::Referral, None) => {
            wrong.push("referral", Reason::ReferralRequired);
            None
        }
        (FilingKind::Referral, Some(referral)) => checked_referral(referral, today, wrong),
        (_, Some(_)) => {
            wrong.push("referral", Reason::ReferralNotForKind);
            None
        }
        (_, None) => None,
    }
}

fn checked_referral(referral: AskedReferral, today: NaiveDate, wrong: &mut Violations) -> Option<Referral> {
    let from = referral.fixmedins_code;
    wrong.require(
        !from.is_empty(),
        "referral.fixmedins_code",
        Reason::Required.saying("缺少转出定点医药机构编号"),
    );
    let fits = from.is_empty() || is_fixmedins_code(from);
    wrong.require(fits, "referral.fixmedins_code", Reason::InstitutionInvalid);
    let to = referral.reflin_medins_no;
    let fits = to.is_empty() || is_fixmedins_code(to);
    wrong.require(fits, "referral.reflin_medins_no", Reason::InstitutionInvalid);
    let refl_date = parse_date(referral.refl_date);
    wrong.require(refl_date.is_some(), "referral.refl_date", Reason::DateInvalid);
    let past = refl_date.is_none_or(|date| date <= today);
    wrong.require(past, "referral.refl_date", Reason::InTheFuture);
    Some(Referral { fixmedins_code: from.to_owned(), reflin_medins_no: to.to_owned(), refl_date: refl_date? })
}

/// Papers as handed in, each once; notes what is wrong with them.
pub fn read_materials(
    papers: &[Paper],
    seen: impl Fn(FilingMaterial) -> bool,
    wrong: &mut Violations,
) -> Vec<Material> {
    if papers.len() > MAX_MATERIALS {
        let text = format!("最多 {MAX_MATERIALS} 份材料");
        wrong.push("materials", Reason::TooMany.saying(text)).with("limit", MAX_MATERIALS);
        return Vec::new();
    }
    let mut read: Vec<Material> = Vec::new();
    for (at, paper) in papers.iter().enumerate() {
        let field = |name: &str| format!("materials[{at}].{name}");
        let file_id = paper.file_id;
        let plain = file_id.len() <= MAX_FILE_ID && file_id.bytes().all(|b| b.is_ascii_graphic());
        wrong.require(plain, field("file_id"), Reason::FileIdInvalid);
        let Some(material) = FilingMaterial::from_code(paper.material) else {
            wrong.push(field("material"), Reason::CodeUnknown);
            continue;
        };
        let once = read.iter().all(|earlier| earlier.material != material);
        wrong.require(once, field("material"), Reason::Duplicate.saying("同一材料重复"));
        read.push(Material { material, file_id: file_id.to_owned(), verified: seen(material), late: false });
    }
    read
}
