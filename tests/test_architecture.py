"""The import law of docs/architecture.md, and the few rules of the house a machine can hold.

Put here: laws about where code lives. Keep out: behaviour.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
OURS = {"pipelines", "identity", "quality"}
HEAVY = {
    *("altair", "datacontract", "great_expectations", "openpyxl", "pandas", "phonenumbers", "pyarrow", "scipy"),
    *("splink", "sqlalchemy"),
}
LAWS = [
    # folder, what it may not import, where the code belongs instead
    ("identity", {"pipelines", "quality", "dagster", "dagster_dbt", "dbt"}, "pipelines/defs/identity.py"),
    (
        "quality",
        {"pipelines", "identity", "dagster", "dagster_dbt", "dbt"},
        "pipelines/defs/checks.py or pipelines/dbt.py",
    ),
    ("pipelines/ingest", {"dagster", "dagster_dbt"}, "pipelines/defs/landing.py"),
    ("pipelines/journeys", {"dagster", "dagster_dbt"}, "pipelines/defs/"),
    ("pipelines/alerts", {"dagster", "dagster_dbt"}, "pipelines/defs/alerts.py"),
    ("pipelines/backup", {"dagster", "dagster_dbt"}, "pipelines/defs/backup.py"),
    ("pipelines/publish", {"dagster", "dagster_dbt"}, "pipelines/defs/publish.py"),
    ("pipelines/simulator", {"dagster", "dagster_dbt"}, "pipelines/defs/"),
    ("pipelines/defs", {"pipelines.defs"}, "pipelines/keys.py"),
]


def imports(file: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.lineno, node.module))
    return found


def breaks(module: str, forbidden: set[str]) -> bool:
    return any(module == f or module.startswith(f"{f}.") for f in forbidden)


@pytest.mark.parametrize(("folder", "forbidden", "instead"), LAWS, ids=[law[0] for law in LAWS])
def test_a_folder_imports_only_what_the_law_allows(folder, forbidden, instead):
    offenders = [
        f"{file.relative_to(REPOSITORY)}:{line} imports {module}; move it to {instead}"
        for file in (REPOSITORY / folder).rglob("*.py")
        for line, module in imports(file)
        if breaks(module, forbidden)
    ]
    assert not offenders, "\n".join(offenders)


def test_loading_the_definitions_imports_nothing_heavy():
    """Every run starts with it, and so does every look at the UI: import such a module where it is used."""
    ask = "import sys, pipelines.definitions; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", ask], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert not HEAVY & set(loaded.stdout.split())


def test_nothing_but_tests_imports_pm4py():
    offenders = [
        f"{file.relative_to(REPOSITORY)}:{line} imports {module}, which is AGPL; compare with it in tests/journeys"
        for package in OURS
        for file in (REPOSITORY / package).rglob("*.py")
        for line, module in imports(file)
        if breaks(module, {"pm4py"})
    ]
    assert not offenders, "\n".join(offenders)


def test_a_mart_never_reads_a_source():
    offenders = [
        f"{file.relative_to(REPOSITORY)} reads a source(); read it in models/int and ref() that"
        for file in (REPOSITORY / "dbt_project" / "models").rglob("*.sql")
        if re.match(r"(mart|fct|dim|bridge)_", file.name) and re.search(r"\bsource\s*\(", file.read_text())
    ]
    assert not offenders, "\n".join(offenders)


def test_every_module_opens_with_its_paragraph():
    offenders = [
        f"{file.relative_to(REPOSITORY)}: no opening paragraph; say what it is, what to put here, what to keep out"
        for package in OURS
        for file in (REPOSITORY / package).rglob("*.py")
        if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert not offenders, "\n".join(offenders)


def test_nothing_committed_names_a_registry_or_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [REPOSITORY / name for name in listed.stdout.split() if (REPOSITORY / name).is_file()]
    offenders = [
        str(file.relative_to(REPOSITORY))
        for file in files
        if file.name == "uv.lock"
        or re.search(
            rb"--(extra-)?index-url +http|files\.pythonhosted|" + b"/ho" + b"me/|/wor" + b"k/", file.read_bytes()
        )
    ]
    assert not offenders, offenders
