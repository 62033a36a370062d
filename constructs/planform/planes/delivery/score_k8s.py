"""score-k8s: workloads rendered in CI and delivered by GitOps, without a service that orchestrates."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.ci import Step
from planform.contracts.gitops import GitOps
from planform.contracts.version_control import VersionControl
from planform.files import File
from planform.kubernetes.accelerators import on_accelerator, resource_of
from planform.kubernetes.writer import to_yaml
from planform.planes.component import Component
from planform.planes.delivery.gateway_settings import GatewaySettings
from planform.planes.delivery.gitops_tool import Folder
from planform.planes.delivery.orchestration import Application, ApplicationsSettings, Offer, OrchestratorComponent
from planform.planes.delivery.resource_types import RESOURCE_TYPES
from planform.planes.step_secrets import in_step
from planform.planes.teams import WORKLOAD

__all__ = ["ScoreK8s", "ScoreK8sSettings"]

VERSION = "0.15.0"
PUSH_SECRET = "gitops-push-token"
_INSTANCE = r"app\.kubernetes\.io/instance"


class ScoreK8sSettings(ApplicationsSettings):
    """Settings of `score-k8s`."""

    domain: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        description="Domain under which a wish for `dns` gets the workload's name. Default: `dns` is not offered.",
        examples=["ml.acme.example"],
    )
    gateway: GatewaySettings | None = Field(
        default=None,
        description="The Gateway for wishes for `route`. Default: `route` is not offered.",
        examples=[{"name": "internal", "namespace": "gateway-system"}],
    )
    scratch_gib: int = Field(
        default=2, ge=1, le=1000, description="Size of a wished-for `volume` that says none. Default: 2 GiB."
    )
    output_folder: Folder | None = Field(
        default=None,
        description="Folder of the platform's repository that holds planform's output. Default: the one that the GitOps"
        " tool's Git source is in; the top of the repository where the tool reads an image.",
        examples=["planform.out"],
    )


class ScoreK8s(OrchestratorComponent):
    """score-k8s in CI: a workload's Score file becomes Kubernetes objects in the repository that GitOps follows.

    For each application there is a folder with provisioners.yaml, which meets every type that the environment can serve
    with values known at compile time, so that rendering needs no cluster, no cloud and no state; and patch.tpl, which
    gives the objects a namespace, the team's service account, safe pods, labels, and what reaching a database, a topic,
    a table or an accelerator takes. score-k8s invents a suffix for the label `instance` and keeps it in a state file;
    the patch overwrites it with the workload's name, so two runs give the same bytes without the state.
    What a person does: put a token that may push to the repository that GitOps follows into the secret
    `gitops-push-token`, such as one of a GitHub App.

    Provides: Orchestrator; `deploy` renders score.yaml at the top of the repository, which must be checked out.
    Requires: Compute; GitOps, or VersionControl where GitOps reads an image; for each type, whoever serves it:
    Identities and Database, ObjectStore, Streaming, KeyValue, FeatureStore, Secrets.
    Emits: a folder of files for each application; what the asked components emit for it.
    Errors: contract/no-delivery, contract/no-source, contract/other-team, contract/two-offers,
    contract/unknown-application, contract/unknown-output, contract/unknown-resource-type, contract/workflow,
    spec/name-too-long.
    Source: score-k8s 0.15.0, its help and its provisioners and patching sources, read 2026-11.
    """

    name = "score-k8s"
    Settings = ScoreK8sSettings
    settings: ScoreK8sSettings
    gitops: GitOps
    version_control: VersionControl | None

    def deploy(self, application: str, *, workload: str, image: str) -> Sequence[Step]:
        """Fetch the platform's repository, render, commit what changed, push."""
        held = self._known(application)
        repository, branch, top = self._repository()
        return (
            Step(
                "Fetch the platform's repository",
                run=_FETCH,
                variables={"PLATFORM_REPOSITORY": repository, "PLATFORM_BRANCH": branch},
                secrets=self._push_secret(),
            ),
            Step("Install score-k8s", tool="score", inputs={"tool": "score-k8s", "version": VERSION}),
            Step(
                "Render the workload",
                run=_RENDER,
                variables={"IMAGE": image, "APPLICATION": posixpath.join(".platform", top, self._folder(held))},
            ),
            Step(
                "Deliver the workload",
                run=_DELIVER,
                variables={
                    "PLATFORM_BRANCH": branch,
                    "TARGET": self._target(held, workload),
                    "MESSAGE": f"Deploy {application}/{workload} to {self.environment.name}",
                },
                secrets=self._push_secret(),
            ),
        )

    def _start(self) -> None:
        self._files: dict[str, File] = {}

    def _begin(self, application: Application) -> None:
        for file in ("provisioners.yaml", "patch.tpl"):
            self._files[f"{application.name}/{file}"] = File(self, f"{application.name}/{file}", "")
        self._write(application)

    def _offered(self, offer: Offer) -> None:
        for application in self._applications.values():
            if offer.application in ("", application.name):
                self._write(application)

    def _write(self, application: Application) -> None:
        """The files of an application, anew with each offer; an offer only ever adds to them."""
        self._files[f"{application.name}/provisioners.yaml"].write(self._provisioners(application))
        self._files[f"{application.name}/patch.tpl"].write(self._patch(application))

    def _provisioners(self, application: Application) -> str:
        offers = [each for each in self._offers.values() if each.application in ("", application.name)]
        # score-k8s takes the first that fits: what names an id before what does not, an application's before all's.
        offers.sort(key=lambda each: (not each.id, not each.application, each.type, each.class_, each.id))
        entries = [*(_provisioner(each) for each in offers), *self._templated()]
        return _HEAD + to_yaml({"entries": entries}).partition("\n")[2]

    def _templated(self) -> Iterator[dict[str, Any]]:
        """What follows from the workload itself."""
        size = f'{{{{ dig "size" "{self.settings.scratch_gib}Gi" (.Params | default dict) }}}}'
        yield _entry("volume", f"source:\n  emptyDir:\n    sizeLimit: {size}\n")
        if self.settings.domain:
            yield _entry("dns", f"host: {{{{ .SourceWorkload }}}}.{self.settings.domain}\n")
        if self.settings.gateway:
            manifests = _ROUTE.replace("PARENT", json.dumps(self.settings.gateway.parent))
            yield {**_entry("route", "host: {{ .Params.host }}\n"), "manifests": manifests}

    def _patch(self, application: Application) -> str:
        labels = {key: value for key, value in self.labels.items() if key not in ("component", "plane", "team")}
        labels |= {"application": application.name, "team": application.team}
        return "".join(
            [
                _PATCH_HEAD,
                _set("{{ $i }}.metadata.namespace", application.namespace),
                *(_set(f"{{{{ $i }}}}.metadata.labels.{key}", value) for key, value in sorted(labels.items())),
                _SERVICE,
                _WORKLOAD,
                *(_set(f"{{{{ $pod }}}}.metadata.labels.{key}", value) for key, value in sorted(labels.items())),
                _set("{{ $pod }}.spec.serviceAccountName", WORKLOAD),
                _set("{{ $pod }}.spec.automountServiceAccountToken", False),
                _set("{{ $pod }}.spec.securityContext", _POD_SECURITY),
                *self._reach(application),
                "{{ end }}\n{{ end }}\n",
            ]
        )

    def _reach(self, application: Application) -> Iterator[str]:
        """What pods need to reach what they were given."""
        yield "{{ range $c, $container := $m.spec.template.spec.containers }}\n"
        yield _set("{{ $pod }}.spec.containers.{{ $c }}.securityContext", _CONTAINER_SECURITY)
        for name, value in sorted(application.variables.items()):
            yield _set("{{ $pod }}.spec.containers.{{ $c }}.env.-1", {"name": name, "value": value})
        for mount in application.mounts:
            yield _set("{{ $pod }}.spec.containers.{{ $c }}.volumeMounts.-1", mount)
        yield "{{ end }}\n"
        for volume in application.volumes:
            yield _set("{{ $pod }}.spec.volumes.-1", volume)
        yield from self._for_wishes(application)

    def _for_wishes(self, application: Application) -> Iterator[str]:
        wishes: list[str] = []
        postgres = self._offers.get(("postgres", "default", application.name, ""))
        if postgres is not None:
            proxy = _proxy(self, postgres.outputs["connection_name"])
            wishes += ['{{ if eq $wish.type "postgres" }}\n', _set("{{ $pod }}.spec.initContainers.-1", proxy)]
            wishes.append("{{ end }}\n")
        for name, pool in self._pools().items():
            test = f'{{{{ if and (eq $wish.type "gpu-pool") (eq (get $wish "class") "{name}") }}}}\n'
            placed = on_accelerator(pool.accelerator, capacities=(pool.capacity,))
            placed["nodeSelector"]["cloud.google.com/gke-nodepool"] = name
            wishes.append(test)
            wishes += [_set(f"{{{{ $pod }}}}.spec.{key}", value) for key, value in placed.items()]
            resource = resource_of(pool.accelerator).replace(".", r"\.")
            count = f'"{{{{ dig "count" {pool.count} (get $wish "params" | default dict) }}}}"'
            path = f"{{{{ $pod }}}}.spec.containers.0.resources.limits.{resource}"
            wishes.append(f"- {{op: set, path: '{path}', value: {count}}}\n")
            wishes.append("{{ end }}\n")
        if wishes:
            yield "{{ range $_, $wish := $wishes }}\n"
            yield from wishes
            yield "{{ end }}\n"

    def _folder(self, application: Application) -> str:
        """Where the application's files are in the output."""
        return posixpath.dirname(self._files[f"{application.name}/provisioners.yaml"].path)

    def _target(self, application: Application, workload: str) -> str:
        """Among the files of the team, which the tool reads as one flat folder."""
        source = self.gitops.source()
        top = source.folder if source.kind == "git" else posixpath.join(self._repository()[2], self._kubernetes)
        return posixpath.join(top, f"team-{application.team}", "base", f"workload-{application.name}-{workload}.yaml")

    @property
    def _kubernetes(self) -> str:
        return f"kubernetes/{self.environment.name}"

    def _repository(self) -> tuple[str, str, str]:
        """Address and branch of the repository with the output, and the folder there."""
        source, folder = self.gitops.source(), self.settings.output_folder
        if source.kind == "git":
            # Above the environment's folder is the one of the output's `kubernetes`, and above that the output's own.
            return source.url, source.revision, folder or posixpath.dirname(posixpath.dirname(source.folder))
        if self.version_control is None:
            raise self.refuse(
                "contract/no-source",
                "workloads are delivered by a commit, GitOps reads an image, and no repository is known",
                help="fill `version_control`, or let the GitOps tool follow a Git repository",
            )
        repository = self.version_control.platform_repository()
        return repository.url, repository.branch, folder or ""

    def _push_secret(self) -> dict[str, str]:
        if self.secrets is None:
            raise self.refuse(
                "contract/no-delivery",
                f"CI pushes with the secret `{PUSH_SECRET}`, and the environment has no store for it",
                help="add the slot `secrets`",
            )
        held = self.secrets.secret(PUSH_SECRET, purpose="Push to the repository that GitOps follows")
        return {"PLATFORM_TOKEN": in_step(self, held)}


_HEAD = "# How wishes of this application's workloads are met in this environment. Written by planform.\n"
_PATCH_HEAD = """\
{{- /* What every object of this application's workloads gets in this environment. Written by planform.
       The label `instance` is overwritten: score-k8s makes one up, and selectors cannot change. */ -}}
{{ range $i, $m := .Manifests }}
{{ $name := $m.metadata.name }}
"""
_SERVICE = f"""\
{{{{ if eq $m.kind "Service" }}}}
- {{op: set, path: '{{{{ $i }}}}.metadata.labels.{_INSTANCE}', value: "{{{{ $name }}}}"}}
- {{op: set, path: '{{{{ $i }}}}.spec.selector.{_INSTANCE}', value: "{{{{ $name }}}}"}}
{{{{ end }}}}
"""
_WORKLOAD = f"""\
{{{{ if or (eq $m.kind "Deployment") (eq $m.kind "StatefulSet") }}}}
{{{{ $pod := printf "%d.spec.template" $i }}}}
{{{{ $wishes := dig "resources" dict (index $.Workloads $name) }}}}
- {{op: set, path: '{{{{ $i }}}}.metadata.labels.{_INSTANCE}', value: "{{{{ $name }}}}"}}
- {{op: set, path: '{{{{ $i }}}}.spec.selector.matchLabels.{_INSTANCE}', value: "{{{{ $name }}}}"}}
- {{op: set, path: '{{{{ $pod }}}}.metadata.labels.{_INSTANCE}', value: "{{{{ $name }}}}"}}
"""
_ROUTE = """\
- apiVersion: gateway.networking.k8s.io/v1
  kind: HTTPRoute
  metadata:
    name: {{ .SourceWorkload }}-{{ .Id | splitList "." | last }}
  spec:
    parentRefs: [PARENT]
    hostnames: [{{ .Params.host | quote }}]
    rules:
      - matches:
          - path: {type: PathPrefix, value: {{ dig "path" "/" .Params | quote }}}
        backendRefs:
          - name: {{ (index .WorkloadServices .SourceWorkload).ServiceName }}
            port: {{ .Params.port }}
"""
_POD_SECURITY = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
_CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
_HEADER = """-c http.extraHeader="Authorization: Basic $(printf 'x-access-token:%s' "$PLATFORM_TOKEN" | base64 -w0)\""""
_FETCH = f"""\
set -eu
git {_HEADER} \\
  clone --quiet --depth 1 --branch "$PLATFORM_BRANCH" "$PLATFORM_REPOSITORY" .platform
"""
_RENDER = """\
set -eu
rm -rf .score-k8s
score-k8s init --no-sample --no-default-provisioners \\
  --provisioners "$APPLICATION/provisioners.yaml" --patch-templates "$APPLICATION/patch.tpl"
score-k8s generate score.yaml --image "$IMAGE" --output manifests.yaml
"""
_DELIVER = f"""\
set -eu
mkdir -p ".platform/$(dirname "$TARGET")"
cp manifests.yaml ".platform/$TARGET"
cd .platform
git add -- "$TARGET"
if git diff --cached --quiet; then echo "nothing changed"; exit 0; fi
git -c user.name=planform -c user.email=planform@users.noreply.invalid commit --quiet -m "$MESSAGE"
for attempt in 1 2 3 4 5; do
  if git {_HEADER} \\
    push --quiet origin "HEAD:$PLATFORM_BRANCH"; then exit 0; fi
  git {_HEADER} \\
    pull --quiet --rebase origin "$PLATFORM_BRANCH"
done
exit 1
"""


def _provisioner(offer: Offer) -> dict[str, Any]:
    name = "-".join(part for part in (offer.type, offer.class_ if offer.class_ != "default" else "", offer.id) if part)
    entry: dict[str, Any] = {"uri": f"template://platform/{name}", "type": offer.type, "class": offer.class_}
    if offer.id:
        entry["id"] = offer.id
    if offer.secret:
        outputs = f'value: {{{{ encodeSecretRef "{offer.secret}" "value" }}}}\n'
    else:
        outputs = _literal(to_yaml(dict(sorted(offer.outputs.items()))))
    return {**entry, **_described(offer.type), "outputs": outputs, "expected_outputs": list(_outputs(offer.type))}


def _entry(type: str, outputs: str) -> dict[str, Any]:
    head = {"uri": f"template://platform/{type}", "type": type}
    return {**head, **_described(type), "outputs": outputs, "expected_outputs": list(_outputs(type))}


def _described(type: str) -> dict[str, Any]:
    facts = RESOURCE_TYPES[type]
    return {
        "description": facts.description,
        **({"supported_params": list(facts.params)} if facts.params else {}),
    }


def _outputs(type: str) -> tuple[str, ...]:
    return RESOURCE_TYPES[type].outputs


def _literal(text: str) -> str:
    """Text that a Go template renders to itself."""
    return text.replace("{{", '{{ "{{" }}')


def _set(path: str, value: Any) -> str:
    """One operation of a patch; JSON is YAML, and neither has template marks here."""
    return f"- {{op: set, path: '{path}', value: {_literal(json.dumps(value))}}}\n"


def _proxy(owner: Component, connection_name: str) -> dict[str, Any]:
    """A sidecar that signs in as the pod's identity: an init container that goes on running."""
    alloydb = connection_name.startswith("projects/")
    return {
        "name": "database-proxy",
        "image": owner.image("alloydb-auth-proxy" if alloydb else "cloud-sql-proxy"),
        "restartPolicy": "Always",
        "args": [
            "--auto-iam-authn",
            *(() if alloydb else ("--private-ip",)),
            "--structured-logs",
            "--health-check",
            "--http-address=0.0.0.0",
            "--port=5432",
            connection_name,
        ],
        "startupProbe": {"httpGet": {"path": "/startup", "port": 9090}, "periodSeconds": 1, "failureThreshold": 60},
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {**_CONTAINER_SECURITY, "readOnlyRootFilesystem": True},
    }
