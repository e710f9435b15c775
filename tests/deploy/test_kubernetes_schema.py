"""The manifests against the schemas of Kubernetes, strictly: an unknown field is an error."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.stack import objects

OWN = [found for found in objects() if not found["apiVersion"].startswith("kustomize")]
# The oldest release that knows every field, and the newest that is known.
VERSIONS = ["1.31", kubernetes_validate.latest_version()]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("found", OWN, ids=lambda found: f"{found['kind']}-{found['metadata']['name']}")
def test_the_schema_is_met(found: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(found, version, strict=True)


def test_an_unknown_field_is_refused() -> None:
    wrong = {**OWN[0], "specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)
