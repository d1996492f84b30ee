"""What the documents say is so: their code runs, their links lead somewhere, generated pages are up to date."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def blocks(page: pathlib.Path, language: str) -> list[str]:
    """The fenced code of that language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE)


CODE = [
    pytest.param(code, id=f"{page.name}-{i}")
    for page in PAGES
    for i, code in enumerate(blocks(page, "python"))
]


@pytest.mark.parametrize("code", CODE)
def test_python_block_runs(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_readme_leads_with_the_two_commands_and_ten_lines() -> None:
    readme = ROOT / "README.md"
    first, *_ = blocks(readme, "sh")
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make demo", "make test"]
    (code,) = blocks(readme, "python")
    assert len([line for line in code.splitlines() if line]) <= 10


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), target
            if anchor:
                headings = re.findall(r"^#+ (.*)$", linked.read_text(), re.MULTILINE)
                assert anchor in {
                    re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings
                }


def test_operators_page_is_up_to_date() -> None:
    generator = [sys.executable, ROOT / "tools" / "operators_doc.py"]
    made = subprocess.run(generator, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "docs" / "operators.md").read_text(), "run `make docs`"


def test_contributing_shows_the_code_there_is() -> None:
    """The walkthrough's handler and rows are in the files it names."""
    page = ROOT / "CONTRIBUTING.md"
    (handler,), (rows,) = blocks(page, "cpp"), blocks(page, "py")
    assert handler.replace("\n   ", "\n").strip() in (ROOT / "src/handlers/activations.cpp").read_text()
    table = (ROOT / "tests/ops/activations.py").read_text()
    assert all(line.strip() in table for line in rows.splitlines())
