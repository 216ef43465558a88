"""How often the language of a headline is identified: English ones of files, and some of other languages from here.

    python -m tests.benchmarks.languages FILE:KEY ...

Files are JSON Lines, gzipped or not; each line has an English headline under KEY. `none` is no language: the gate then
treats the article as one that every expert may read.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

from newsmoe.ingest.source import read_elements
from newsmoe.text.language import identify_language

CASES: dict[str, Callable[[str], str]] = {"as they are": str, "in capitals": str.upper, "in Title Case": str.title}

OTHERS = {
    "de": """
Stadtrat beschließt neuen Haushalt
Die Polizei sucht Zeugen nach einem Unfall auf der Autobahn
Bahn streicht Züge zwischen Köln und Bonn
Nach dem Sturm bleiben viele Schulen geschlossen
Der Verein verlor am Samstag zum dritten Mal in Folge
Regierung plant höhere Steuern auf Benzin
Forscher finden Spuren von Wasser auf dem Mond
Am Montag streiken die Lokführer erneut
Mietpreise steigen weiter
Ein Kind wurde beim Brand leicht verletzt
""",
    "fr": """
Le conseil municipal adopte le budget
Un homme a été arrêté après un vol dans une banque de Lyon
La grève des trains continue mardi
Les agriculteurs manifestent contre la hausse des prix
Le club a perdu son troisième match de suite
Une tempête prive des milliers de foyers d'électricité
Le gouvernement veut réduire la dette
Des chercheurs découvrent une nouvelle espèce
La ministre de la Santé démissionne
L'usine fermera ses portes à la fin de l'année
""",
    "es": """
El ayuntamiento aprueba el presupuesto
La policía busca a dos sospechosos tras el robo
Suben los precios de la gasolina
El equipo perdió por tercera vez consecutiva
Un incendio obliga a evacuar a cien vecinos
Los médicos convocan una huelga para el lunes
El Gobierno anuncia nuevas ayudas para los jóvenes
Científicos hallan restos de un dinosaurio
La lluvia causa inundaciones en el sur
Detenido un hombre por estafar a ancianos
""",
    "it": """
Il consiglio comunale approva il bilancio
Sciopero dei treni, disagi per i pendolari
La squadra perde ancora in casa
Incendio in una fabbrica, nessun ferito
Il governo rinvia la riforma delle pensioni
Trovato morto un escursionista sulle Dolomiti
Aumentano i prezzi delle case a Milano
Maltempo, scuole chiuse in tutta la provincia
Gli agricoltori protestano davanti al parlamento
La ministra incontra i sindacati
""",
    "pt": """
Câmara aprova orçamento para o próximo ano
Polícia prende suspeito de roubo em São Paulo
Preço dos combustíveis volta a subir
Time perde a terceira partida seguida
Incêndio atinge fábrica no interior
Professores entram em greve na segunda-feira
Governo anuncia corte de impostos
Chuva forte deixa desabrigados no sul do país
Cientistas descobrem nova espécie de sapo
A ministra da Saúde pediu demissão
""",
    "nl": """
Gemeenteraad keurt begroting goed
Politie zoekt getuigen van ongeluk op de snelweg
Treinen rijden niet door staking
Club verliest voor de derde keer op rij
Brand in fabriek, niemand gewond
Kabinet wil belasting op benzine verhogen
Huizenprijzen stijgen opnieuw
Scholen dicht vanwege de storm
Onderzoekers vinden nieuwe diersoort
Boeren demonstreren in Den Haag
""",
    "sv": """
Kommunen antar ny budget
Polisen söker vittnen efter olyckan på motorvägen
Tågen står stilla på grund av strejk
Laget förlorade för tredje gången i rad
Brand i fabrik, ingen skadad
Regeringen vill höja skatten på bensin
Bostadspriserna stiger igen
Skolor stängda efter stormen
Forskare har hittat en ny art
Bönder demonstrerar i Stockholm
""",
    "pl": """
Rada miasta przyjęła budżet
Policja szuka świadków wypadku na autostradzie
Strajk maszynistów, pociągi stoją
Drużyna przegrała trzeci mecz z rzędu
Pożar w fabryce, nikt nie ucierpiał
Rząd chce podnieść podatek od paliw
Ceny mieszkań znowu rosną
Szkoły zamknięte z powodu burzy
Naukowcy odkryli nowy gatunek żaby
Rolnicy protestują w Warszawie
""",
    "ru": """
Городской совет утвердил бюджет
Полиция ищет свидетелей аварии на трассе
Поезда стоят из-за забастовки
Команда проиграла третий матч подряд
Пожар на заводе, никто не пострадал
Правительство повышает налог на бензин
Цены на жильё снова растут
Школы закрыты из-за бури
Учёные нашли новый вид лягушки
Фермеры протестуют в столице
""",
    "tr": """
Belediye meclisi bütçeyi onayladı
Polis kazanın tanıklarını arıyor
Grev nedeniyle trenler çalışmıyor
Takım üst üste üçüncü maçını kaybetti
Fabrikada yangın çıktı, yaralanan yok
Hükümet benzin vergisini artırıyor
Konut fiyatları yeniden yükseldi
Fırtına nedeniyle okullar kapandı
Bilim insanları yeni bir tür buldu
Çiftçiler Ankara'da eylem yaptı
""",
    "ja": """
市議会が新年度予算を可決
高速道路の事故で警察が目撃者を探している
ストライキで電車が止まった
チームは三連敗となった
工場で火災、けが人なし
""",
    "zh": """
市议会通过新预算
警方寻找高速公路事故目击者
罢工导致列车停运
球队连续三场失利
工厂发生火灾，无人受伤
""",
    "ar": """
مجلس المدينة يوافق على الميزانية الجديدة
الشرطة تبحث عن شهود الحادث
القطارات متوقفة بسبب الإضراب
الفريق يخسر للمرة الثالثة على التوالي
حريق في مصنع دون إصابات
""",
    "el": """
Το δημοτικό συμβούλιο ενέκρινε τον προϋπολογισμό
Η αστυνομία αναζητά μάρτυρες του ατυχήματος
Τα τρένα δεν κινούνται λόγω απεργίας
Η ομάδα έχασε για τρίτη συνεχόμενη φορά
Φωτιά σε εργοστάσιο, κανείς δεν τραυματίστηκε
""",
    "ko": """
시의회가 새 예산안을 통과시켰다
경찰이 고속도로 사고 목격자를 찾고 있다
파업으로 열차 운행이 중단됐다
팀이 세 경기 연속 패했다
공장에서 불이 났지만 다친 사람은 없다
""",
}


def headlines(name: str) -> Iterable[str]:
    path, _, key = name.rpartition(":")
    for element in read_elements(path, Path(path)):
        if text := str(element.get(key) or "").strip():
            yield text


def main() -> None:
    english = [text for name in sys.argv[1:] for text in headlines(name)]
    others = [(language, text) for language, texts in OTHERS.items() for text in texts.split("\n") if text]
    for case, change in CASES.items():
        start = perf_counter()
        identified = Counter(identify_language("", change(text)) for text in english)
        seconds = perf_counter() - start
        wrong = len(english) - identified["en"] - identified[None]
        print(
            f"{len(english)} English headlines {case}: en {identified['en']}, none {identified[None]}, wrong {wrong}",
            end="; ",
        )
        print(f"{len(english) / seconds:,.0f} a second")
        results = [(identify_language("", change(text)), language) for language, text in others]
        right = sum(result == language for result, language in results)
        none = sum(result is None for result, _ in results)
        rest = len(others) - right - none
        print(f"{len(others)} of {len(OTHERS)} other languages: right {right}, none {none}, wrong {rest}")


if __name__ == "__main__":
    main()
