#!/usr/bin/env python3
"""Every policy of the project validates against libs/policy/schema/policy.schema.json, every case
against case.schema.json, and wrong ones do not. Needs jsonschema and PyYAML."""

import json
import sys
from pathlib import Path

import jsonschema
import yaml

POLICY = Path(__file__).resolve().parent.parent / "libs/policy"
FOLDERS = ["policies", "tests/conformance/policies", "tests/conformance/policies/language"]
GOOD = POLICY / "tests/fixtures/good.yaml"

# Edits of the good document which the schema must refuse, as the loader does.
WRONG = [
    ("scheme: \"310\"", "scheme: \"311\""),
    ("scheme: \"310\"", "scheme: 310"),
    ("per: visit", "per: visit\n      facter: 1"),
    ("    title: 医院减免\n", ""),
    ("layers:\n", "filing_at_home: never\nlayers:\n"),
    ("{ add: in_scope }", "{ add: in_scope, less: preself }"),
    ("{ add: remaining }", "{ add: remaining, lines: { label: [a] } }"),
    ("otherwise: true, part", "otherwise: true, rank: 2, part"),
    ("amount: 8450.50", "amount: 8450.50, unknown: 没有"),
    ("amount: 8450.50", "amount: 8450.50, part: 1%"),
    ("amount: 800 }", "amount: -800 }"),
    ("amount: 800 }", "amount: none }"),
    ("96.1%", "0.961"),
    ("96.1%", "100.1%"),
    ("points: -10", "points: -101"),
    ("care: [inpatient]", "care: inpatient"),
    ("care: [inpatient]", "care: []"),
    ("care: [inpatient]", "care: [inpatient, inpatient]"),
    ("level: [second]", "class: [\"02\"]"),
    ("level: [second]", "disease: [高血压]"),
    ("level: [second]", "disease_kind: [M03900]"),
    ("      used: basic_paid", "      used: basic_paid\n      plus: continuity"),
    ("\"310100\"", "\"999996\""),
    ("quality: G", "quality: X"),
    ("      used: charged\n", ""),
    (", used: diagnosis_paid", ""),
    ("    lump_sum", "    base: [ { add: total } ]\n    lump_sum"),
    ("    lump_sum", "    scale: { cut_on: net, bands: { source: news, rows: [ { ratio: 1% } ] } }\n    lump_sum"),
    ("pays: [in_scope, preself]", "pays: [in_scope, total]"),
    ("{ of: stays, from: 2 }", "{ of: stays }"),
    ("areas: [\"430200\"]", "areas: [\"4302\"]"),
    ("      - points: { source: paper", "      - local\n      - points: { source: paper"),
    ("    adjust:", "    prepay: local\n    adjust:"),
    ("    adjust:", "    remote: same\n    adjust:"),
    ("    lump_sum", "    remote: none\n    lump_sum"),
    ("outpatient_days: 31", "outpatient_days: 0"),
    ("outpatient_days: 31", "outpatient_days: 3654"),
    ("status: discharge", "status: never"),
    ("{ when: { care: [chronic] }, outpatient_days: 31 }", "{ when: { status: [retired] }, outpatient_days: 31 }"),
    (", outpatient_days: 31", ""),
    ("unit: count", "per: quarter, unit: count"),
    ("      used: basic_paid", "      carry: quarter\n      used: basic_paid"),
    # `per` is of the limit, not of its rows; and who does not know it says why.
    ("rank: 1, amount: none }", "rank: 1, per: year, amount: none }"),
    ("per: visit", "per: unknown"),
]

CASES = ["tests/conformance/cases"]
CASE = POLICY.parent.parent / "docs/examples/case.yaml"

# Edits of the example case which the schema must refuse, as the loader does.
WRONG_CASES = [
    ("area: \"430200\"", "area: \"4302\""),
    ("scheme: \"310\"\n", ""),
    ("status: retired", "status: pensioner"),
    ("age: 70", "age: -1"),
    ("identity: [低保]", "identity: 低保"),
    ("level: third", "level: fourth"),
    ("level: third", "hospital: third"),
    ("date: 2024-05-10", "date: 2024-5-10"),
    ("filing: local", "filing: referral\n  remote: { rule: a, citation: b }"),
    ("filing: local", "filing: referral\n  remote: { same: true, factor: 90%, rule: a, citation: b }"),
    ("class: 丙", "class: 丁"),
    ("amount: 800,", "amount: -800,"),
    ("prepay: 10%", "prepay: 0.1"),
    ("list_type: \"101\"", "list_type: \"1\""),
    ("own: 1500", "owned: 1500"),
    ("account:", "visits: []\naccount:"),
    ("account:", "expect: {}\naccount:"),
    ("account:", "expect: { refused: POLICY_NO_RULE, cash: 1 }\naccount:"),
    ("account:", "expect: { because: x, cash: 1 }\naccount:"),
    ("account:", "expect: { quality: { basic: X } }\naccount:"),
    ("account:", "expect: { bands: { basic: 1 } }\naccount:"),
]


class Text(yaml.SafeLoader):
    """YAML whose dates stay texts, as JSON Schema knows them."""


Text.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def errors(validator, text):
    found = validator.iter_errors(yaml.load(text, Text))
    return [f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


def check(schema_file, files, good, wrong):
    """Validates files, and edits of a good one that must not validate; answers what is not so."""
    schema = json.loads((POLICY / "schema" / schema_file).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    failures = []
    for file in files:
        failures += [f"{file.name}{error}" for error in errors(validator, file.read_text("utf-8"))]
    text = good.read_text("utf-8")
    for find, replace in wrong:
        if text.count(find) != 1:
            failures.append(f"`{find}` must stand in the good document once")
        elif not errors(validator, text.replace(find, replace)):
            failures.append(f"{schema_file} accepts `{replace}` for `{find}`")
    print(f"{schema_file}: {len(files)} files checked, {len(wrong)} wrong ones tried, {len(failures)} failures")
    return failures


def files_of(folders):
    return [file for folder in folders for file in sorted((POLICY / folder).glob("*.yaml"))]


def main():
    failures = check("policy.schema.json", [GOOD] + files_of(FOLDERS), GOOD, WRONG)
    failures += check("case.schema.json", [CASE] + files_of(CASES), CASE, WRONG_CASES)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
