"""The chart for production (values-ha.yaml) inside what k8s/overlays/production makes around it: what either calls, lets in or mounts is the other's."""

import copy
import re

import policies
import yaml
from chart import ROOT, arguments, component, name, objects, pod, pod_labels, read, run, template

KUBECTL = ROOT / "target" / "tools" / "kubectl"
# Namespaces that a cluster has by itself.
THERE = {"kube-system"}
NAMESPACE = {"kubernetes.io/metadata.name": "yizhan"}


def around():
    """What the overlay for production makes."""
    well, said = run(KUBECTL, "kustomize", ROOT / "k8s" / "overlays" / "production")
    return objects(said) if well else exit(f"kubectl kustomize: {said}")


def as_production():
    return copy.deepcopy(objects(template(*arguments("ha"), "--set", "booksCheck.enabled=true", "--set-json", 'booksCheck.areas=["430200"]')))


def found_pods(overlay):
    """Namespace, labels and ports of the pods that the overlay makes: its own, and those of the operator of PostgreSQL, with the cluster restored beside."""
    for found in overlay:
        if pod(found):
            ports = {port["containerPort"] for container in pod(found)["containers"] for port in container.get("ports", [])}
            yield found["metadata"]["namespace"], pod_labels(found), ports
        if found["kind"] == "Cluster":
            for cluster in (found["metadata"]["name"], "yizhan-restored"):
                yield found["metadata"]["namespace"], {"cnpg.io/cluster": cluster}, {5432}


def let_in(overlay, namespace, theirs, mine, port):
    """Whether the policies of the overlay let a pod of the chart in at one of theirs."""
    rules = [rule for found in overlay if found["kind"] == "NetworkPolicy" and found["metadata"]["namespace"] == namespace
             and policies.matches(found["spec"]["podSelector"], theirs) for rule in found["spec"]["ingress"]]
    return any(any(one["port"] == port for one in rule["ports"]) and any(policies.matches(peer.get("namespaceSelector", {"matchLabels": {"": ""}}), NAMESPACE)
               and policies.matches(peer.get("podSelector", {}), mine) for peer in rule["from"]) for rule in rules)


def ways(chart, overlay):
    """Where the chart's policies let its pods out to, is somebody, who lets them in; who may come in, has a namespace."""
    namespaces = {found["metadata"]["name"] for found in overlay if found["kind"] == "Namespace"} | THERE
    targets = list(found_pods(overlay))
    for found in (one for one in chart if one["kind"] == "NetworkPolicy"):
        for way, other in (("egress", "to"), ("ingress", "from")):
            for rule in found["spec"].get(way) or []:
                for peer in (one for one in rule[other] if "namespaceSelector" in one):
                    where = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
                    if where not in namespaces:
                        yield f"{name(found)}: {way}: there is no namespace {where}"
                    elif way == "egress" and where not in THERE:
                        yield from unmet(found, peer, where, rule["ports"][0]["port"], targets, overlay)


def unmet(policy, peer, where, port, targets, overlay):
    """What is wrong with a way out to pods of the overlay."""
    met = [(labels, ports) for namespace, labels, ports in targets if namespace == where and policies.matches(peer["podSelector"], labels)]
    if not any(port in ports for _, ports in met):
        yield f"{name(policy)}: nobody in {where} has the labels {peer['podSelector']['matchLabels']} and port {port}"
    mine = policy["spec"]["podSelector"]["matchLabels"]
    for labels, _ in met:
        if not let_in(overlay, where, labels, mine, port):
            yield f"{name(policy)}: {where} does not let it in at {labels}, {port}"


def written_secrets():
    """Secrets that k8s/README.md makes by hand: namespace and name, with keys and what they hold. `$service` is each of the loop above it."""
    text = read("k8s/README.md").replace("\\\n", " ")
    made, loop = {}, [""]
    for line in text.splitlines():
        services = re.match(r" *for service in ([\w ]+); do", line)
        loop = services.group(1).split() if services else [""] if line.strip() == "done" else loop
        told = re.match(r" *kubectl -n ([\w-]+) create secret generic (\S+)", line)
        for service in loop if told else ():
            keys = dict(re.findall(r"--from-literal=([\w.-]+)=(\"[^\"]*\"|\S+)", line.replace("$service", service)))
            made[told.group(1), told.group(2).replace("$service", service)] = keys
    return made


def secrets(chart, overlay):
    """Each Secret that a pod of the chart is given, with its key, is written in k8s/README.md, or a certificate's."""
    written = written_secrets()
    certificates = {(found["metadata"]["namespace"], found["spec"]["secretName"]) for found in [*chart, *overlay] if found["kind"] == "Certificate"}
    for found in policies.pods([*chart, *overlay]):
        where = found["metadata"]["namespace"]
        for container in pod(found)["containers"]:
            for variable in container.get("env", []):
                wanted = policies.at(variable, "valueFrom", "secretKeyRef")
                if wanted is not policies.NOTHING and wanted["key"] not in written.get((where, wanted["name"]), {}):
                    yield f"{name(found)}: k8s/README.md makes no Secret {wanted['name']} with {wanted['key']} in {where}"
        for volume in pod(found)["volumes"]:
            secret = policies.at(volume, "secret", "secretName")
            if secret is not policies.NOTHING and (where, secret) not in certificates and (where, secret) not in written:
                yield f"{name(found)}: there is neither a certificate nor a Secret {secret} in {where}"
    # The operator of PostgreSQL reads passwords and keys of the store of backups.
    for found in overlay:
        for secret in re.findall(r"'(?:passwordSecret|accessKeyId|secretAccessKey)': \{[^}]*'name': '([\w-]+)'", str(found["spec"]) if "spec" in found else ""):
            if (found["metadata"]["namespace"], secret) not in written:
                yield f"{name(found)}: k8s/README.md makes no Secret {secret}"


def addresses(chart, overlay):
    """Hosts that the chart's settings and the Secrets of k8s/README.md name have a certificate of the platform's authority with that name, and of a service of
    the overlay its port."""
    issuers = {(found["kind"], found["metadata"]["name"]) for found in overlay if found["kind"] in ("ClusterIssuer", "Issuer")}
    named = {}
    for found in [*chart, *overlay]:
        if found["kind"] == "Certificate":
            issuer = found["spec"]["issuerRef"]
            if (issuer["kind"], issuer["name"]) not in issuers:
                yield f"{name(found)}: there is no {issuer['kind']} {issuer['name']}"
            named.update({host: found["metadata"]["namespace"] for host in found["spec"].get("dnsNames", [])})
    maps = policies.config_maps(chart)
    told = [(secret, text) for (_, secret), keys in written_secrets().items() for text in keys.values() if "://" in text]
    told += [(name(found), policies.settings(maps, found)["telemetry"]["otlp_endpoint"]) for found in policies.deployments(chart)]
    told += [("docs/BACKUP.md", f"postgres://{host}.yizhan-data.svc/") for host in re.findall(r"`(yizhan-restored-rw)`", read("docs/BACKUP.md"))]
    services = {f"{found['metadata']['name']}.{found['metadata']['namespace']}.svc": found for found in overlay if found["kind"] == "Service"}
    for where, address in told:
        scheme, host, port = re.match(r'"?(\w+)://(?:[^@]*@)?([\w.-]+)(?::(\d+))?', address).groups()
        if scheme == "http" or host not in named:
            yield f"{where}: {scheme}://{host}: no certificate has that name"
        if host in services and int(port) not in {one["port"] for one in services[host]["spec"]["ports"]}:
            yield f"{where}: {host} has no port {port}"
        elif host not in services and not host.startswith(("yizhan-rw.", "yizhan-restored-rw.")):
            yield f"{where}: there is no Service {host}"


def gateway(chart, overlay):
    """The gateway's certificate is one that the services take for a gateway's."""
    callers = next(text for found in chart if found["kind"] == "ConfigMap" for file, text in found["data"].items() if file == "callers.toml")
    shown = [uri for found in overlay if found["kind"] == "Certificate" and found["metadata"]["namespace"] == "yizhan-gateway" for uri in found["spec"]["uris"]]
    if not shown or any(f'match = "{uri}"' not in callers for uri in shown):
        yield f"the gateway shows {shown}, which no rule of the services knows"


def mesh(chart, overlay):
    """Where the overlay puts the namespace into an ambient mesh, the chart's policies let its tunnel through; else they do not."""
    labels = next(found["metadata"]["labels"] for found in overlay if found["kind"] == "Namespace" and found["metadata"]["name"] == "yizhan")
    ports = {port["port"] for found in chart if found["kind"] == "NetworkPolicy" for way in ("ingress", "egress")
             for rule in found["spec"].get(way) or [] for port in rule["ports"]}
    if (labels.get("istio.io/dataplane-mode") == "ambient") != (policies.TUNNEL in ports):
        yield f"the namespace is{'' if 'istio.io/dataplane-mode' in labels else ' not'} in the mesh, and {policies.TUNNEL} is{'' if policies.TUNNEL in ports else ' not'} let through"


def principals(chart, overlay):
    """Whom a pod of the chart may call by its NetworkPolicy, it may call by the mesh."""
    for found in (one for one in chart if one["kind"] == "NetworkPolicy"):
        accounts = {pod(one)["serviceAccountName"] for one in policies.pods(chart) if "serviceAccountName" in pod(one)
                    and policies.matches(found["spec"]["podSelector"], pod_labels(one))}
        callees = [peer["podSelector"]["matchLabels"] for rule in found["spec"].get("egress") or [] for peer in rule["to"] if "namespaceSelector" not in peer]
        for labels in callees:
            let = {principal for one in overlay if one["kind"] == "AuthorizationPolicy" and one["spec"].get("selector")
                   and policies.matches(one["spec"]["selector"], labels) for rule in one["spec"]["rules"]
                   for source in rule.get("from", []) for principal in source["source"]["principals"]}
            for account in sorted(accounts):
                if f"cluster.local/ns/yizhan/sa/{account}" not in let:
                    yield f"{account} may not call {component(labels)} by the mesh"


def receiver(_chart, overlay):
    """The collector takes what services send over TLS, by a certificate that its pod mounts."""
    for found in (one for one in overlay if one["kind"] == "ConfigMap" and "collector.yaml" in one["data"]):
        grpc = yaml.safe_load(found["data"]["collector.yaml"])["receivers"]["otlp"]["protocols"]["grpc"]
        mounts = [mount["mountPath"] for one in overlay if one["kind"] == "Deployment" for container in pod(one)["containers"] for mount in container["volumeMounts"]]
        if grpc.get("tls", {}).get("cert_file", "").rpartition("/")[0] not in mounts:
            yield f"{name(found)}: receives in clear, or its certificate is not mounted"


CHECKS = [ways, secrets, addresses, gateway, mesh, principals, receiver]


def fits():
    """The chart for production in what k8s/ makes around it; and what does not fit is told."""
    chart, overlay = as_production(), around()
    for check in CHECKS:
        yield from (f"{check.__name__}: {wrong}" for wrong in check(chart, overlay))
    for check, spoil in SPOILT:
        mine, theirs = copy.deepcopy(chart), copy.deepcopy(overlay)
        spoil(mine, theirs)
        if not list(check(mine, theirs)):
            yield f"{check.__name__} does not notice that a thing does not fit ({spoil.__code__.co_firstlineno})"


def of(found, kind, called):
    return next(one for one in found if one["kind"] == kind and one["metadata"]["name"] == called)


def no_tunnel(chart, _):
    for found in (one for one in chart if one["kind"] == "NetworkPolicy"):
        for rule in [*(found["spec"].get("egress") or []), *(found["spec"].get("ingress") or [])]:
            rule["ports"] = [port for port in rule["ports"] if port["port"] != policies.TUNNEL]


def variable(chart, end):
    env = pod(of(chart, "Deployment", "yizhan-enrollment"))["containers"][0]["env"]
    return next(one for one in env if one["name"].endswith(end))["valueFrom"]["secretKeyRef"]


def endpoint(chart, old, new):
    data = of(chart, "ConfigMap", "yizhan-audit")["data"]
    data["yizhan.toml"] = data["yizhan.toml"].replace(old, new)


SPOILT = [
    (ways, lambda c, o: of(o, "Deployment", "yizhan-collector")["spec"]["template"]["metadata"]["labels"].update({"app.kubernetes.io/name": "otel"})),
    (ways, lambda c, o: of(o, "NetworkPolicy", "yizhan-database")["spec"]["ingress"][0]["ports"][0].update(port=5433)),
    (ways, lambda c, o: of(o, "NetworkPolicy", "yizhan-redis")["spec"]["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0].update(values=["filing"])),
    (ways, lambda c, o: of(o, "Cluster", "yizhan")["metadata"].update(name="insurance")),
    (ways, lambda c, o: o.remove(of(o, "Namespace", "yizhan-gateway"))),
    (ways, lambda c, o: of(c, "NetworkPolicy", "yizhan-audit")["spec"]["egress"][2].update(ports=[{"port": 5433}])),
    (secrets, lambda c, o: variable(c, "DATA_KEYS").update(key="keys")),
    (secrets, lambda c, o: variable(c, "CACHE_URL").update(name="yizhan-cache")),
    (secrets, lambda c, o: of(o, "Cluster", "yizhan")["spec"]["managed"]["roles"][0]["passwordSecret"].update(name="enrollment")),
    (secrets, lambda c, o: of(o, "Certificate", "yizhan-collector")["spec"].update(secretName="collector")),
    (addresses, lambda c, o: of(o, "Certificate", "yizhan-database")["spec"]["dnsNames"].remove("yizhan-restored-rw.yizhan-data.svc")),
    (addresses, lambda c, o: of(o, "Certificate", "yizhan-redis")["spec"]["dnsNames"].pop(0)),
    (addresses, lambda c, o: of(o, "Service", "yizhan-redis")["metadata"].update(name="redis")),
    (addresses, lambda c, o: endpoint(c, "https://yizhan-collector", "http://yizhan-collector")),
    (addresses, lambda c, o: endpoint(c, ":4317", ":4318")),
    (addresses, lambda c, o: o.remove(of(o, "ClusterIssuer", "yizhan"))),
    (gateway, lambda c, o: of(o, "Certificate", "yizhan-gateway")["spec"].update(uris=["spiffe://yizhan/ns/gateways/sa/gateway"])),
    (mesh, no_tunnel),
    (mesh, lambda c, o: of(o, "Namespace", "yizhan")["metadata"]["labels"].pop("istio.io/dataplane-mode")),
    (principals, lambda c, o: of(o, "AuthorizationPolicy", "yizhan-settlement")["spec"]["rules"][0]["from"][0]["source"]["principals"].remove(
        "cluster.local/ns/yizhan/sa/yizhan-books")),
    (receiver, lambda c, o: pod(of(o, "Deployment", "yizhan-collector"))["containers"][0]["volumeMounts"].pop()),
]
