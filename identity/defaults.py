"""What identity assumes of a company that says nothing in identity.yml.

Put here: default values with their reason.
Keep out: reading and checking identity.yml (config.py).
"""

ANY = "*"

# Values that stand for "nothing". Regular expressions over the normalised value; `*` goes for every type.
BLOCKLIST = {
    ANY: (r"^$", r"^[0 -]+$", r"(?i)^(null|none|nil|nan|n/?a|unknown|undefined|empty|tbd|xxx+|\?+|-+|\.+)$"),
    "email": (
        r"^[^@]*$",
        r"^[^@]*@[^@.]*$",
        r"^(no-?reply|do-?not-?reply|test|none|null|unknown|nobody|noemail|no-?mail|anonymous|asdf|abc|xxx+)[0-9]*@",
    ),
    "phone": (
        r"^\+?[0-9]{0,6}$",
        r"^\+?[0-9]{0,4}(0{7,}|1{7,}|2{7,}|3{7,}|4{7,}|5{7,}|6{7,}|7{7,}|8{7,}|9{7,})$",
        r"^\+?[0-9]{0,3}0?123456789?0?$",
    ),
}

# Mailboxes many people read: they identify an office, never a person.
ROLE_MAILBOXES = (
    "accounting",
    "accounts",
    "admin",
    "administration",
    "billing",
    "booking",
    "bookings",
    "careers",
    "contact",
    "customerservice",
    "enquiries",
    "finance",
    "frontdesk",
    "hello",
    "helpdesk",
    "hr",
    "info",
    "invoice",
    "invoices",
    "it",
    "jobs",
    "kontakt",
    "mail",
    "marketing",
    "office",
    "orders",
    "postmaster",
    "press",
    "purchasing",
    "reception",
    "reservations",
    "sales",
    "security",
    "service",
    "shop",
    "support",
    "team",
    "webmaster",
)

# Days that systems write when they do not know.
UNKNOWN_BIRTH_DATES = ("1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31")

# Words of a family name that many families share: `van der Berg` and `van Dijk` have no name in common. Shorter ones
# need no entry, a part of a name has three letters or more.
SURNAME_PARTICLES = (
    "abu", "aus", "bar", "ben", "bin", "bint", "das", "dei", "del", "della", "dem", "den", "der", "des", "dos",
    "las", "los", "saint", "san", "santa", "ten", "ter", "van", "ver", "vom", "von", "zum", "zur",
)  # fmt: skip

# Providers anybody may have a mailbox at: such a domain tells nothing of an organisation.
PUBLIC_MAIL_DOMAINS = (
    "126.com", "163.com", "aol.com", "fastmail.com", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com",
    "gmx.de", "gmx.net", "googlemail.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr", "icloud.com",
    "laposte.net", "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com",
    "orange.fr", "outlook.com", "outlook.de", "posteo.de", "proton.me", "protonmail.com", "qq.com", "t-online.de",
    "wanadoo.fr", "web.de", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.ru",
    "ymail.com", "zoho.com",
)  # fmt: skip
ACCOUNT_FAN_OUT = 10  # accounts of one domain or registration number; more share a provider or a placeholder

ADDRESS_FAN_OUT = 10
RECORD = "record"  # limits.cardinality of record@<dataset>: the person records of a dataset one customer may have
ALWAYS = 1e9  # a steward's word: stronger than any match weight
PRECISION = 0.99  # expected share of right ones among the pairs a model matches
REVIEW = 0.2  # match probability from which on a pair is worth a steward's time
GUARDED = ("email", "phone")
FORWARD_DAYS = 90
LOOK_BACK_DAYS = 30
SURVIVORSHIP_RULES = ("source_priority", "most_recent", "oldest")

# Attributes that come from one record together, each with the column that makes a record worth choosing.
GROUPS = {
    "name": (("last_name", "full_name"), ("full_name", "first_name", "middle_name", "last_name", "title")),
    "address": (("street", "postcode"), ("street", "city", "region", "postcode", "country")),
}
SINGLE_ATTRIBUTES = (
    "birth_date",
    "gender",
    "marital_status",
    "email",
    "phone",
    "language",
    "occupation",
    "income",
    "account_key",
    "attributes",
)
