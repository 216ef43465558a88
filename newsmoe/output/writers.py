"""Records out, one at a time, in any output format."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

from newsmoe.errors import ConfigError, OutputError
from newsmoe.output.atomic import descriptor_of, translate_errors
from newsmoe.output.formats import STDOUT, WRITERS, OutputFormat, TaskColumns, Writer
from newsmoe.paths import PACKED_SUFFIXES, short_name, stem_of
from newsmoe.plugins import naming_plugin
from newsmoe.record import Record


def default_output(source: Path, format: str) -> Path:
    """Return where the records of `source` go: `analyzed_news_data.json` beside `news-data.json`."""
    suffix = getattr(WRITERS.load(format), "name_suffix", f".{format}") if format in WRITERS else f".{format}"
    return source.with_name(f"analyzed_{short_name(stem_of(source).replace('-', '_'))}{suffix}")


def check_format(path: Path, format: str, *, append: bool = False) -> None:
    """See whether records can be written to `path` in `format`."""
    if format not in WRITERS:
        raise ConfigError(f"{path}: records are not written as {format}; use {', '.join(WRITERS)}")
    writer = WRITERS.load(format)
    if path.is_dir() and not (append and getattr(writer, "folder", False)):
        raise OutputError(f"{path}: is a folder; name a file in it with -o")
    if path.suffix.lower() in PACKED_SUFFIXES:
        raise ConfigError(f"{path}: records are not written packed; name it {path.stem}")
    to_stream = path == STDOUT or descriptor_of(path) is not None
    stream = "standard output" if path == STDOUT else "a stream"
    if append and (to_stream or not hasattr(writer, "open_appender")):
        what = stream if to_stream else f"a {format} file"
        formats = [name for name, loaded in WRITERS.usable() if hasattr(loaded, "open_appender")]
        raise ConfigError(f"{path}: --append cannot add to {what}; it adds to these formats: {', '.join(formats)}")
    if to_stream and not getattr(writer, "stdout", False):
        raise ConfigError(f"{format} cannot go to {stream}; name a file with -o")


@contextmanager
def open_writer(
    path: Path, format: str | OutputFormat, columns: TaskColumns = MappingProxyType({}), *, append: bool = False
) -> Iterator[Writer]:
    """Yield a writer of records; the file takes its name when the block ends well."""
    output = WRITERS.load(format) if isinstance(format, str) else format
    opener = getattr(output, "open_appender" if append else "open_writer")
    shown = Path("standard output") if path == STDOUT else path
    translating = partial(translate_errors, shown, *getattr(output, "errors", tuple)())
    stack = ExitStack()
    with naming_plugin("output format", opener), translating():
        writer = stack.enter_context(opener(path, columns))
        if not isinstance(writer, Writer):
            raise TypeError(f"it yields {type(writer).__name__}, not newsmoe.output.formats.Writer")

    def write(record: Record, key: str) -> None:
        with naming_plugin("output format", opener), translating():
            writer.write(record, key)

    try:
        yield Writer(write, writer.holds)
    except BaseException:
        with translating():  # what closing raises, as where the disk is still full
            stack.__exit__(*sys.exc_info())
        raise
    with naming_plugin("output format", opener), translating():
        stack.close()
