"""Checks of what is installed, and what they say where it is not."""

from __future__ import annotations

import json

import pytest

from flowbook.session import health_setup
from flowbook.session.health import Verdict
from flowbook.session.health_setup import SETUP, lab_check, packages_check, subshells_check


@pytest.fixture
def installed(monkeypatch):
    """`installed(name=version)`: what is found beside, None for what is missing."""

    def run(**said):
        real = health_setup._version
        monkeypatch.setattr(health_setup, "_version", lambda name: said.get(name, real(name)))

    return run


@pytest.fixture
def lab(tmp_path):
    """JupyterLab's folder of extensions, with ours in it."""
    folder = tmp_path / "labextensions"
    (folder / "flowbook").mkdir(parents=True)
    (folder / "flowbook" / "package.json").write_text('{"version": "9.9"}')
    return folder


@pytest.mark.parametrize("check", SETUP, ids=lambda one: one.__name__)
def test_every_check_says_what_it_found_and_what_to_do_unless_that_is_well(check):
    made = check()
    assert made.found
    assert made.verdict is Verdict.OK or made.hint


def test_a_package_that_is_too_old_or_missing_is_told_how_to_get(installed):
    installed(duckdb="1.4.2")
    old = packages_check()
    assert (old.verdict, old.hint) == (Verdict.FAILED, 'pip install --upgrade "duckdb>=2"')


def test_an_extra_that_is_missing_is_a_warning_with_its_name(installed, monkeypatch):
    real = health_setup._version
    monkeypatch.setattr(
        health_setup, "_version", lambda name: None if name == "papermill" else real(name)
    )
    check = packages_check()
    assert (check.verdict, check.hint) == (Verdict.WARNING, 'pip install "flowbook[jobs]"')


def test_a_kernel_without_subshells_is_told(installed):
    installed(ipykernel="6.29.5")
    check = subshells_check()
    assert check.verdict is Verdict.FAILED
    assert "Cancel waits" in check.found


@pytest.mark.parametrize("version", ["7.0.1", "7.3.0"])
def test_a_kernel_that_may_not_survive_an_interrupt_is_warned_of(installed, version):
    installed(ipykernel=version)
    check = subshells_check()
    assert check.verdict is Verdict.WARNING
    assert check.hint == 'pip install --upgrade "ipykernel>=7.4"'


@pytest.mark.parametrize("version", ["7.4.0", "7.10.1", "8.0.0a1"])
def test_a_kernel_with_subshells_that_survives_interrupts_is_well(installed, version):
    installed(ipykernel=version)
    assert subshells_check().verdict is Verdict.OK


def test_the_extension_is_found_and_enabled(lab):
    check = lab_check(lambda: [str(lab)])
    assert check.verdict is Verdict.OK
    assert "extension 9.9" in check.found


@pytest.mark.parametrize("said", [{"flowbook": True}, ["flowbook"]])
def test_an_extension_that_is_disabled_says_by_whom(lab, said):
    (lab / "page_config.json").write_text(json.dumps({"disabledExtensions": said}))
    check = lab_check(lambda: [str(lab)])
    assert check.verdict is Verdict.FAILED
    assert str(lab / "page_config.json") in check.found
    assert check.hint == "jupyter labextension enable flowbook"


def test_an_extension_that_is_not_there_is_told(tmp_path):
    check = lab_check(lambda: [str(tmp_path)])
    assert check.verdict is Verdict.FAILED
    assert "pip install" in check.hint
