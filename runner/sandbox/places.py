"""Holds the country and language codes and time zones Braze recognises, as best known.

Must not decide what happens to an unknown one: that differs from field to field.
"""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Final

# ISO 3166-1 alpha-2.
_COUNTRY_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN
BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ
DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL
GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM
JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP
NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD
SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
_COUNTRIES: Final = frozenset(_COUNTRY_CODES.split())

# Braze maps other spellings "on a best effort" and publishes no list.
_NAMES_BY_CODE = """
AR argentina|AT austria|AU australia|BE belgium|BG bulgaria|BR brazil,brasil
CA canada|CH switzerland|CL chile|CN china|CO colombia|CR costa rica|CY cyprus
CZ czechia,czech republic|DE germany,deutschland|DK denmark|DO dominican republic
EC ecuador|EE estonia|EG egypt|ES spain,espana|FI finland|FR france|GR greece
GB united kingdom,great britain,uk,england,scotland,wales|HK hong kong|HR croatia
HU hungary|ID indonesia|IE ireland|IL israel|IN india|IS iceland|IT italy,italia
JM jamaica|JP japan|KE kenya|KR south korea,korea,republic of korea|KW kuwait
LT lithuania|LU luxembourg|LV latvia|MA morocco|MT malta|MX mexico|MY malaysia
NG nigeria|NL netherlands,the netherlands,holland|NO norway|NZ new zealand|PA panama
PE peru|PH philippines|PK pakistan|PL poland|PR puerto rico|PT portugal|QA qatar
RO romania|RS serbia|RU russia,russian federation|SA saudi arabia|SE sweden
SG singapore|SI slovenia|SK slovakia|TH thailand|TR turkey|TW taiwan|UA ukraine
AE united arab emirates,uae|UY uruguay|VE venezuela|VN vietnam,viet nam
US united states,united states of america,usa,u.s.,u.s.a.|ZA south africa
"""
_COUNTRY_NAMES: Final = {
    name: code
    for line in _NAMES_BY_CODE.replace("\n", "|").split("|")
    if line.strip()
    for code, names in [line.strip().split(" ", 1)]
    for name in names.split(",")
}

# ISO 639-1.
_LANGUAGE_CODES = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu
cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he
hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko
kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd
ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se
sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty
ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
LANGUAGES: Final = frozenset(_LANGUAGE_CODES.split())

# The names Rails gives to zones; those for which a city alone is not enough.
_RAILS_ZONES: Final = frozenset(
    {
        "Alaska",
        "Arizona",
        "Atlantic Time (Canada)",
        "Central America",
        "Central Time (US & Canada)",
        "Eastern Time (US & Canada)",
        "Hawaii",
        "Indiana (East)",
        "International Date Line West",
        "Mountain Time (US & Canada)",
        "Newfoundland",
        "Pacific Time (US & Canada)",
        "Saskatchewan",
    }
)


def country_code(text: str) -> str | None:
    """Return the ISO code of a country, or None when Braze would not know it."""
    code = text.strip().upper()
    if code in _COUNTRIES:
        return code
    return _COUNTRY_NAMES.get(text.strip().lower())


def is_time_zone(text: str) -> bool:
    """Say whether Braze would know the zone; without a database, by its shape."""
    known, cities = _zones()
    if text in _RAILS_ZONES or text in known or text in cities:
        return True
    return not known and "/" in text and " " not in text


@cache
def _zones() -> tuple[frozenset[str], frozenset[str]]:
    known = frozenset(zoneinfo.available_timezones())
    cities = {name.rpartition("/")[2].replace("_", " ") for name in known}
    return known, frozenset(cities)
