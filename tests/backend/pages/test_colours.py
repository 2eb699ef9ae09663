"""Colours, a region's and those of maps: nothing but a colour reaches the stylesheet, and words stand out from it."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

import backend.pages
from backend.pages.colours import colour_or, ink_on


def test_the_stylesheet_has_the_regions_colours(house, browser):
    colours = house.directory.find("banda-aceh").identity["branding"]["colours"]
    answered = browser().get("brand.css")
    assert answered.mimetype == "text/css"
    style = answered.get_data(as_text=True)
    assert f"--primary: {colours['primary']};" in style
    assert f"--accent: {colours['accent']};" in style
    assert f"--on-primary: {ink_on(colours['primary'])};" in style


@pytest.mark.parametrize("value", [None, 7, "red", "#12345", "#1234567", "#123456;}*{display:none", "url(//x)", "#12345g"])
def test_what_is_no_colour_does_not_reach_the_stylesheet(value):
    assert colour_or(value, "#000000") == "#000000"
    assert colour_or("#0b6e4f", "#000000") == "#0b6e4f"


@pytest.mark.parametrize(
    ("colour", "ink"),
    [("#000000", "#ffffff"), ("#ffffff", "#000000"), ("#0b6e4f", "#ffffff"), ("#ffd500", "#000000"), ("#ff0000", "#000000")],
)
def test_words_stand_out_from_the_colour_behind_them(colour, ink):
    assert ink_on(colour) == ink


def test_the_colours_go_one_way_and_stand_out_from_their_outlines():
    style = (Path(backend.pages.__file__).parent / "assets" / "map.css").read_text()

    def luminance(colour):
        channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    ramp = [luminance(re.search(rf"\.v{each} {{ --shade: (#\w+)", style)[1]) for each in range(5)]
    outline = luminance(re.search(r"--outline: (#\w+)", style)[1])
    assert all(light + 0.05 > 1.25 * (dark + 0.05) for light, dark in pairwise(ramp))
    assert all((each + 0.05) / (outline + 0.05) >= 3 for each in ramp)
