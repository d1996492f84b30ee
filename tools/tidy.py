"""clang-tidy over every file of ours that CMake compiles, as many at a time as there are cores; what was clean before
is not read again.

A file is clean as long as it, the files of ours that it includes, the configuration, clang-tidy and its compile command
are the same: build/tidy holds an empty file for each such state. Arguments, if any, are the files to check; `--time`
prints what each took.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLEAN = ROOT / "build" / "tidy"
BUILD = ROOT / "build" / "dev"
# They include torch or pybind11, and take 5 s where others take 1: first, so that no core is left with one at the end.
HEAVY = re.compile(
    r"/src/(torch|frontend/torchscript|backend/python)/|/python/src/|torchscript_\w+_test|dispatch"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
CONFIGURATION = (".clang-tidy", "tests/.clang-tidy", "requirements-dev.txt", "tools/tidy.py")


def is_ours(path: Path, root: Path = ROOT) -> bool:
    """Whether a file is of this repository, and not installed or made in it."""
    return path.is_relative_to(root) and path.relative_to(root).parts[0] not in (".venv", "build")


class States:
    """Digests of everything that clang-tidy's result depends on."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.files: dict[Path, tuple[bytes, list[str]]] = {}
        self.configuration = b"".join(self.read(root / name)[0] for name in CONFIGURATION)

    def read(self, path: Path) -> tuple[bytes, list[str]]:
        """A digest of a file, and what it includes; read once."""
        if path not in self.files:
            text = path.read_bytes()
            self.files[path] = (hashlib.sha256(text).digest(), INCLUDE.findall(text.decode()))
        return self.files[path]

    def included(self, source: Path, folders: list[Path]) -> list[Path]:
        """The source and all that it includes out of the repository, however deep."""
        found = [source]
        for path in found:
            for name in self.read(path)[1]:
                for folder in (path.parent, *folders):
                    candidate = Path(os.path.normpath(folder / name))
                    if candidate.is_file():
                        if is_ours(candidate, self.root) and candidate not in found:
                            found.append(candidate)
                        break
        return found

    def of(self, entry: dict[str, str]) -> str:
        """The digest for one entry of compile_commands.json."""
        folders = [Path(folder) for folder in re.findall(r"-I\s*(\S+)", entry["command"])]
        digest = hashlib.sha256(self.configuration + entry["command"].encode())
        for path in sorted(self.included(Path(entry["file"]), folders)):
            digest.update(str(path).encode() + self.read(path)[0])
        return digest.hexdigest()


def tidy(entry: dict[str, str], state: str) -> tuple[str, float]:
    """clang-tidy's complaints about a file (empty: clean), and the seconds it took."""
    if (CLEAN / state).exists():
        return "", 0.0
    start = time.monotonic()
    done = subprocess.run(
        ["clang-tidy", "-p", BUILD, "--quiet", entry["file"]],
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        (CLEAN / state).touch()
    return "" if done.returncode == 0 else done.stdout or done.stderr, time.monotonic() - start


def main(arguments: list[str]) -> int:
    """Returns 1 where there are complaints."""
    CLEAN.mkdir(parents=True, exist_ok=True)
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    wanted = {str(Path(argument).resolve()) for argument in arguments if argument != "--time"}
    entries = [
        entry for entry in entries if is_ours(Path(entry["file"])) and (not wanted or entry["file"] in wanted)
    ]
    entries.sort(key=lambda entry: HEAVY.search(entry["file"]) is None)
    states = States()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda entry: tidy(entry, states.of(entry)), entries))
    if "--time" in arguments:
        for (_, seconds), entry in sorted(zip(results, entries), key=lambda pair: -pair[0][1]):
            print(f"{seconds:6.1f} s  {os.path.relpath(entry['file'], ROOT)}")
    complaints = [text for text, _ in results if text]
    read = sum(seconds > 0 for _, seconds in results)
    print("".join(complaints) or f"clang-tidy: {len(results)} files are clean ({read} were read)")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
