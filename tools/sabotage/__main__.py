"""Does the operator table notice? `python tools/sabotage [FILE ...]` breaks a handler at a time and runs its rows.

Works on a copy: a git worktree of HEAD in a temporary folder, built through ccache, removed at the end. First the rows
must pass with nothing broken; then each break must make one fail. Prints a table; exits with 1 if a break went
unnoticed.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import rich.box
import rich.console
import rich.table

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from breaks import BREAKS, Break

ROOT = pathlib.Path(__file__).parents[2]


class Copy:
    """A worktree that can be built and tested."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        python = ROOT / ".venv" / "bin"
        self.environment = {
            **os.environ,
            "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "python"),
            "OMP_NUM_THREADS": "1",
            "CCACHE_BASEDIR": str(folder),
            "CCACHE_NOHASHDIR": "1",
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)

    def build(self) -> None:
        done = self.run("cmake", "--build", "--preset", "dev", "--target", "torch2trt_python")
        if done.returncode:
            raise SystemExit(f"it does not build:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")

    def rows(self, selection: str, *options: str) -> tuple[bool, str]:
        """Whether all rows pass, and pytest's last line or the first that failed."""
        done = self.run(
            "python",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *options,
            "tests/ops/test_operators.py",
            "-k",
            selection,
        )
        if done.returncode not in (0, 1):
            raise SystemExit(
                f"pytest -k '{selection}' ends with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr}"
            )
        failed = re.search(r"^FAILED \S+\[(\S+)\]", done.stdout, re.MULTILINE)
        last = done.stdout.strip().splitlines()[-1]
        return done.returncode == 0, failed.group(1) if failed else last

    @contextmanager
    def broken(self, item: Break) -> Iterator[None]:
        file = self.folder / "src" / "handlers" / item.file
        before = file.read_text()
        if before.count(item.old) != 1:
            raise SystemExit(f"{item.file} holds {before.count(item.old)} times: {item.old}")
        file.write_text(before.replace(item.old, item.new))
        try:
            yield
        finally:
            file.write_text(before)


@contextmanager
def worktree() -> Iterator[Copy]:
    """A worktree of HEAD, ready to build; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="torch2trt-sabotage-") as temporary:
        folder = pathlib.Path(temporary) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(folder), "HEAD"], check=True)
        try:
            (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
            copy = Copy(folder)
            if (done := copy.run("cmake", "--preset", "dev")).returncode:
                raise SystemExit(done.stderr)
            yield copy
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/sabotage", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="of src/handlers; default: all that are listed"
    )
    chosen = [
        item for item in BREAKS if item.file in (parser.parse_args().files or {item.file for item in BREAKS})
    ]
    if not chosen:
        parser.error("no break is listed for these files; see tools/sabotage/breaks.py")
    shown = rich.table.Table(
        "handler", "what is broken", "noticed by", "seconds", box=rich.box.SIMPLE, pad_edge=False
    )
    unnoticed = 0
    with worktree() as copy:
        print("building", flush=True)
        copy.build()
        for item in chosen:
            passes, line = copy.rows(item.rows)
            if not passes:
                raise SystemExit(f"the rows of {item.file} fail with nothing broken: {line}")
            print(f"{item.file}: {line}", flush=True)
        for item in chosen:
            start = time.monotonic()
            with copy.broken(item):
                copy.build()
                passes, line = copy.rows(item.rows, "-x")
            unnoticed += passes
            shown.add_row(
                item.file,
                item.what,
                f"NOTHING: {line}" if passes else line,
                f"{time.monotonic() - start:.0f}",
            )
            print(f"{item.file} broken: {'NOT noticed' if passes else line}", flush=True)
    rich.console.Console(width=150).print(shown)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
