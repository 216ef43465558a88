"""The names of the months in several languages, whole or cut short, where they mean one month only."""

from collections.abc import Mapping

from newsmoe.ingest.names import folded

_NAMES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "januar februar mars april mai juni juli august september oktober november desember",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta"
    " marraskuuta joulukuuta",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "януари февруари март април май юни юли август септември октомври ноември декември",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października - grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "január február március április május június július augusztus szeptember október november december",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "januari februari maret april mei juni juli agustus september oktober november desember",
    "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου"
    " δεκεμβρίου",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "- - mrz - - - - - - - - -",
    "- - mrt - - - - - - - - -",
)  # fmt: skip
"""`listopada` is November in Polish and October in Croatian, so it is not here."""
_SHORTEST = 3


def _months() -> Mapping[str, int]:
    """Return the months by their names without accents, whole and cut to at least three letters."""
    months: dict[str, set[int]] = {}
    whole: dict[str, int] = {}
    for names in _NAMES:
        for number, name in enumerate(map(str, map(folded, names.split())), 1):
            whole.setdefault(name, number)
            for end in range(_SHORTEST, len(name)):
                months.setdefault(name[:end], set()).add(number)
    english = {name[:end]: number for number, name in enumerate(_NAMES[0].split(), 1) for end in range(_SHORTEST, 10)}
    return {**{name: min(numbers) for name, numbers in months.items() if len(numbers) == 1}, **whole, **english}


_MONTHS = _months()


def month_of(name: str) -> int:
    """Return the number of a month; 0 for another word."""
    return _MONTHS.get(str(folded(name)), 0)
