"""How the admin looks: its colours, scripts and menu (Unfold)."""

from django.templatetags.static import static
from django.urls import reverse_lazy

UNFOLD = {
    "SITE_TITLE": "楼组党建",
    "SITE_HEADER": "楼组党建",
    "SITE_SUBHEADER": "党员在居住地发挥作用",
    "SITE_SYMBOL": "home_work",
    "SITE_URL": reverse_lazy("home"),
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("louzu/favicon.svg")}],
    "ENVIRONMENT": "louzu.navigation.environment",
    "THEME": "light",
    "STYLES": [lambda request: static("louzu/louzu.css")],
    "SCRIPTS": [lambda request: static("louzu/louzu.js"), lambda request: static("louzu/typed.js")],
    "BORDER_RADIUS": "6px",
    "ACCOUNT": {"navigation": "louzu.navigation.account"},
    "LOGIN": {"form": "members.login.passwords.LoginForm"},
    "COLORS": {
        "primary": {
            "50": "#fef3f2",
            "100": "#fee4e2",
            "200": "#fecdca",
            "300": "#fca9a3",
            "400": "#f6766d",
            "500": "#e5483d",
            "600": "#c8281e",
            "700": "#a81e16",
            "800": "#8b1c16",
            "900": "#741d18",
            "950": "#3f0b08",
        },
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "louzu.navigation.sidebar"},
}
