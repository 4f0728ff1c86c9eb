"""What holds for every test: messages in English, whatever the terminal speaks, and no time limits;
and nothing is remembered from one run of the tests to the next, nor left in the user's cache."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("support")
pytest_plugins = ["support.chromium", "support.pages", "support.playground"]  # their fixtures
os.environ["LANGUAGE"] = "en"
if "ESCRIBA_CACHE" not in os.environ:  # a worker of xdist has that of the first process
    os.environ["ESCRIBA_CACHE"] = tempfile.mkdtemp(prefix="escriba-")
    os.environ["XDG_CACHE_HOME"] = os.environ["ESCRIBA_CACHE"]
    atexit.register(shutil.rmtree, os.environ["ESCRIBA_CACHE"], ignore_errors=True)
# As escriba.charlm does, for the tests that import torch before it: its threads must not spin.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
settings.register_profile(
    "escriba",
    deadline=None,
    # Nor is it a mistake that examples are drawn slowly, or that they share a folder.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("escriba")
