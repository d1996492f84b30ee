"""src/handlers/argument_uses.tsv: converts every row of the operator table on the dry backend and prints, for each
argument of each operator, what the handlers did with it. `make uses` writes it (4 minutes)."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.ops.harness import USES, observed_uses
from tests.ops.test_operators import _rows


def main() -> None:
    """Prints the file."""
    warnings.simplefilter("ignore")
    uses: dict[tuple[str, str], str] = {}
    for _, row in _rows():
        for frontend in (row.only,) if row.only else ("export", "trace"):
            for operator, argument, use in observed_uses(row, frontend):
                if argument:
                    uses[operator, argument] = max(uses.get((operator, argument), ""), use, key=USES.index)
    for (operator, argument), use in sorted(uses.items()):
        print(operator, argument, use, sep="\t")


if __name__ == "__main__":
    main()
