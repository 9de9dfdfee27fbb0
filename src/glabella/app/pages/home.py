"""The first page: the doors."""

from glabella.app.follow import Hands
from glabella.app.pages.controls import block, card, link, text
from glabella.app.pages.plan_list import PlanList
from glabella.app.pages.shell import shell
from glabella.app.services import Services

DOORS = (
    ("/explore", "Explore", "For anyone", "Choose a face and watch what the licensed treatment does to it, month by month."),
    (
        "/plan",
        "Plan",
        "For people who inject or study",
        "Place injections on a face, see what follows, find the lowest dose that is enough.",
    ),
    ("/train", "Train", "For learning", "Six faces to treat from memory; then see what lies under the skin and what would have happened."),
    ("/practitioners", "Practitioners", "For anyone", "Who practises near you, from public records: facts with sources, and what to ask."),
    ("/ask", "Ask", "For anyone", "Straight answers to what people ask, with their sources."),
)


def home(services: Services, hands: Hands) -> None:
    """Build the page."""
    with shell("glabella", ""), block("gl-home"):
        text("See what a treatment would do", "", "h1")
        text("From the needle to the skin, and over the months, with the uncertainty and the source of every number.", "gl-lead", "p")
        with block("gl-doors", "nav").props('aria-label="The doors"'):
            for address, name, who, what in DOORS:
                with link("", address, "gl-door"):
                    text(name, "", "h2")
                    text(who, "gl-small", "p")
                    text(what, "", "p")
        with card("Your plans"):
            PlanList(services, hands)
