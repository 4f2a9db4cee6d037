"""Alerts, their pages and tests; dashboards."""

import itertools
import json
import pathlib
import re
import tempfile

import yaml

from chart import CHART, HERE, ROOT, read, run

RUNBOOKS = ROOT / "docs" / "runbooks"
SECTIONS = ["## What it means for people at the counter", "## How to see", "## What to do", "## Over when"]
# What a rule or a panel may name beside the metrics of metrics.txt.
SUFFIXES = {"histogram": ["_bucket", "_count", "_sum"], "counter": [""], "gauge": [""]}
SCRAPED = {"service", "namespace", "yizhan_shard", "pod", "le"}


def metrics():
    """The metrics there are: name as it is queried, and its labels."""
    found = {}
    for line in read("integration-tests/helm/metrics.txt").splitlines():
        if line and not line.startswith("#"):
            name, kind, *labels = line.split()
            for suffix in SUFFIXES[kind]:
                found[name + suffix] = set(labels) | SCRAPED
    return found


def as_told(_objects):
    """metrics.txt is what the code tells, by the table of libs/runtime, with kinds and labels."""
    table = ROOT / "libs" / "runtime" / "src" / "metrics" / "table.rs"
    if not table.exists():
        return
    rows = re.findall(r'^    \w+ "(yizhan_\w+)" (\w+) \[(.*?)\]', table.read_text("utf-8"), re.M)
    told_by_code = {" ".join([name, kind.lower(), *re.findall(r"\w+", labels)]) for name, kind, labels in rows}
    listed = {line for line in read("integration-tests/helm/metrics.txt").splitlines() if line and not line.startswith("#")}
    for line in sorted(told_by_code ^ listed):
        yield f"{line}: {'nobody tells it' if line in listed else 'is not in metrics.txt'}"


def misnamed(expression, where, recorded=()):
    """Metrics and labels of a query that nobody tells."""
    known = metrics()
    for metric, selector in re.findall(r"\b(yizhan[\w:]+)(?:\{([^}]*)\})?", re.sub(r'"[^"]*"', lambda m: m.group().replace("}", ""), expression)):
        if metric in recorded or metric in SCRAPED:
            continue
        if metric not in known:
            yield f"{where}: nobody tells the metric {metric}"
            continue
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', selector)):
            if label not in known[metric]:
                yield f"{where}: {metric} has no label {label}"
    tells = {metric for metric in re.findall(r"\byizhan[\w:]+", expression)} & set(known)
    labels = set().union(*(known[metric] for metric in tells)) if tells else None
    for grouped in re.findall(r"\b(?:by|without|on)\s*\(([^)]*)\)", expression):
        for label in filter(None, re.split(r"[,\s]+", grouped)):
            if labels is not None and label not in labels:
                yield f"{where}: grouped by {label}, which none of its metrics has"


def rules_of(objects):
    """The groups of the PrometheusRule of a render."""
    return next(found for found in objects if found["kind"] == "PrometheusRule")["spec"]


def alerts_of(spec):
    return [rule for group in spec["groups"] for rule in group["rules"] if "alert" in rule]


def alerts(objects):
    """Each alert has a severity, a page, a test that it fires, and names only what there is; each page has its alert and all its sections."""
    spec = rules_of(objects)
    recorded = {rule["record"] for group in spec["groups"] for rule in group["rules"] if "record" in rule}
    named, tested = set(), yaml.safe_load(read("integration-tests/helm/alerts_test.yaml"))
    fires = {one["alertname"] for test in tested["tests"] for one in test["alert_rule_test"] if one["exp_alerts"]}
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    for rule in [rule for group in spec["groups"] for rule in group["rules"]]:
        yield from misnamed(rule["expr"], rule.get("alert") or rule["record"], recorded)
        for grouped in re.findall(r"\bby\s*\(([^)]*)\)", rule["expr"]):
            if "yizhan_shard" not in grouped:
                yield f"{rule.get('alert') or rule['record']}: by ({grouped}): a shard that is well would stand for one that is not"
    for rule in alerts_of(spec):
        alert = rule["alert"]
        named.add(alert)
        if rule["labels"].get("severity") not in ("critical", "warning"):
            yield f"{alert}: severity {rule['labels'].get('severity')}"
        url = rule["annotations"].get("runbook_url", "")
        page = RUNBOOKS / f"{alert}.md"
        if not url.endswith(f"/{alert}.md") or not page.is_file():
            yield f"{alert}: runbook_url {url} leads to no page of docs/runbooks"
        if alert not in fires:
            yield f"{alert}: no test makes it fire"
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"].get("summary", "")):
            if not re.search(rf"by \([^)]*\b{label}\b[^)]*\)", rule["expr"]) and "yizhan:" not in rule["expr"]:
                yield f"{alert}: its summary names {label}, which its expression does not keep"
        if f"[{alert}]({alert}.md)" not in index:
            yield f"docs/runbooks/README.md does not list {alert}"
        part = index.partition("## Warning")
        if f"[{alert}]" not in part[0 if rule["labels"].get("severity") == "critical" else 2]:
            yield f"docs/runbooks/README.md lists {alert} under another severity"
    for page in sorted(RUNBOOKS.glob("*.md")):
        if page.stem != "README":
            yield from wrong_page(page, named)


def wrong_page(page, alerts_named):
    text = page.read_text("utf-8")
    if page.stem not in alerts_named:
        yield f"docs/runbooks/{page.name} is of no alert"
    for section in SECTIONS:
        if not re.search(rf"^{re.escape(section)}\n\n\S", text, re.M):
            yield f"docs/runbooks/{page.name}: nothing under `{section}`"


def promtool(objects):
    """The rules as Prometheus reads them, and what they say of what was made for it."""
    spec = rules_of(objects)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rules = folder / "rules.yaml"
        rules.write_text(yaml.safe_dump(spec), "utf-8")
        well, said = run("promtool", "check", "rules", rules)
        if not well or "SUCCESS" not in said:
            yield f"promtool check rules: {said}"
            return
        # promtool compares annotations too, which say the same of every alert.
        for rule in alerts_of(spec):
            del rule["annotations"]
        rules.write_text(yaml.safe_dump(spec), "utf-8")
        tests = folder / "alerts_test.yaml"
        tests.write_text((HERE / "alerts_test.yaml").read_text("utf-8"), "utf-8")
        well, said = run("promtool", "test", "rules", tests)
        if not well:
            yield f"promtool test rules: {said}"


def dashboards(objects):
    """Each dashboard is one that Grafana can show: panels with numbers of their own and places that do not overlap, queries of metrics there are,
    a data source that is chosen."""
    shown = {found["metadata"]["name"]: found for found in objects if found["kind"] == "ConfigMap" and "-dashboard-" in found["metadata"]["name"]}
    files = sorted((CHART / "files" / "dashboards").glob("*.json"))
    if len(shown) != len(files) or len(files) < 2:
        yield f"{len(files)} dashboards in files, {len(shown)} rendered"
    uids = set()
    for found in shown.values():
        for file, text in found["data"].items():
            board = json.loads(text)
            if board["uid"] in uids:
                yield f"{file}: another dashboard has its uid"
            uids.add(board["uid"])
            yield from wrong_board(file, board)


# Values of labels, by which a query finds something; others are `x`.
VALUES = {"namespace": ["yizhan"], "service": ["settlement"], "kind": ["settle"], "rpc_method": ["Settle"], "grpc_code": ["OK", "UNAVAILABLE"],
          "reason": ["ENROLLMENT_AWAY"], "state": ["used", "idle"], "le": ["0.1", "1", "+Inf"]}


def told():
    """A series for every metric and value, as it would be told: something happens each minute."""
    for metric, labels in metrics().items():
        labels = labels if metric.endswith("_bucket") else labels - {"le"}
        for values in itertools.product(*(VALUES.get(label, ["x"]) for label in sorted(labels))):
            said = ", ".join(f'{label}="{value}"' for label, value in zip(sorted(labels), values))
            yield {"series": f"{metric}{{{said}}}", "values": "1+1x120"}


def empty_panels(objects):
    """Each panel of each dashboard shows something of what is told, as Prometheus answers its queries."""
    queries = {}
    for found in objects:
        if found["kind"] == "ConfigMap" and "-dashboard-" in found["metadata"]["name"]:
            board = json.loads(next(iter(found["data"].values())))
            for panel in board["panels"]:
                for target in panel.get("targets", []):
                    asked = target["expr"].replace("$__rate_interval", "5m").replace("$namespace", "yizhan").replace("$shard", ".*").replace("$service", "settlement")
                    queries[f"count({asked}) > bool 0"] = f"{board['title']}, {panel['title']}"
    tests = {"evaluation_interval": "1m", "tests": [{"interval": "1m", "input_series": list(told()), "promql_expr_test": [
        {"expr": asked, "eval_time": "90m", "exp_samples": [{"labels": "{}", "value": 1}]} for asked in queries]}]}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "panels.yaml"
        path.write_text(yaml.safe_dump(tests), "utf-8")
        well, said = run("promtool", "test", "rules", path)
    if not well:
        named = [where for asked, where in queries.items() if asked in said]
        yield f"shows nothing: {', '.join(named)}: {said}"


def wrong_board(file, board):
    variables = {one["name"]: one for one in board["templating"]["list"]}
    if variables.get("datasource", {}).get("type") != "datasource":
        yield f"{file}: no variable `datasource`"
    for one in variables.values():
        if one["type"] == "query":
            yield from misnamed(one["query"]["query"], f"{file}, variable {one['name']}")
    panels, cells = board["panels"], {}
    if len({panel["id"] for panel in panels}) != len(panels):
        yield f"{file}: two panels have the same id"
    for panel in panels:
        where, place = f"{file}, {panel['title']}", panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{where}: wider than the page"
        for cell in [(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]:
            if cells.setdefault(cell, panel["title"]) != panel["title"]:
                yield f"{where}: over {cells[cell]}"
                break
        if panel["type"] == "row":
            continue
        if not panel.get("description"):
            yield f"{where}: no description"
        if panel.get("datasource", {}).get("uid") != "${datasource}":
            yield f"{where}: not from the data source that is chosen"
        if not panel.get("targets"):
            yield f"{where}: shows nothing"
        for target in panel.get("targets", []):
            yield from misnamed(target["expr"], where)
            if re.search(r"\bor\s+vector\(", target["expr"]):
                yield f"{where}: shows a number where nothing is known"
            for variable in re.findall(r"\$\{?(\w+)", target["expr"]):
                if variable not in variables and not variable.startswith("__"):
                    yield f"{where}: no variable {variable}"
