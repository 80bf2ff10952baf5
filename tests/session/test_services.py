from __future__ import annotations

import pytest

import flowbook
from flowbook.errors import NotGranted, RunFailed, UsageError
from flowbook.graph.services import Grant, Scope


@pytest.fixture
def ask(project):
    """What a node gets that asks its services for something."""

    def ask(question, name="asking"):
        flow = flowbook.Flow(name, host=project)

        @flow.node
        def asked():
            return question(flowbook.context().services)

        return flow.run()["asked"].output

    return ask


def test_nothing_is_granted_until_the_project_grants_it(ask, project):
    def run_program(services):
        services.require(Grant.SHELL, "run 'ls'")
        return "ran"

    with pytest.raises(RunFailed) as refused:
        ask(run_program)
    assert refused.value.error_type.endswith("NotGranted")
    assert "run 'ls'" in str(refused.value)
    project.store.settings.set("grants", "shell")
    assert ask(run_program) == "ran"


def test_what_is_refused_says_the_command_that_allows_it(ask, project):
    project.store.settings.set("grants", "database")

    def told(services):
        try:
            services.require(Grant.SHELL, "run 'ls'")
        except NotGranted as refused:
            return [refused.hint, refused.grant, refused.what]

    assert ask(told) == ["flowbook store settings grants database,shell", "shell", "run 'ls'"]


def test_a_flow_may_be_granted_more_or_less_than_its_project(ask, project):
    def run_program(services):
        services.require(Grant.SHELL, "run 'ls'")
        return "ran"

    project.store.settings.set("grants", "shell", flow="trusted")
    assert ask(run_program, "trusted") == "ran"
    with pytest.raises(RunFailed):
        ask(run_program, "stranger")
    project.store.settings.set("grants", "shell")
    project.store.settings.set("grants", "none", flow="stranger")
    with pytest.raises(RunFailed):
        ask(run_program, "stranger")


def test_a_grant_that_is_taken_back_here_holds_no_longer(ask, project):
    project.store.settings.set("grants", "shell")

    def twice(services):
        services.require(Grant.SHELL, "run 'ls'")
        project.store.settings.set("grants", "none")
        with pytest.raises(NotGranted):
            services.require(Grant.SHELL, "run 'ls'")
        return True

    assert ask(twice)


def test_of_the_environment_nodes_read_what_is_listed(ask, project, monkeypatch):
    monkeypatch.setenv("CITY", "Oslo")
    with pytest.raises(RunFailed, match="CITY") as refused:
        ask(lambda services: services.env("CITY"))
    assert "flowbook store settings env CITY" in str(refused.value)
    project.store.settings.set("env", "CITY, COUNTRY")
    assert ask(lambda services: services.env("CITY")) == "Oslo"
    monkeypatch.delenv("COUNTRY", raising=False)
    with pytest.raises(RunFailed, match="has no 'COUNTRY'"):
        ask(lambda services: services.env("COUNTRY"))


def test_files_are_those_of_the_project_and_what_it_allows(ask, project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    assert ask(lambda services: services.file("data/a.csv")) == str(project.path / "data/a.csv")
    with pytest.raises(RunFailed, match="outside"):
        ask(lambda services: services.file(str(other / "b.csv")))
    project.store.settings.set("allow_paths", str(other))
    assert ask(lambda services: services.file(str(other / "b.csv"))) == str(other / "b.csv")


def test_variables_are_the_flows_or_the_projects(ask, project):
    ask(lambda services: services.variables(Scope.FLOW).set("seen", 3), "one")
    ask(lambda services: services.variables(Scope.GLOBAL).set("seen", 7), "two")
    assert ask(lambda services: services.variables(Scope.FLOW).get("seen"), "one") == 3
    assert ask(lambda services: services.variables(Scope.GLOBAL).get("seen"), "one") == 7
    assert ask(lambda services: services.variables(Scope.FLOW).get("seen"), "two") is None


def test_what_is_kept_is_one_for_all_runs_and_closed_with_the_project(ask, project):
    closed = []
    first = ask(lambda services: id(services.keep("pool", lambda: closed, list.clear)))
    assert ask(lambda services: id(services.keep("pool", list))) == first
    closed.append("open")
    project.close()
    assert closed == []


def test_what_closes_with_a_coroutine_does_so_on_the_loop_of_the_engine(ask, project):
    import asyncio

    where = []

    async def close(_):
        where.append(asyncio.get_running_loop())

    ask(lambda services: bool(services.keep("client", lambda: [1], close)))
    project.close()
    assert where == [project.engine.loop]


def test_a_test_run_is_told_that_it_changes_nothing_outside(project):
    flow = flowbook.Flow("careful", host=project)

    @flow.node
    def told():
        return flowbook.context().services.effects

    assert flow.run()["told"].output is True
    assert flow.test()["told"].output is False
    assert flow.test(allow="told")["told"].output is True


def test_variables_of_a_test_run_are_its_own(project):
    flow = flowbook.Flow("careful", host=project)

    @flow.node
    def told():
        variables = flowbook.context().services.variables("global")
        return variables.set("n", 1)

    assert flow.test()["told"].output == 1
    assert list(project.memory.shared) == []


def test_settings_refuse_what_is_no_grant_and_no_name(project):
    with pytest.raises(UsageError, match="there is no grant 'root'"):
        project.store.settings.set("grants", "shell,root")
    with pytest.raises(UsageError, match="'A B' is no name"):
        project.store.settings.set("env", "HOME,A B")


def test_the_store_and_nodes_call_grants_alike():
    from flowbook.store.settable import GRANTS

    assert sorted(GRANTS) == sorted(Grant)
