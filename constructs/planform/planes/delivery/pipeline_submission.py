"""What CI runs to upload a compiled pipeline and start it: short programs that read all they need from variables.

Nothing of a blueprint is put into their text, so no name or parameter can become code.
Source: kfp 2.17.0, kfp.client and kfp.registry; google-cloud-aiplatform 2.7.0, aiplatform_v1; read 2026-11-25.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from planform.contracts.ci import Step

__all__ = ["AUDIENCE", "KFP", "VERTEX", "install", "kubeflow_program", "parameters_text", "vertex_program"]

KFP = "kfp==2.17.0"
VERTEX = "google-cloud-aiplatform==2.7.0"
AUDIENCE = "pipelines.kubeflow.org"


def install(*packages: str) -> Step:
    """Install exact versions of Python packages."""
    return Step("Install the SDK of pipelines", run=f"python -m pip install --quiet {' '.join(packages)}\n")


def parameters_text(parameters: Mapping[str, str] | None) -> str:
    """Parameters as JSON, in the order of their names."""
    return json.dumps(dict(sorted((parameters or {}).items())))


def _program(text: str) -> str:
    return f"python - <<'PROGRAM'\n{text}PROGRAM\n"


_KUBEFLOW = """\
import datetime, json, os
from kfp.client import Client

name, namespace = os.environ["PIPELINE"], os.environ["NAMESPACE"]
client = Client(host=os.environ["ENDPOINT"], existing_token=os.environ["KFP_TOKEN"])


def named(key):
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": key, "stringValue": name}]})


version = os.environ["COMMIT"] + datetime.datetime.now(datetime.timezone.utc).strftime("-%Y%m%d%H%M%S")
held = client.list_pipelines(namespace=namespace, filter=named("display_name")).pipelines or []
if not held:
    held = [client.upload_pipeline(os.environ["PACKAGE"], pipeline_name=name, namespace=namespace)]
pipeline = held[0].pipeline_id
uploaded = client.upload_pipeline_version(os.environ["PACKAGE"], version, pipeline_id=pipeline)
experiment = client.create_experiment(name, namespace=namespace).experiment_id
common = {
    "experiment_id": experiment,
    "pipeline_id": pipeline,
    "version_id": uploaded.pipeline_version_id,
    "params": json.loads(os.environ["PARAMETERS"]),
    "pipeline_root": os.environ["ROOT"],
    "service_account": os.environ["SERVICE_ACCOUNT"],
}
if os.environ["SCHEDULE"]:
    recurring = client.list_recurring_runs(namespace=namespace, page_size=100, filter=named("display_name"))
    for each in recurring.recurring_runs or []:
        client.delete_recurring_run(each.recurring_run_id)
    cron = "0 " + os.environ["SCHEDULE"]  # seconds come first here
    made = client.create_recurring_run(job_name=name, cron_expression=cron, no_catchup=True, **common)
    print("scheduled", made.recurring_run_id)
else:
    print("started", client.run_pipeline(job_name=f"{name}-{version}", **common).run_id)
"""
_VERTEX = """\
import json, os
from google.cloud import aiplatform_v1 as vertex
from kfp.registry import RegistryClient

name, region = os.environ["PIPELINE"], os.environ["REGION"]
parent = f"projects/{os.environ['PROJECT']}/locations/{region}"
options = {"api_endpoint": f"{region}-aiplatform.googleapis.com"}
host = os.environ["TEMPLATES"]
package, version = RegistryClient(host=host).upload_pipeline(os.environ["PACKAGE"], tags=[os.environ["COMMIT"]])
job = {
    "display_name": name,
    "template_uri": f"{host}/{package}/{version}",
    "service_account": os.environ["SERVICE_ACCOUNT"],
    "labels": json.loads(os.environ["LABELS"]),
    "runtime_config": {
        "gcs_output_directory": os.environ["ROOT"],
        "parameter_values": json.loads(os.environ["PARAMETERS"]),
    },
}
if os.environ["KEY"]:
    job["encryption_spec"] = {"kms_key_name": os.environ["KEY"]}
if os.environ["ATTACHMENT"]:
    job["psc_interface_config"] = {"network_attachment": os.environ["ATTACHMENT"]}
job = vertex.PipelineJob(job)
if os.environ["SCHEDULE"]:
    schedules = vertex.ScheduleServiceClient(client_options=options)
    held = list(schedules.list_schedules(request={"parent": parent, "filter": f'display_name="{name}"'}))
    schedule = vertex.Schedule(
        display_name=name,
        cron="TZ=Etc/UTC " + os.environ["SCHEDULE"],
        max_concurrent_run_count=1,
        create_pipeline_job_request={"parent": parent, "pipeline_job": job},
    )
    print("scheduled", schedules.create_schedule(parent=parent, schedule=schedule).name)
    for each in held:
        schedules.delete_schedule(name=each.name).result()
else:
    jobs = vertex.PipelineServiceClient(client_options=options)
    print("started", jobs.create_pipeline_job(parent=parent, pipeline_job=job).name)
"""


def kubeflow_program() -> str:
    """The command that uploads to Kubeflow Pipelines, and starts or schedules a run."""
    return _program(_KUBEFLOW)


def vertex_program() -> str:
    """The command that uploads to Artifact Registry, and starts or schedules a run on Vertex AI."""
    return _program(_VERTEX)
