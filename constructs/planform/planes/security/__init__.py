"""The security plane: APIs, identities, keys and secrets; it is applied before every other."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.security"
COMPONENTS: tuple[Listed, ...] = (
    Listed("services", "project-services", f"{_HERE}.project_services:ProjectServices"),
    Listed("services", "existing", f"{_HERE}.existing_services:ExistingServices"),
    Listed("identity", "iam", f"{_HERE}.iam:Iam"),
    Listed("identity", "existing", f"{_HERE}.existing_identity:ExistingIdentities"),
    Listed("keys", "cloud-kms", f"{_HERE}.cloud_kms:CloudKms"),
    Listed("keys", "existing", f"{_HERE}.existing_keys:ExistingKeys"),
    Listed("secrets", "secret-manager", f"{_HERE}.secret_manager:SecretManager"),
    Listed("secrets", "vault", f"{_HERE}.vault:Vault"),
    Listed("secrets", "existing", f"{_HERE}.existing_secrets:ExistingSecrets"),
    Listed("network_policy", "cilium", f"{_HERE}.cilium:Cilium"),
    Listed("network_policy", "kubernetes-network-policy", f"{_HERE}.kubernetes_network_policy:KubernetesNetworkPolicy"),
    Listed("network_policy", "existing", f"{_HERE}.existing_network_policy:ExistingNetworkPolicies"),
    Listed("policy", "opa-gatekeeper", f"{_HERE}.opa_gatekeeper:OpaGatekeeper"),
    Listed("policy", "policy-controller", f"{_HERE}.policy_controller:PolicyController"),
    Listed("policy", "existing", f"{_HERE}.existing_policy:ExistingPolicies"),
    Listed("code_analysis", "sonarqube", f"{_HERE}.sonarqube:Sonarqube"),
    Listed("code_analysis", "codeql", f"{_HERE}.codeql:Codeql"),
    Listed("code_analysis", "existing", f"{_HERE}.existing_code_analysis:ExistingCodeAnalysis"),
    Listed("model_scanning", "protect-ai", f"{_HERE}.protect_ai:ProtectAi"),
    Listed("model_scanning", "modelscan", f"{_HERE}.modelscan:Modelscan"),
    Listed("model_scanning", "existing", f"{_HERE}.existing_model_scanning:ExistingModelScanning"),
)
