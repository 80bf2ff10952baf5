"""What one sees who just looks."""

from flowbook.store.rows import RunPage


def test_a_page_is_a_table_of_text(store, story):
    first, second = story.run(), story.run(flow="other", status="succeeded", over=False)
    store.sink.append([*first, *second]).result(5)
    store.history.pin(first[0].run)
    head, *rows = repr(store.history.runs()).splitlines()
    assert head.split() == ["id", "flow", "status", "started", "(UTC)", "duration", "error"]
    assert [row.split()[:3] for row in rows] == [
        [second[0].run, "other", "running"],
        [first[0].run, "tour", "failed"],
    ]
    assert "failed (pinned)  2023-11-14 22:13:20  700 ms" in rows[1]
    assert rows[1].endswith('ValueError: bad "row" 7')
    assert repr(store.history.runs(limit=1)).endswith("\n… and older ones")
    assert repr(RunPage(())) == "no runs"


def test_a_notebook_shows_a_table_in_which_nothing_is_markup(store, story):
    store.sink.append(story.run(flow="<img src=x onerror=alert(1)>")).result(5)
    shown = store.history.runs()._repr_html_()
    assert shown.count("<tr>") == 2
    assert "<img" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_a_row_says_the_most_important_in_one_line(store, story):
    events = story.run()
    store.sink.append(events).result(5)
    run = store.history.run(events[0].run)
    assert repr(run).startswith(f"<run {run.id}  tour  failed  2023-11-14 22:13:20  700 ms  Value")
    _fetch, clean, report = store.history.node_runs(run.id)
    assert repr(clean) == '<node clean  failed  80 ms  ValueError: bad "row" 7>'
    assert repr(report) == "<node report  skipped  upstream_failed>"


def test_a_history_says_where_it_is_without_looking_into_it(store, layout, story):
    assert repr(store.history) == (
        f"History of {layout.root}: nothing in DuckDB, 0 journal segments"
    )
    store.sink.append(story.run()).result(5)
    store.fold()
    store.sink.append(story.run()).result(5)
    with store.history.snapshot.lock.folding(1.0):  # whoever holds the store
        assert repr(store.history).endswith(" MiB in DuckDB, 1 journal segment")
