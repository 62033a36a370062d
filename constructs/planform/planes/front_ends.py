"""Google's front ends: where its load balancers, but for their proxies, send to pods and check health from.

Source: GKE's pages on Gateway and on the ranges of load balancers' health checks, read 2026-11.
"""

from __future__ import annotations

__all__ = ["FRONT_ENDS"]

FRONT_ENDS = ("130.211.0.0/22", "35.191.0.0/16")
