"""Write `changes.train.jsonl` and `changes.dev.jsonl`: headlines in which something rises or falls.

    python experts/sentiment-general/changes.py

That more of something is good news or bad depends on what it is. Financial headlines, of which there are many with
labels, teach that a rise is good; these teach the difference. All is made up, from lists written for newsmoe. Things,
and ways to say that they change, are either for training or for dev, so that dev measures what carries over.
"""

import json
import random
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from zlib import crc32

BETTER_LESS = """
unemployment; youth unemployment; knife crime; violent crime; gun crime; hate crime; inflation; food inflation; poverty;
child poverty; fuel poverty; homelessness; rough sleeping; hunger; malnutrition; hospital waiting times; waiting lists;
food bank use; road deaths; malaria deaths; cancer deaths; drug deaths; deaths at work; infant mortality; measles cases;
dengue cases; flu infections; HIV infections; tuberculosis; obesity; smoking among teenagers; suicides; burglaries;
car thefts; murders; shootings; robberies; online scams; bank fraud; corruption; complaints; train delays; flight
cancellations; job losses; redundancies; evictions; repossessions; bankruptcies; company failures; heating bills; water
bills; energy bills; rents; train fares; bus fares; tuition fees; household debt; student debt; carbon emissions; air
pollution; river pollution; sewage spills; plastic waste; deforestation; ice loss; wildfires; flooding; traffic jams;
prison overcrowding; the asylum backlog; the court backlog; staff shortages; medicine shortages; truancy; bullying;
school exclusions; domestic violence; attacks on nurses; antibiotic resistance; power cuts; accidents at level crossings;
deaths from heatwaves; civilian casualties; landmine injuries; the death toll; the budget deficit; loneliness; stress at
work; anxiety among children; childhood asthma; the cost of childcare; the cost of living; mortgage arrears; litter;
graffiti; poaching; overfishing; bee deaths; cyber attacks; data breaches; medical errors; infections in hospitals
"""
BETTER_MORE = """
employment; wages; real wages; pay for carers; the number of jobs; apprenticeships; literacy; exam results; pass rates;
life expectancy; vaccination rates; cancer survival; survival after heart attacks; donations; blood donors; organ donors;
volunteers; school attendance; visitor numbers; ticket sales; book sales; retail sales; profits; revenue; exports; orders;
investment; house building; the number of affordable homes; tree planting; recycling; renewable energy; solar power;
otter numbers; bee numbers; whale numbers; salmon stocks; bird populations; butterfly numbers; consumer confidence;
business confidence; economic growth; factory output; the wheat harvest; crop yields; tourism; hotel bookings; charity
funding; arts funding; research funding; productivity; access to clean water; girls in school; trust in doctors; patient
satisfaction; customer satisfaction; cycling to work; library visits; museum visitors; police numbers; nurse numbers;
teacher recruitment; savings; pensions; crime detection rates; train punctuality; air quality; water quality; fitness among
pupils; breastfeeding; rail investment; broadband speeds; women in engineering; film ticket sales; the club's membership
"""
INDIFFERENT = """
the average age of readers; the share of left-handed people; the number of street names; the number of one-person
households; the population of the district; the length of sentences in novels; the number of vowels in pop songs; the
number of registered dogs; the average height of buildings; the share of people with a middle name; use of the semicolon;
the number of polling stations; the number of car models; demand for grey paint; the number of words in manuals; the share
of letters sent on Mondays; the average length of films; the number of committees; the number of boat licences; moon phases
in calendars; the number of cats per household; the share of round tables
"""
UP = """
{} rise{s}; {} rise{s} again; {} rise{s} to ten-year high; {} hit{s} record high; {} soar{s}; {} jump{s} by a fifth; {} surge{s}; {} climb{s}
for third month; {} up 12 per cent; {} double{s} in a year; {} at highest level since 2008; {} grow{s} sharply; {} increase{s},
figures show; {} {is} going up; {} expected to rise; Sharp rise in {}; {} reach{es} new peak; {} up by a quarter, says report;
More and more: {} on the increase; {} spike{s} over the winter; Rise in {} "beyond anything we expected"; {} {has} gone up since
last year, according to official figures published on Thursday.; New figures show that {} rose last month.
"""
DOWN = """
{} fall{s}; {} fall{s} again; {} fall{s} to 50-year low; {} hit{s} record low; {} plummet{s}; {} drop{s} by a fifth; {} tumble{s}; {} slide{s}
for third month; {} down 12 per cent; {} halve{s} in a year; {} at lowest level since 1974; {} decline{s} sharply; {} decrease{s},
figures show; {} {is} going down; {} expected to fall; Sharp fall in {}; {} sink{s} to new low; {} down by a quarter, says report;
Less and less: {} on the decline; {} shrink{s} over the winter; Drop in {} "beyond anything we expected"; {} {has} gone down since
last year, according to official figures published on Thursday.; New figures show that {} fell last month.
"""
RAISING = """
New rules push up {}; Reform increases {}; Storm leads to higher {}; Study: screens raise {}; Plan would raise {}; Closure
adds to {}; The programme has raised {} in two years, researchers say.
"""
LOWERING = """
New rules bring down {}; Reform cuts {} by a third; Scheme reduces {}; Study: exercise lowers {}; Plan would cut {}; Pilot
project curbs {}; The programme has reduced {} in two years, researchers say.
"""
BAD = """
Fire in {} destroys market hall; Fire in {}; Explosion in {}; Explosion at flats in {}; Bus crash in {}; Train derails near {};
Earthquake near {}; Flood in {}; Two dead in {} house fire; Man stabbed in {}; Strike closes schools in {}; Water main bursts in
{}; Hundreds lose jobs in {}; Hospital in {} to close; Patients wait all night in {} corridor; Councillor in {} jailed for fraud;
Cafe in {} shut after outbreak; Fury in {} over bin charges; {} museum robbed; Gas leak empties street in {}; Bridge in {} found
unsafe; {} factory shuts after 80 years; Anger as {} library is closed; Boy missing in {}; Children's ward in {} evacuated;
Families in {} face eviction; {} in mourning after crash; Product recall after injuries in {}; Landlord in {} fined over mould
"""
WELL = """
Missing boy found safe in {}; Train strike in {} called off; Hospital in {} saved; New hospital opens in {}; Lost dog found in
{} after a year; Residents of {} celebrate reopened bridge; {} choir wins world title; {} rescuers save all twelve; Cured: the
patient from {}; Peace deal signed in {}; Hostages freed near {}; {} library saved by volunteers; Thousands cheer the home team
in {}; {} pupils win science prize; Woman in {} cleared after ten years; Neighbours in {} raise a million for hospice; Rare
orchid returns to {}; River in {} clean enough to swim in; Curfew in {} lifted; Jobs boost for {}; Siblings reunited in {};
Children in {} get free school meals; {} restaurant is a joy; A triumph on stage in {}; Fishing fleet of {} comes home safe
"""
PLAIN = """
Council in {} meets on Tuesday; Road works in {} from Monday; {} market moves to Thursdays; Bin collection in {} changes its day;
{} library publishes its hours; Committee in {} to discuss parking; Survey of trees in {} begins; {} to hold election in May;
Conference opens in {}; Bank in {} keeps its rate; Timetable for {} published; Museum in {} shows maps; Court in {} to rule in
June; {} appoints new clerk; Report on {} due next week; Town hall in {} closed on Friday for a public holiday; {} street to be
renamed; Two candidates stand in {}; Film crew in {} until March; Census forms sent to households in {}
"""
PLACES = """
Ghent; Lyon; Leeds; Porto; Aarhus; Turku; Cork; Lublin; Graz; Nantes; Tampa; Boise; Halifax; Cusco; Recife; Accra; Kisumu; Durban;
Amman; Izmir; Pune; Lahore; Hue; Davao; Busan; Sendai; Perth; Napier; Suva; Reykjavik; Tromso; Galway
"""
SIZES = {"train": 4000, "dev": 500}
SINGULAR = {"s": "s", "es": "es", "is": "is", "has": "has"}
PLURAL = {"s": "", "es": "", "is": "are", "has": "have"}
_HEAD = re.compile(r" (?:of|in|at|on|to|for|among|after|from|per|with) ")


def main() -> None:
    """Write both files beside this one."""
    chance = random.Random(0)
    for part, size in SIZES.items():
        found = [(headline, label) for headline, label, of in headlines() if of == part]
        lines = [
            json.dumps({"headline": headline, "label": label}) + "\n"
            for headline, label in chance.sample(found, size)
        ]
        Path(__file__).with_name(f"changes.{part}.jsonl").write_text("".join(lines), encoding="utf-8")


def headlines() -> Iterator[tuple[str, str, str]]:
    """Yield headline, label, and the part that it belongs to."""
    for things, more, fewer in (
        (BETTER_LESS, "negative", "positive"),
        (BETTER_MORE, "positive", "negative"),
        (INDIFFERENT, "neutral", "neutral"),
    ):
        yield from _filled(UP, things, more)
        yield from _filled(DOWN, things, fewer)
        if things != INDIFFERENT:
            yield from _filled(RAISING, things, more)
            yield from _filled(LOWERING, things, fewer)
    for events, label in ((BAD, "negative"), (WELL, "positive"), (PLAIN, "neutral")):
        yield from _filled(events, PLACES, label)


def _filled(forms: str, things: str, label: str) -> Iterator[tuple[str, str, str]]:
    for form, thing in product(_listed(forms), _listed(things)):
        part = _part_of(thing)
        if part == "dev" or _part_of(form) == "train":
            headline = form.format(thing, **(PLURAL if _is_plural(thing) else SINGULAR))
            yield headline[0].upper() + headline[1:], label, part


def _listed(texts: str) -> list[str]:
    return [" ".join(one.split()) for one in texts.split(";")]


def _part_of(text: str) -> str:
    """Tell which part a thing, or a way to say something, is for: one of four is for dev."""
    return "dev" if crc32(text.encode()) % 4 == 0 else "train"


def _is_plural(thing: str) -> bool:
    head = _HEAD.split(thing)[0]
    return head in ("women", "people") or (head.endswith("s") and not head.endswith(("ss", "sis")))


if __name__ == "__main__":
    main()
