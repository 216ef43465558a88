"""JSON Lines: one article a line."""

from functools import partial

from newsmoe.ingest.formats import json

suffixes = (".ndjson", ".jl", ".jsonlines")
growing = True
read = partial(json.read, lines=True)
find_place = json.find_place
find_place_in_code = json.find_place_in_code
look_through = json.look_through
