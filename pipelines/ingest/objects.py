"""Object storage: the objects a contract means, listed and copied through fsspec.

Credentials are those of the environment (AWS_ACCESS_KEY_ID and its fellows, a profile, the machine's role). An object
is known by its ETag, so one that landed before is not read again; it is there as a whole or not at all.

Put here: listing, copying, their faults. Keep out: patterns and days (files.py), reading (read_*.py).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pipelines.ingest.errors import LandingError, OutageError
from pipelines.ingest.outage import Patience, outlast
from quality.contract import Contract, fill_variables

Found = TypeVar("Found")
# Faults of the client itself which another try cannot mend; its others are about the way to the server.
_OURS = ("Credential", "Region", "Param", "Profile", "Token", "Config", "SSLError", "Sso")


@dataclass(frozen=True)
class Look:
    """What an object looks like from outside; another version has another one."""

    size: int
    version: str


@dataclass
class StoredObject:
    """One object; the interface of files.SourceFile."""

    store: Store
    key: str  # bucket/path
    uri: str
    day: date | None
    listed: Look
    _is_copied: bool = field(default=False, repr=False)

    def look(self) -> Look | None:
        """As it was listed; once it has been copied, as it is now (None: gone)."""
        return self.store.look(self.key) if self._is_copied else self.listed

    def hash(self) -> str:
        """32 hex digits of its ETag and size: nothing is read."""
        return hashlib.md5(f"{self.listed.version}|{self.listed.size}".encode()).hexdigest()

    def fetch(self, work: Path) -> Path:
        """Copy it into `work`, over the last one."""
        self._is_copied = True
        place = work / ("object" + "".join(Path(self.key).suffixes[-2:]))
        self.store.copy(self.key, self.listed.size, place)
        return place


class Store:
    """A connection to the bucket of one contract. Every request waits out an outage."""

    def __init__(self, contract: Contract, env: Mapping[str, str]) -> None:
        import s3fs  # two seconds, which other sources need not pay

        self.where, self.patience = f"{contract.dataset}: {contract.server.location}", Patience.from_env(env)
        endpoint = contract.server.endpoint and fill_variables(contract.server.endpoint, env, "endpointUrl")
        region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
        seconds = max(1, math.ceil(self.patience.silence))
        self._fs = s3fs.S3FileSystem(
            key=env.get("AWS_ACCESS_KEY_ID"),
            secret=env.get("AWS_SECRET_ACCESS_KEY"),
            token=env.get("AWS_SESSION_TOKEN"),
            endpoint_url=endpoint or env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL"),
            client_kwargs={"region_name": region} if region else {},
            config_kwargs={"connect_timeout": seconds, "read_timeout": seconds, "retries": {"max_attempts": 0}},
            max_concurrency=1,  # a copy takes 50 MB of memory for each
            skip_instance_cache=True,
            use_listings_cache=False,
        )
        self._fs.retries = 1  # outlast tries again, and bounds it

    def list(self, folder: str, prefix: str) -> dict[str, Look]:
        """Objects of a folder (`s3://bucket/path`) whose names begin with `prefix`, however deep: key -> look."""
        found = self._ask(lambda: self._fs.find(folder, prefix=prefix, detail=True), "cannot be listed")
        return {key: _look(facts) for key, facts in found.items() if facts["type"] == "file"}

    def look(self, key: str) -> Look | None:
        """An object as it is now; None when it is gone."""

        def ask() -> Look | None:
            try:
                return _look(self._fs.info(key))
            except FileNotFoundError:
                return None

        return self._ask(ask, "cannot be looked at")

    def copy(self, key: str, size: int, place: Path) -> None:
        """Copy a whole object to `place`."""

        def ask() -> None:
            self._fs.get_file(key, str(place))
            if place.stat().st_size != size:
                raise ConnectionError("fewer bytes than listed")

        self._ask(ask, "cannot be copied")

    def _ask(self, ask: Callable[[], Found], what: str) -> Found:
        def tell() -> Found:
            try:
                return ask()
            except Exception as fault:  # of fsspec, botocore, aiohttp; what they say may hold keys of objects
                raise _explain(fault, f"{self.where}: {what}") from None

        return outlast(tell, self.patience)


def _look(facts: Mapping[str, Any]) -> Look:
    return Look(facts["size"], facts["ETag"].strip('"'))


def _explain(fault: Exception, where: str) -> LandingError:
    """What will not pass by itself, or an outage."""
    response = getattr(fault.__cause__, "response", None) or {}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    seen = type(fault).__name__ + (f", HTTP {status}" if status else "")
    if isinstance(fault, FileNotFoundError):
        return LandingError(f"{where}: no such bucket, or gone ({seen}); correct `location`")
    if isinstance(fault, PermissionError) or any(word in type(fault).__name__ for word in _OURS):
        return LandingError(f"{where}: refused ({seen}); check the AWS_… variables, and that they may list and read it")
    if status and status < 500 and status not in (408, 429):
        return LandingError(f"{where} ({seen}); check `location` and `endpointUrl`")
    return OutageError(f"{where}: unreachable, or cut off ({seen}); check `endpointUrl`, and that the server is up")
