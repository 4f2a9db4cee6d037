//! Identities and memberships that shipped policies ask for are those that rosters send (enrollment's 部门 of the nation), or stand here with
//! why not: a name that nobody sends pays nobody.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use yizhan_policy::load::{IDENTITIES, MEMBERSHIP_KINDS, MEMBERSHIPS, load_case};
use yizhan_policy::{Policy, embedded, load, settle};
use yizhan_terms::Insutype;

use super::yaml;

/// Asked by policies and sent by no roster, each with the reason.
const OTHERS: &[(&str, &str)] = &[
    (
        "因病致贫",
        "the papers' own word; the roster's is 因病致贫重病, asked beside it, and ImportIdentities takes either",
    ),
    ("resident_tier/一档", "what a resident chose to pay: told with the contribution, no roster"),
    ("resident_tier/二档", "the same"),
    ("resident_tier/柯城衢江", "where a resident is insured: told with the contribution, no roster"),
    ("resident_tier/四县市", "the same"),
];

fn rosters() -> (BTreeSet<String>, BTreeSet<String>) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/enrollment/rules/100000-departments.yaml");
    let rules = yaml::read(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut identities, mut memberships) = (BTreeSet::new(), BTreeSet::new());
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for reporter in list(&rules["departments"]).iter().flat_map(|of| list(&of["reporters"])) {
        for kind in list(&reporter["kinds"]) {
            let name = kind["name"].as_str().unwrap().to_owned();
            match kind["membership"].as_str() {
                Some(membership) => {
                    let category = kind["category"].as_str().unwrap_or(&name);
                    memberships.insert(format!("{membership}/{category}"));
                }
                None => drop(identities.insert(name)),
            }
        }
    }
    (identities, memberships)
}

fn all(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_names_that_the_loader_knows_are_those_of_rosters() {
    let (identities, memberships) = rosters();
    // 现役军人家属 brings no membership and is asked by nobody.
    let known: BTreeSet<String> = all(IDENTITIES).into_iter().chain(["现役军人家属".to_owned()]).collect();
    assert_eq!(identities, known);
    assert_eq!(memberships, all(MEMBERSHIPS));
}

#[test]
fn shipped_policies_ask_for_names_that_somebody_sends() {
    let (identities, memberships) = rosters();
    let mut asked = BTreeSet::new();
    for (_, text) in embedded() {
        collect(&yaml::read(text).unwrap(), &mut asked);
    }
    let kinds = all(MEMBERSHIP_KINDS);
    let sent =
        |name: &String| identities.contains(name) || memberships.contains(name) || kinds.contains(name);
    let other = |name: &String| OTHERS.iter().any(|(other, _)| other == name);
    let lost: Vec<&String> = asked.iter().filter(|name| !sent(name) && !other(name)).collect();
    assert!(lost.is_empty(), "no roster sends {lost:?}");
    let unused: Vec<_> = OTHERS.iter().filter(|(name, _)| !asked.contains(*name)).collect();
    assert!(unused.is_empty(), "nobody asks for {unused:?}");
}

/// Who these documents say nothing of, and is paid as if he were nobody: with why the paper means it so. Whoever is not here is paid otherwise
/// than others, or refused.
const NOTHING: &[(&str, &[&str], &str)] = &[
    (
        "zhuzhou",
        &["建档立卡", "残疾人员", "计生特殊家庭", "失独父母"],
        "the paper names three classes, and none of these in them",
    ),
    ("zhuzhou", &["commercial/惠衢保2021"], "衢州's product"),
    ("zhuzhou", &["family_doctor/家医签约"], "the paper pays no more for it"),
    ("quzhou", &["建档立卡", "残疾人员", "计生特殊家庭", "失独父母"], "the province's floor names others"),
    ("quzhou", &["commercial/惠衢保2021"], "a document of its own, beside"),
    ("quzhou", &["commercial/湖南爱民保", "commercial/湖南医惠保"], "湖南's products"),
    ("quzhou", &["family_doctor/家医签约"], "the paper pays no more for it"),
    ("quzhou", &["veteran/退役军人"], "more assistance for them is 株洲's paper; 优抚 are others"),
    // 株洲 pays them ten points more of assistance, which they alone do not get.
    ("zhuzhou", &["veteran/退役军人"], "ten points more for those of the three classes"),
];

/// A visit of somebody: what each layer pays, or why it is refused.
fn told(policy: &Policy, (care, person): (&str, &str)) -> String {
    let status = if policy.schemes.contains(&Insutype::Employee) { "in_service" } else { "adult" };
    let text = format!(
        "area: \"{}\"\nscheme: \"{}\"\nperson: {{ status: {status}, age: 40{person} }}\n\
         visit: {{ care: {care}, level: third, date: 2026-05-10, tag: [中医] }}\nlines: [ {{ amount: 200000, class: 甲 }} ]\n",
        policy.areas[0],
        policy.schemes[0].code()
    );
    let case = load_case("case.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    match settle(policy, &case) {
        Ok(outcome) => {
            outcome.layers.iter().map(|layer| format!("{} {}, ", layer.layer, layer.paid_fen)).collect()
        }
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn in_株洲_and_衢州_nobody_of_a_roster_is_paid_nothing_without_a_word() {
    let (identities, memberships) = rosters();
    let mut used = BTreeSet::new();
    for (name, text) in embedded().iter().filter(|(name, _)| name.contains("zhou-")) {
        let policy = load(name, text).unwrap();
        let Some(city) =
            ["zhuzhou", "quzhou"].into_iter().find(|city| name.starts_with(city) && !policy.is_product())
        else {
            continue;
        };
        // 衢州's residents are refused every stay, for a deductible that nobody published.
        let (care, tier) = match *name {
            "quzhou-resident.yaml" => ("outpatient", "resident_tier/柯城衢江, "),
            _ => ("inpatient", ""),
        };
        let nobody = told(&policy, (care, &format!(", membership: [{tier}commercial/无]")));
        assert!(nobody.contains(", "), "{name}: {nobody}");
        let of_identities = identities
            .iter()
            .map(|one| (one, format!(", identity: [{one}], membership: [{tier}commercial/无]")));
        let of_memberships = memberships.iter().map(|one| {
            let kind = one.split('/').next().unwrap_or_default();
            (one, format!(", membership: [{tier}{kind}, {one}]"))
        });
        for (one, person) in of_identities.chain(of_memberships) {
            let nothing =
                NOTHING.iter().position(|(of, names, _)| *of == city && names.contains(&one.as_str()));
            used.extend(nothing);
            // Not a roster of its own: 现役军人家属 bring no membership.
            let meant = nothing.is_some() || one == "现役军人家属";
            let got = told(&policy, (care, &person));
            assert_eq!(got == nobody, meant, "{name}: {one}: {got}");
        }
    }
    assert_eq!(used.len(), NOTHING.len(), "each says of somebody why");
}

fn collect(value: &Value, to: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, to)),
        Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value) {
                    ("identity" | "no_identity" | "membership" | "no_membership", Value::Array(names)) => {
                        to.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => collect(value, to),
                }
            }
        }
        _ => {}
    }
}
