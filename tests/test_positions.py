"""Every block and span of a tree says where it begins in the text, whatever is around it."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.ground.mapped import MappedText, join
from escriba.markup.html.tree import Formula, Html, Node
from escriba.markup.html.write import write
from escriba.markup.kramdown.document.read import read
from escriba.markup.kramdown.parser import Hooks
from escriba.markup.math.delimiters import Delimiters

SPANS = {
    "em": "*word*", "strong": "__word__", "code": "`word`", "a": "[word](/there/)", "img": "![w](/w.png 'T')",
    "del": "~~word~~", "kbd": "<kbd>word</kbd>", "sub": '<sub title="x">w</sub>', "math": "$$x + 1$$",
}  # fmt: skip
AROUND = [
    "x {}\n", "x\ny\n\n  z {}\n", "# x {}\n", "x {}\n===\n", "> x\n>   {}\n", ">> {}\n", "> x\nlazy {}\n",
    "- x\n  {}\n", "-\tx\n\t{}\n", "- a\n\n  - b\n\n    {} c\n", "1.  x\n\n    {}\n", "- x\n  > - {}\n",
    "- [ ] {}\n", "- {{: .c}} {}\n", "| a | {} |\n| - | - |\n| b | {} |\n", "| a \\| b | {} |\n", "t {}\n: d {}\n",
    "x[^1]\n\n[^1]: a\n    {}\n", "x[^1]\n\n[^1]:\n\n    a\n\n    - {}\n", '<div markdown="1">\n\n{}\n</div>\n',
    '<div><section markdown="block">\n> {}\n</section></div>\n', '<p markdown="span">a {}</p>\n', "*a {} b*\n",
    "[a {}](/x)\n", "~~a {} b~~\n", "<b>a {}</b>\n", "a\\\nb {}\n", "“x” {} y\n", "{{::comment}}x{{:/}} {}\n",
]  # fmt: skip
# Nothing is within another of its kind.
PAIRS = [
    (around, name) for around, name in product(AROUND, SPANS)
    if (around[0], name) not in (("*", "em"), ("[", "a"), ("~", "del"))
]  # fmt: skip
BEGINS = {
    "p": r"[^\s>|#-]", "h1": "#|x", "ul": "[-*]", "ol": "1", "li": r"[-*]|1|\[\^1\]", "blockquote": ">",
    "table": r"\|", "tr": r"\|", "dt": "t", "dd": ":", "dl": "t", "em": r"\*", "strong": "__", "code": "`",
    "a": r"\[", "img": r"!\[", "del": "~~", "kbd": "<kbd>", "sub": "<sub", "b": "<b>", "div": "<div",
    "section": "<section|\n", "br": r"\\\n", "td": r"\S", "th": r"\S",
}  # fmt: skip


@pytest.mark.parametrize(("around", "name"), PAIRS)
def test_blocks_and_spans_know_where_they_begin(around: str, name: str) -> None:
    text = "before\n\n" + around.format(*[SPANS[name]] * 3)
    root = read(MappedText(text), Hooks()).root
    found = [node for node in root.nodes() if node.at >= 0 and node.tag]
    for node in found:
        assert re.match(BEGINS[node.tag], text[node.at :]), (node.tag, text[node.at :])
        for attribute, place in node.places.items():
            value = node.attributes[attribute]
            assert text.startswith(value, place), (attribute, text[place:])
    spans = [each.at for each in (*found, *formulas(root)) if is_named(each, name)]
    inside = 2 if name == "math" else 0  # a formula begins behind its mark
    written = [m.start() + inside for m in re.finditer(re.escape(SPANS[name]), text)]
    assert sorted(set(spans) & set(written)) == written


def formulas(root: Node) -> list[Formula]:
    return [each for each in root.all() if isinstance(each, Formula)]


def is_named(each: Node | Formula, name: str) -> bool:
    return name == ("math" if isinstance(each, Formula) else each.tag)


@pytest.mark.parametrize(
    ("text", "address", "places"),
    [
        ("[a][r] [r]\n\n[r]: /r 'T'\n", "/r", [17, 17]),
        ("<https://e.org/> x\n", "https://e.org/", [1]),
        ("> <p>\n> <a title='/x' href='/x'></a>\n> </p>\n", "/x", [28]),
        ("- <img srcset='a.png 1x, /x 2x' src=\"/x\">\n", "/x", [37, 25]),
        ("<style>\np { background: url('/x') }\n</style>\n", "/x", [29]),
        ('a <i style="background: url(/x)">b</i>\n', "/x", [28]),
    ],
)
def test_addresses_know_where_they_are_written(text: str, address: str, places: list[int]) -> None:
    found = [
        each
        for each in write(read(MappedText(text), Hooks()).root).references
        if each.address == address
    ]
    assert [each.at for each in found] == places


def test_formulas_of_all_marks_know_where_they_begin() -> None:
    text = (
        "> a $x$ \\(x\\)\n>\n> \\\\[x\\\\]\n\n- \\begin{align}\n  x\n  \\end{align}\n\n"
        "<div>\n$x$ and $$x$$\n</div>\n"
    )
    delimiters = Delimiters(dollars=True, brackets=True, environments=True)
    found = formulas(read(MappedText(text), Hooks(delimiters=delimiters)).root)
    assert [text[each.at :][:3] for each in found] == ["x$ ", "x\\)", "x\\\\", "\\be", "x$ ", "x$$"]


def test_html_of_the_author_knows_where_it_begins() -> None:
    text = (
        "> <table>\n> <tr><td>a</td></tr>\n> </table>\n\na <!-- b --> {::nomarkdown}<u>c</u>{:/}\n"
    )
    found = [
        node for node in read(MappedText(text), Hooks()).root.nodes() if isinstance(node, Html)
    ]
    assert [(node.tag, text[node.at :][:4]) for node in found] == [
        ("table", "<tab"), ("tr", "<tr>"), ("td", "<td>"), ("u", "<u>c")
    ]  # fmt: skip


@given(st.text("ab> \n", max_size=30), st.data())
def test_a_text_knows_where_it_comes_from(text: str, data: st.DataObject) -> None:
    """Whatever is cut, left out and joined, each character is where it is said to be."""
    mapped = MappedText(text)
    for _ in range(data.draw(st.integers(0, 5))):
        start = data.draw(st.integers(0, len(mapped)))
        end = data.draw(st.integers(start, len(mapped)))
        made = data.draw(st.sampled_from(["cut", "strip", "without", "join"]))
        if made == "cut":
            mapped = mapped.cut(start, end)
        elif made == "strip":
            mapped = mapped.strip()
        elif made == "without":
            mapped = mapped.without(re.compile("^> ?", re.M))
        else:
            mapped = join([mapped.cut(end), mapped.cut(0, start)])
    assert [text[mapped.locate(at)] for at in range(len(mapped))] == list(mapped.text)


def test_what_is_put_in_is_where_that_is_which_it_replaces() -> None:
    mapped = MappedText("\tab").cut(0).put(1, "    ")
    assert mapped.text == "    ab"
    assert mapped.locate(0) == 0
    assert [mapped.locate(at) for at in (4, 5)] == [1, 2]
