"""Entities by type and by region of the outlet: `python -m tests.benchmarks.entities newswire.dev.jsonl [EXPERT]`.

The id of an article starts with a code of its country or outlet.
"""

import argparse
from collections import defaultdict
from pathlib import Path

from newsmoe.datasets.sources import elements_of
from newsmoe.datasets.tagged import Span, TaggedSource
from newsmoe.evaluation.measure import single_expert_session
from newsmoe.evaluation.spans import SpanCounts
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings

NAMED = ("Person", "Organization", "Location", "NORP")
REGIONS = {
    "Africa": "af afs alg eg et ghana kenya mauritius panaf",
    "Asia": "asia bangladesh cn in jp jr kr mong my pk th tw",
    "Middle East": "iran israel kw oman sa saud uae",
    "Latin America": "arg bol chile col cosric cosrica cuba ecuador elsalv guyana hond mex nic nm pan paraguay peru ven"
    " uruguay",
    "Indigenous peoples of the Commonwealth": "aus canada nz qt",
}
REGION_OF = {code: region for region, codes in REGIONS.items() for code in codes.split()}


def main() -> None:
    """Print F1 by type, then by region over the four types that all data sets of this kind have."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("expert", nargs="?", default="entities")
    options = parser.parse_args()
    source = TaggedSource(path=options.articles.name, sentences="sentences")
    examples = list(source.examples(options.articles.parent))
    regions = [REGION_OF.get(str(element["id"]).split("_")[0], "other") for _, element in elements_of(options.articles)]
    types = {entity.type for example in examples for entity in example.entities}
    everything, named = SpanCounts(types), SpanCounts(NAMED)
    by_region: defaultdict[str, SpanCounts] = defaultdict(lambda: SpanCounts(NAMED))
    with single_expert_session(options.expert, Settings(), Registry(plugins=False)) as session:
        records = list(session.analyze([example.article for example in examples]))
    for example, region, record in zip(examples, regions, records, strict=True):
        mentions = [(each, entity["type"]) for entity in record.analyses["entities"] for each in entity["mentions"]]
        predicted = [Span(mention["start"], mention["end"], type) for mention, type in mentions]
        for counts in (everything, named, by_region[region]):
            counts.add(example.entities, predicted)
    rows = {
        **everything.by_type(),
        "all types": everything.total(),
        "the first four": named.total(),
        **{region: counts.total() for region, counts in by_region.items()},
    }
    print(f"{'':40} precision  recall      F1   entities")
    for name, quality in rows.items():
        shares = (100 * share for share in (quality.precision, quality.recall, quality.f1))
        print(f"{name:40} {' '.join(f'{share:8.1f}' for share in shares)} {quality.support:9}")


if __name__ == "__main__":
    main()
