"""Codes of languages, and what people write instead of them."""

from functools import cache

_NAMES = (
    "aa aar afar, ab abk abkhazian, ae ave avestan, af afr afrikaans, ak aka twi akan, am amh amharic, an arg "
    "aragonese, ar ara arabic العربية, as asm assamese, av ava avaric, ay aym ayr aymara, az aze azerbaijani, "
    "ba bak bashkir, be bel belarusian, bg bul bulgarian български, bi bis bislama, bm bam bambara, bn ben "
    "bangla বাংলা, bo bod tib tibetan, br bre breton, bs bos bosnian, ca cat catalan català, ce che chechen, ch "
    "cha chamorro, co cos corsican, cr cre cwd cree, cs ces cze czech čeština, cu chu church_slavic, cv chv "
    "chuvash, cy cym wel welsh, da dan danish dansk, de deu ger german deutsch, dv div divehi, dz adp dzo "
    "dzongkha, ee ewe, el ell gre greek ελληνικά modern_greek, en eng english, eo epo esperanto, es spa spanish "
    "español castellano, et est estonian eesti, eu baq eus basque, fa fas per persian فارسی farsi, ff fuc ful "
    "fula, fi fin finnish suomi, fj fij fijian, fo fao faroese, fr fra fre french français, fy fry "
    "western_frisian, ga gle irish, gd gla scottish_gaelic, gl glg galician, gn grn guarani, gu guj prp "
    "gujarati, gv glv manx, ha hau hausa, he heb hebrew עברית iw, hi hin hindi हिन्दी, ho hmo hiri_motu, hr hrv "
    "croatian hrvatski, ht hat haitian_creole, hu hun hungarian magyar, hy arm hye armenian հայերեն, hz her "
    "herero, ia ina interlingua, id ind indonesian indonesia, ie ile interlingue, ig ibo igbo, ii iii "
    "sichuan_yi, ik esk ipk inupiaq, io ido, is ice isl icelandic íslenska, it ita italian italiano, iu ike iku "
    "inuktitut, ja jpn japanese 日本語, jv jav javanese, ka geo kat georgian ქართული, kg kng kon kongo, ki kik "
    "kikuyu, kj kua kuanyama, kk kaz kazakh, kl kal kalaallisut, km khm khmer, kn kan kannada, ko kor korean "
    "한국어, kr kau knc kanuri, ks kas kashmiri, ku kur kurdish, kv kom komi, kw cor cornish, ky kir kyrgyz, la "
    "lat latin, lb ltz luxembourgish, lg lug ganda, li lim limburgish, ln lin lingala, lo lao, lt lit "
    "lithuanian lietuvių, lu lub luba-katanga, lv lav latvian latviešu, mg mlg malagasy, mh mah marshallese, mi "
    "mao mri māori, mk mac mkd macedonian македонски, ml mal malayalam, mn drh mon mongolian, mr mar marathi, "
    "ms may msa malay melayu, mt mlt maltese, my bur mya burmese, nb nob norwegian_bokmål, nd nde "
    "north_ndebele, ne nep nepali, ng ndo ndonga, nl dut nld dutch nederlands flemish, nn nno "
    "norwegian_nynorsk, no nor norwegian norsk, nr nbl south_ndebele, nv nav navajo, ny nya nyanja, oc oci "
    "occitan, oj ojg oji ojibwa, om gaz orm oromo, or ori odia, os oss ossetic, pa pan punjabi, pi pli pali, pl "
    "pol polish polski, ps pbu pus pashto, pt por portuguese português, qu que quechua, rm roh romansh, rn run "
    "rundi, ro mol ron rum romanian română, ru rus russian русский, rw kin kinyarwanda, sa cls san sanskrit, sc "
    "src srd sardinian, sd snd sindhi, se sme northern_sami, sg sag sango, si sin sinhala, sk slk slo slovak "
    "slovenčina, sl slv slovenian slovenščina, sm smo samoan, sn sna shona, so som somali, sq alb sqi albanian "
    "shqip, sr srp serbian српски, ss ssw swati, st sot southern_sotho, su sun sundanese, sv swe swedish "
    "svenska, sw swa swh swahili, ta tam tamil தமிழ், te tel telugu తెలుగు, tg tgk tajik, th tha thai ไทย, ti "
    "tir tigrinya, tk tuk turkmen, tl tagalog tgl filipino fil, tn tsn tswana, to ton tongan, tr tur turkish "
    "türkçe, ts tso tsonga, tt tat tatar, tw twi, ty tah tahitian, ug uig uyghur, uk ukr ukrainian українська, "
    "ur urd urdu اردو, uz uzb uzbek, ve ven venda, vi vie vietnamese tiếng_việt, vo vol volapük, wa wln "
    "walloon, wo wol wolof, xh xho xhosa, yi yid yiddish ji, yo yor yoruba, za zha zyb zhuang, zh chi zho "
    "chinese 中文 mandarin, zu zul zulu"
)
"""For each language its code in ISO 639-1, those of ISO 639-2, and its name in English and in itself. Nauruan is left
out: `na` in a table means that the value is not available."""

COUNTRIES_TOO = frozenset(
    {"af", "am", "ar", "as", "ba", "be", "bi", "bm", "bn", "bo", "br", "ca", "ch", "co", "cr", "cu", "cv", "cy", "dz"}
    | {"ee", "et", "ga", "gd", "gn", "gu", "ie", "io", "kg", "ki", "km", "kn", "ky", "la", "lb", "li", "lu", "mh", "ml"}
    | {"mr", "my", "ne", "ng", "nr", "om", "pa", "ps", "sa", "sc", "sd", "se", "sg", "si", "sl", "sm", "sn", "ss", "st"}
    | {"sv", "tg", "tk", "tl", "tn", "tt", "tw", "ug", "ve", "vi", "za"}
)
"""Codes that also stand for a country where another language is spoken, and which the model does not confuse."""


def language_code(text: str) -> str | None:
    """Return the ISO 639-1 code for `en`, `EN_us`, `eng` or `English`; None where `text` names no language."""
    text = text.strip().lower()
    codes = _codes()
    return codes.get(text) or codes.get(text.replace("_", "-").split("-")[0].split("(")[0].strip())


@cache
def _codes() -> dict[str, str]:
    languages = (language.split() for language in _NAMES.split(", "))
    return {name.replace("_", " "): code for code, *names in languages for name in (code, *names)}
