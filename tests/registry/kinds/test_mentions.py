import pytest

from newsmoe.prediction import Entity, Mention
from newsmoe.registry.kinds.mentions import entities_of


def named(text: str, *names: tuple[str, str], headline: str = "") -> tuple[Entity, ...]:
    """Return the entities of a text in which each name stands once more, in order."""
    mentions, position = [], 0
    for name, type in names:
        if name in headline and not mentions:
            start = headline.index(name)
            mentions.append((Mention(name, "headline", start, start + len(name)), type))
            continue
        position = text.index(name, position)
        mentions.append((Mention(name, "content", position, position + len(name)), type))
        position += len(name)
    return entities_of(mentions)


@pytest.mark.parametrize(
    ("names", "type", "joined"),
    [
        (["Ada Lovelace", "Lovelace", "Ada"], "Person", ["Ada Lovelace"]),
        (["Lovelace", "Ada Lovelace"], "Person", ["Ada Lovelace"]),
        (["Ada Lovelace", "George Byron", "Byron"], "Person", ["Ada Lovelace", "George Byron"]),
        (["Ada King", "William King", "King"], "Person", ["Ada King", "William King"]),
        (["World Health Organization", "WHO"], "Organization", ["World Health Organization"]),
        (["W.H.O.", "the World Health Organization"], "Organization", ["the World Health Organization"]),
        (["Centre for Tide Research", "CTR"], "Organization", ["Centre for Tide Research"]),
        (["Acme Holdings plc", "Acme"], "Organization", ["Acme Holdings plc"]),
        (["Lindle City Council", "Lindle"], "Organization", ["Lindle City Council", "Lindle"]),
        (["Norwegian", "Norwegians"], "NORP", ["Norwegian"]),
        (["LINDLE", "Lindle"], "Location", ["Lindle"]),
        (["Lindle", "Lindle's"], "Location", ["Lindle"]),
        (["us", "US", "US"], "Location", ["US"]),
        (["MALARIA", "malaria", "malaria"], "Misc", ["malaria"]),
    ],
)
def test_mentions_of_the_same_thing_are_joined(names: list[str], type: str, joined: list[str]) -> None:
    entities = named(", ".join(names), *((name, type) for name in names))
    assert sorted(entity.name for entity in entities) == sorted(joined)
    assert sum(len(entity.mentions) for entity in entities) == len(names)


def test_a_surname_belongs_to_the_last_full_name_before_it() -> None:
    ada, william = sorted(
        named(
            "Ada King met William King. King left.",
            *((name, "Person") for name in ("Ada King", "William King", "King")),
        ),
        key=lambda entity: entity.name,
    )
    assert (len(ada.mentions), len(william.mentions)) == (1, 2)


def test_things_of_different_types_stay_apart() -> None:
    assert len(named("Ada King in King", ("Ada King", "Person"), ("King", "Location"))) == 2


def test_what_is_written_alike_has_the_type_of_most() -> None:
    types = ["Person", "Location", "Location"]
    (entity,) = named("Lindle, Lindle, lindle", *zip(["Lindle", "Lindle", "lindle"], types, strict=True))
    assert (entity.type, len(entity.mentions)) == ("Location", 3)
    (entity,) = named("Lindle, lindle", ("Lindle", "Person"), ("lindle", "Location"))
    assert entity.type == "Person"


def test_the_headline_makes_salient() -> None:
    text = "Acme bought Lindle Mills. Lindle Mills is old."
    names = [("Acme", "Organization"), ("Acme", "Organization"), *[("Lindle Mills", "Organization")] * 2]
    entities = named(text, *names, headline="Acme buys a rival")
    assert [entity.name for entity in entities] == ["Acme", "Lindle Mills"]
    assert sum(entity.salience for entity in entities) == pytest.approx(1.0)
    assert entities[0].mentions[0].field == "headline"


def test_no_mention_is_no_entity() -> None:
    assert entities_of([]) == ()
