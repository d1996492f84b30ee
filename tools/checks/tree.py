"""What the checks look at: the text of every file of ours, by its path from the root."""

import subprocess
from pathlib import Path, PurePosixPath

Tree = dict[str, str]

SUFFIXES = {".cpp", ".h", ".py", ".cmake", ".txt"}


def read_tree(root: Path) -> Tree:
    """Tracked files and new ones that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return {
        path: (root / path).read_text()
        for path in sorted(listed)
        if PurePosixPath(path).suffix in SUFFIXES and (root / path).is_file()
    }


def is_cpp(path: str) -> bool:
    """Whether it is C++: a header or a source."""
    return path.endswith((".cpp", ".h"))
