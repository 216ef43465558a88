"""CSV for Excel, which takes a file without a byte order mark for one in an old encoding."""

from functools import partial

from newsmoe.output.formats.csv import write_rows

name_suffix = ".csv"
stdout = True
open_writer = partial(write_rows, start="\ufeff")
