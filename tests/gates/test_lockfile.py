"""The npm lock installs anywhere: every platform's native builds, and no download addresses.

A lock made by a plain `npm install` may hold only the bindings of the machine it was made on, and
then fails on the others. See `docs/contributing.md` for how it is made.
"""

import json
from pathlib import Path

import pytest

LOCK = Path(__file__).parents[2] / "js" / "package-lock.json"


@pytest.fixture(scope="module")
def packages():
    return json.loads(LOCK.read_text(encoding="utf-8"))["packages"]


@pytest.mark.parametrize("platform", ["darwin-arm64", "win32-x64-msvc", "linux-x64-gnu"])
def test_the_bundler_is_locked_for(packages, platform):
    assert f"node_modules/@rspack/binding-{platform}" in packages


@pytest.mark.parametrize("platform", ["darwin-arm64", "win32-x64", "linux-x64"])
def test_the_widget_builder_is_locked_for(packages, platform):
    assert f"node_modules/@esbuild/{platform}" in packages


def test_no_package_says_where_it_was_downloaded(packages):
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_every_package_has_its_fingerprint(packages):
    bare = [name for name, package in packages.items() if name and not package.get("link")]
    assert [name for name in bare if "integrity" not in packages[name]] == []
