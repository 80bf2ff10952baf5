"""No tracked file knows the machine it was written on, or where packages came from."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOMES = re.compile(r"(?<![\w.~$}/-])/(?:root|home|Users|work|farm|mnt)/[\w.-]")
SOURCES = re.compile(
    r"https?://(?:[\w-]+\.)*(?:registry|mirror|mirrors|pypi|files|deb|npm)[\w-]*\."
    r"|(?i:index[-_]url|npm[-_]config[-_]registry)|^registry\s*=",
    re.MULTILINE,
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path != Path(__file__)]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    return found


def test_no_file_names_a_folder_of_a_machine():
    assert lines_with(HOMES) == []
    assert lines_with(re.compile(re.escape(str(ROOT)))) == []


def test_no_file_names_a_package_source():
    assert lines_with(SOURCES) == []


@pytest.mark.parametrize(
    "text", ["open('/home/me/x.csv')", " /root/.cache", "https://registry.example.org/x"]
)
def test_the_patterns_see_what_they_forbid(text):
    assert HOMES.search(text) or SOURCES.search(text)
