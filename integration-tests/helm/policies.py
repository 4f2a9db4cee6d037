"""What must hold of every render. Each check takes the objects and yields what is wrong; `mutations.py` shows that each can."""

import functools
import re
import tomllib

import yaml

from chart import CHART, ROOT, SERVICES, component, name, peers_in_code, pod, pod_labels, read

MIGRATES = "-migrate"
NOTHING = object()


def pods(objects):
    return [found for found in objects if pod(found)]


def deployments(objects):
    return [found for found in objects if found["kind"] == "Deployment"]


def containers(objects):
    for found in pods(objects):
        for container in pod(found).get("initContainers", []) + pod(found)["containers"]:
            yield found, container


def at(value, *path):
    """What stands under a path, or `NOTHING`."""
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return NOTHING
        value = value[step]
    return value


def probes(objects):
    """Each service is asked by gRPC on the health port whether it has started, is ready and is alive, and these differ."""
    known = set().union(*map(contract_of, SERVICES))
    for found in deployments(objects):
        for container in pod(found)["containers"]:
            kinds = {kind: container.get(kind) for kind in ("startupProbe", "readinessProbe", "livenessProbe")}
            for kind, probe in kinds.items():
                if not probe:
                    yield f"{name(found)}: no {kind}"
                elif at(probe, "grpc", "port") != 9465:
                    yield f"{name(found)}: {kind} does not ask the health service on port 9465"
                elif kind != "livenessProbe" and probe["grpc"].get("service", "").rpartition(".")[2] not in known:
                    yield f"{name(found)}: {kind} names no service of the contract"
            alive = kinds["livenessProbe"] or {}
            if at(alive, "grpc", "service") is not NOTHING:
                yield f"{name(found)}: livenessProbe names a service: a database that is away would restart every process"
            start = kinds["startupProbe"] or {}
            if start.get("failureThreshold", 0) * start.get("periodSeconds", 10) < 120:
                yield f"{name(found)}: startupProbe gives up within two minutes"
            if kinds["startupProbe"] == kinds["readinessProbe"] or kinds["readinessProbe"] == alive:
                yield f"{name(found)}: two probes are the same"


@functools.cache
def contract_of(service):
    """The gRPC services of a service, by the contract."""
    folder = ROOT / "proto" / "yizhan" / service / "v1"
    return frozenset(re.findall(r"^service (\w+)", "".join(path.read_text("utf-8") for path in folder.glob("*.proto")), re.M))


def contract(_objects):
    """What files/services.yaml says of the services is what the contract, the code and OPERATIONS.md say."""
    listed = yaml.safe_load((CHART / "files" / "services.yaml").read_text("utf-8"))
    ports = dict(re.findall(r"Service::(\w+) => (\d+),", read("libs/runtime/src/config/service.rs")))
    for service in SERVICES:
        told, known = listed[service], contract_of(service)
        if set(told["contract"]) != known:
            yield f"{service}: gRPC services {sorted(set(told['contract']) ^ known)} are in one of the two"
        if told["ready"].rpartition(".")[2] not in known:
            yield f"{service}: {told['ready']} is none of its services"
        if str(told["port"]) != ports[service.capitalize()]:
            yield f"{service}: its port is {ports[service.capitalize()]}"
        variables = {f"YIZHAN_{service.upper()}_{setting.upper()}" for setting in told["secrets"]} | {f"YIZHAN_{service.upper()}_DATABASE_URL"}
        if variables != set(secrets_of(service)):
            yield f"{service}: its secrets are {', '.join(secrets_of(service))}"
        if told["caches"] != ("CacheConfig" in read(f"services/{service}/src/config.rs")):
            yield f"{service}: whether it caches"


def limits(objects):
    """Every container says what it needs and what it may take."""
    for found, container in containers(objects):
        for kind in ("requests", "limits"):
            for what in ("cpu", "memory"):
                if at(container, "resources", kind, what) is NOTHING:
                    yield f"{name(found)}, {container['name']}: no {kind}.{what}"
    for found in pods(objects):
        for volume in pod(found).get("volumes", []):
            if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit"):
                yield f"{name(found)}: emptyDir {volume['name']} has no sizeLimit"


SECURE_POD = {("runAsNonRoot",): True, ("seccompProfile", "type"): "RuntimeDefault"}
SECURE_CONTAINER = {("allowPrivilegeEscalation",): False, ("readOnlyRootFilesystem",): True, ("capabilities", "drop"): ["ALL"]}


def security(objects):
    """What pod-security `restricted` wants, and a root that cannot be written."""
    for found in pods(objects):
        spec = pod(found)
        for path, wanted in SECURE_POD.items():
            if at(spec, "securityContext", *path) != wanted:
                yield f"{name(found)}: securityContext.{'.'.join(path)} is not {wanted}"
        if not at(spec, "securityContext", "runAsUser") not in (NOTHING, 0):
            yield f"{name(found)}: securityContext.runAsUser is root's, or not said"
        for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(forbidden):
                yield f"{name(found)}: {forbidden}"
        for volume in spec.get("volumes", []):
            if "hostPath" in volume:
                yield f"{name(found)}: hostPath {volume['name']}"
    for found, container in containers(objects):
        for path, wanted in SECURE_CONTAINER.items():
            if at(container, "securityContext", *path) != wanted:
                yield f"{name(found)}, {container['name']}: securityContext.{'.'.join(path)} is not {wanted}"
        if at(container, "securityContext", "capabilities", "add") is not NOTHING:
            yield f"{name(found)}, {container['name']}: adds capabilities"
        if not any(mount["mountPath"] == "/tmp" for mount in container.get("volumeMounts", [])):
            yield f"{name(found)}, {container['name']}: nothing to write into at /tmp"


def tokens(objects):
    """Nobody gets a token of the Kubernetes API, nor a variable for each Service of the namespace."""
    for found in objects:
        if found["kind"] == "ServiceAccount" and found.get("automountServiceAccountToken") is not False:
            yield f"{name(found)}: its token is mounted"
    accounts = {found["metadata"]["name"] for found in objects if found["kind"] == "ServiceAccount"}
    for found in pods(objects):
        if pod(found).get("automountServiceAccountToken") is not False:
            yield f"{name(found)}: a token is mounted"
        if pod(found).get("enableServiceLinks") is not False:
            yield f"{name(found)}: enableServiceLinks makes YIZHAN_… variables of Services"
        if found["kind"] == "Deployment" and pod(found).get("serviceAccountName") not in accounts:
            yield f"{name(found)}: no ServiceAccount of its own"


def budgets(objects):
    """Each service has a budget for disruptions that finds its pods and leaves room; spread; a strategy that takes nobody away first."""
    found_budgets = [found for found in objects if found["kind"] == "PodDisruptionBudget"]
    for found in deployments(objects):
        labels = pod_labels(found)
        mine = [one for one in found_budgets if matches(one["spec"]["selector"], labels)]
        if len(mine) != 1:
            yield f"{name(found)}: {len(mine)} PodDisruptionBudgets find its pods"
        elif at(mine[0], "spec", "maxUnavailable") in (NOTHING, 0, "0%"):
            yield f"{name(found)}: its PodDisruptionBudget lets nobody go"
        spread = {one["topologyKey"] for one in pod(found).get("topologySpreadConstraints", []) if matches(one["labelSelector"], labels)}
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname"):
            if key not in spread:
                yield f"{name(found)}: not spread over {key}"
        if at(found, "spec", "strategy", "rollingUpdate", "maxUnavailable") != 0:
            yield f"{name(found)}: a rolling update takes processes away before there are others"


def scaling(objects):
    """Who scales has a behaviour in both directions, and does not fight with a fixed number."""
    scaled = {}
    for found in objects:
        if found["kind"] == "HorizontalPodAutoscaler":
            scaled[found["spec"]["scaleTargetRef"]["name"]] = found
            for way in ("scaleUp", "scaleDown"):
                if at(found, "spec", "behavior", way, "policies") is NOTHING:
                    yield f"{name(found)}: no behaviour of {way}"
            if found["spec"]["minReplicas"] < 2:
                yield f"{name(found)}: fewer than two processes"
    for found in deployments(objects):
        fixed, follows = "replicas" in found["spec"], found["metadata"]["name"] in scaled
        if fixed == follows:
            yield f"{name(found)}: {'replicas and an autoscaler' if fixed else 'neither replicas nor an autoscaler'}"


def stopping(objects):
    """A pod is killed only after it was still called for a while, told, and given its time to drain."""
    maps = config_maps(objects)
    for found in deployments(objects):
        grace = pod(found).get("terminationGracePeriodSeconds", 30)
        drain = settings(maps, found).get("server", {}).get("drain_seconds", 20)
        for container in pod(found)["containers"]:
            sleep = at(container, "lifecycle", "preStop", "sleep", "seconds")
            if sleep is NOTHING or sleep < 1:
                yield f"{name(found)}: preStop does not wait"
            elif grace <= sleep + drain:
                yield f"{name(found)}: killed after {grace} s, but preStop and drain take {sleep + drain} s"


def config_maps(objects):
    return {found["metadata"]["name"]: found for found in objects if found["kind"] == "ConfigMap"}


def settings(maps, deployment):
    """The settings of a service, as its ConfigMap has them."""
    for volume in pod(deployment)["volumes"]:
        data = maps.get(at(volume, "configMap", "name"), {}).get("data", {})
        if "yizhan.toml" in data:
            return tomllib.loads(data["yizhan.toml"])
    return {}


def configuration(objects):
    """Each service reads a file of settings that changes with its pods, every setting is one that OPERATIONS.md knows, and
    what is secret is a reference."""
    known, maps = known_settings(), config_maps(objects)
    for found in deployments(objects):
        service = component(pod_labels(found))
        said = settings(maps, found)
        if not said:
            yield f"{name(found)}: no yizhan.toml"
        if at(found, "spec", "template", "metadata", "annotations", "checksum/config") is NOTHING:
            yield f"{name(found)}: its pods do not change with its ConfigMap"
        for setting in flat(said):
            if not known(service, setting):
                yield f"{name(found)}: OPERATIONS.md knows no setting {setting}"
        variables = {one["name"]: one for container in pod(found)["containers"] for one in container.get("env", [])}
        if at(variables, "YIZHAN_CONFIG", "value") != "/etc/yizhan/config/yizhan.toml":
            yield f"{name(found)}: YIZHAN_CONFIG does not name its file"
        for wanted in secrets_of(service):
            if wanted not in variables:
                yield f"{name(found)}: {wanted} is not set"
    for found, container in containers(objects):
        for variable in container.get("env", []):
            if re.search(r"URL|KEY|TOKEN|PASSWORD", variable["name"]) and "valueFrom" not in variable:
                yield f"{name(found)}: {variable['name']} is in clear"
        if found["kind"] == "Deployment" and any("subPath" in mount for mount in container.get("volumeMounts", [])):
            yield f"{name(found)}: a file mounted by subPath does not change when its Secret does"
    for found in objects:
        if found["kind"] == "Secret":
            yield f"{name(found)}: the chart makes a Secret"


def secrets_of(service):
    """The variables without which a service has no database, or published keys: docs/OPERATIONS.md, Secrets."""
    page = read("docs/OPERATIONS.md")
    keys = re.findall(rf"^\| `({service}\.(?:\w+_)?keys?)`.*\*\*Set it\*\*", page, re.M)
    return [f"YIZHAN_{service.upper()}_DATABASE_URL"] + [f"YIZHAN_{key.upper().replace('.', '_')}" for key in keys]


def flat(section, path=""):
    """The settings of a file, by their names."""
    for key, value in section.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from flat(value, here)
        else:
            yield here


def documented_settings():
    """The settings of the table of OPERATIONS.md."""
    rows = re.findall(r"^\| ((?:`[\w.…]+`(?:, )?)+) \|", read("docs/OPERATIONS.md"), re.M)
    return {word for row in rows for word in re.findall(r"`([\w.…]+)`", row)}


def known_settings():
    """Whether a service knows a setting: by the table of OPERATIONS.md."""
    patterns = [re.compile(re.escape(one).replace("…", r"\w+")) for one in documented_settings()]

    def known(service, setting):
        plain = setting.removeprefix(f"{service}.") if setting.count(".") > 1 else setting
        return any(pattern.fullmatch(one) for pattern in patterns for one in (setting, plain))
    return known


def matches(selector, labels):
    """Whether a label selector finds something with these labels."""
    wanted = selector.get("matchLabels", {})
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    for one in selector.get("matchExpressions", []):
        value = labels.get(one["key"])
        held = {"In": value in one.get("values", []), "NotIn": value not in one.get("values", []),
                "Exists": value is not None, "DoesNotExist": value is None}[one["operator"]]
        if not held:
            return False
    return True


def arrows_of_chart():
    return {service: set(calls) for service, calls in yaml.safe_load((CHART / "files" / "arrows.yaml").read_text("utf-8")).items()}


def arrows_in_code(_objects):
    """The list of arrows is what the services read; all that each calls stands in docs/ARCHITECTURE.md."""
    listed, read_by = arrows_of_chart(), peers_in_code()
    for service in SERVICES:
        for peer in sorted(listed[service] ^ read_by[service]):
            wrong = "is in no config.rs" if peer in listed[service] else "is not in files/arrows.yaml"
            yield f"{service} → {peer} {wrong}"
    page = re.sub(r"\s+", " ", read("docs/ARCHITECTURE.md"))
    told = re.search(r"Calls go one way, (.*?); what flows back", page)
    chains = re.findall(r"\w+(?: → \w+)+", told.group(1) if told else "")
    downwards = {arrow for chain in chains for arrow in zip(chain.split(" → "), chain.split(" → ")[1:])}
    if not downwards:
        yield "docs/ARCHITECTURE.md no longer says which way calls go"
    for caller, callee in sorted(downwards):
        if callee not in listed.get(caller, set()):
            yield f"{caller} → {callee} of docs/ARCHITECTURE.md is not in files/arrows.yaml"
    for caller in SERVICES:
        for callee in sorted(listed[caller]):
            # A feed is called against the direction in which it flows.
            if not reaches(downwards, caller, callee) and not reaches(downwards, callee, caller):
                yield f"{caller} → {callee}: docs/ARCHITECTURE.md has no way between them, in either direction"


def reaches(arrows, begin, end):
    """Whether there is a way along arrows."""
    seen, todo = set(), [begin]
    while todo:
        here = todo.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            todo += [callee for caller, callee in arrows if caller == here]
    return False


def services_of(objects):
    return {component(pod_labels(found)): pod_labels(found) for found in deployments(objects)}


def peers_configured(objects):
    """Addresses of peers are exactly the arrows, by a Service without an address of its own that exists, on its port."""
    installed, maps = services_of(objects), config_maps(objects)
    headless = {found["metadata"]["name"]: found for found in objects
                if found["kind"] == "Service" and found["spec"].get("clusterIP") == "None"}
    for found in deployments(objects):
        service = component(pod_labels(found))
        peers = settings(maps, found).get("peers", {})
        wanted = arrows_of_chart()[service] & set(installed)
        for peer in sorted(wanted ^ set(peers)):
            yield f"{name(found)}: peers.{peer} {'is missing' if peer in wanted else 'is no arrow'}"
        for peer, told in peers.items():
            address = re.fullmatch(r"https?://([\w-]+)\.[\w.-]+:(\d+)", told["address"])
            there = headless.get(address.group(1)) if address else None
            if not there or not matches({"matchLabels": there["spec"]["selector"]}, installed.get(peer, {})):
                yield f"{name(found)}: peers.{peer}.address leads to no processes of {peer}"
            elif there["spec"]["ports"][0]["port"] != int(address.group(2)):
                yield f"{name(found)}: peers.{peer}.address has another port than its Service"


def network(objects):
    """Default-deny both ways for every pod, and between services exactly the arrows, at both ends."""
    policies = [found for found in objects if found["kind"] == "NetworkPolicy"]
    if not policies:
        yield "there are no network policies"
        return
    for found in pods(objects):
        mine = [one for one in policies if matches(one["spec"]["podSelector"], pod_labels(found))]
        for way in ("Ingress", "Egress"):
            if not any(way in one["spec"].get("policyTypes", []) for one in mine):
                yield f"{name(found)}: no policy denies {way.lower()}"
    installed = services_of(objects)
    wanted = {(caller, callee) for caller in installed for callee in arrows_of_chart()[caller] if callee in installed}
    for rules, other, what in (("egress", "to", "may call"), ("ingress", "from", "lets in")):
        let = set()
        for found in policies:
            for rule in found["spec"].get(rules, []) or []:
                if not rule.get(other):
                    yield f"{name(found)}: a rule of {rules} without `{other}` is for everybody"
                if not rule.get("ports"):
                    yield f"{name(found)}: a rule of {rules} without ports is for all of them"
                let |= through(found, rule, other, installed)
        pairs = {(one, two) if rules == "egress" else (two, one) for one, two in let}
        for caller, callee in sorted(pairs ^ wanted):
            subject, object_ = (caller, callee) if rules == "egress" else (callee, caller)
            wrong = "is no arrow" if (caller, callee) in pairs else "is missing"
            yield f"{subject} {what} {object_}: {wrong}"


def through(policy, rule, other, installed):
    """Between which services a rule opens a way; the ports of callers are theirs, those of callees the service's."""
    ways = set()
    for peer in rule.get(other) or []:
        inside = "podSelector" in peer and "namespaceSelector" not in peer
        anybody = not peer.get("podSelector") and not peer.get("namespaceSelector") and "ipBlock" not in peer
        for mine, labels in installed.items():
            if not matches(policy["spec"]["podSelector"], labels):
                continue
            for theirs, their_labels in installed.items():
                if theirs != mine and (anybody or inside and matches(peer["podSelector"], their_labels)):
                    ways.add((mine, theirs))
    return ways


# Istio's tunnel between pods of an ambient mesh, and where the kubelet's probes come from there: its page "Ambient and Kubernetes NetworkPolicy".
TUNNEL, PROBES = 15008, "169.254.7.127/32"


def meshed(objects):
    """Where anything is let through the tunnel of a mesh, every call between pods is, both ways, and the kubelet's probes; other ways are not."""
    found = [one for one in objects if one["kind"] == "NetworkPolicy"]
    rules = [(one, way, rule) for one in found for way in ("ingress", "egress") for rule in one["spec"].get(way) or []]
    ports = lambda rule: {port["port"] for port in rule.get("ports", [])}
    if not any(TUNNEL in ports(rule) for _, _, rule in rules):
        return
    calls = {"grpc", *(port["port"] for one in objects if one["kind"] == "Service" for port in one["spec"]["ports"])}
    for one, way, rule in rules:
        if bool(ports(rule) & calls) != (TUNNEL in ports(rule)):
            yield f"{name(one)}: {way} of {sorted(map(str, ports(rule)))}: calls go by {TUNNEL} in a mesh, and nothing else does"
    for one in deployments(objects):
        mine = [rule for policy, way, rule in rules if way == "ingress" and matches(policy["spec"]["podSelector"], pod_labels(one))]
        if not any("health" in ports(rule) and {"ipBlock": {"cidr": PROBES}} in rule.get("from", []) for rule in mine):
            yield f"{name(one)}: the kubelet's probes come from {PROBES} in a mesh, and are not let in"


def ways_out(objects):
    """Every pod may ask for names, and reach the database, Redis and the collector whose addresses it is given."""
    policies, maps = [one for one in objects if one["kind"] == "NetworkPolicy"], config_maps(objects)
    for found in pods(objects):
        mine = [one for one in policies if matches(one["spec"]["podSelector"], pod_labels(found))]
        let = {(port.get("protocol", "TCP"), port["port"]) for one in mine for rule in one["spec"].get("egress") or [] for port in rule["ports"]}
        for what, protocol, port in wants_out(found, maps):
            if (protocol, port) not in let:
                yield f"{name(found)}: no way to {what} ({protocol} {port})"


def wants_out(found, maps):
    """What a pod asks by its settings: name, protocol, port."""
    yield from (("names", protocol, 53) for protocol in ("UDP", "TCP"))
    given = [variable["name"] for container in pod(found)["containers"] for variable in container.get("env", [])]
    for end, what, port in (("_DATABASE_URL", "the database", 5432), ("_CACHE_URL", "Redis", 6379)):
        # A migration is given all that its service is, and asks the database only.
        if any(variable.endswith(end) for variable in given) and (found["kind"] == "Deployment" or end == "_DATABASE_URL"):
            yield what, "TCP", port
    endpoint = settings(maps, found).get("telemetry", {}).get("otlp_endpoint") if found["kind"] == "Deployment" else None
    if endpoint:
        yield "the collector", "TCP", int(endpoint.rpartition(":")[2])


def migrations(objects):
    """Before install and upgrade, one Job for each service, which may be repeated and does not wait for what comes after it."""
    later = {(found["kind"], found["metadata"]["name"]) for found in objects if "helm.sh/hook" not in annotations(found)}
    # A certificate's Secret comes after the certificate.
    later |= {("Secret", found["spec"]["secretName"]) for found in objects if found["kind"] == "Certificate"}
    jobs = {component(pod_labels(found)): found for found in objects if found["kind"] == "Job"}
    for service in services_of(objects):
        job = jobs.get(service + MIGRATES)
        if not job:
            yield f"{service}: no Job brings its tables up to date"
            continue
        notes = annotations(job)
        before = set(notes.get("helm.sh/hook", "").split(","))
        waits = list(waits_for(job, later))
        if before != ({"pre-upgrade"} if any(kind == "Secret" for kind, _ in waits) else {"pre-install", "pre-upgrade"}):
            yield f"{name(job)}: not a hook before upgrade, and before install where nothing it needs comes later"
        if "before-hook-creation" not in notes.get("helm.sh/hook-delete-policy", ""):
            yield f"{name(job)}: the Job of before is in the way of the next"
        if pod(job)["containers"][0].get("args") != ["--migrate"]:
            yield f"{name(job)}: does not migrate"
        if "activeDeadlineSeconds" not in job["spec"] or "backoffLimit" not in job["spec"]:
            yield f"{name(job)}: never gives up"
        for kind, one in waits:
            if kind == "ConfigMap":
                yield f"{name(job)}: waits for {kind} {one}, which comes after it"


def waits_for(job, later):
    """Which of what comes later a Job mounts."""
    for volume in pod(job).get("volumes", []):
        for wanted in (("ConfigMap", at(volume, "configMap", "name")), ("Secret", at(volume, "secret", "secretName"))):
            if wanted in later:
                yield wanted


def annotations(found):
    return found["metadata"].get("annotations") or {}


def certificates(objects):
    """Where the chart asks for certificates: each names its service as the others know it, and has every name by which it is called."""
    made = {found["spec"]["secretName"]: found["spec"] for found in objects if found["kind"] == "Certificate"}
    if not made:
        return
    maps, called = config_maps(objects), {}
    for found in deployments(objects):
        for peer, told in settings(maps, found).get("peers", {}).items():
            called.setdefault(peer, set()).add(re.sub(r"^https://|:\d+$", "", told["address"]))
    for found in deployments(objects):
        service = component(pod_labels(found))
        secrets = [at(volume, "secret", "secretName") for volume in pod(found)["volumes"] if "secret" in volume]
        mine = next((made[secret] for secret in secrets if secret in made), None)
        if mine is None:
            yield f"{name(found)}: mounts no certificate that is made"
            continue
        # The name that services are known by wherever nobody says otherwise: docs/OPERATIONS.md, server.callers.
        if mine["uris"] != [f"spiffe://yizhan/ns/yizhan/sa/yizhan-{service}"]:
            yield f"{name(found)}: its certificate names {mine['uris']}"
        if set(mine["usages"]) != {"server auth", "client auth"}:
            yield f"{name(found)}: its certificate is for {mine['usages']}"
        for host in sorted(called.get(service, set()) - set(mine["dnsNames"])):
            yield f"{name(found)}: called {host}, which its certificate does not name"


def labels(objects):
    """Every object says what it belongs to, and every selector finds pods."""
    for found in objects:
        for label in ("name", "instance", "component", "part-of", "version", "managed-by"):
            if f"app.kubernetes.io/{label}" not in (found["metadata"].get("labels") or {}):
                yield f"{name(found)}: no label {label}"
        if found["metadata"].get("namespace") != "yizhan":
            yield f"{name(found)}: not in the release's namespace"
    every = [pod_labels(found) for found in pods(objects)]
    for found in objects:
        selector = {"Service": lambda spec: {"matchLabels": spec["selector"]}, "PodDisruptionBudget": lambda spec: spec["selector"],
                    "NetworkPolicy": lambda spec: spec["podSelector"], "PodMonitor": lambda spec: spec["selector"]}.get(found["kind"])
        if selector and not any(matches(selector(found["spec"]), one) for one in every):
            yield f"{name(found)}: finds no pod"


def images(objects):
    """No image without a digest or a tag, none of a tag that moves."""
    for found, container in containers(objects):
        if not re.search(r"(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)$", container["image"]):
            yield f"{name(found)}: image {container['image']} may be another one tomorrow"


def shard_of(labels):
    """Of which shard something is; `None` where there are none, or it is of all."""
    return (labels or {}).get("yizhan/shard")


def in_shards(objects):
    """What is of a shard, with what is of all, for each of them: within one, everything has to hold that holds of an install without."""
    names = sorted({shard_of(found["metadata"].get("labels")) for found in objects} - {None})
    for shard in names or [None]:
        yield [found for found in objects if shard_of(found["metadata"].get("labels")) in (None, shard)]


def shards(objects):
    """Shards share no area, no database, no Redis and no way; a call is led to where its area is."""
    parts = {shard_of(pod_labels(found)): [] for found in deployments(objects)}
    if None in parts:
        return
    for found in pods(objects):
        if shard_of(pod_labels(found)) not in parts:
            yield f"{name(found)}: of no shard"
    areas, held, maps = {}, {}, config_maps(objects)
    for found in deployments(objects):
        shard = shard_of(pod_labels(found))
        areas.setdefault(shard, set()).add(settings(maps, found).get("server", {}).get("areas", ""))
        for container in pod(found)["containers"]:
            for variable in container["env"]:
                if re.search("URL$", variable["name"]):
                    secret = at(variable, "valueFrom", "secretKeyRef")
                    held.setdefault((secret["name"], secret["key"]), set()).add(shard)
    for shard, said in areas.items():
        if len(said) != 1 or "" in said:
            yield f"shard {shard}: its services work for {sorted(said)}"
    for (secret, key), of in held.items():
        if len(of) > 1:
            yield f"Secret {secret}, {key}: of {' and '.join(sorted(of))}"
    yield from routes_by_area(objects, areas)
    for found in objects:
        if found["kind"] == "NetworkPolicy":
            yield from ways_between(found, objects)


def routes_by_area(objects, areas):
    """Whether every code of a shard's areas leads there, and none of another's."""
    codes = {shard: next(iter(said)).split(",") for shard, said in areas.items()}
    for found in objects:
        if found["kind"] != "GRPCRoute":
            continue
        mine = shard_of(found["metadata"]["labels"])
        for match in found["spec"]["rules"][0]["matches"]:
            said = [one["value"] for one in match.get("headers", []) if one["name"] == "yizhan-area" and one["type"] == "RegularExpression"]
            for shard, starts in codes.items():
                for code in starts:
                    # The area itself, and the last place in it.
                    for place in (code, re.sub("(00)+$", lambda zeros: "9" * len(zeros.group()), code)):
                        if (len(said) == 1 and bool(re.search(said[0], place))) != (shard == mine):
                            yield f"{name(found)}: {match['method']['service']} of area {place} {'does not lead' if shard == mine else 'leads'} there"


def ways_between(policy, objects):
    """Ways that a policy opens between pods of different shards."""
    labels = [pod_labels(found) for found in pods(objects)]
    mine = {shard_of(one) for one in labels if matches(policy["spec"]["podSelector"], one)}
    for rules, other in (("egress", "to"), ("ingress", "from")):
        for rule in policy["spec"].get(rules) or []:
            for peer in rule.get(other) or []:
                if "podSelector" not in peer or "namespaceSelector" in peer:
                    continue
                theirs = {shard_of(one) for one in labels if matches(peer["podSelector"], one)}
                if mine != theirs:
                    yield f"{name(policy)}: {rules} between shards {sorted(mine)} and {sorted(theirs)}"


# Of an install as a whole.
WHOLE = [shards]
CHECKS = [probes, contract, limits, security, tokens, budgets, scaling, stopping, configuration, arrows_in_code, peers_configured, network, meshed, ways_out, migrations,
          certificates, labels, images]
