"""Who may do what in an MLflow server: a list in a ConfigMap, and the job that makes the server follow it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["SCRIPT", "MlflowAccess"]


@runtime_checkable
class MlflowAccess(Protocol):
    """An MLflow server of planform's own, which can be told whose a registered model is."""

    def registered_model(self, name: str, *, team: str) -> None:
        """Keep a registered model of this name, which the team's account alone may change."""


SCRIPT = '''\
"""Makes MLflow's accounts, experiments, models and permissions what /access/access.json says."""

import json
import os
import pathlib
import sys

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.server import get_app_client

ADDRESS = os.environ["MLFLOW_TRACKING_URI"]
TRACKING, ACCOUNTS = MlflowClient(ADDRESS, ADDRESS), get_app_client("basic-auth", tracking_uri=ADDRESS)
MISSING = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")


def found(call, *arguments):
    try:
        return call(*arguments)
    except MlflowException as fault:
        if fault.error_code not in MISSING:
            raise
        return None


def account(team):
    file = pathlib.Path("/teams", team)
    if not file.exists():
        print(f"team {team}: its password is not in the secret store yet", file=sys.stderr)
        return False
    password = file.read_text().strip()
    if found(ACCOUNTS.get_user, team) is None:
        ACCOUNTS.create_user(team, password)
    else:
        ACCOUNTS.update_user_password(team, password)
    return True


def experiment(name, team, artifacts):
    held = TRACKING.get_experiment_by_name(name)
    id = held.experiment_id if held else TRACKING.create_experiment(name, artifacts, {"team": team})
    ACCOUNTS.grant_user_permission(team, "experiment", id, "EDIT")


def model(name, team):
    if found(TRACKING.get_registered_model, name) is None:
        TRACKING.create_registered_model(name, {"team": team})
    ACCOUNTS.grant_user_permission(team, "registered_model", name, "EDIT")


wanted = json.loads(pathlib.Path("/access/access.json").read_text())
ready = {team for team in wanted["teams"] if account(team)}
for each in wanted["experiments"]:
    if each["team"] in ready:
        experiment(each["name"], each["team"], each["artifacts"])
for each in wanted["models"]:
    if each["team"] in ready:
        model(each["name"], each["team"])
sys.exit(0 if len(ready) == len(wanted["teams"]) else 1)
'''
"""What the job runs.

Source: MLflow 3.15.1, mlflow.server.auth.client and mlflow.MlflowClient, which it was run against, 2026-11; clients of
before 3.15 have one method for each kind of permission instead.
"""
