"""The elements of HTML by what they may hold, and the marks that stand for HTML in a text."""

from __future__ import annotations


def names(words: str) -> frozenset[str]:
    """A set of words written as one text."""
    return frozenset(words.split())


HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
SPAN_ELEMENTS = names(
    "a abbr acronym b big bdo br button cite code del dfn em i img input ins kbd label mark "
    "option q rb rbc rp rt rtc ruby samp select small span strong sub sup tt u var"
)
VOID_ELEMENTS = names(
    "area base br col command embed hr img input keygen link meta param source track wbr"
)
# Elements that may stand only between paragraphs: within one, their tags are text.
BLOCK_ELEMENTS = names(
    "address article aside applet body blockquote caption col colgroup dd div dl dt fieldset "
    "figcaption footer form h1 h2 h3 h4 h5 h6 header hgroup hr html head iframe legend menu li "
    "main map nav ol optgroup p pre section summary table tbody td th thead tfoot tr ul"
)

# What stands in a text for HTML: that of a block of its own, or (with a letter) of a paragraph. The
# characters around it are such as no text may hold (Unicode keeps them for uses like this one).
MARK, MARK_END = "\ufdd0", "\ufdd1"
STASHED = f"{MARK}\\d+{MARK_END}"
MARKED = f"{MARK}[a-z]?\\d+{MARK_END}"
