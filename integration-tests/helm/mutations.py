"""Each check can fail: a render is spoilt in one way, and the check that is for it says so. A check without a mutation here is an error."""

import copy
import json

import policies
import watching
from chart import pod


def one(objects, kind, name="yizhan-settlement"):
    return next(found for found in objects if found["kind"] == kind and found["metadata"]["name"] == name)


def container(objects):
    return pod(one(objects, "Deployment"))["containers"][0]


def no_liveness(objects):
    del container(objects)["livenessProbe"]


def one_probe_for_all(objects):
    container(objects)["livenessProbe"] = container(objects)["readinessProbe"]


def probe_of_nothing(objects):
    container(objects)["readinessProbe"]["grpc"]["service"] = "yizhan.settlement.v1.Settling"


def no_limit(objects):
    del container(objects)["resources"]["limits"]["memory"]


def writable_root(objects):
    container(objects)["securityContext"]["readOnlyRootFilesystem"] = False


def no_pod_security(objects):
    del pod(one(objects, "Job", "yizhan-audit-migrate"))["securityContext"]


def a_capability(objects):
    container(objects)["securityContext"]["capabilities"]["add"] = ["NET_ADMIN"]


def no_budget(objects):
    objects.remove(one(objects, "PodDisruptionBudget"))


def stubborn_budget(objects):
    one(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"] = 0


def not_spread(objects):
    del pod(one(objects, "Deployment"))["topologySpreadConstraints"]


def token_of_pod(objects):
    del pod(one(objects, "Deployment"))["automountServiceAccountToken"]


def token_of_account(objects):
    one(objects, "ServiceAccount")["automountServiceAccountToken"] = True


def autoscaler_and_number(objects):
    one(objects, "Deployment")["spec"]["replicas"] = 3


def no_behaviour(objects):
    del one(objects, "HorizontalPodAutoscaler")["spec"]["behavior"]


def killed_while_draining(objects):
    pod(one(objects, "Deployment"))["terminationGracePeriodSeconds"] = 20


def no_pre_stop(objects):
    del container(objects)["lifecycle"]


def no_checksum(objects):
    del one(objects, "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]


def secret_in_clear(objects):
    variable = next(v for v in container(objects)["env"] if v["name"] == "YIZHAN_SETTLEMENT_DATABASE_URL")
    del variable["valueFrom"]
    variable["value"] = "postgres://settlement:1234@db/settlement"


def published_key(objects):
    env = pod(one(objects, "Deployment", "yizhan-enrollment"))["containers"][0]["env"]
    env.remove(next(v for v in env if v["name"] == "YIZHAN_ENROLLMENT_DATA_KEYS"))


def unknown_setting(objects):
    data = one(objects, "ConfigMap")["data"]
    data["yizhan.toml"] = data["yizhan.toml"].replace("drain_seconds", "drain_second")


def a_peer_too_many(objects):
    data = one(objects, "ConfigMap", "yizhan-filing")["data"]
    data["yizhan.toml"] += '\n[peers.audit]\naddress = "https://yizhan-audit-peers.yizhan.svc.cluster.local:7204"\n'


def a_peer_elsewhere(objects):
    data = one(objects, "ConfigMap")["data"]
    data["yizhan.toml"] = data["yizhan.toml"].replace("yizhan-filing-peers", "yizhan-audit-peers")


def selector(of):
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "yizhan", "app.kubernetes.io/component": of}}}


def an_arrow_out(objects):
    one(objects, "NetworkPolicy", "yizhan-enrollment")["spec"]["egress"].append(
        {"to": [selector("settlement")], "ports": [{"port": 7202}]})


def an_arrow_in(objects):
    one(objects, "NetworkPolicy", "yizhan-filing")["spec"]["ingress"][0]["from"].append(selector("credit"))


def an_arrow_less(objects):
    egress = one(objects, "NetworkPolicy")["spec"]["egress"]
    egress.remove(next(rule for rule in egress if rule["ports"][0]["port"] == 7204))


def everybody_comes_in(objects):
    one(objects, "NetworkPolicy")["spec"]["ingress"].append({"ports": [{"port": "grpc"}]})


def no_policy(objects):
    for found in [found for found in objects if found["kind"] == "NetworkPolicy"]:
        found["spec"]["policyTypes"] = ["Ingress"]


def a_way(objects, way, port, policy="yizhan-enrollment"):
    return next(rule for rule in one(objects, "NetworkPolicy", policy)["spec"][way] if any(one["port"] == port for one in rule["ports"]))


def without_port(way, port, policy="yizhan-enrollment", keeps=True):
    """Takes a port out of a policy; the rule with it, unless it keeps others."""
    def mutate(objects):
        rule = a_way(objects, way, port, policy)
        rule["ports"] = [one for one in rule["ports"] if one["port"] != port]
        if not keeps:
            one(objects, "NetworkPolicy", policy)["spec"][way].remove(rule)
    mutate.__name__ = f"{way} of {policy} without {port}"
    return mutate


def a_tunnel_to_the_database(objects):
    a_way(objects, "egress", 5432)["ports"].append({"port": 15008, "protocol": "TCP"})


MESHED = [without_port("ingress", 15008), without_port("egress", 15008, "yizhan-filing"), without_port("egress", 15008, "yizhan-check"),
          without_port("ingress", "health", keeps=False), a_tunnel_to_the_database]
WAYS_OUT = [without_port("egress", port, keeps=False) for port in (53, 5432, 6379, 4317)] + [without_port("egress", 5432, "yizhan-audit-migrate", keeps=False)]


def no_migration(objects):
    objects.remove(one(objects, "Job", "yizhan-settlement-migrate"))


def migration_that_waits(objects):
    pod(one(objects, "Job", "yizhan-settlement-migrate"))["volumes"].append(
        {"name": "config", "configMap": {"name": "yizhan-settlement"}})


def migration_before_its_certificate(objects):
    one(objects, "Job", "yizhan-settlement-migrate")["metadata"]["annotations"]["helm.sh/hook"] = "pre-install,pre-upgrade"


def certificate_of_another(objects):
    one(objects, "Certificate")["spec"]["uris"] = one(objects, "Certificate", "yizhan-audit")["spec"]["uris"]


def certificate_without_a_host(objects):
    one(objects, "Certificate", "yizhan-audit")["spec"]["dnsNames"] = ["yizhan-audit"]


def service_of_nobody(objects):
    one(objects, "Service")["spec"]["selector"]["app.kubernetes.io/component"] = "settlements"


def no_label(objects):
    del one(objects, "Service")["metadata"]["labels"]["app.kubernetes.io/part-of"]


def moving_image(objects):
    container(objects)["image"] = "yizhan-settlement:latest"


MUTATIONS = {
    policies.probes: [no_liveness, one_probe_for_all, probe_of_nothing],
    policies.limits: [no_limit],
    policies.security: [writable_root, no_pod_security, a_capability],
    policies.budgets: [no_budget, stubborn_budget, not_spread],
    policies.tokens: [token_of_pod, token_of_account],
    policies.scaling: [autoscaler_and_number, no_behaviour],
    policies.stopping: [killed_while_draining, no_pre_stop],
    policies.configuration: [no_checksum, secret_in_clear, published_key, unknown_setting],
    policies.peers_configured: [a_peer_too_many, a_peer_elsewhere],
    policies.network: [an_arrow_out, an_arrow_in, an_arrow_less, everybody_comes_in, no_policy],
    policies.meshed: MESHED,
    policies.ways_out: WAYS_OUT,
    policies.migrations: [no_migration, migration_that_waits, migration_before_its_certificate],
    policies.certificates: [certificate_of_another, certificate_without_a_host],
    policies.labels: [service_of_nobody, no_label],
    policies.images: [moving_image],
}


def an_area_twice(objects):
    data = one(objects, "ConfigMap", "yizhan-filing-hunan")["data"]
    data["yizhan.toml"] = data["yizhan.toml"].replace('areas = "430000"', 'areas = "330800"')


def no_areas(objects):
    data = one(objects, "ConfigMap", "yizhan-credit-quzhou")["data"]
    data["yizhan.toml"] = data["yizhan.toml"].replace("areas =", "# areas =")


def one_database(objects):
    env = pod(one(objects, "Deployment", "yizhan-settlement-hunan"))["containers"][0]["env"]
    variable = next(v for v in env if v["name"] == "YIZHAN_SETTLEMENT_DATABASE_URL")
    variable["valueFrom"]["secretKeyRef"]["name"] = "yizhan-settlement-quzhou-database"


def one_redis(objects):
    env = pod(one(objects, "Deployment", "yizhan-filing-quzhou"))["containers"][0]["env"]
    reference = next(v for v in env if v["name"] == "YIZHAN_FILING_CACHE_URL")["valueFrom"]["secretKeyRef"]
    reference.update(name="hunan-cache", key="address")


def a_way_between(objects):
    peer = one(objects, "NetworkPolicy", "yizhan-settlement-hunan")["spec"]["egress"][-1]["to"][0]
    peer["podSelector"]["matchLabels"]["yizhan/shard"] = "quzhou"


def a_way_to_all(objects):
    peer = one(objects, "NetworkPolicy", "yizhan-audit-hunan")["spec"]["ingress"][0]["from"][0]
    del peer["podSelector"]["matchLabels"]["yizhan/shard"]


def a_route_of_all(objects):
    del one(objects, "GRPCRoute", "yizhan-settlement-hunan")["spec"]["rules"][0]["matches"][3]["headers"]


def a_route_too_wide(objects):
    for match in one(objects, "GRPCRoute", "yizhan-audit-quzhou")["spec"]["rules"][0]["matches"]:
        match["headers"][0]["value"] = "3308"


def a_pod_of_nobody(objects):
    del one(objects, "Pod", "yizhan-check-hunan")["metadata"]["labels"]["yizhan/shard"]


def mixed(objects):
    """What of shards was not noticed, in a render of two."""
    for mutate in MIXED:
        copied = copy.deepcopy(objects)
        mutate(copied)
        if not list(policies.shards(copied)):
            yield f"shards does not notice {mutate.__name__}"


MIXED = [an_area_twice, no_areas, one_database, one_redis, a_way_between, a_way_to_all, a_route_of_all, a_route_too_wide, a_pod_of_nobody]


def an_alert(objects, name="YizhanSettleSlow"):
    return next(rule for rule in watching.alerts_of(watching.rules_of(objects)) if rule["alert"] == name)


def alert_without_page(objects):
    an_alert(objects)["annotations"]["runbook_url"] = "docs/runbooks/SettleSlow.md"


def alert_of_no_severity(objects):
    del an_alert(objects)["labels"]["severity"]


def alert_without_test(objects):
    an_alert(objects)["alert"] = "YizhanSettlesSlowly"


def alert_of_no_metric(objects):
    rule = an_alert(objects)
    rule["expr"] = rule["expr"].replace("yizhan_settle_duration", "yizhan_settling_duration")


def alert_by_no_label(objects):
    rule = an_alert(objects, "YizhanCircuitOpen")
    rule["expr"] = rule["expr"].replace("peer", "callee")


def alert_of_all_shards(objects):
    rule = an_alert(objects, "YizhanServiceAway")
    rule["expr"] = rule["expr"].replace(", yizhan_shard", "", 1)


def alert_without_shards(objects):
    for rule in (rule for group in watching.rules_of(objects)["groups"] for rule in group["rules"]):
        rule["expr"] = rule["expr"].replace(", yizhan_shard", "")


def alert_that_tells_what_it_dropped(objects):
    an_alert(objects)["annotations"]["summary"] = "{{ $labels.payers }} payers"


def page_of_no_alert(objects):
    for group in watching.rules_of(objects)["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") != "YizhanSettleSlow"]


def rule_that_is_none(objects):
    an_alert(objects)["expr"] += " >"


def threshold_too_high(objects):
    rule = an_alert(objects)
    rule["expr"] = rule["expr"].replace("> 1", "> 100")


def board(change):
    """Changes the first dashboard."""
    def mutate(objects):
        data = next(found["data"] for found in objects if found["metadata"]["name"] == "yizhan-dashboard-counter")
        (file, text), = data.items()
        said = json.loads(text)
        change(said["panels"], said)
        data[file] = json.dumps(said)
    mutate.__name__ = change.__name__
    return mutate


@board
def panels_that_overlap(panels, _):
    panels[2]["gridPos"] = panels[1]["gridPos"]


@board
def panels_of_one_number(panels, _):
    panels[2]["id"] = panels[1]["id"]


@board
def panel_of_no_metric(panels, _):
    panels[1]["targets"][0]["expr"] = "sum(yizhan_settlements)"


@board
def panel_of_no_query(panels, _):
    panels[1]["targets"][0]["expr"] = "sum(yizhan_settlements_total{"


@board
def panel_of_nothing(panels, _):
    panels[4]["targets"][0]["expr"] = 'sum(yizhan_settlements_total{kind="settled"})'


@board
def panel_that_is_always_green(panels, _):
    panels[1]["targets"][0]["expr"] += " or vector(0)"


@board
def panel_of_one_source(panels, _):
    panels[1]["datasource"]["uid"] = "prometheus"


@board
def board_of_no_source(_, said):
    said["templating"]["list"].pop(0)


WATCHED = {
    watching.alerts: [alert_without_page, alert_of_no_severity, alert_without_test, alert_of_no_metric, alert_by_no_label, alert_of_all_shards,
                      alert_that_tells_what_it_dropped, page_of_no_alert],
    watching.promtool: [rule_that_is_none, threshold_too_high, alert_without_shards],
    watching.dashboards: [panels_that_overlap, panels_of_one_number, panel_of_no_metric, panel_that_is_always_green, panel_of_one_source, board_of_no_source],
    watching.empty_panels: [panel_of_no_query, panel_of_nothing],
}


def unwatched(objects):
    """What of alerts and dashboards was not noticed, in a render with all of them."""
    for check, mutations in WATCHED.items():
        for mutate in mutations:
            copied = copy.deepcopy(objects)
            mutate(copied)
            if not list(check(copied)):
                yield f"{check.__name__} does not notice {mutate.__name__}"


def spoilt(objects):
    """What was not noticed."""
    for check in policies.CHECKS:
        for mutate in MUTATIONS.get(check, []):
            copied = copy.deepcopy(objects)
            mutate(copied)
            if not list(check(copied)):
                yield f"{check.__name__} does not notice {mutate.__name__}"
        # What is compared with sources, not with a render.
        if check not in MUTATIONS and check not in (policies.arrows_in_code, policies.contract):
            yield f"nothing shows that {check.__name__} can fail"
    yield from spoilt_arrows()


def spoilt_arrows():
    """An arrow that no service reads, and one that is not listed."""
    listed = policies.arrows_of_chart
    for change in (lambda arrows: arrows["filing"].add("credit"), lambda arrows: arrows["audit"].discard("credit")):
        arrows = listed()
        change(arrows)
        policies.arrows_of_chart = lambda changed=arrows: changed
        if not list(policies.arrows_in_code([])):
            yield "arrows_in_code does not notice an arrow too many or too few"
    policies.arrows_of_chart = listed


def count():
    return sum(map(len, [*MUTATIONS.values(), *WATCHED.values(), MIXED])) + 2
