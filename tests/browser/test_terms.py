"""No jargon without a tooltip: every technical term in the text of every card can be pointed at, reached by keyboard and tapped."""


from glabella.app.glossary import find_terms, glossary
from glabella.app.note import Note
from tests.browser.face import ready

# the words on show, without what people typed, lists to choose from, titles of the literature, and where a term already stands marked
CARDS = """() => [...document.querySelectorAll('.gl-card, .gl-frame')].filter((card) => card.checkVisibility()).map((card) => {
  const out = 'select, textarea, input, [role=tab], ul.gl-sources, .gl-visually-hidden, .gl-own, .q-tab, svg, script, style, [hidden]';
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT), texts = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (node.data.trim() && parent.closest('.gl-card, .gl-frame') === card && !parent.closest(out) && parent.checkVisibility()) {
      const whole = parent.closest('p, li, h1, h2, h3, th, td, dt, dd, legend, label, summary, button, caption, figcaption') ?? parent;
      texts.push((whole.querySelector('select, textarea') ? parent : whole).innerText);
    }
  }
  const mine = (mark) => mark.closest('.gl-card, .gl-frame') === card && mark.checkVisibility();
  const marks = [...card.querySelectorAll('[data-term]')].filter(mine);
  const textOf = (id) => document.getElementById(id)?.textContent ?? '';
  const said = (mark) => (mark.getAttribute('aria-describedby') ?? '').split(' ').map(textOf);
  return {
    title: card.querySelector('h1, h2, h3, legend')?.innerText ?? card.className, texts: [...new Set(texts)],
    marked: marks.map((mark) => mark.dataset.term),
    says: marks.map(said),
  };
})"""


def check(page, used):
    cards = page.evaluate(CARDS)
    assert cards
    missing = []
    for card in cards:
        for term, says in zip(card["marked"], card["says"], strict=True):
            assert glossary()[term].says in says, (card["title"], term)
        for text in card["texts"]:
            found = find_terms(text)
            used |= set(found)
            missing += [(card["title"], term, text[:80]) for term in found if term not in card["marked"]]
    assert missing == []


def test_every_term_on_every_page_is_explained(pages, server):
    used = set()
    page = pages.open("/explore")
    ready(page)
    page.get_by_text("Drooping eyelid").first.wait_for()
    check(page, used)
    for note in (Note("terms").with_pattern(("glabellar", "forehead")), Note("a study", purpose="study").with_pattern(("glabellar",))):
        answer = server.ask("POST", "/api/v1/notes", note.document())
        page = pages.open(f"/plan/{answer.json()['id']}")
        ready(page)
        page.get_by_text("Layers along the needle").wait_for(state="attached")
        page.locator(".gl-syringe summary").click()
        for tab in ("Sites", "Photo", "Person", "Months", "Side effects", "Goal", "Keep"):
            page.get_by_role("tab", name=tab, exact=True).click()
            page.locator(".q-tab-panel:visible").last.wait_for()
            page.wait_for_timeout(400)  # a panel that fades in
            for name in ("Lines", "Muscles", "Brows") if tab == "Months" else ():
                check(page, used)
                page.get_by_role("tab", name=name, exact=True).click()
            check(page, used)
        for overlay in ("Muscles", "Dose"):
            page.get_by_role("radio", name=overlay, exact=True).first.check(force=True)
            page.locator(".glf-legend").wait_for()
            check(page, used)
    page = pages.open("/train?case=strong_frown&seed=1")
    ready(page)
    page.get_by_role("button", name="Add injection").click()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("What would have happened").wait_for(timeout=90_000)
    check(page, used)
    assert len(used) > 0.9 * len(glossary())  # the others stand in remarks and drawings that are not on show here


def test_a_term_is_explained_by_pointer_keyboard_and_tap(pages, browser, server):
    page = pages.open("/explore")
    ready(page)
    term = page.locator(".gl-facts .gl-term").first
    tip = page.get_by_role("tooltip")
    term.hover()
    tip.wait_for()
    says = tip.inner_text()
    assert says == glossary()[term.get_attribute("data-term")].says
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    page.mouse.move(2, 2)
    page.locator(".gl-brand").focus()
    for _ in range(60):  # by keyboard alone
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.classList.contains('gl-term')"):
            tip.wait_for()
            break
    assert tip.inner_text() in {one.says for one in glossary().values()}
    touch = browser.new_context(viewport={"width": 800, "height": 1100}, has_touch=True)
    tablet = touch.new_page()
    tablet.goto(f"{server.address}/explore")
    ready(tablet)
    tablet.locator(".gl-facts .gl-term").first.tap()
    tablet.get_by_role("tooltip").wait_for()
    box = tablet.get_by_role("tooltip").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 800
    touch.close()
