"""The chart as helm renders it, for those who look at it."""

import functools
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
CHART = ROOT / "helm" / "yizhan"
HELM = ROOT / "target" / "tools" / "helm"
SERVICES = ["enrollment", "filing", "settlement", "audit", "credit"]
# Versions of Kubernetes for which every object is rendered and validated: the oldest that the chart says it runs on, one between, the newest.
VERSIONS = ["1.30.0", "1.34.0", "1.37.0"]
# What is rendered: the values as they are, with digests where they must be.
RENDERS = {
    "default": [],
    "ha": ["values-ha.yaml"],
    "minimal": ["values-minimal.yaml"],
}
# Two shards, for `--values`.
SHARDS = ["--values", HERE / "shards.yaml"]
DIGEST = "sha256:" + "0123456789abcdef" * 4


def run(*command, text=None):
    """What a program says on both its outputs, and whether it went well."""
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def digests():
    """The arguments by which every image is pinned."""
    return [part for one in [*SERVICES, "tests"] for part in ("--set", f"{one}.image.digest={DIGEST}")]


def arguments(name):
    """Of `helm template`, for a render by its name."""
    files = [part for file in RENDERS[name] for part in ("--values", CHART / file)]
    return files + (digests() if name == "ha" else [])


@functools.cache
def template(*more, version=VERSIONS[-1]):
    """What helm renders as the release yizhan in the namespace yizhan; exits with what it says where it does not."""
    well, said = run(HELM, "template", "yizhan", CHART, "--namespace", "yizhan", "--kube-version", version, *more)
    return said if well else exit(f"helm template {' '.join(map(str, more))}: {said}")


def refused(*more):
    """What helm says when it refuses to render; `None` when it renders."""
    well, said = run(HELM, "template", "yizhan", CHART, "--namespace", "yizhan", "--kube-version", VERSIONS[-1], *more)
    return None if well else said


def objects(text):
    """The objects of a render."""
    return [found for found in yaml.load_all(text, Loader=yaml.CSafeLoader) if found]


def name(found):
    """Kind and name of an object, for messages."""
    return f"{found['kind']} {found['metadata']['name']}"


@functools.cache
def read(path):
    """A file of the repository."""
    return (ROOT / path).read_text("utf-8")


def pod(found):
    """The pod of an object that makes one, else `None`."""
    if found["kind"] == "Pod":
        return found["spec"]
    if found["kind"] == "CronJob":
        return found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    if found["kind"] in ("Deployment", "Job", "StatefulSet", "DaemonSet"):
        return found["spec"]["template"]["spec"]
    return None


def pod_labels(found):
    """The labels of the pods that an object makes."""
    if found["kind"] == "Pod":
        return found["metadata"]["labels"]
    made = found["spec"]["jobTemplate"]["spec"] if found["kind"] == "CronJob" else found["spec"]
    return made["template"]["metadata"]["labels"]


def component(labels):
    """Of which component something is."""
    return labels.get("app.kubernetes.io/component")


def peers_in_code():
    """Whom each service calls, by its sources: what it reads a PeerConfig for."""
    found = {}
    for service in SERVICES:
        source = read(f"services/{service}/src/config.rs")
        named = re.findall(r"PeerConfig::read(?:_optional)?\(settings, Service::(\w+)\)", source)
        found[service] = {peer.lower() for peer in named}
    return found
