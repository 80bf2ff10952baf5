"""The canary: a secret that a node was handed stands nowhere afterwards, however its run went."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from traitlets import Unicode

import flowbook
from flowbook.errors import RunFailed, SecretMissing, UsageError
from flowbook.graph.node import Node
from flowbook.graph.spec import NodeSpec
from flowbook.session.secrets import Keychain

CANARY = "canary-7f3a9c/xyz+Q=="


@pytest.fixture(autouse=True)
def places(monkeypatch, tmp_path_factory):
    """No keyring and no file of the user's; one secret in the environment."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("FLOWBOOK_SECRET_TOKEN", CANARY)


def everything(project) -> bytes:
    """All bytes below the store."""
    project.store.fold()
    root = project.store.root
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


def traces(project) -> list[bytes]:
    """How the canary is spelt in what was written; wherever DuckDB compresses, by a query, too."""
    import base64
    import urllib.parse

    written = everything(project)
    for view in ("events", "runs", "node_runs", "logs", "flow_versions", "streams", "usage"):
        try:
            written += repr(project.history.table(f"SELECT * FROM {view}")).encode()
        except Exception as absent:
            if "does not exist" not in str(absent):
                raise
    spelt = [CANARY, base64.b64encode(CANARY.encode()).decode(), urllib.parse.quote(CANARY, "")]
    return [one.encode() for one in spelt if one.encode() in written]


def token():
    return flowbook.context().services.secret("token")


class Sent(Node):
    """Sends what it was configured with."""

    kind: ClassVar[str] = "sent"
    header = Unicode(help="What is sent.").tag(config=True)

    def run(self, context: Any, inputs: Mapping[str, Any]) -> Any:
        return {"length": len(self.header), "header": self.header}


def sending(project, header="Bearer {{ $secret.token }}", **options):
    project.registry.register(Sent)
    flow = flowbook.Flow("sending", host=project, **options)
    flow.add(Sent(NodeSpec("sent", kind="sent", config={"header": header})))
    return flow


def test_what_a_node_is_handed_is_the_secret_itself(project):
    flow = flowbook.Flow("using", host=project)

    @flow.node
    def length():
        return len(token())

    assert flow.run()["length"].output == len(CANARY)


def test_it_is_in_nothing_that_a_success_leaves(project, capsys):
    flow = flowbook.Flow("using", host=project)

    @flow.node
    def leaky():
        secret, told = token(), flowbook.context()
        print("it is", secret)
        print(f"and {secret!r} again", file=sys.stderr)
        told.log(secret)
        told.progress(1, 2, secret)
        for letter in secret:
            told.token(letter)
        told.emit({"token": secret})
        told.artefact("token.txt", secret)
        told.record_usage("acme", secret)
        return {"token": secret, "list": [secret, secret.encode()], secret: 1}

    @flow.node
    def after(leaky):
        return leaky["token"] + "!"

    run = flow.run()
    run.raise_for_status()
    shown = capsys.readouterr()
    assert CANARY not in shown.out + shown.err
    assert "it is [redacted]" in shown.out
    assert traces(project) == []


def test_it_is_in_nothing_that_a_failure_leaves(project, capsys):
    flow = flowbook.Flow("failing", host=project)

    @flow.node(retries=2, backoff="1ms")
    def leaky():
        secret = token()
        print(secret)
        raise ValueError(f"login with {secret} refused", secret)

    with pytest.raises(RunFailed) as failed:
        flow.run().raise_for_status()
    assert CANARY not in str(failed.value)
    assert CANARY not in (failed.value.traceback or "")
    assert CANARY not in capsys.readouterr().out
    assert traces(project) == []


def test_a_configuration_reads_it_as_it_is_run(project):
    run = sending(project).run()
    run.raise_for_status()
    assert run["sent"].output == {"length": len(f"Bearer {CANARY}"), "header": f"Bearer {CANARY}"}
    kept = project.store.vault.shown(run["sent"].refs["sent"])
    assert kept == {"length": len(f"Bearer {CANARY}"), "header": "Bearer [redacted]"}
    assert traces(project) == []


def test_what_says_a_secret_outright_is_redacted_from_the_start(project):
    flow = sending(project)

    @flow.node
    def echoed(also=CANARY):
        return also

    flow.run(also=CANARY).raise_for_status()
    assert traces(project) == []


def test_a_run_that_is_taken_up_by_another_process_hands_it_out_again(project):
    """Killed while the node has the secret; taken up, and nothing of it is left behind."""
    code = f"""
import os, flowbook
project = flowbook.project({str(project.path)!r})
flow = flowbook.Flow("killed", host=project)
@flow.node(pure=True)
def using():
    secret = flowbook.context().services.secret("token")
    print(secret, flush=True)
    if not os.path.exists({str(project.path / "again")!r}):
        open({str(project.path / "again")!r}, "w").close()
        os._exit(9)
    return secret
if os.path.exists({str(project.path / "again")!r}):
    for run in flow.recover():
        run.wait()
else:
    flow.run()
"""
    first = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert first.returncode == 9
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert CANARY not in first.stdout + first.stderr + second.stdout + second.stderr
    assert second.stdout == "[redacted]\n", second.stderr
    assert traces(project) == []


def test_what_is_in_no_place_is_missing_with_all_of_them(project):
    flow = sending(project, "{{ $secret.nowhere }}")
    with pytest.raises(RunFailed) as failed:
        flow.run().raise_for_status()
    assert "flowbook secrets set nowhere" in str(failed.value)
    with pytest.raises(SecretMissing) as missing:
        project.keychain.secret("nowhere")
    assert missing.value.name == "nowhere"
    assert [place.split()[1] for place in missing.value.places] == [
        "environment",
        "keyring",
        "file",
    ]


def test_the_places_are_asked_in_the_order_that_the_project_says(project):
    chain = project.keychain
    chain.resolvers["file"].set("token", "from the file")
    assert chain.look("token") == ("environment", CANARY)
    project.store.settings.set("secret_places", "file,environment")
    assert chain.look("token") == ("file", "from the file")
    project.store.settings.set("secret_places", "file,vault")
    with pytest.raises(UsageError, match="'vault'"):
        chain.look("token")


def test_of_several_lines_each_is_a_secret():
    chain = Keychain()
    chain.learn("-----BEGIN KEY-----\nabcdefgh\nijkl\n")
    assert chain.told("line abcdefgh here") == "line [redacted] here"


@pytest.mark.parametrize("name", ["", "a b", "../x", "1st", None, "x" * 200])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UsageError, match="is no name of a secret"):
        Keychain().look(name)


def test_a_secret_is_not_read_as_a_part_of_the_environment(project):
    project.store.settings.set("env", "FLOWBOOK_SECRET_TOKEN")
    flow = sending(project, "{{ $env.FLOWBOOK_SECRET_TOKEN }}")
    with pytest.raises(RunFailed, match=r"is a secret"):
        flow.run().raise_for_status()


def test_a_node_that_reads_one_is_not_taken_from_the_cache(project):
    project.registry.register(Sent)
    flow = flowbook.Flow("cached", host=project)
    config = {"header": "{{ $secret.token }}"}
    from flowbook.graph.options import Options

    flow.add(Sent(NodeSpec("sent", kind="sent", config=config, options=Options(cache=True))))
    flow.run().raise_for_status()
    run = flow.run()
    assert run["sent"].output["length"] == len(CANARY)
    assert "$secret" in str(project.cache.why(run.id, "sent"))
    assert traces(project) == []


# ---------------------------------------------------------------- called flows


def calling(project, secrets=None, name="token"):
    child = flowbook.Flow("child", host=project)

    @child.node
    def asked():
        return len(flowbook.context().services.secret(name))

    parent = flowbook.Flow("parent", host=project)
    parent.call(child, name="called", **({} if secrets is None else {"secrets": secrets}))
    return parent


def test_a_called_flow_is_given_no_secrets_by_itself(project):
    with pytest.raises(RunFailed) as failed:
        calling(project).run().raise_for_status()
    assert "was not given the secret 'token'" in str(failed.value)


def test_a_called_flow_knows_what_is_mapped_by_the_name_it_asks_for(project):
    run = calling(project, {"password": "token"}, "password").run()
    run.raise_for_status()
    assert run["called"].output["child_output"] == {"asked": len(CANARY)}
    rows = project.history.table(
        "SELECT payload->>'$.secrets' FROM events WHERE kind = 'RUN_CREATED' ORDER BY 1"
    )
    assert '{"password":"token"}' in str(rows)
    assert traces(project) == []


def test_what_was_not_given_cannot_be_handed_down(project):
    middle = calling(project, {"token": "token"})
    top = flowbook.Flow("top", host=project)
    top.call(middle, name="middle")
    with pytest.raises(RunFailed) as failed:
        top.run().raise_for_status()
    assert "was not given" in str(failed.value)

    other = flowbook.Flow("other", host=project)
    other.call(middle, name="middle", secrets={"token": "token"})
    other.run().raise_for_status()


# ---------------------------------------------------------------- the rest that lies behind $


def test_a_configuration_reads_the_environment_the_run_and_variables(project, monkeypatch):
    monkeypatch.setenv("REGION", "eu-1")
    project.store.settings.set("env", "REGION")
    project.memory.of("sending").set("since", 42)
    project.memory.set("company", {"name": "Acme"})
    text = "{{ $env.REGION }} {{ $vars.flow.since }} {{ $vars.global.company.name }} {{ $run.id }}"
    run = sending(project, text).run()
    assert run["sent"].output["header"] == f"eu-1 42 Acme {run.id}"


def test_a_condition_reads_them_too(project):
    project.memory.of("asking").set("limit", 3)
    flow = flowbook.Flow("asking", host=project)

    @flow.node
    def asked():
        return flowbook.context().evaluate("$vars.flow.limit > n", {"n": 2})

    assert flow.run()["asked"].output is True


def test_what_is_not_there_is_said_by_the_expression(project):
    with pytest.raises(RunFailed, match=r"there is no \$vars.flow.absent here"):
        sending(project, "{{ $vars.flow.absent }}").run().raise_for_status()


def test_no_variable_is_read_that_is_not_written_out(project, monkeypatch):
    asked = []
    monkeypatch.setattr(
        type(project.memory), "get", lambda self, key, default=None: asked.append(key) or "1"
    )
    sending(project, "{{ $vars.flow.one }}").run().raise_for_status()
    assert asked == ["one"]
