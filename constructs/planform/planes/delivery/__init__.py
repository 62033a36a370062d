"""The integration and delivery plane: from a commit to something that runs."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.delivery"
COMPONENTS: tuple[Listed, ...] = (
    Listed("version_control", "github", f"{_HERE}.github:Github"),
    Listed("version_control", "gitlab", f"{_HERE}.gitlab:Gitlab"),
    Listed("version_control", "existing", f"{_HERE}.existing_version_control:ExistingVersionControl"),
    Listed("ci", "github-actions", f"{_HERE}.github_actions:GithubActions"),
    Listed("ci", "cloud-build", f"{_HERE}.cloud_build:CloudBuild"),
    Listed("ci", "existing", f"{_HERE}.existing_ci:ExistingCi"),
    Listed("infrastructure", "terraform", f"{_HERE}.terraform:Terraform"),
    Listed("infrastructure", "existing", f"{_HERE}.existing_infrastructure:ExistingInfrastructure"),
    Listed("registry", "artifact-registry", f"{_HERE}.artifact_registry:ArtifactRegistry"),
    Listed("registry", "existing", f"{_HERE}.existing_registry:ExistingRegistry"),
    Listed("gitops", "config-sync", f"{_HERE}.config_sync:ConfigSync"),
    Listed("gitops", "argo-cd", f"{_HERE}.argo_cd:ArgoCd"),
    Listed("gitops", "existing", f"{_HERE}.existing_gitops:ExistingGitOps"),
    Listed("workload_spec", "score", f"{_HERE}.score:Score"),
    Listed("workload_spec", "existing", f"{_HERE}.existing_workload_spec:ExistingWorkloadSpec"),
    Listed("orchestrator", "humanitec", f"{_HERE}.humanitec:Humanitec"),
    Listed("orchestrator", "score-k8s", f"{_HERE}.score_k8s:ScoreK8s"),
    Listed("orchestrator", "existing", f"{_HERE}.existing_orchestrator:ExistingOrchestrator"),
    Listed("pipelines", "kubeflow-pipelines", f"{_HERE}.kubeflow_pipelines:KubeflowPipelines"),
    Listed("pipelines", "vertex-pipelines", f"{_HERE}.vertex_pipelines:VertexPipelines"),
    Listed("pipelines", "existing", f"{_HERE}.existing_pipelines:ExistingPipelines"),
)
