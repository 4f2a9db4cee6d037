//! The JSON Schema knows the same dictionaries as the loader. That both accept and refuse the
//! same documents is checked by `integration-tests/check_schema.py`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use serde_json::Value;
use yizhan_documents::QUALITY_MARKS;
use yizhan_policy::example::Expect;
use yizhan_terms::{Care, DiseaseKind, Filing, Insutype, Payer, Status, Tier};

/// The words that a schema lists at a place.
fn codes(schema: &Value, pointer: &str) -> Vec<String> {
    let listed = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
    serde_json::from_value(listed.clone()).unwrap()
}

fn all<T: Copy>(values: &[T], code: fn(T) -> &'static str) -> Vec<String> {
    values.iter().map(|value| code(*value).to_owned()).collect()
}

#[test]
fn dictionaries_of_the_schema() {
    let schema: Value = serde_json::from_str(include_str!("../schema/policy.schema.json")).unwrap();
    let codes = |pointer| codes(&schema, pointer);
    assert_eq!(codes("/$defs/care/enum"), all(Care::ALL, Care::code));
    assert_eq!(codes("/$defs/level/enum"), all(Tier::ALL, Tier::code));
    assert_eq!(codes("/$defs/status/enum"), all(Status::ALL, Status::code));
    assert_eq!(codes("/$defs/filing/enum"), all(Filing::ALL, Filing::code));
    assert_eq!(codes("/$defs/disease_kind/enum"), all(DiseaseKind::ALL, DiseaseKind::code));
    assert_eq!(codes("/$defs/layer/properties/payer/enum"), all(Payer::ALL, Payer::code));
    let settled = all(&Insutype::SETTLED, Insutype::code);
    assert_eq!(codes("/properties/schemes/items/enum"), settled);
    assert_eq!(codes("/properties/scheme/enum"), [settled, vec!["any".to_owned()]].concat());
    let marks = codes("/properties/sources/additionalProperties/properties/quality/enum");
    assert_eq!(marks.concat(), QUALITY_MARKS);
}

#[test]
fn dictionaries_of_the_schema_of_cases() {
    let schema: Value = serde_json::from_str(include_str!("../schema/case.schema.json")).unwrap();
    let codes = |pointer| codes(&schema, pointer);
    assert_eq!(codes("/$defs/care/enum"), all(Care::ALL, Care::code));
    assert_eq!(codes("/$defs/level/enum"), all(Tier::ALL, Tier::code));
    assert_eq!(codes("/$defs/person/properties/status/enum"), all(Status::ALL, Status::code));
    assert_eq!(codes("/$defs/filing/enum"), all(Filing::ALL, Filing::code));
    assert_eq!(codes("/$defs/case/properties/scheme/enum"), all(&Insutype::SETTLED, Insutype::code));
    let marks = codes("/$defs/expect/properties/quality/additionalProperties/enum");
    assert_eq!(marks.concat(), QUALITY_MARKS);
    let amounts = schema["$defs"]["expect"]["properties"].as_object().unwrap();
    assert!(Expect::AMOUNTS.iter().all(|word| amounts.contains_key(*word)), "each amount can be expected");
}
