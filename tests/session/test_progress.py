"""Progress is a pure fold: events in, lines out."""

from __future__ import annotations

from tests.export.story import BORN, story

from flowbook.events import NodeSkipped, RunCreated, RunRecovered, SkipReason
from flowbook.graph.node import Progress
from flowbook.ids import NodeId
from flowbook.run.rules.phase import Phase
from flowbook.run.stream import NodeStream
from flowbook.session.progress import BAR, Board


def board(until: int | None = None, *, good: bool = False) -> tuple[Board, list[str]]:
    made = Board()
    lines = [made.take(event) for event in story(good=good)[:until]]
    return made, [line for line in lines if line is not None]


def test_a_log_has_one_line_per_change():
    _, lines = board()
    told = [" ".join(line.split()) for line in lines]
    assert told == [
        "tour: 4 nodes, run 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
        "0.10 s 0/4 ● daily started",
        "0.10 s 0/4 ● station started",
        "0.30 s 0/4 ● station attempt 1 failed, again in 0.5 s (HTTPError: 503 busy)",
        "0.70 s 1/4 ✓ daily 0.60 s 1,461 rows",
        "0.80 s 1/4 ● station started, attempt 2",
        "1.40 s 2/4 ✓ station 0.60 s",
        "1.50 s 2/4 ● clean started",
        "1.60 s 3/4 ✗ clean failed: ValueError: 3 days | missing",
        "1.60 s 4/4 \N{EN DASH} chart skipped: upstream failed (clean)",
        "tour: failed in 1.70 s (2 succeeded, 1 failed, 1 skipped)",
    ]


def test_what_moves_spins_and_what_waits_does_not():
    made, _ = board(6)
    head, daily, station, clean, _ = made.block(BORN + 0.5)
    assert "0/4 nodes" in head
    assert daily.split()[0] == station.split()[0] == head.split()[0]
    assert clean.split()[0] == "○"
    assert "again in 0.5 s" in station


def test_the_bars_of_nodes_that_overlap_overlap():
    made, _ = board()
    _, daily, station, clean, chart = (line.ljust(80) for line in made.block(BORN + 9))
    bars = [set(_filled(line)) for line in (daily, station, clean)]
    assert bars[0] & bars[1]
    assert not bars[0] & bars[2]
    assert "━" not in chart


def _filled(line: str) -> list[int]:
    return [i for i, letter in enumerate(line) if letter == "━"]


def test_a_finished_block_stands_still():
    made, _ = board(good=True)
    assert made.block(BORN + 5) == made.block(BORN + 500)
    assert made.block(BORN + 5)[0] == "tour: succeeded in 1.70 s (4 succeeded)"


def test_a_block_is_never_wider_nor_higher_than_the_terminal():
    made, _ = board(7)
    lines = made.block(BORN + 1, width=30, height=4)
    assert len(lines) <= 4
    assert max(map(len, lines)) <= 30
    assert lines[-1] == "  … 2 more nodes"
    assert "station" in "".join(lines)  # what moves is what stays in sight


def test_progress_makes_at_most_one_line_a_second():
    made, _ = board(5)
    at = BORN + 0.2
    told = [made.progress("daily", Progress(n, 100, "rows"), at + n / 10) for n in range(15)]
    assert [line is not None for line in told].count(True) == 2
    assert told[0].split()[-2:] == ["0/100", "rows"]
    assert "14/100  rows" in made.block(at + 2)[1]


def test_a_bar_has_room_for_the_whole_run():
    made, _ = board(good=True)
    daily = made.block(BORN + 5)[1]
    assert sum(daily.count(letter) for letter in "·━") == BAR


def test_a_recovered_run_says_what_is_started_again():
    made, _ = board(8)
    lost = tuple(
        node
        for node, phase in zip(made.state.nodes, made.state.phase, strict=True)
        if phase is Phase.RUNNING
    )
    taken = RunRecovered(run=made.state.run, seq=made.state.seq, at=BORN + 60, pid=7, lost=lost)
    assert made.take(taken) == f"tour: taken up by process 7; started again: {', '.join(lost)}"
    assert lost


def test_what_a_node_streams_stands_beside_it():
    (made, _), at = board(5), BORN + 1
    assert made.streamed(NodeStream(NodeId("daily"), 1, "token", "It rains", 2, 2), at) is None
    assert made.notes["daily"] == "4 tokens  …It rains"
    line = made.streamed(NodeStream(NodeId("daily"), 1, "artefact", "chart.png"), at)
    assert line.endswith("daily  made chart.png")


def test_what_nobody_asked_for_is_worth_no_line_but_counts():
    shown = Board()
    events = [event for event in story() if not isinstance(event, NodeSkipped)]
    created = next(event for event in events if isinstance(event, RunCreated))
    assert shown.take(created) is not None
    node = created.nodes[0]
    skipped = NodeSkipped(
        run=created.run, seq=1, at=created.at, node=node, reason=SkipReason.NOT_ASKED
    )
    assert shown.take(skipped) is None
    assert f"1/{len(created.nodes)} nodes" in shown.block(BORN)[0]
