"""clang-tidy over every file of ours that CMake compiles, two at a time; what was clean before is not read again.

Files that include torch or pybind11 take 5 s to parse; they, and tests, get only the checks that cost little.

A file is clean as long as it, any header of ours, .clang-tidy and its compile command are the same: build/tidy holds an
empty file for each such state. Arguments, if any, are the files to check.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLEAN = ROOT / "build" / "tidy"
BUILD = ROOT / "build" / "dev"
HEAVY = re.compile(r"/src/(torch|frontend/torchscript|backend/python)/|/python/src/|/tests/")
CHEAP = (
    "--checks=-*,readability-identifier-naming,performance-for-range-copy,performance-unnecessary-value-param"
)


def shared_state() -> bytes:
    """A digest of what every file's result depends on."""
    digest = hashlib.sha256()
    headers = (
        path
        for room in ("include", "src", "cli", "python/src", "tests")
        for path in (ROOT / room).rglob("*.h")
    )
    for path in [*sorted(headers), ROOT / ".clang-tidy", ROOT / "requirements-dev.txt", Path(__file__)]:
        digest.update(path.read_bytes())
    return digest.digest()


def tidy(entry: dict[str, str], shared: bytes) -> tuple[str, str]:
    """The file's path, and clang-tidy's complaints about it (empty: clean)."""
    file = Path(entry["file"])
    state = hashlib.sha256(shared + entry["command"].encode() + file.read_bytes()).hexdigest()
    if (CLEAN / state).exists():
        return str(file), ""
    done = subprocess.run(
        ["clang-tidy", "-p", BUILD, "--quiet", file],
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        (CLEAN / state).touch()
        return str(file), ""
    return str(file), done.stdout or done.stderr


def main(arguments: list[str]) -> int:
    CLEAN.mkdir(parents=True, exist_ok=True)
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    wanted = {str(Path(argument).resolve()) for argument in arguments}
    entries = [entry for entry in entries if not wanted or entry["file"] in wanted]
    shared = shared_state()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda entry: tidy(entry, shared), entries))
    complaints = [text for _, text in results if text]
    print("".join(complaints) if complaints else f"clang-tidy: {len(results)} files are clean")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
