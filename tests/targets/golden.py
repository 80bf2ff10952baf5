"""`python -m tests.targets.golden`: writes the files that every target is held to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.targets.reading import JOB, NOW

from flowbook.targets.choose import TARGETS, deploy
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule

FOLDER: Final = Path(__file__).parents[1] / "golden" / "targets"
_BERLIN: Final = "Europe/Berlin"
CASES: Final[Mapping[str, Schedule]] = {
    "nightly": Schedule(cron="30 2 * * *", timezone=_BERLIN, grace=300, jitter=45),
    "month_end": Schedule(
        cron="15 0 L * *",
        timezone=_BERLIN,
        overlap=Overlap.QUEUE_ONE,
        catch_up=CatchUp.NONE,
        end=datetime(2027, 1, 1, tzinfo=UTC),
    ),
    "often": Schedule(
        every=2700,
        start=datetime(2026, 1, 1, tzinfo=UTC),
        overlap=Overlap.PARALLEL,
        parallel=2,
        catch_up=CatchUp.ALL,
    ),
    "once": Schedule(
        at=(datetime(2026, 5, 1, 7, tzinfo=UTC), datetime(2027, 6, 1, 7, 30, tzinfo=UTC)),
        timezone=_BERLIN,
        enabled=False,
        overlap=Overlap.PARALLEL,
    ),
}


def texts(target: str, case: str) -> dict[str, str]:
    """The files of a target, and one that lists its caveats and steps."""
    made = deploy(target, JOB, CASES[case], NOW)
    told = [f"{one.what}\n  {one.instead}" for one in made.caveats]
    told += ["", *made.steps]
    files = {f"{file.name}.txt": file.text for file in made.files}  # formatters leave them alone
    return files | {"told.txt": "\n".join(told) + "\n"}


def main() -> None:
    """Write them all."""
    for target in TARGETS:
        for case in CASES:
            folder = FOLDER / target / case
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in texts(target, case).items():
                (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
