//! Names that a document asks for and that look like slips: `[特团]` is an identity that nobody has, and nobody would be told.

use yizhan_documents::{At, Kind, closest};
use yizhan_terms::{Insutype, Status};

use super::holes::statuses_of;
use crate::model::Policy;

/// Kinds of membership, as enrollment tells them.
pub const MEMBERSHIP_KINDS: &[&str] =
    &["union_mutual_aid", "civil_servant", "veteran", "commercial", "family_doctor", "resident_tier"];

/// Identities that departments' rosters send (enrollment's rules for the nation, which a test compares). Others may come with
/// ImportIdentities: they are no slips, unless they are one letter off one of these.
pub const IDENTITIES: &[&str] = &[
    "特困",
    "低保",
    "低保边缘",
    "低收入",
    "孤儿",
    "事实无人抚养儿童",
    "返贫致贫",
    "监测对象",
    "脱贫不稳定",
    "边缘易致贫",
    "突发严重困难",
    "建档立卡",
    "重度残疾",
    "残疾人员",
    "计生特殊家庭",
    "失独父母",
    "因病致贫重病",
    "救助对象",
    "低保重度残疾",
    "全额资助参保对象",
    "定额资助参保对象",
];

/// Memberships that they send, with the category; those with none are asked by their kind.
pub const MEMBERSHIPS: &[&str] = &[
    "veteran/优抚",
    "veteran/因公牺牲遗属",
    "veteran/退役残疾军人",
    "veteran/二等乙级伤残",
    "veteran/一至六级残疾军人",
    "veteran/老红军",
    "veteran/烈士遗属",
    "veteran/病故遗属",
    "veteran/7-10级",
    "veteran/老复员",
    "veteran/带病回乡",
    "veteran/参战参试",
    "veteran/退役军人",
    "family_doctor/家医签约",
    "union_mutual_aid/36元",
    "union_mutual_aid/重大疾病",
    "union_mutual_aid/女职工",
    "civil_servant/科级",
    "civil_servant/县级",
    "civil_servant/厅级",
    "commercial/惠衢保2021",
    "commercial/湖南爱民保",
    "commercial/湖南医惠保",
];

/// Marks of catalogue entries that several places use.
const LABELS: &[&str] = &["双通道"];

/// Fewest characters of a mark that can be told from another one by one of them: 顺产 and 难产 are two.
const MIN_NEAR: usize = 3;

/// Asked by name somewhere in the document.
struct Asked<'a> {
    what: &'static str,
    text: &'a str,
    at: At<'a>,
}

/// Checks every name in the document.
pub(super) fn check(root: &At, policy: &Policy) {
    let mut asked = Vec::new();
    walk(root, &mut asked);
    for one in &asked {
        match one.what {
            "status" => check_status(one, &policy.schemes),
            "disease" => check_disease(one),
            "diagnosis" => check_diagnosis(one),
            _ => check_name(one, &asked),
        }
    }
}

/// Every name under such a key, however deep.
fn walk<'a>(at: &At<'a>, to: &mut Vec<Asked<'a>>) {
    if at.is_list() {
        at.list().unwrap_or_default().iter().for_each(|at| walk(at, to));
    }
    let entries = if at.is_map() { at.entries() } else { None };
    for (key, value) in entries.unwrap_or_default() {
        let what = match key.raw().unwrap_or_default() {
            "identity" | "no_identity" => "identity",
            "membership" | "no_membership" => "membership",
            "tag" | "no_tag" => "tag",
            "label" | "no_label" | "not_label" => "label",
            "diagnosis" => "diagnosis",
            "disease" => "disease",
            "status" => "status",
            _ => "",
        };
        if what.is_empty() || !value.is_list() {
            walk(&value, to);
            continue;
        }
        for at in value.list().unwrap_or_default() {
            to.extend(at.raw().map(|text| Asked { what, text, at: at.clone() }));
        }
    }
}

fn check_status(asked: &Asked, schemes: &[Insutype]) {
    let Some(status) = Status::ALL.iter().find(|status| status.code() == asked.text) else { return };
    if !schemes.iter().any(|scheme| statuses_of(*scheme).iter().any(|(of, ..)| of == status)) {
        let message = format!("nobody of the scheme is `{}`: no case meets this", asked.text);
        asked.at.finding(Kind::StatusOfOtherScheme, message);
    }
}

/// 病种编码 of the register are M and five digits.
fn check_disease(asked: &Asked) {
    let text = asked.text;
    let is_code =
        text.len() == 6 && text.starts_with('M') && text.bytes().skip(1).all(|b| b.is_ascii_digit());
    if !is_code {
        let message =
            format!("`{text}` is no code of a disease as the register has them, M and five digits as M03900");
        asked.at.finding(Kind::DoubtfulName, message);
    }
}

/// ICD-10 begins with a capital letter; the beginning of a code is compared as it is written.
fn check_diagnosis(asked: &Asked) {
    let text = asked.text;
    if !(text.is_ascii() && text.starts_with(|c: char| c.is_ascii_uppercase())) {
        let message = format!(
            "no diagnosis begins with `{text}`: write a capital letter and half-width digits, as C or C34.1"
        );
        asked.at.finding(Kind::DoubtfulName, message);
    }
}

fn check_name(asked: &Asked, all: &[Asked]) {
    let Asked { what, text, at } = asked;
    if *text != text.trim() {
        let message =
            format!("`{text}` has spaces around it, and nothing is called so: write `{}`", text.trim());
        return at.finding(Kind::DoubtfulName, message);
    }
    let kind = text.split('/').next().unwrap_or_default();
    if *what == "membership" && !MEMBERSHIP_KINDS.contains(&kind) {
        let hint = closest(kind, MEMBERSHIP_KINDS.iter().copied());
        let message =
            format!("`{kind}` is no kind of membership: one of {}{hint}", MEMBERSHIP_KINDS.join(", "));
        return at.finding(Kind::UnknownCode, message);
    }
    if *what == "identity" && MEMBERSHIP_KINDS.contains(&kind) {
        let message = format!("`{text}` is a membership: write it under `membership`");
        return at.finding(Kind::DoubtfulName, message);
    }
    let known = known(what);
    if known.contains(text) {
        return;
    }
    let parts: Vec<&str> = text.split([' ', '/', '|', '·', '或', '和']).collect();
    if parts.len() > 1 && parts.iter().all(|part| known.contains(part)) {
        let message = format!("`{text}` is read as one name: write `{}`", parts.join(", "));
        return at.finding(Kind::DoubtfulName, message);
    }
    let beside = all.iter().filter(|other| other.what == *what && text.chars().count() >= MIN_NEAR);
    let near = known.iter().copied().chain(beside.map(|other| other.text)).find(|other| is_near(text, other));
    if let Some(near) = near {
        let message = format!("no {what} is known as `{text}`; did you mean `{near}`?");
        at.finding(Kind::DoubtfulName, message);
    }
}

fn known(what: &str) -> &'static [&'static str] {
    match what {
        "identity" => IDENTITIES,
        "membership" => MEMBERSHIPS,
        "label" => LABELS,
        _ => &[],
    }
}

/// Whether one character is another, is missing or is too many, or two are exchanged. Numbers count: 7-10级 and 7-11级 are two.
fn is_near(one: &str, other: &str) -> bool {
    const NUMBERS: &str = "一二三四五六七八九十单双多";
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let before = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let most = one.len().min(other.len()) - before;
    let behind = one.iter().rev().zip(other.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let (here, there) = (&one[before..one.len() - behind], &other[before..other.len() - behind]);
    let mut differ = here.iter().chain(there);
    if differ.any(|c| c.is_ascii_digit() || NUMBERS.contains(*c)) {
        return false;
    }
    match (here, there) {
        ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}
