"""The compose file and the image, as far as they can be judged without starting them."""

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dorpsplein_local.run import SERVICES

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    command = ["docker", "compose", "--file", str(REPOSITORY / "docker-compose.yml"), "config", "--format", "json"]
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("`docker compose` is not installed")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


def test_every_service_has_an_api_a_worker_and_a_migration_from_one_image(composed: dict[str, Any]) -> None:
    for service in SERVICES:
        api, worker, migration = (composed[f"{service}-{part}"] for part in ("api", "worker", "migrate"))
        assert api["image"] == worker["image"] == migration["image"]
        assert (api["environment"]["DORPSPLEIN_ROLE"], worker["environment"]["DORPSPLEIN_ROLE"]) == ("api", "worker")
        assert migration["command"] == [service, "migrate"]
        assert "DORPSPLEIN_MIGRATION_URL" not in {**api["environment"], **worker["environment"]}


def test_every_container_is_locked_down(composed: dict[str, Any]) -> None:
    for name, container in composed.items():
        assert container["read_only"], name
        assert container["cap_drop"] == ["ALL"], name
        assert container["user"].split(":")[0] not in ("", "0", "root"), name
        assert "no-new-privileges:true" in container["security_opt"], name


def test_nothing_is_published_beyond_this_machine(composed: dict[str, Any]) -> None:
    published = {name: container["ports"] for name, container in composed.items() if "ports" in container}
    assert list(published) == ["gateway"]
    assert [port["host_ip"] for port in published["gateway"]] == ["127.0.0.1"]


def test_what_serves_has_a_health_check(composed: dict[str, Any]) -> None:
    without = {name for name, container in composed.items() if "healthcheck" not in container}
    assert without == {"otel-collector", *(f"{service}-migrate" for service in SERVICES)}


def test_the_image_knows_every_member_of_the_workspace() -> None:
    dockerfile = (REPOSITORY / "deploy" / "docker" / "Dockerfile").read_text()
    workspace = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    members = [path.relative_to(REPOSITORY) for pattern in workspace["members"] for path in REPOSITORY.glob(pattern)]
    for member in members:
        assert f"COPY {member}/pyproject.toml {member}/" in dockerfile
