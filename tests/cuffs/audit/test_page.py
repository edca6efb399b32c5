"""The page in a browser: opened from disk, sorted, filtered, looked at large; light and dark, wide and narrow."""

import json

import numpy as np
import pytest

from cuffs.audit.page.build import build_page
from cuffs.audit.pictures import shown_samples
from cuffs.audit.run import audit_dataset
from cuffs.audit.thresholds import Thresholds
from tests.cuffs.audit.faults import shifted
from tests.cuffs.audit.scenes import write_dataset
from tests.cuffs.browser import launched


@pytest.fixture(scope="module")
def browser():
    with launched() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def page_path(body, clean, tmp_path_factory):
    """Of six samples, one of them shifted; its name needs escaping."""
    root = tmp_path_factory.mktemp("page")
    data = shifted(body, clean[:6], np.random.default_rng(1))
    folder = write_dataset(root / "a <b> & c", data, body)
    audit = audit_dataset(folder, Thresholds())
    shown = list(shown_samples(folder, audit.worst, audit.random, body))
    path = root / "index.html"
    path.write_text(build_page(folder.name, audit.figures, audit.checks, shown))
    (root / "audit.json").write_text(json.dumps(audit.figures))
    return path


@pytest.fixture
def opened(browser, page_path):
    """The page and what its console said."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
    page.goto(page_path.as_uri())
    yield page, said
    context.close()


def test_it_opens_from_disk_without_errors_and_names_what_was_missed_first(opened, page_path):
    page, said = opened
    assert said == []
    assert page.locator("h1").inner_text() == "Audit of a <b> & c"
    assert "checks missed" in page.locator(".verdict").inner_text()
    assert page.locator("#checks tbody tr").first.locator("td").first.inner_text() == "missed"
    figures = json.loads((page_path.parent / "audit.json").read_text())
    tiles = dict(zip(page.locator(".key dt").all_inner_texts(), page.locator(".key dd").all_inner_texts(), strict=True))
    assert tiles["whole body, mean"] == f"{figures['residual_mm']['all']['mean']:.3g} mm"
    assert tiles["fingers, mean"] == f"{figures['residual_mm']['fingers']['mean']:.3g} mm"
    link = page.locator(".verdict a").first
    assert page.locator(link.get_attribute("href")).get_attribute("data-ok") == "false"


def test_tables_sort_by_every_column_both_ways(opened):
    page, said = opened
    head = page.locator("#checks th").nth(2).locator("button")
    for direction in ("ascending", "descending"):
        head.click()
        assert page.locator("#checks th").nth(2).get_attribute("aria-sort") == direction
        values = page.eval_on_selector_all(
            "#checks tbody tr", "rows => rows.map(row => row.cells[2].dataset.value).filter(text => text !== '')"
        )
        numbers = [float(value) for value in values]
        assert numbers == sorted(numbers, reverse=direction == "descending")
        assert len(set(numbers)) > 3
    page.locator("#measured th").first.locator("button").click()
    names = page.eval_on_selector_all("#measured tbody tr", "rows => rows.map(row => row.cells[0].textContent)")
    assert names == sorted(names)
    assert said == []


def test_filters_hide_what_is_not_asked_for(opened):
    page, _ = opened
    rows = page.locator("#checks tbody tr:visible")
    before = rows.count()
    page.locator("#only-missed").check()
    assert 0 < rows.count() < before
    cards = page.locator(".sample:visible")
    assert cards.count() == 6
    page.locator("#words").fill("clean_00003")
    assert cards.count() == 1
    assert page.locator("#shown").inner_text() == "1 of 6 shown"
    page.locator("#words").fill("")
    page.locator("#order").select_option("key")
    keys = page.eval_on_selector_all(".sample", "cards => cards.map(card => card.dataset.key)")
    assert keys == sorted(keys)


def test_the_worst_sample_comes_first_and_opens_large(opened):
    page, said = opened
    badness = page.eval_on_selector_all(".sample", "cards => cards.map(card => parseFloat(card.dataset.badness))")
    assert badness == sorted(badness, reverse=True)
    first = page.locator(".sample").first
    first.locator("button").click()
    large = page.locator("dialog img")
    assert large.evaluate("image => image.naturalWidth") >= 1000
    assert large.bounding_box()["width"] > 2 * first.locator("img").bounding_box()["width"]
    page.locator("dialog button").click()
    assert not page.locator("dialog").is_visible()
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1500])
def test_nothing_hangs_over_and_text_stands_out(browser, page_path, scheme, width):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(page_path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    brightness = [np.mean([int(part) for part in text[4:-1].split(",")[:3]]) for text in (ink, paper)]
    assert (brightness[0] < brightness[1]) == (scheme == "light")
    assert abs(brightness[0] - brightness[1]) > 130
    context.close()


@pytest.mark.parametrize("width", [400, 1400])
def test_every_column_of_the_verdict_is_in_the_window(browser, page_path, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(page_path.as_uri())
    assert page.evaluate("(t => t.parentElement.scrollWidth <= t.parentElement.clientWidth)(checks)")
    context.close()
