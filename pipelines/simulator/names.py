"""First names with their short forms, last names, towns and streets: all invented or common, none of a real customer.

Put here: lists of words. Keep out: who is called what (people.py).
"""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


NICKNAMES = {
    "f": """Abigail:Abby Alexandra:Alex Amanda:Mandy Barbara:Barb Beatrice:Bea Catherine:Cathy Charlotte:Lottie
        Christina:Tina Deborah:Debbie Dorothy:Dot Eleanor:Ellie Elizabeth:Liz Florence:Flo Gabrielle:Gabby
        Gwendolyn:Gwen Isabella:Bella Jacqueline:Jackie Jennifer:Jenny Jessica:Jess Josephine:Josie Judith:Judy
        Katherine:Kate Kimberly:Kim Margaret:Maggie Amelia:Amy Melissa:Mel Nicole:Nicky Pamela:Pam Patricia:Pat
        Penelope:Penny Rebecca:Becky Samantha:Sam Stephanie:Steph Susan:Sue Theresa:Terry Valerie:Val
        Veronica:Ronnie Victoria:Vicky""",
    "m": """Albert:Al Andrew:Andy Anthony:Tony Benjamin:Ben Charles:Charlie Christopher:Chris Daniel:Dan David:Dave
        Donald:Don Douglas:Doug Edward:Ed Frederick:Fred Gregory:Greg Henry:Harry James:Jim Jeffrey:Jeff
        Jonathan:Jon Joseph:Joe Kenneth:Ken Lawrence:Larry Leonard:Len Matthew:Matt Michael:Mike Nathaniel:Nate
        Nicholas:Nick Oliver:Ollie Patrick:Paddy Peter:Pete Philip:Phil Raymond:Ray Richard:Rick Robert:Bob
        Ronald:Ron Samuel:Sam Stephen:Steve Theodore:Ted Thomas:Tom Timothy:Tim Vincent:Vince Walter:Walt
        William:Bill""",
}
_STARTS = _words("""
    Ad Bel Cor Dam El Fal Gar Hel Is Jor Kal Lor Mar Nor Or Per Quin Ros Sel Tor Ul Vel Wen Yor Zel
""")
_FEMALE = _words("ana ina etta ilde ira isa ora une")
_MALE = _words("an emar ion ric us win ald ebert")
_LAST_STARTS = _words("""
    Alder Amber Ash Barrow Beck Birch Black Bram Bright Brook Burn Clay Cold Copper Crow Dale Dun Elm Fair Fen
    Fern Flint Fox Gold Grand Gray Green Hart Haw Hazel Heath High Holm Iron Kings Lark Lin Long Mar Moor North
    Oak Ox Rams Raven Red Rose Row Salt Sand Sea Silver Stone Thorn Wald West Whit Win Wolf
""")
_LAST_ENDS = (
    "berg borough bridge by croft dale den field ford gate ham haven hurst land leigh mann ridge ton wick worth"
)
COMPANY_WORDS = "Anchor Atlas Beacon Cobalt Delta Ember Falcon Garnet Harbour Keystone Lumen Meridian Nimbus Orchard"
COMPANY_KINDS = "Logistics Foods Engineering Clinics Textiles Retail Media Energy Tools Hotels Print Transport"
INDUSTRIES = "logistics food engineering health textiles retail media energy tools hospitality print transport"
STREETS = """Ahornstraße|Am Markt|Bachstraße|Birkenweg|Buchenweg|Dorfstraße|Eichenallee|Feldstraße|Gartenweg|Hafenstraße
    |Hauptstraße|Kastanienallee|Kirchweg|Lerchenweg|Lindenstraße|Marktstraße|Mühlenweg|Parkstraße|Ringstraße
    |Rosenweg|Schillerstraße|Schulstraße|Seestraße|Sonnenweg|Talstraße|Uferweg|Waldstraße|Wiesenweg|Ziegelstraße"""
TOWNS = """10115 Berlin|20095 Hamburg|80331 München|50667 Köln|60311 Frankfurt|70173 Stuttgart|40213 Düsseldorf
    |04109 Leipzig|01067 Dresden|30159 Hannover|90402 Nürnberg|28195 Bremen|45127 Essen|44135 Dortmund|55116 Mainz
    |23552 Lübeck|79098 Freiburg|18055 Rostock|24103 Kiel|99084 Erfurt"""


def list_first_names() -> list[tuple[str, str | None, str]]:
    """About 480 first names as (name, nickname or None, f | m); no nickname is somebody's first name."""
    known = [(*pair.split(":"), sex) for sex, pairs in NICKNAMES.items() for pair in pairs.split()]
    made = [(a + b, None, "f") for a in _STARTS for b in _FEMALE] + [(a + b, None, "m") for a in _STARTS for b in _MALE]
    return sorted(known + made)


def list_last_names() -> list[str]:
    """About 1,150 last names, sorted."""
    return sorted({a + b for a in _LAST_STARTS for b in _LAST_ENDS.split()})


def list_streets() -> list[str]:
    """Street names without a number."""
    return [s.strip() for s in STREETS.split("|")]


def list_towns() -> list[tuple[str, str]]:
    """Towns as (postcode, name)."""
    return [tuple(t.strip().split(" ", 1)) for t in TOWNS.split("|")]
