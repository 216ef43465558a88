"""The folders of a data set: what they are named by, and names that no value of an article can break."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from newsmoe.errors import ConfigError, nearest
from newsmoe.output.formats import TaskColumns
from newsmoe.paths import HASH, MAX_NAME
from newsmoe.record import Record
from newsmoe.text.dates import moment_of

DATE = "publication_date"
FIELDS = ("source", "language", "status")
UNITS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive, and readers after it, take for no value."""


@dataclass(frozen=True)
class PartitionKey:
    """A field of the record, or a task whose label it is; of a date a unit of time."""

    field: str
    unit: str = ""

    def folder(self, record: Record) -> str:
        """Return the name of a record's folder, such as `topic=sport`."""
        name = quote(self._name, safe="")
        value = self._value(record)
        text = NO_VALUE if value in (None, "") else quote(str(value), safe="", errors="replace")
        limit = MAX_NAME - len(name)
        if len(text) > limit:
            hashed = sha256(text.encode()).hexdigest()[:HASH]
            text = f"{quote(str(value)[: (limit - HASH - 1) // 12], safe='', errors='replace')}-{hashed}"
        return f"{name}={text}"

    @property
    def _name(self) -> str:
        """The name of the column that readers make of folders; files must have none of the same name."""
        return f"{self.field}_{self.unit}" if self.unit else f"by_{self.field}" if self.field in FIELDS else self.field

    def _value(self, record: Record) -> object:
        if self.field == DATE:
            return _date(record.publication_date, UNITS[self.unit])
        if self.field in FIELDS:
            return getattr(record, self.field)
        return record.fields(self.field).get("label")

    def __str__(self) -> str:
        return f"{self.field}:{self.unit}" if self.unit else self.field


def parse_partition_by(text: str) -> tuple[PartitionKey, ...]:
    """Read `publication_date:day,topic`."""
    keys = tuple(_parse_key(part.strip()) for part in text.split(",") if part.strip())
    if not keys:
        raise ConfigError("--partition-by names no field; such as publication_date:day,topic")
    if len(set(keys)) < len(keys):
        raise ConfigError(f"--partition-by {text} names a field twice")
    return keys


def _parse_key(text: str) -> PartitionKey:
    field, _, unit = text.partition(":")
    units = f"{', '.join(UNITS)}, such as {DATE}:day"
    if field == DATE and unit not in UNITS:
        raise ConfigError(f"--partition-by {text}: a date is split by one of {units}")
    if field != DATE and unit:
        raise ConfigError(f"--partition-by {text}: only {DATE} has units: {units}")
    return PartitionKey(field, unit)


def check_keys(keys: Sequence[PartitionKey], columns: TaskColumns) -> None:
    """See whether the records of a run have such fields, or labels of such tasks."""
    tasks = [task for task, names in columns.items() if task and (not names or "label" in names)]
    existing = (DATE, *FIELDS, *tasks)
    for key in keys:
        if key.field not in existing:
            what = "neither a field to split by nor a task of this run that has labels"
            raise ConfigError(f"--partition-by {key.field}: is {what}; {nearest(key.field, existing)}")


def _date(text: str | None, form: str) -> str | None:
    """Return the date, where the outlet is, in this form; None for what is no date."""
    moment = moment_of(text)
    return moment.strftime(form) if moment else None
