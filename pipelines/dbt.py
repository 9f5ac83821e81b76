"""The rendered dbt project of a company: rendered, parsed, and shown to Dagster.

Put here: when dbt must parse again, and how its nodes are named in Dagster.
Keep out: what is rendered (quality/render_project.py), the models (dbt_project/).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtProjectPreparer,
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    utils,
)
from packaging.version import Version
from pydantic import PrivateAttr

from pipelines.keys import CONTROL, PUBLISHED_LAYERS, identity_key, landing_key
from pipelines.meter import PEAK, SECONDS, Meter
from pipelines.scratch import FOLDER, name_scratch
from pipelines.settings import REPOSITORY, Settings
from pipelines.warm_dbt import keep_dbt_warm
from quality.company import Company
from quality.gate_dataset import unit_seconds
from quality.promises.output_contract import OutputContract, load_output_contracts
from quality.render_project import render_project

PACKAGE = REPOSITORY / "dbt_project"
DBT = Path(sys.executable).parent / "c360-dbt"
PARTIAL_PARSE = "partial_parse.msgpack"
GROUPS = {
    "base": "standard/per_source",
    "std": "standard/tables",
    "int": "marts/prepared",
    "marts": "marts/core",
    "journeys": "marts/journeys",
    "governance": "governance",
}


def prepare_project(settings: Settings, company: Company, files: str) -> DbtProject:
    """Render the company's root project and parse it where anything changed since the last manifest.

    Args:
        files: digest of the company's and our own files (pipelines/basis.py): with another one, tables that keep their
            rows from build to build begin anew.
    """
    changed = render_project(company, settings.home, PACKAGE)
    os.environ.update(dbt_environment(settings) | {"C360_FILES": files})
    project = DbtProject(project_dir=settings.dbt, profiles_dir=settings.dbt)
    if changed or _is_stale(project.manifest_path):
        _Preparer(settings).prepare(project)
    return project


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What the rendered profile and the key plugin read."""
    return {
        "C360_HOME": str(settings.home),
        "C360_MEMORY_LIMIT": settings.memory_limit,
        "C360_THREADS": str(settings.threads),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_LOG_LEVEL_FILE": "none",  # Dagster keeps what dbt says; once more costs dbt a tenth of its time
        "DBT_WRITE_JSON": "false",  # nobody reads what it would write
    }


class InstalledDbt(DbtCliResource):
    """The dbt of this environment, kept warm during a run, and asked for nothing but its work.

    Dagster would start it once more for every call, only to ask its version, and import it into this process, too, for
    rows and columns we never ask for.
    """

    _warm: int | None = PrivateAttr(default=None)  # the process that forks one for each call

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[InstalledDbt]:
        project = Path(self.project_dir)
        scratch = Path(mkdtemp(prefix=name_scratch(), dir=project.parent / FOLDER))
        with keep_dbt_warm(scratch, project) as self._warm:
            yield self

    def find_process(self, call: DbtCliInvocation) -> int:
        """The number of the process that does what was called for."""
        if self._warm:
            with suppress(OSError, IndexError):  # where the system tells, and it lives
                forked = Path(f"/proc/{self._warm}/task/{self._warm}/children").read_text(encoding="ascii")
                return int(forked.split()[-1])
        return call.process.pid

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:
        return None


class _Preparer(DagsterDbtProjectPreparer):
    """Parses only: the renderer has linked the one package, so there is nothing for `dbt deps` to do."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._dbt = dbt_resource(settings)

    def _prepare_packages(self, project: DbtProject) -> None:
        pass

    def _prepare_manifest(self, project: DbtProject) -> None:
        """Parse aside, then put what was made in place, the manifest last: dbt killed while it writes would leave half
        of one. Beside it lies what spares the next call its parsing."""
        target = project.manifest_path.parent
        self._dbt.cli(["parse", "--quiet", "--write-json"], target_path=target / "parsed").wait()
        for name in (PARTIAL_PARSE, project.manifest_path.name):
            (target / "parsed" / name).replace(target / name)


@contextmanager
def every_node_chosen() -> Iterator[None]:
    """Have Dagster take all nodes of a manifest by itself, as where dbt is not installed beside it.

    It would ask dbt to choose all of them, whose graph library takes half a second to import.
    """
    installed, utils.DBT_PYTHON_VERSION = utils.DBT_PYTHON_VERSION, None
    try:
        yield
    finally:
        utils.DBT_PYTHON_VERSION = installed


def dbt_resource(settings: Settings) -> InstalledDbt:
    return InstalledDbt(
        project_dir=str(settings.dbt),
        profiles_dir=str(settings.dbt),
        dbt_executable=str(DBT),
        target_path=Path("target"),
    )


def _is_stale(manifest: Path) -> bool:
    if not manifest.exists():
        return True
    made = manifest.stat().st_mtime
    files = (f for pattern in ("*.sql", "*.yml") for f in PACKAGE.rglob(pattern))
    return any(f.stat().st_mtime > made for f in files)


def tell_figures(events: Iterator[Any], find_process: Callable[[], int]) -> Iterator[Any]:
    """Dagster's events of a dbt call; what each model took goes with its materialization.

    Rows and bytes do not: nobody reads the database while dbt writes, and an event of their own for each model would
    cost Dagster more than the model does. Publishing tells them (governance.run_steps).

    Args:
        find_process: gives the number of the dbt process once it speaks; models are built one after the other, so its
            peak since the last one is a model's.
    """
    meter = None
    for event in events:
        meter = meter or Meter(find_process())
        if isinstance(event, dg.Output | dg.AssetMaterialization) and "unique_id" in event.metadata:
            figures = {SECONDS: event.metadata.get("Execution Duration"), PEAK: meter.peak_mb}
            meter.restart()
            told = {name: figure for name, figure in figures.items() if figure is not None}
            event = event.with_metadata({**event.metadata, **told})
        yield event


class Translator(DagsterDbtTranslator):
    """dbt nodes in the words of the house: landing/x, std/std_x, marts/fct_x.

    Every published table waits for identity and everything else for control, also where its SQL needs neither: so
    Dagster calls dbt twice a build, and the suites once.
    """

    def __init__(self, settings: DagsterDbtTranslatorSettings) -> None:
        super().__init__(settings)
        self._told: dict[tuple[int, str], dg.AssetSpec] = {}  # a node is asked for once by each that reads it

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        known = id(manifest), unique_id
        if known not in self._told:
            self._told[known] = self._tell(manifest, unique_id, project)
        return self._told[known]

    def _tell(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        if node["resource_type"] == "source":
            return spec.replace_attributes(key=source_key(node))
        folder = next((part for part in node["fqn"][1:-1] if part in GROUPS), "marts")
        layer = {"journeys": "marts"}.get(folder, folder)
        if node["config"].get("schema") in ("int", "std"):
            layer = node["config"]["schema"]
        owner = (node["config"].get("meta") or {}).get("owner") or "data-platform"
        after = identity_key("customers") if layer in PUBLISHED_LAYERS else CONTROL
        contract = load_output_contracts().get(node["alias"]) if layer in PUBLISHED_LAYERS else None
        return spec.replace_attributes(
            freshness_policy=_promised_freshness(contract) if contract else None,
            deps=sorted({dep.asset_key for dep in spec.deps} | {after}),
            key=dg.AssetKey([layer, node["alias"]]),  # each version of a table is one of its own
            group_name=GROUPS["int" if layer == "int" else folder],
            owners=[f"team:{owner}"],
            kinds={"dbt", "duckdb"},
        )


def _promised_freshness(contract: OutputContract) -> dg.FreshnessPolicy:
    """What the contract promises of the table, for the daemon to watch."""
    promised = contract.service_levels["freshness"]
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(seconds=promised["value"] * unit_seconds(promised["unit"]))
    )


def source_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """landing/<dataset>, identity/<relation>; every control table is the one asset control/run."""
    if node["source_name"] == "landing":
        return landing_key(node["name"])
    if node["source_name"] == "identity":
        return identity_key(node["name"])
    return CONTROL
