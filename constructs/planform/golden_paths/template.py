"""The portal's template of a kind: a form with only real options, whose one act is a pull request with the document.

What the document makes, an application repository too, is made when the pull request is merged and applied; the
template itself makes nothing, so that nothing exists that nobody reviewed.
Source: Backstage's pages on writing templates and built-in actions (`fetch:template`, `publish:github:pull-request`,
`publish:gitlab:merge-request`), Nunjucks' page on templating for `dump`; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from planform.contracts.portal import Portal
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.golden_paths.form import Field, fields_of, pages
from planform.spec.platform import EnvironmentSpec, kebab

if TYPE_CHECKING:
    from planform.golden_paths.catalog import Paths
    from planform.golden_paths.own import OwnKind
    from planform.golden_paths.path import Path

__all__ = ["FOLDER", "publish_templates", "template"]

FOLDER = "blueprints/workloads"
"""Where the documents are in the platform's repository: among the files of the blueprint."""
FILE = "workload.yaml"
"""What the skeleton calls the document."""
GITHUB = "github.com"


def publish_templates(spec: EnvironmentSpec, paths: Paths, components: Mapping[str, object]) -> None:
    """Tell the portal of every kind that the environment can build; where code is kept nowhere, of none."""
    portal, control = components.get("portal"), components.get("version_control")
    if not isinstance(portal, Portal) or not isinstance(control, VersionControl):
        return
    for kind in paths.names:
        path = paths.load(kind)
        if all(need.optional or isinstance(components.get(need.capability), need.contract) for need in path.needs()):
            own = paths.own.get(kind)
            if own is None or spec.name in own.environments:
                _publish(spec, kind, path, own, components, portal, control.platform_repository())


def _publish(
    spec: EnvironmentSpec,
    kind: str,
    path: type[Path],
    own: OwnKind | None,
    components: Mapping[str, object],
    portal: Portal,
    repository: CodeRepository,
) -> None:
    options, unavailable = _options(spec, path, components), path.unavailable(components)
    if own is None:
        fields, title = fields_of(path.Settings, options, closed=lambda key: key in unavailable), path.title
    else:
        fields = fields_of(
            path.Settings,
            options,
            closed=lambda key: key in unavailable or own.closed(key),
            presets=own.presets,
        )
        title = own.title
    portal.publish(template(kind, title, fields, repository, path), files={f"skeleton/{FILE}": skeleton(kind, fields)})


def _options(spec: EnvironmentSpec, path: type[Path], components: Mapping[str, object]) -> dict[str, Sequence[str]]:
    named = {field: spec.declared.get(wanted, ()) for field, wanted in path.choices.items()}
    found = {"team": sorted(spec.teams), "environments": [*spec.siblings], **named, **path.options(components)}
    return {name: options for name, options in found.items() if options}


def template(
    kind: str, title: str, fields: Sequence[Field], repository: CodeRepository, path: type[Path]
) -> dict[str, Any]:
    """The Template entity of a kind."""
    values = {field.name: f"${{{{ parameters.{field.name} }}}}" for field in fields}
    rows = "; ".join(f"{plane}: {must}" for plane, must in path.table.items())
    return {
        "apiVersion": "scaffolder.backstage.io/v1beta3",
        "kind": "Template",
        "metadata": {
            "name": kebab(kind),
            "title": title,
            "description": f"For a {path.persona}. {rows[:1].upper()}{rows[1:]}.",
            "tags": ["golden-path", kebab(path.kind)],
        },
        "spec": {
            "type": "workload",
            "parameters": pages(title, fields),
            "steps": [
                {
                    "id": "document",
                    "name": "Write the document",
                    "action": "fetch:template",
                    "input": {"url": "./skeleton", "targetPath": "./document", "values": values},
                },
                {
                    "id": "named",
                    "name": "Name it",
                    "action": "fs:rename",
                    "input": {
                        "files": [
                            {
                                "from": f"./document/{FILE}",
                                "to": f"./document/{kebab(kind)}-${{{{ parameters.name }}}}.yaml",
                            }
                        ]
                    },
                },
                _pull_request(kind, repository),
            ],
            "output": {"links": [{"title": "Review", "url": f"${{{{ steps.review.output.{_url(repository)} }}}}"}]},
        },
    }


def _pull_request(kind: str, repository: CodeRepository) -> dict[str, Any]:
    name = "${{ parameters.name }}"
    on_github = repository.host == GITHUB
    title = f"Add {kind} {name} of team ${{{{ parameters.team }}}}"
    common = {
        "repoUrl": f"{repository.host}?owner={repository.owner}&repo={repository.name}",
        "branchName": f"{kebab(kind)}-{name}",
        "title": title,
        "description": "Written by the developer portal. What it makes is in the plan below; merging applies it.",
        "sourcePath": "./document",
        "targetPath": FOLDER,
    }
    action = "publish:github:pull-request" if on_github else "publish:gitlab:merge-request"
    return {
        "id": "review",
        "name": "Ask for a review",
        "action": action,
        "input": {**common, "targetBranchName": repository.branch, **({} if on_github else {"commitAction": "create"})},
    }


def _url(repository: CodeRepository) -> str:
    return "remoteUrl" if repository.host == GITHUB else "mergeRequestUrl"


def skeleton(kind: str, fields: Sequence[Field]) -> str:
    """The document with the form's answers in it: a key whose answer is empty is left out, values are JSON."""
    lines = ["planform: 1", f"kind: {kind}"]
    for field in fields:
        value = f"{field.name}: ${{{{ values.{field.name} | dump }}}}"
        if field.required:
            lines.append(value)
        else:
            lines += [f"{{%- if {_given(field)} %}}", value, "{%- endif %}"]
    return "\n".join(lines) + "\n"


def _given(field: Field) -> str:
    """In Nunjucks: whether the form's answer says anything."""
    value = f"values.{field.name}"
    if field.key:
        return f"{value} and {value}.{field.key}"
    return f"{value} is defined and {value} !== null and {value} !== ''"
