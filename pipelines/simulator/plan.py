"""What is planted: touchpoints, shares of use cases and channels, programmes, messes. Numbers only, no data.

Put here: the figures a test compares the marts with (Kitewheel, state of the customer journey 2019).
Keep out: who does what when (people.py, journeys.py, interactions.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHANNELS = ("web", "email", "mobile_app", "call_center", "chat", "store", "paid_media")
CHANNEL_SHARES = np.array([0.38, 0.14, 0.17, 0.10, 0.09, 0.06, 0.06])  # web 38 %, e-mail 14 %, the other five 48 %
USE_CASES = ("engagement_retention", "service_efficiency", "sales_personalisation", "exploration", "acquisition")
USE_CASE_SHARES = np.array([0.48, 0.33, 0.09, 0.042, 0.058])
B2B_SHARE = 2.8 / (2.8 + 4.9)
_OTHER_B2B = (B2B_SHARE - 0.48 * 0.01 - 0.33 * 0.90) / 0.19
B2B_BY_USE_CASE = np.array([0.01, 0.90, _OTHER_B2B, _OTHER_B2B, _OTHER_B2B])
ENTERPRISE_SHARE = 0.91  # of B2B interactions
INTERACTIONS_PER_PERSON = 32  # unless said otherwise; journeys go along

# Where a use case happens at all, and roughly how much; fitted to the two margins above (fit_cells).
_AFFINITY = np.array(
    [
        [0.34, 0.20, 0.22, 0.03, 0.03, 0.10, 0.08],
        [0.40, 0.06, 0.12, 0.22, 0.18, 0.02, 0.00],
        [0.45, 0.15, 0.25, 0.00, 0.00, 0.00, 0.15],
        [0.50, 0.05, 0.15, 0.00, 0.10, 0.10, 0.10],
        [0.50, 0.05, 0.00, 0.08, 0.00, 0.17, 0.20],
    ]
)

# Ten programmes a use case; each string is one programme's channels, by position in CHANNELS.
# Means of distinct channels: exploration 3.7, engagement 3, service 3, personalisation 2.6, acquisition 2.1.
PROGRAMMES = {
    "engagement_retention": ["012", "012", "025", "014", "236", "126", "025", "012", "056", "012"],
    "service_efficiency": ["034", "024", "034", "134", "023", "014", "034", "045", "024", "035"],
    "sales_personalisation": ["012", "026", "012", "02", "016", "01", "026", "02", "012", "06"],
    "exploration": ["0245", "0126", "0245", "0456", "0256", "0124", "0256", "024", "056", "026"],
    "acquisition": ["06", "05", "06", "05", "03", "01", "056", "06", "05", "06"],
}

TYPO_SHARE = 0.05  # of person records
NICKNAME_SHARE = 0.03
FAMILY_EMAIL_SHARE = 0.03  # of people
RECYCLED_PHONE_SHARE = 0.01
NO_COMMON_IDENTIFIER_SHARE = 0.10
DUPLICATE_SHARE = 0.02  # of interactions
LATE_SHARE = 0.03
BUSINESS_SHARE = 0.15  # of people
ANONYMOUS_WEB_SHARE = 0.08  # of B2C web interactions outside journeys
ANONYMOUS_ADS_SHARE = 0.25


def count_per(people: int, each: int, least: int = 1) -> int:
    """One mess for `each` people: 20 shared tablets at 5,000 is `count_per(5000, 250)`."""
    return max(least, people // each)


@dataclass(frozen=True)
class Touch:
    """A touchpoint and the feed that carries it. `weight` 0: only journeys use it."""

    touchpoint: str
    use_case: str
    channel: str
    dataset: str
    weight: float = 0.0


_E, _S, _P, _X, _A = USE_CASES
TOUCHES = (
    # engagement and retention
    Touch("homepage_visited", _E, "web", "web_events", 3),
    Touch("article_read", _E, "web", "web_events", 2),
    Touch("newsletter_sent", _E, "email", "email_events", 3),
    Touch("newsletter_opened", _E, "email", "email_events", 2),
    Touch("newsletter_clicked", _E, "email", "email_events", 1),
    Touch("app_opened", _E, "mobile_app", "app_events", 3),
    Touch("push_opened", _E, "mobile_app", "app_events", 1),
    Touch("courtesy_call", _E, "call_center", "call_log", 1),
    Touch("community_chat", _E, "chat", "chat_events", 1),
    Touch("loyalty_scanned", _E, "store", "store_visits", 1),
    Touch("store_purchase", _E, "store", "pos_receipts", 2),
    Touch("brand_ad_clicked", _E, "paid_media", "ad_clicks", 1),
    Touch("renewal_notice_sent", _E, "email", "email_events"),
    Touch("renewal_offer_viewed", _E, "web", "web_events"),
    Touch("renewal_screen_viewed", _E, "mobile_app", "app_events"),
    Touch("renewal_call", _E, "call_center", "call_log"),
    Touch("renewal_consulted", _E, "store", "store_visits"),
    Touch("contract_renewed", _E, "web", "web_events"),
    Touch("contract_renewed_in_store", _E, "store", "store_visits"),
    Touch("contract_ended", _E, "call_center", "call_log"),
    # service
    Touch("invoice_viewed", _S, "web", "web_events", 2),
    Touch("portal_visited", _S, "web", "web_events", 3),
    Touch("service_email_sent", _S, "email", "email_events", 1),
    Touch("usage_viewed", _S, "mobile_app", "app_events", 1),
    Touch("service_call", _S, "call_center", "call_log", 1),
    Touch("chat_message_sent", _S, "chat", "chat_events", 1),
    Touch("device_repaired", _S, "store", "store_visits", 1),
    Touch("help_page_viewed", _S, "web", "web_events"),
    Touch("help_screen_viewed", _S, "mobile_app", "app_events"),
    Touch("chat_started", _S, "chat", "chat_events"),
    Touch("case_opened", _S, "call_center", "call_log"),
    Touch("case_closed", _S, "call_center", "call_log"),
    Touch("answer_confirmed", _S, "web", "web_events"),
    Touch("complaint_escalated", _S, "call_center", "call_log"),
    # personalisation
    Touch("recommendation_clicked", _P, "web", "web_events", 4),
    Touch("addon_ordered", _P, "web", "shop_orders", 1),
    Touch("tailored_offer_clicked", _P, "email", "email_events", 1),
    Touch("app_offer_opened", _P, "mobile_app", "app_events", 1),
    Touch("retargeting_ad_clicked", _P, "paid_media", "ad_clicks", 1),
    # exploration
    Touch("coverage_checked", _X, "web", "web_events", 1),
    Touch("webinar_invited", _X, "email", "email_events", 1),
    Touch("speed_test_run", _X, "mobile_app", "app_events", 1),
    Touch("question_asked", _X, "chat", "chat_events", 1),
    Touch("demo_tried", _X, "store", "store_visits", 1),
    Touch("video_ad_clicked", _X, "paid_media", "ad_clicks", 1),
    # acquisition
    Touch("plan_viewed", _A, "web", "web_events", 3),
    Touch("mobile_plan_ordered", _A, "web", "shop_orders", 1),
    Touch("welcome_email_opened", _A, "email", "email_events", 1),
    Touch("sales_call", _A, "call_center", "call_log", 1),
    Touch("store_browsed", _A, "store", "store_visits", 1),
    Touch("search_ad_clicked", _A, "paid_media", "ad_clicks", 1),
    Touch("site_visited", _A, "web", "web_events"),
    Touch("offer_ad_clicked", _A, "paid_media", "ad_clicks"),
    Touch("store_visited", _A, "store", "store_visits"),
    Touch("plan_consulted", _A, "store", "store_visits"),
    Touch("checkout_started", _A, "web", "web_events"),
    Touch("order_paid", _A, "web", "shop_orders"),
    Touch("contract_signed", _A, "store", "pos_receipts"),
    Touch("offer_declined", _A, "call_center", "call_log"),
)
TOUCH_CODE = {t.touchpoint: code for code, t in enumerate(TOUCHES)}


def round_exactly(weights: np.ndarray, total: int) -> np.ndarray:
    """Integers in the proportion of `weights` which sum to `total` (largest remainders)."""
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole).ravel(), kind="stable")
    whole.ravel()[order[: total - whole.sum()]] += 1
    return whole


def fit_cells(total: int) -> np.ndarray:
    """Interactions per (use case, channel): `_AFFINITY` raked to both margins, in integers which sum to `total`.

    Source: iterative proportional fitting (Deming and Stephan 1940).
    """
    cells = _AFFINITY.copy()
    for _ in range(200):
        cells *= (USE_CASE_SHARES / cells.sum(axis=1))[:, None]
        cells *= CHANNEL_SHARES / cells.sum(axis=0)
    return round_exactly(cells, total)


def fit_business_cells(cells: np.ndarray) -> np.ndarray:
    """The part of each cell that people of business customers do."""
    wanted = cells * B2B_BY_USE_CASE[:, None]
    return round_exactly(wanted, round(wanted.sum()))
