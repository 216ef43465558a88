"""Whether the names under which lists of articles stand are those of outlets, and not of topics, places or queries."""

import re
from collections.abc import Collection, Mapping

from newsmoe import article
from newsmoe.ingest.names import words_of

_SHORT = (
    "bbc cnn reuters ap apnews afp dpa ansa efe tass xinhua npr pbs nbc cbs abc msnbc cnbc bloomberg aljazeera fox"
    " foxnews skynews itv nyt wsj ft guardian politico axios vox huffpost buzzfeed dw zdf ard orf tagesschau spiegel"
    " zeit faz welt taz lemonde lefigaro liberation elpais elmundo corriere repubblica dawn nhk yonhap rt ria"
)
_KNOWN = frozenset(_SHORT.split())
"""Short names of agencies, broadcasters and papers that hardly mean anything else."""
_PAPER = re.compile(
    r"times|post|herald|tribune|gazette|courier|journal|telegraph|chronicle|observer|guardian|examiner|inquirer|mirror"
    r"|dispatch|bulletin|express|mail|globe|sentinel|advertiser|argus|standard|independent|daily|press"
    r"|zeitung|tagblatt|anzeiger|rundschau|nachrichten|kurier|gazeta|diario|dagblad|dagbladet|tidende"
)
"""Last words in the names of papers, of two words or more."""
_PLAIN = frozenset({"www", "news", "sport", "sports", "business", "world", "edition", "amp", "com", "co", "org", "net"})
"""Labels of hosts that say nothing of whose they are."""
MIN_NAME, MIN_LABEL = 2, 4  # letters; a label that is a part of a name
_ENDINGS = ("", "news", "online", "tv")


def host_of(url: object) -> str:
    """Return the host of a value that may be a URL; empty where there is none."""
    return article.host_of(url) if isinstance(url, str) else ""


def are_outlets(names: Mapping[str, Collection[str]]) -> bool:
    """Tell whether most of some names are known for outlets, or are those of the hosts of the articles under them.

    A single one may be on a host by chance.
    """
    are_hosts = len(names) > 1
    count = sum(
        _is_known(name) or (are_hosts and any(_is_of(name, host) for host in hosts)) for name, hosts in names.items()
    )
    return 2 * count > len(names)


def _is_known(name: str) -> bool:
    words = _words(name)
    return "".join(words) in _KNOWN or (len(words) > 1 and bool(_PAPER.fullmatch(words[-1])))


def _is_of(name: str, host: str) -> bool:
    """Tell whether a label of a host is a name: `theguardian`, `nytimes`, `apnews`, `bbc`."""
    words = _words(name)
    if sum(map(len, words)) < MIN_NAME:
        return False
    whole, initials = "".join(words), "".join(word[0] for word in words)
    last = words[-1] if len(words) > 1 else ""
    short = {whole + ending for ending in _ENDINGS} | ({initials, initials[:-1] + last} if last else set())
    labels = {label.removeprefix("the") for label in host.replace("-", "").split(".")[:-1]} - _PLAIN
    return any(label in short or (len(label) >= MIN_LABEL and label in whole) for label in labels)


def _words(name: str) -> list[str]:
    words = words_of(name)
    return words[1:] if words[:1] == ["the"] and len(words) > 1 else words
