"""Wrong values and what is said of them; README.md of the chart, made of the comments of values.yaml."""

import re
from concurrent.futures import ThreadPoolExecutor

from chart import CHART, digests, refused

# Arguments of helm, and what must be said of them, wherever in the message.
WRONG = [
    (["--set", "settlment.replicas=3"], "settlment"),
    (["--set", "settlement.replica=3"], "replica"),
    (["--set-string", "settlement.replicas=3"], "/settlement/replicas"),
    (["--set", "settlement.replicas=0"], "/settlement/replicas"),
    (["--set", "image.pullPolicy=Sometimes"], "/image/pullPolicy"),
    (["--set", "settlement.image.digest=sha256:12ab"], "/settlement/image/digest"),
    (["--set", "settlement.image.tag=la test"], "/settlement/image/tag"),
    (["--set", "runAs.user=0"], "/runAs/user"),
    (["--set", "settlement.database.url=postgres://u:p@h/d"], "/settlement/database"),
    (["--set", "settlement.config.database.replica_url=postgres://u:p@h/d"], "give it by"),
    (["--set", "settlement.config.database.url=postgres://u:p@h/d"], "give it by existingSecret"),
    (["--set", "enrollment.config.enrollment.data_keys=k1:00"], "give it by existingSecret"),
    (["--set", "redis.url=redis://:p@h"], "give it by existingSecret"),
    (["--set", "settlement.config.server.listen=0.0.0.0:1"], "the chart decides it"),
    (["--set", "settlement.config.servers.request_seconds=5"], "servers"),
    (["--set", "settlement.config.server.Request=5"], "Request"),
    (["--set", "defaults.drainSeconds=5"], "/defaults/drainSeconds"),
    (["--set", "defaults.preStopSeconds=0"], "/defaults/preStopSeconds"),
    (["--set", "defaults.disruptionBudget.maxUnavailable=0"], "/defaults/disruptionBudget/maxUnavailable"),
    (["--set", "defaults.spread.zones=Never"], "/defaults/spread/zones"),
    (["--set", "defaults.resources.limits.memory=1Gigabyte"], "/defaults/resources/limits/memory"),
    (["--set", "defaults.resources.limits=null"], "limits"),
    (["--set", "defaults.probes.liveness.path=/healthz"], "path"),
    (["--set", "settlement.enabled=false"], "enabled"),
    (["--set-json", "networkPolicy.database.to=[]"], "/networkPolicy/database/to"),
    (["--set-json", "networkPolicy.scrapers=[]"], "/networkPolicy/scrapers"),
    (["--set-json", "networkPolicy.callers=[{}]"], "/networkPolicy/callers"),
    (["--set", "networkPolicy.redis.port=99999"], "/networkPolicy/redis/port"),
    (["--set", "telemetry.otlpEndpoint=collector:4317"], "/telemetry/otlpEndpoint"),
    (["--set", "callers.jwt.jwksUrl=http://issuer/keys"], "/callers/jwt/jwksUrl"),
    (["--set", "callers.gateways[0]=gateway"], "/callers/gateways"),
    (["--set", "gateway.enabled=true"], "/gateway/parentRefs"),
    (["--set", "prometheusRule.thresholds.errorBudget=5"], "/prometheusRule/thresholds/errorBudget"),
    (["--set", "callers.mutualTls=false"], "say how a server knows who calls"),
    (["--set", "callers.mutualTls=false,callers.jwt.issuer=https://issuer,callers.jwt.audience=yizhan"], "could not call each other"),
    (["--set", "tls.enabled=false"], "callers.mutualTls needs tls.enabled"),
    (["--set", "callers.jwt.issuer=https://issuer"], "callers.jwt.audience"),
    (["--set", "callers.jwt.issuer=https://issuer,callers.jwt.audience=yizhan"], "say where the issuer's keys are"),
    (["--set", "callers.trustHeader=true"], "callers.trustHeader is instead of mutualTls and jwt"),
    (["--set", "callers.mutualTls=false,callers.trustHeader=true,callers.rules=x"], "callers.rules is about names"),
    (["--set", "metrics.enabled=false,podMonitor.enabled=true"], "podMonitor.enabled needs metrics.enabled"),
    (["--set", "audit.autoscaling.minReplicas=9"], "audit.autoscaling: minReplicas 9 is above maxReplicas 6"),
    (["--set-json", 'shards=[{"name": "a"}]'], "areas"),
    (["--set-json", 'shards=[{"name": "Quzhou", "areas": ["330800"]}]'], "/shards/0/name"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["3308"]}]'], "/shards/0/areas/0"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["100000"]}]'], "/shards/0/areas/0"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["330800"], "database": {}}]'], "database"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["330800"]}, {"name": "a", "areas": ["430000"]}]'], "two with the name a"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["330000"]}, {"name": "b", "areas": ["330802"]}]'], "330802 of b and 330000 of a have ground in common"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["330800"], "audit": {"enabled": false}}]'], "audit.enabled is for all shards"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["330800"]}]', "--set", "filing.database.existingSecret=x"], "filing.database.existingSecret and replicaSecret are one database"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["330800"]}]', "--set", "redis.existingSecret=x"], "each shard has its own"),
    (["--set-json", 'shards=[{"name": "quzhou", "areas": ["330800"]}]', "--set", "fullnameOverride=yizhan-of-a-province-with-a-long-long-name"], "longer than a name may be"),
    (["--set", "settlement.config.server.areas=330800"], "give them by shards"),
    (["--set", "requireDigests=true"], "enrollment.image.digest is not set"),
    (["--set", "requireDigests=true", *digests()[:-2]], "tests.image.digest is not set"),
    (["--set", "booksCheck.enabled=true"], "/booksCheck/areas"),
    (["--set-json", 'booksCheck.areas=["4302"]'], "/booksCheck/areas/0"),
    (["--set", "requireDigests=true,tests.enabled=false,booksCheck.enabled=true", "--set-json", 'booksCheck.areas=["430200"]', *digests()[:-2]], "tests.image.digest is not set"),
    (["--set-json", 'shards=[{"name": "a", "areas": ["330800"]}]', "--set", "booksCheck.enabled=true", "--set-json", 'booksCheck.areas=["330802", "430200"]'], "lies in no shard"),
    (["--set", "networkPolicy.mesh=15008"], "/networkPolicy/mesh"),
    (["--kube-version", "1.29.0"], "1.29"),
]


def not_refused():
    """Wrong values that are taken, or of which nothing useful is said."""
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda wrong: refused(*wrong[0]), WRONG))
    for (arguments, wanted), said in zip(WRONG, answers):
        if said is None:
            yield f"{' '.join(arguments)} is taken"
        elif wanted not in said:
            yield f"{' '.join(arguments)}: `{wanted}` is not in: {said.strip()}"


def undescribed():
    """Keys of values.yaml without a comment above them."""
    for path, comment, _ in rows():
        if not comment:
            yield f"values.yaml: {path} has no comment"


def rows():
    """Each key of values.yaml that has a value: path, comment above it, value as it is written. A key that only holds others, and has a comment,
    is a row without a value."""
    path, comment, lines = [], [], (CHART / "values.yaml").read_text("utf-8").splitlines()
    # How deep the list stands that is being gone through.
    listed = None
    for number, line in enumerate(lines):
        found = re.match(r"( *)(\w+):(?: (.*))?$", line)
        indent = len(line) - len(line.lstrip())
        if listed is not None and indent > listed:
            continue
        listed = None
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip()[1:].strip())
        elif found:
            level = len(found.group(1)) // 2
            path = path[:level] + [found.group(2)]
            value = found.group(3)
            below = lines[number + 1] if number + 1 < len(lines) else ""
            items = value is None and below.lstrip().startswith("- ")
            listed = indent if items else None
            described = " ".join(comment)
            if value is not None or items:
                yield ".".join(path), described or inherited(path), value if value is not None else "see values.yaml"
            elif described:
                yield ".".join(path), described, None
            comment = []
        elif not line.strip():
            comment = []


def inherited(path):
    """What stands under a service, or says how much of a resource, is described elsewhere."""
    if path[0] in ("enrollment", "filing", "settlement", "audit", "credit") and path[-1] != "enabled":
        return f"over `defaults.{'.'.join(path[1:])}`"
    if path[-1] in ("requests", "limits", "stabilizationWindowSeconds", "selectPolicy", "policies"):
        return "as Kubernetes has it"
    return ""


HEAD = """# The chart yizhan

The five services of Yizhan on Kubernetes, on one pattern: [templates/](templates) has a folder for each, a few lines long, and what they
are made of in `_*.tpl`. [values.yaml](values.yaml) is the documentation; the table below is made from it (`integration-tests/helm/check --update`).
[values.schema.json](values.schema.json) refuses what is wrong.

| values | for |
|---|---|
| [values.yaml](values.yaml) | two processes of each service, mutual TLS, network policies |
| [values-ha.yaml](values-ha.yaml) | production: three zones, pinned images, cert-manager, alerts, dashboards |
| [values-minimal.yaml](values-minimal.yaml) | a laptop cluster: one process of each, no TLS, no Redis |

What has to be there first: a database for each service, Redis, Secrets ([OPERATIONS](../../docs/OPERATIONS.md#kubernetes); k8s/ makes them). Upgrades:
[UPGRADING](../../docs/UPGRADING.md). Alerts: [runbooks](../../docs/runbooks/README.md).

## Values

| key | default | |
|---|---|---|
"""


def readme():
    """README.md of the chart, as it has to be."""
    def cell(text):
        return text.replace("|", "\\|")
    table = [f"| `{path}` | {f'`{cell(value)}`' if value is not None else ''} | {cell(comment)} |" for path, comment, value in rows()]
    return HEAD + "\n".join(table) + "\n"
