//! Whether a filing may be submitted, by the rules of the home area, and what it becomes.

use chrono::NaiveDate;
use yizhan_proto::filing::v1 as proto;
use yizhan_rules::months::last_day_from;
use yizhan_runtime::{Caller, Fields, Reason, Violations};
use yizhan_terms::{Area, FilingKind, FilingMaterial, Insutype, Status, is_fixmedins_code};

use crate::filings::domain::filing::{Filing, Material, Referral, kinds};
use crate::filings::domain::home_rules::{HomeRules, Subject};
use crate::filings::domain::step::Occasion;
use crate::rules::{Handling, Requirement, Validity, places};

/// Papers handed in at once at most.
const MAX_MATERIALS: usize = 20;
/// Longest document number of a paper.
const MAX_FILE_ID: usize = 64;

/// What of a request can be read without the rules.
#[derive(Clone, Debug)]
pub struct Read {
    /// 人员编号.
    pub psn_no: String,
    /// 险种类型.
    pub insutype: Insutype,
    /// 备案类型; `None`: an unknown code, which was noted.
    pub kind: Option<FilingKind>,
    /// What is handed in; `None` where the code of a paper is unknown, which was noted.
    pub materials: Vec<Option<Material>>,
}

/// The filing that is asked for, by the home area's rules, of somebody in service, retired …; notes everything that is wrong.
pub fn draw_up(
    request: &proto::SubmitFilingRequest,
    read: Read,
    home: &HomeRules,
    status: Option<Status>,
    handed_in: &Occasion,
    wrong: &mut Violations,
) -> Option<Filing> {
    let rule = wrong.some(home.kinds.rule.find(read.kind?), "out_fil_type", Reason::KindNotOffered)?;
    let fits = rule.status.is_empty() || status.is_some_and(|status| rule.status.contains(&status));
    wrong.require(fits, "out_fil_type", Reason::KindNotForPerson);
    let place = filed_place(&request.rloc_admdvs, home, &mut Fields::of(wrong)).and_then(|place| {
        let counts = home.filing_counts(read.insutype, rule.kind, place);
        wrong.require(counts, "rloc_admdvs", Reason::FilingNotNeeded).then_some(place)
    });
    let begndate = begndate(&request.begndate, handed_in.today, home.handling, wrong);
    let enddate = enddate(&request.enddate, begndate, rule.validity, wrong);
    check_kinds(&read.materials, &rule.requirements, wrong);
    let materials: Vec<Material> = read.materials.into_iter().flatten().collect();
    check_complete(&materials, &rule.requirements, wrong);
    let referral = referral(request.referral.as_ref(), rule.kind, handed_in.today, wrong);
    let (begndate, enddate) = (begndate?, enddate?);
    let subject = Subject {
        psn_no: read.psn_no,
        insutype: read.insutype,
        kind: rule.kind,
        place: place?,
        begndate,
        enddate,
    };
    Some(Filing {
        requirements: rule.requirements.clone(),
        materials,
        referral: referral?,
        replaces: Some(request.replaces_filing_id.clone()).filter(|id| !id.is_empty()),
        locked_until: (rule.lock_months > 0).then(|| last_day_from(begndate, rule.lock_months)),
        ..home.filing(subject, &request.dcla_souc, handed_in)
    })
}

/// Whether the rules complete a filing at once that the person submits: nothing is missing that is not promised.
pub fn is_served_at_once(filing: &Filing, home: &HomeRules) -> bool {
    let promised = |missing: &Requirement| missing.may_be_promised && filing.is_committed();
    let self_service = home.kinds.rule.find(filing.kind).is_some_and(|rule| rule.self_service);
    self_service && filing.unverified().all(promised)
}

/// 就医地 as it is filed, if it is a place away from home.
pub fn filed_place(admdvs: &str, home: &HomeRules, fields: &mut Fields) -> Option<Area> {
    let area = Area::parse(admdvs);
    let place = area.and_then(|area| places::filed_place(area, &home.places.rule.whole_provinces));
    let text = "就医地应备案到地级市、直辖市，或规则列明的省";
    let place = fields.some(place, "rloc_admdvs", Reason::PlaceInvalid.saying(text))?;
    let at_home = area.into_iter().chain([place]).any(|place| home.area.is_at_home(place));
    fields.require(!at_home, "rloc_admdvs", Reason::PlaceAtHome).then_some(place)
}

/// Today where none is given.
fn begndate(text: &str, today: NaiveDate, handling: &Handling, wrong: &mut Violations) -> Option<NaiveDate> {
    if text.is_empty() {
        return Some(today);
    }
    let begndate = Fields::of(wrong).date("begndate", text)?;
    let offset = (begndate - today).num_days();
    let Handling { days_back, days_ahead, .. } = handling;
    if offset < -i64::from(*days_back) {
        let early = Reason::BegndateTooEarly.saying(format!("起始日期最多早于今天 {days_back} 天"));
        wrong.push("begndate", early).with("limit", days_back);
    }
    if offset > i64::from(*days_ahead) {
        let late = Reason::BegndateTooLate.saying(format!("起始日期最多晚于今天 {days_ahead} 天"));
        wrong.push("begndate", late).with("limit", days_ahead);
    }
    Some(begndate)
}

fn enddate(
    text: &str,
    begndate: Option<NaiveDate>,
    validity: Validity,
    wrong: &mut Violations,
) -> Option<Option<NaiveDate>> {
    let asked = Fields::of(wrong).optional("enddate", text, Fields::date);
    let Validity::Months { least, most } = validity else {
        wrong.require(text.is_empty(), "enddate", Reason::EnddateNotForKind);
        return asked;
    };
    let (asked, begndate) = (asked?, begndate?);
    let (shortest, longest) = (last_day_from(begndate, least), last_day_from(begndate, most));
    let asked = asked.unwrap_or(shortest);
    if asked < begndate {
        wrong.push("enddate", Reason::DatesReversed);
    } else if asked < shortest {
        let text = format!("有效期不少于 {least} 个月；不填写截止日期即按 {least} 个月");
        wrong.push("enddate", Reason::ValidityTooShort.saying(text)).with("at_least", shortest);
    } else if asked > longest {
        let text = format!("有效期不超过 {most} 个月");
        wrong.push("enddate", Reason::ValidityTooLong.saying(text)).with("at_most", longest);
    }
    Some(Some(asked))
}

/// What is missing must be promised, or be allowed to come later.
fn check_complete(materials: &[Material], requirements: &[Requirement], wrong: &mut Violations) {
    let committed = kinds(materials).any(|kind| kind == FilingMaterial::CommitmentLetter);
    let missing = |requirement: &&Requirement| {
        !requirement.is_met_by(kinds(materials)) && !requirement.may_wait(committed)
    };
    for requirement in requirements.iter().filter(missing) {
        let way = if requirement.may_be_promised { "，或提交个人承诺书" } else { "" };
        let text = format!("缺少材料：{}{way}", requirement.label());
        wrong.push("materials", Reason::MaterialMissing.saying(text)).with("one_of", requirement.codes());
    }
}

/// Papers must be such that a filing of these requirements can do something with them.
pub fn check_kinds(papers: &[Option<Material>], requirements: &[Requirement], wrong: &mut Violations) {
    let promises = requirements.iter().any(|requirement| requirement.may_be_promised);
    for (at, paper) in papers.iter().enumerate() {
        let Some(Material { material, .. }) = paper else { continue };
        let wanted = requirements.iter().any(|requirement| requirement.one_of.contains(material))
            || (promises && *material == FilingMaterial::CommitmentLetter);
        let idle = Reason::MaterialNotForKind.saying(format!("此类备案不需要{}", material.label()));
        wrong.require(wanted, format!("materials[{at}].material"), idle);
    }
}

/// Of a referral, which needs it; `Some(None)`: none.
fn referral(
    referral: Option<&proto::Referral>,
    kind: FilingKind,
    today: NaiveDate,
    wrong: &mut Violations,
) -> Option<Option<Referral>> {
    if kind != FilingKind::Referral {
        return wrong.require(referral.is_none(), "referral", Reason::ReferralNotForKind).then_some(None);
    }
    let proto::Referral { fixmedins_code, reflin_medins_no, refl_date } =
        wrong.some(referral, "referral", Reason::ReferralRequired)?.clone();
    let mut fields = Fields::within("referral.", wrong);
    let missing = Reason::Required.saying("缺少转出定点医药机构编号");
    fields.require(!fixmedins_code.is_empty(), "fixmedins_code", missing);
    let fits = |code: &str| code.is_empty() || is_fixmedins_code(code);
    fields.require(fits(&fixmedins_code), "fixmedins_code", Reason::InstitutionInvalid);
    fields.require(fits(&reflin_medins_no), "reflin_medins_no", Reason::InstitutionInvalid);
    let refl_date = fields.past_date("refl_date", &refl_date, today)?;
    Some(Some(Referral { fixmedins_code, reflin_medins_no, refl_date }))
}

/// Papers as handed in, each once; notes what is wrong with them.
pub fn read_materials(
    papers: &[proto::Material],
    caller: &Caller,
    wrong: &mut Violations,
) -> Vec<Option<Material>> {
    if papers.len() > MAX_MATERIALS {
        let text = format!("最多 {MAX_MATERIALS} 份材料");
        wrong.push("materials", Reason::TooMany.saying(text)).with("limit", MAX_MATERIALS);
        return Vec::new();
    }
    let mut read: Vec<Option<Material>> = Vec::new();
    for (at, paper) in papers.iter().enumerate() {
        let field = |name: &str| format!("materials[{at}].{name}");
        let file_id = &paper.file_id;
        let plain = file_id.len() <= MAX_FILE_ID && file_id.bytes().all(|b| b.is_ascii_graphic());
        wrong.require(plain, field("file_id"), Reason::FileIdInvalid);
        let known = FilingMaterial::from_code(&paper.material);
        let material = wrong.some(known, field("material"), Reason::CodeUnknown);
        let again = kinds(read.iter().flatten()).any(|earlier| Some(earlier) == material);
        wrong.require(!again, field("material"), Reason::Duplicate.saying("同一材料重复"));
        let file_id = file_id.clone();
        let verified = material.is_some_and(|material| is_seen(caller, material));
        read.push(material.map(|material| Material { material, file_id, verified, late: false }));
    }
    read
}

/// Whether a paper counts as seen when this caller hands it in: at a window the officer sees it; who logs in has shown who they are, and
/// what is filed online is its own form; a hospital vouches for its own certificate.
fn is_seen(caller: &Caller, material: FilingMaterial) -> bool {
    let online = matches!(material, FilingMaterial::Certificate | FilingMaterial::FilingForm);
    match caller {
        Caller::Person { .. } => online,
        Caller::Institution { .. } => online || material == FilingMaterial::ReferralCertificate,
        _ => true,
    }
}
