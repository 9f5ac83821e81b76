"""A company's contracts rendered into the dbt root project of its home folder.

Put here: which files the project has, and writing only what changed.
Keep out: the SQL of the models (render_base.py, render_people.py, render_events.py, render_facts.py), the
documentation (render_docs.py), the models every company shares (dbt_project/).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import yaml

from quality import render_sql as sql
from quality.company import Company
from quality.promises.consumers import load_consumers
from quality.promises.render_exposures import render_exposures
from quality.render_base import render_base, render_versions
from quality.render_docs import document_models
from quality.render_events import render_consents, render_interactions, render_surveys
from quality.render_facts import render_cases, render_orders
from quality.render_people import render_accounts, render_identifiers, render_persons
from quality.render_std import STANDARD_TABLES, StandardTable, render_union
from quality.render_value import Dataset
from quality.storage import CHECKPOINT_THRESHOLD, MEMORY_LIMIT, STORAGE_VERSION

PACKAGE_NAME = "c360"
PLUGINS = ("pipelines.publish.key_plugin", "pipelines.journeys.sql_functions")
RENDERED = ("macros", "models")  # every file below these is ours; one no longer rendered is removed
SUPPLY: dict[str, tuple[Callable[[Dataset], bool], Callable[[Dataset], str]]] = {
    "std_persons": (lambda d: d.has_person, render_persons),
    "std_accounts": (lambda d: bool(d.contract.with_term("account.account_id")), render_accounts),
    "std_identifiers": (lambda d: bool(d.identifiers), render_identifiers),
    "std_interactions": (lambda d: bool(d.contract.with_term("interaction.occurred_at")), render_interactions),
    "std_orders": (lambda d: bool(d.contract.with_term("order.order_id")), render_orders),
    "std_cases": (lambda d: bool(d.contract.with_term("case.case_id")), render_cases),
    "std_surveys": (lambda d: bool(d.contract.with_term("survey.score")), render_surveys),
    "std_consents": (lambda d: bool(d.contract.with_term("consent.granted")), render_consents),
}
SCHEMA_NAME_MACRO = """{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
"""
REPLACE_MACROS = """{% materialization table, adapter='duckdb' -%}
    {{ return(c360.materialization_replaced_table_duckdb()) }}
{%- endmaterialization %}

{% materialization view, adapter='duckdb' -%}
    {{ return(c360.materialization_replaced_view_duckdb()) }}
{%- endmaterialization %}
"""


def render_project(company: Company, home: Path, package: Path) -> list[Path]:
    """Write the dbt project `<home>/dbt`, which imports `package` as `c360`; `dbt build` works inside it.

    Args:
        company: whose contracts are rendered.
        home: the company's home folder; landing, warehouse and marts lie in it.
        package: the repository's dbt_project/.
    Returns:
        The files written, changed or removed; empty when everything was up to date, so dbt need not parse again.
    Raises:
        ContractError: a transformLogic cannot be turned into SQL.
    """
    home, package = home.resolve(), package.resolve()
    root = home / "dbt"
    files = {
        root / name: text
        for name, text in {**_settings(company, home, package), **_models(company, home, package)}.items()
    }
    changed = [file for file, text in files.items() if not _says(file, text)]
    stale = [f for folder in RENDERED for f in (root / folder).rglob("*") if f.is_file() and f not in files]
    link = root / "dbt_packages" / PACKAGE_NAME
    moved = [] if link.is_symlink() and link.resolve() == package else [link]
    if changed or stale or moved:  # first: killed from here on, the next run must parse, though it finds all written
        (root / "target" / "manifest.json").unlink(missing_ok=True)
    for file in changed:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(files[file], encoding="utf-8")
    for file in stale:
        file.unlink()
    if moved:
        _link(link, package)
    return changed + stale + moved


def _models(company: Company, home: Path, package: Path) -> dict[str, str]:
    """Every model and its documentation, by path below the project."""
    datasets = [Dataset(company, c) for c in company.contracts]
    files, supplied = {}, {}
    for contract in company.contracts:
        files[f"models/base/base_{contract.dataset}.sql"] = render_base(contract)
        files[f"models/base/base_{contract.dataset}__versions.sql"] = render_versions(contract)
    for table in STANDARD_TABLES:
        is_supplied, render = SUPPLY[table.name]
        suppliers = [d for d in datasets if is_supplied(d)]
        files |= {f"models/std/{table.name}__{d.name}.sql": render(d) for d in suppliers}
        files[f"models/std/{table.name}.sql"] = render_union(table, [d.name for d in suppliers])
        supplied[table.name] = {d.name: _is_row_by_row(table, d) for d in suppliers}
    documents = document_models(company, sql.read_landing(str(home / "landing")), supplied)
    if any(package.glob("models/**/*.sql")):  # else there is nothing to read
        documents["models/exposures.yml"] = {"exposures": render_exposures(load_consumers(company.folder))}
    return files | {path: _yaml(document) for path, document in documents.items()}


def _is_row_by_row(table: StandardTable, dataset: Dataset) -> bool:
    """Whether each row a dataset supplies is made of one landed row; only events are, where no key joins them."""
    return table.name == "std_interactions" and not dataset.contract.with_term("interaction.key")


def _settings(company: Company, home: Path, package: Path) -> dict[str, str]:
    name = f"company_{company.company}"
    project = {
        "name": name,
        "version": "1.0.0",
        "config-version": 2,
        "profile": name,
        "model-paths": ["models"],
        "macro-paths": ["macros"],
        "flags": {"send_anonymous_usage_stats": False, "use_colors": False},
        "models": {
            name: {
                "base": {"+schema": "base", "+materialized": "view"},
                "std": {"+schema": "std", "+materialized": "ephemeral"},
            }
        },
    }
    output = {
        "type": "duckdb",
        "path": str(home / "warehouse.duckdb"),
        "schema": "std",
        "threads": 1,
        "attach": [
            {"path": str(home / "c360_marts.duckdb"), "alias": "m", "options": {"storage_version": STORAGE_VERSION}}
        ],
        "plugins": [{"module": module} for module in PLUGINS],
        "config_options": {  # of the database: dbt sets `settings` for every cursor, which fails once one has spilled
            "threads": f"{{{{ env_var('C360_THREADS', '{os.cpu_count() or 1}') | as_number }}}}",
            "memory_limit": f"{{{{ env_var('C360_MEMORY_LIMIT', '{MEMORY_LIMIT}') }}}}",
            "temp_directory": str(home / "tmp"),
            "checkpoint_threshold": CHECKPOINT_THRESHOLD,
            "autoinstall_known_extensions": False,
        },
        "settings": {"preserve_insertion_order": False, "TimeZone": "UTC"},
    }
    return {
        "dbt_project.yml": _yaml(project),
        "profiles.yml": _yaml({name: {"target": "home", "outputs": {"home": output}}}),
        "packages.yml": _yaml({"packages": [{"local": str(package)}]}),
        "macros/generate_schema_name.sql": SCHEMA_NAME_MACRO,
        "macros/replace.sql": REPLACE_MACROS,
    }


def _says(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


def _link(link: Path, package: Path) -> None:
    """Install the package by a link, which spares `dbt deps`."""
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(package, target_is_directory=True)


def _yaml(document: dict) -> str:
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)
