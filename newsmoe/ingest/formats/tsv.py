"""TSV: a table whose delimiter is a tab."""

from functools import partial

from newsmoe.ingest.formats import csv

growing = True
header = partial(csv.header, delimiters="\t;")
read = partial(csv.read, delimiters="\t;")
