"""JSON Lines: one article a line."""

from functools import partial

from newsmoe.ingest.formats import json

suffixes = (".ndjson", ".jl", ".jsonlines")
growing = True
read = partial(json.read, lines=True)
find_place = partial(json.find_place, lines=True)
look_through = partial(json.look_through, lines=True)
