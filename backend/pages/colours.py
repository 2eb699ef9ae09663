"""A region's colours, as a stylesheet may have them."""

import re

BLACK, WHITE = "#000000", "#ffffff"
PRIMARY, ACCENT = "#1f4e5f", "#b45309"  # of a region whose pack says none
_LINEAR = 0.04045  # an sRGB channel up to here is not curved
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def colour_or(value: object, otherwise: str) -> str:
    """Return a colour as a stylesheet may have it, `otherwise` for anything else."""
    return value if isinstance(value, str) and _COLOUR.fullmatch(value) else otherwise


def ink_on(colour: str) -> str:
    """Return black or white, whichever is read more easily on the colour (contrast after WCAG 2.2)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= _LINEAR else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return BLACK if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else WHITE
