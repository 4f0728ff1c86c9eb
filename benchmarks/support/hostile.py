"""Texts that are made to be slow to read, of any size: what growth.py measures.

Each is a door (see doors.py) and a function from a number of bytes to a text of about that size.
Most repeat something that a reader has to look for the end of, or that makes it look back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, pairwise

from support.yard import MODEL

Make = Callable[[int], str]


@dataclass(frozen=True)
class Hostile:
    """A text of any size, and the door that it goes through."""

    door: str
    make: Make


def repeat(unit: str, before: str = "", after: str = "") -> Make:
    """The same over and over, between a beginning and an end."""
    own = len(unit.encode())
    return lambda size: before + unit * max(1, size // own) + after


def number(unit: str, before: str = "", after: str = "", joint: str = "") -> Make:
    """A pattern over and over, with a number in it that grows (`{0}`) or shrinks no text."""

    def make(size: int) -> str:
        pieces: list[str] = []
        length = 0
        for piece in _numbered(unit):
            if length >= size:
                break
            pieces.append(piece)
            length += len(piece.encode()) + len(joint)
        return before + joint.join(pieces) + after

    return make


def _numbered(unit: str) -> Iterator[str]:
    for index in count():
        yield unit.replace("{0}", str(index)).replace("{1}", str(index + 1))


def lengthen(unit: str, joint: str = "\n", start: int = 1) -> Make:
    """Runs of one more each: the size grows with the square of their number."""

    def make(size: int) -> str:
        longest = max(1, int((2 * size / len(unit)) ** 0.5))
        return joint.join(unit * length for length in range(start, start + longest))

    return make


def indent(line: str, step: str) -> Make:
    """Lines that are indented by a step more each."""

    def make(size: int) -> str:
        deepest = max(1, int((2 * size / len(step)) ** 0.5))
        return "".join(f"{step * depth}{line}\n" for depth in range(deepest))

    return make


def nest(opening: str, closing: str, middle: str = "") -> Make:
    """One inside the other."""

    def make(size: int) -> str:
        depth = max(1, size // len(opening + closing))
        return opening * depth + middle + closing * depth

    return make


def halves(first: Make, second: Make) -> Make:
    """Two texts, each of half the size."""
    return lambda size: first(size // 2) + "\n\n" + second(size // 2)


WORDS = "the quick brown fox jumps over the lazy dog and *then* runs `away`, it seems; "
LINE = 'The quick brown fox *jumps* over the [lazy](http://example.org/) dog, "again".\n'

FRONT: Mapping[str, Make] = {
    "lists in lists": repeat("[", "a: "),
    "maps in maps": repeat("{a: ", "a: "),
    "lists closed": nest("[", "]"),
    "sequences in a line": repeat("- ", "a:\n "),
    "keys that get deeper": indent("a:", " "),
    "long plain scalar": repeat("x", "title: "),
    "long scalar in lines": repeat("x\n ", "title: "),
    "long quoted scalar": repeat("\\n", 'title: "', '"'),
    "quote without an end": repeat("x\n ", 'title: "'),
    "many keys": number("k{0}: v\n"),
    "keys given twice": repeat("a: b\n"),
    "keys by question mark": repeat("? a\n"),
    "anchors and aliases": number("a{0}: &a{0} x\nb{0}: *a{0}\n"),
    "aliases of aliases": number("a{1}: &a{1} [*a{0},*a{0}]\n", "a0: &a0 [x]\n"),
    "merges": number("a{1}: &a{1}\n  <<: *a{0}\n", "a0: &a0 {x: y}\n"),
    "comments": repeat("# x\n"),
    "tabs": repeat("\t", "a:"),
    "tags in a list": number("t{0}", "tags: [", "]", ", "),
    "categories in words": number("c{0}", "categories: ", "", " "),
    "a long tag": repeat("x", "tags: [", "]"),
    "a date with spaces": repeat(" ", "date: 2020-01-01", "x"),
    "digits": repeat("9", "n: "),
    "digits of a date": repeat("9", "date: 20"),
    "a long permalink": repeat("/:title", "permalink: "),
    "a long slug": repeat("á", "slug: "),
    "a long language": repeat("-AA", "lang: es"),
    "block scalar": repeat("  x\n", "description: |\n"),
    "folded blank lines": repeat("\n", "description: >\n  x\n"),
}

PAGE: Mapping[str, Make] = {
    "never closed": repeat("a: b\n", "---\n"),
    "blank lines before": repeat("\n", "---\n"),
    "dashes": repeat("-"),
    "dashes with spaces": repeat(" ", "---", "\n"),
    "line ends of old": repeat("a\r", "---\r---\r"),
}

FENCES: Mapping[str, Make] = {
    "fences unclosed": repeat("```a\nx\n"),
    "fences unclosed with tildes": repeat("~~~a\nx\n"),
    "fences of growing marks": lengthen("`", "\nx\n", 3),
    "fences that shrink": lambda size: "\n".join(
        reversed(lengthen("~", "\n", 3)(size).split("\n"))
    ),
    "fences closed": repeat("```\nx\n```\n"),
    "fences indented": repeat("    ```\n    x\n"),
    "fences indented under a list": repeat("\n      ```a\n", "* a\n"),
    "fences in items": repeat("* ```a\n"),
    "fences in quotes": repeat("> ```a\n"),
    "fences in deep quotes": repeat("> > > > > > > > ```a\n> x\n"),
    "fences under lazy lines": repeat("x\n        ```a\n"),
    "escriba fences unclosed": repeat("```escriba sample\n"),
    "escriba fences, blank": repeat("```escriba sample\n\n"),
    "escriba fences indented": repeat("   ```escriba sample\n   a: b\n"),
    "a fence of one line": repeat("x", "```\n", "\n```\n"),
    "a fence of many lines": repeat("x = 1\n", "```\n", "```\n"),
    "a fence of Python": repeat("x = [1, 'a']  # so\n", "```python\n", "```\n"),
    "a fence's long info": repeat("a", "```", "\nx\n```\n"),
    "a fence's attributes": repeat(".a ", "```{", "}\nx\n```\n"),
    "a fence's spaces": repeat(" ", "```", "x\n```\n"),
    "tildes in a line": repeat("~"),
    "comments between fences": repeat("<!--\n```a\n"),
    "comment ends between fences": repeat("<!-- a\n```a\n-->\n"),
    "code by indentation": repeat("    x = 1\n"),
    "code and blank lines": repeat("    x\n\n"),
}

BLOCKS: Mapping[str, Make] = {
    "lists that get deeper": indent("* a", "  "),
    "numbers that get deeper": indent("1. a", "   "),
    "items in a line": repeat("* + - "),
    "numbers in a line": repeat("1. "),
    "a long list": repeat("* a\n"),
    "tasks": repeat("- [ ] a *b* <b>c</b>\n"),
    "tasks with elements unclosed": repeat("- [ ] <b>"),
    "tasks with boxes in their words": repeat(
        '<input class="task-list-item-checkbox" ', "- [ ] a "
    ),
    "a task with images in a title": repeat("<img <math ", '- [ ] <a title="', '">x</a>\n'),
    "a task with many words": repeat("<i>a</i> ", "- [ ] "),
    "tasks in tasks": indent("- [ ] a", "  "),
    "code that is no code": repeat("<pre <svg ", "<div>", "\n- [ ] a\n"),
    "a loose list": repeat("* a\n\n"),
    "items and lazy lines": repeat("* a\nb\n"),
    "items with blank lines": repeat("\n", "* a\n", "  b"),
    "lists ended": repeat("* a\n^\n"),
    "quotes in a line": repeat("> ", "", "a"),
    "quotes without spaces": repeat(">", "", "a"),
    "quotes that get deeper": lengthen(">", " a\n"),
    "quotes and lazy lines": repeat("> a\nb\n"),
    "quotes of lists": repeat("> * a\n>\n>     > b\n"),
    "a long table": repeat("| a | b |\n"),
    "a wide table": repeat("| a ", "", "|\n|---|\n"),
    "a table of marks": repeat("|"),
    "table feet": repeat("| a |\n|===|\n"),
    "table rules": repeat("|---|\n"),
    "table rules, short": repeat("|-\n"),
    "a rule that is none": repeat("-|", "|a\n", "x"),
    "a rule of colons": repeat(":-", "|a\n|", "x"),
    "table of code": repeat("| <code>a\n"),
    "table of backticks": repeat("| ` "),
    "table, escaped": repeat("\\|"),
    "tables apart": repeat("a|b\n\n"),
    "rules": repeat("***\n"),
    "a rule that is none either": repeat("- ", "", "x"),
    "definitions": repeat("a\n: b\n\n"),
    "definitions of one term": repeat(": b\n", "a\n"),
    "terms": repeat("a\n", "", ": b\n"),
    "footnotes": number("[^{0}]\n\n[^{0}]: x\n\n"),
    "footnotes of one": repeat("a[^1] ", "", "\n\n[^1]: x\n"),
    "footnotes in footnotes": number("[^{0}]: x[^{1}]\n\n", "[^0]\n\n"),
    "a footnote of itself": repeat("[^1]", "[^1]: ", "\n\n[^1]"),
    "footnotes undefined": number("a[^{0}] "),
    "footnotes with space": repeat(" ", "[^1]:", "x"),
    "abbreviations": halves(number("*[ab{0}]: x\n"), number("ab{0} ")),
    "abbreviations, prefixes": halves(
        lambda n: "".join(f"*[{'a' * i}]: x\n" for i in range(1, 60)), repeat("a" * 59 + "b ")
    ),
    "abbreviations, spaces": repeat(" ", "*[a]:", "\n"),
    "link definitions": halves(number("[a{0}]: /x\n"), number("[a{0}] ")),
    "definitions without text": number("[a{0}]:\n"),
    "a definition with spaces": repeat(" ", "[a]:", "b"),
    "a definition's open title": repeat("x\n", '[a]: b "'),
    "a definition's open name": repeat("a ", "["),
    "definitions again": repeat("[a]: b 'c'\n"),
    "attribute lists": repeat("{: .a #b}\n\na\n"),
    "a long attribute list": repeat(".a ", "a\n{: ", "}\n"),
    "attributes unclosed": repeat("{:"),
    "attribute unclosed in lines": repeat('{: a="\n'),
    "attribute of quotes": repeat("a=\"b\" c='d' ", "a\n{: ", "\n"),
    "lists of attributes by name": number("{:a{1}: a{0}}\n", "{:a0: .x}\n", "\n\nt\n{: a9}\n"),
    "escapes in attributes": repeat("\\}", "a\n{: ", "}\n"),
    "headings of one name": repeat("# a\n"),
    "headings": number("## a{0}\n\nx\n\n"),
    "headings underlined": repeat("a\n===\n"),
    "a long heading": repeat("a ", "# "),
    "a heading of marks": repeat("#", "", " a"),
    "a heading with spaces": repeat(" ", "# a", "x"),
    "headings with ids": number("# a {#b{0}}\n"),
    "headings and a table of contents": repeat("## a *b*\n\n", "* toc\n{:toc}\n\n"),
    "tables of contents": repeat("* toc\n{:toc}\n\n", "# a\n\n"),
    "a long underline": repeat("=", "a\n", "x"),
    "divs unclosed": repeat("<div>\n"),
    "divs in divs": nest("<div>\n", "</div>\n", "a\n"),
    "divs in a line": repeat("<div>"),
    "divs of Markdown": nest('<div markdown="1">\n', "</div>\n", "*a*\n"),
    "divs of Markdown unclosed": repeat('<div markdown="1">\n'),
    "divs of Markdown in divs": repeat('<div><section markdown="1"></div>\n'),
    "divs of Markdown closed late": repeat('<div><section markdown="1"></div>\n</section>\n'),
    "divs of Markdown of many names": number('<div><x{0} markdown="block"></div>\n'),
    "spans of Markdown in divs": repeat('<div><p markdown="span"></div>\n'),
    "cells of Markdown": repeat('<td markdown="span">*a*</td>', "<table><tr>", "</tr></table>"),
    "paragraphs open in divs": repeat("<div><p>a</div>\n"),
    "strays in divs": repeat("</a> <U+1> <!-- ", "<div>\n", "</div>"),
    "styles open in divs": repeat("<div><style></div>\n"),
    "notes open in divs": repeat("<div><? <!-- </div>\n"),
    "fences shown in fences": repeat("```md\n```python\nx\n```\n```\n\n"),
    "ends of divs": repeat("</div>\n"),
    "ends and texts": repeat("</div>a"),
    "tag unfinished": repeat("<div\n"),
    "tag with an open quote": repeat('<div a="'),
    "tag of attributes": repeat(' a="b"', "<div", ">x</div>"),
    "comments unclosed": repeat("<!--\n"),
    "comments": repeat("<!-- a -->\n"),
    "comments in lines": repeat("a <!-- b --> "),
    "comment dashes": repeat("-", "<!-"),
    "instructions unclosed": repeat("<?\n"),
    "cdata unclosed": repeat("<![CDATA[\n"),
    "scripts unclosed": repeat("<script>\n"),
    "pres unclosed": repeat("<pre>\n"),
    "pres": repeat("<pre>a</pre>\n"),
    "paragraphs unclosed": repeat("<p>"),
    "items as HTML": repeat("<li>", "<ul>\n"),
    "table as HTML": repeat("<tr><td>a", "<table>\n"),
    "line breaks as HTML": repeat("<br />\n"),
    "{::comment}": repeat("{::comment}\n"),
    "{::comment} closed": repeat("{::comment}\na\n{:/comment}\n"),
    "{::nomarkdown}": repeat("{::nomarkdown}\n"),
    "{::options}": repeat('{::options a="b" /}\n'),
    "blank lines": repeat("\n"),
    "blank lines with spaces": repeat("  \n"),
    "spaces": repeat(" ", "a", "b"),
    "spaces before": repeat(" ", "", "b"),
    "tabs": repeat("\t", "a", "b"),
    "carriage returns": repeat("a\r"),
    "ends of blocks": repeat("^\n"),
    "paragraphs": repeat(LINE + "\n"),
    "one paragraph": repeat(LINE),
    "one line": repeat(WORDS),
    "one word": repeat("a"),
    "hard breaks": repeat("a  \n"),
    "backslash breaks": repeat("a\\\\\n"),
}

SPANS: Mapping[str, Make] = {
    "[": repeat("["),
    "![": repeat("!["),
    "[ ]": nest("[", "]", "a"),
    "[a](b)": repeat("[a](b) "),
    "[a](": repeat("[a]("),
    "[a](<": repeat("[a](<"),
    "[a](b \"": repeat('[a](b "'),
    "[a](b (": repeat("(", "[a](b"),
    "](": repeat("]("),
    "[a][": repeat("[a]["),
    "[a][b]": repeat("[a][b] "),
    "[a] [a]": number("[a{0}] "),
    "[a\\n": repeat("[a\n"),
    "images in links": repeat("[![a](b)](c)"),
    "links in links": nest("[", "](a)", "a"),
    "images in images": nest("![", "](a)", "a"),
    "emphasis open": repeat("*a **b "),
    "emphasis of all kinds": repeat("*a _b **c __d "),
    "emphasis nested": nest("*a ", " b*", "c"),
    "emphasis nested in turn": nest("*a _b ", " c_ d*", "e"),
    "stars": repeat("*"),
    "stars and letters": repeat("**a*"),
    "underscores": repeat("_"),
    "underscores in words": repeat("a_b"),
    "underscores mixed": repeat("*_"),
    "three stars": repeat("***a "),
    "ends of emphasis": repeat("a* "),
    "emphasis in lines": repeat("*a\n"),
    "backtick runs": lengthen("`", "a"),
    "backticks odd": repeat("`a ``b "),
    "one backtick": repeat("a\\`"),
    "code spans": repeat("`a` "),
    "double quotes": repeat('"a '),
    "single quotes": repeat("'a "),
    "quotes mixed": repeat("\"'"),
    "quotes escaped": repeat('\\"'),
    "guillemets": repeat("<< "),
    "$$ unclosed": repeat("$$a \\$$ "),
    "$$ closed": repeat("$$a$$ "),
    "$$ of displays": repeat("$$a$$\n\n"),
    "$$ and text": repeat("a$$"),
    "$$ in lines": repeat("$$\n"),
    "dollars": repeat("$"),
    "<a": repeat("<a "),
    "<a \"": repeat('<a "'),
    "<a href": repeat('<a href="'),
    "<a =": repeat("<a b="),
    "tags": repeat("<b>a</b>"),
    "tags unclosed": repeat("<b>"),
    "tags in tags": nest("<b>", "</b>", "a"),
    "ends of tags": repeat("</b>"),
    "<": repeat("<"),
    "autolinks": repeat("<http://a.b> "),
    "autolinks open": repeat("<http://a"),
    "mail open": repeat("<a@b"),
    "mail": repeat("a.", "<", "@b.c>"),
    "comments open in text": repeat("a <!-- "),
    "comment open in div": repeat("<!-- ", "<div>\n"),
    "<?": repeat("a <?"),
    "<![CDATA[": repeat("a <![CDATA["),
    "<!": repeat("a <!"),
    "code tags": repeat("<code>a "),
    "{:": repeat("{:"),
    "*a*{:": repeat("*a*{: "),
    "*a*{:.b}": repeat("*a*{:.b} "),
    "{::": repeat("{::a "),
    "{::comment} in text": repeat("a {::comment} "),
    "{": repeat("{"),
    "~~": repeat("~~a "),
    "tildes": repeat("~"),
    "backslashes": repeat("\\"),
    "escapes": repeat("\\*\\_"),
    "[^": repeat("[^"),
    "[^a": repeat("[^a]"),
    "&": repeat("&"),
    "&amp;": repeat("&amp;"),
    "&#": repeat("&#x1"),
    "&a": repeat("a", "&"),
    "dashes": repeat("-- ---"),
    "dots": repeat("."),
    "dots apart": repeat("... "),
    "brackets round": repeat("("),
    "accents": repeat("\u0301", "a"),
    "right to left": repeat("\u05d0 "),
    "emoji": repeat("\U0001f600"),
    "controls": repeat("\x02\x03"),
    "nonsense marks": repeat("\x02klzzwxh:0000\x03"),
    "zero": repeat("\x00"),
    "noncharacters": repeat("\ufdd0" + "0" + "\ufdd1"),
    "line separators": repeat("a\u2028b\x85"),
    "words of marks": repeat("a*b_c[d]e`f$g<h>i{j}k\\l|m!n~o^p&q"),
    "every mark": repeat("*_[]`$<>{}\\|!~^&\"'-:.()#+=\n"),
}  # fmt: skip

LIQUID: Mapping[str, Make] = {
    "{{": repeat("{{"),
    "{{ a": repeat("{{ a "),
    "{%": repeat("{%"),
    "{% a": repeat("{% a "),
    "{{ a }}": repeat("{{ a }} "),
    "{{ 'a": repeat("{{ 'a"),
    "{{ a | b": repeat(" | upcase", "{{ 'a'", " }}"),
    "a.b.c": repeat(".a", "{{ a", " }}"),
    "a[a[": nest("a[", "]", "0"),
    "arguments": repeat(", 1", "{{ 'a' | replace: 'a'", " }}"),
    "if open": repeat("{% if a %}"),
    "if in if": nest("{% if page %}", "{% endif %}", "a"),
    "if in a line": repeat("{% if a %}b{% endif %}"),
    "elsif": repeat("{% elsif a %}b", "{% if a %}", "{% endif %}"),
    "or": repeat(" or a", "{% if a", " %}b{% endif %}"),
    "endif": repeat("{% endif %}"),
    "raw open": repeat("{% raw %}"),
    "raw": repeat("{% raw %}{{ a }}{% endraw %}"),
    "comment open": repeat("{% comment %}"),
    "comment": repeat("{% comment %}a{% endcomment %}\n"),
    "highlight open": repeat("{% highlight a %}\n"),
    "highlight": repeat("{% highlight python %}\na = 1\n{% endhighlight %}\n\n"),
    "highlight in fences": repeat("```html\n{% highlight text %}a{% endhighlight %}\n```\n\n"),
    "highlight, shown again": lambda size: (
        "{% capture a %}{% highlight text %}" + "b" * (size // 2)
        + "{% endhighlight %}{% endcapture %}" + "{{ a }}\n\n" * (size // 18)
    ),
    "highlight of highlight": repeat(
        "{% capture a %}{% highlight text %}{{ a }}{{ a }}{% endhighlight %}{% endcapture %}",
        "{% assign a = 'a' %}",
    ),
    "highlight's options": repeat(" a", "{% highlight python", " %}b{% endhighlight %}"),
    "a tag with spaces": repeat(" ", "{%", "highlight"),
    "tags with spaces": repeat("{%-   "),
    "assign": number("{% assign a{0} = 'x' %}"),
    "assign and append": repeat("{% assign a = a | append: 'x' %}"),
    "assign that doubles": repeat("{% assign a = a | append: a %}", "{% assign a = 'x' %}"),
    "capture": repeat("{% capture a %}{{ a }}x{% endcapture %}"),
    "a loop and a long post": repeat("a line\n", "{% for i in (1..3) %}x\n{% endfor %}\n"),
    "a long post and an output": repeat("{{ page.title }} a\n\n"),
    "a lost line in a long post": repeat("a line\n", "{% if true %}\n{% endif %}\n"),
    "loops": repeat("{% for i in (1..3) %}x{% endfor %}\n"),
    "a loop of many": repeat("x,", "{% assign a = '", "' | split: ',' %}{% for i in a %}{{ i }}\n{% endfor %}"),
    "a split": repeat("a ", "{{ '", "' | split: ' ' | sort | uniq | join: ',' }}"),
    "unknown filters": repeat("{{ a | nope }}"),
    "unknown tags": repeat("{% nope %}\n"),
    "variables missing": number("{{ nope{0} }}\n"),
    "variables missing and passed on": repeat("{{ nope | upcase | append: nope }}"),
    "variables of many parts": repeat(".a", "{% assign b = c %}{% for i in (1..99999) %}{{ b", " }}{% endfor %}"),
    "variables of many parts, missing": repeat(".a", "{% for i in (1..99999) %}{{ page", " }}{% endfor %}"),
    "variables set": number("{% if a %}{% assign a{0} = 1 %}{% endif %}{{ a{0} }}"),
    "posts in JSON": repeat("{{ site.posts | jsonify | size }}"),
    "posts and posts": repeat("{% for p in site.posts %}{{ p.next.previous.excerpt | size }}{% endfor %}"),
    "posts compared": repeat("{% if site.posts == site.tags %}{% endif %}"),
    "include unknown": repeat("{% include nope.html %}\n"),
    "include arguments": repeat(" a=\"b\"", "{% include nope.html", " %}"),
    "include open": repeat("{% include a"),
    "formula of braces open": repeat("$${{"),
    "formulas of braces": repeat("$${{a}}$$ "),
    "formulas and outputs": repeat("$$a$$ {{ page.title }} "),
    "escriba fences and Liquid": repeat("```escriba a\n{{\n```\n"),
    "markdownify": repeat("*a ", "{{ '", "' | markdownify }}"),
    "liquid tag": repeat("assign a = 1\n", "{% liquid\n", "%}"),
    "case": repeat("{% when a %}b", "{% case a %}", "{% endcase %}"),
    "cycle": repeat(", 'a'", "{% cycle 'a'", " %}"),
}  # fmt: skip

TEX: Mapping[str, Make] = {
    "bad formulas": repeat("$$\\nope$$ "),
    "bad formulas apart": repeat("$$\\nope$$\n\n"),
    "formulas that differ": number("$$a_{{0}}$$ "),
    "braces": repeat("{", "$$", "$$"),
    "braces closed": nest("{", "}", "a"),
    "in braces": lambda size: "$$" + nest("{", "}", "a")(size) + "$$",
    "left": repeat("\\left(", "$$", "$$"),
    "left and right": lambda size: "$$" + nest("\\left(", "\\right)", "a")(size) + "$$",
    "fractions": lambda size: "$$" + nest("\\frac{1}{", "}", "a")(size) + "$$",
    "fractions open": repeat("\\frac", "$$", "$$"),
    "powers": lambda size: "$$" + nest("a^{", "}", "b")(size) + "$$",
    "primes": repeat("'", "$$a", "$$"),
    "a long sum": repeat("a+", "$$", "a$$"),
    "a long number": repeat("1", "$$", "$$"),
    "a long display": repeat("a &= b \\\\\n", "$$\n\\begin{aligned}\n", "\\end{aligned}\n$$"),
    "begins": repeat("\\begin{matrix}", "$$", "$$"),
    "ends": repeat("\\end{matrix}", "$$", "$$"),
    "matrices": repeat("a & ", "$$\\begin{matrix}", "a\\end{matrix}$$"),
    "text": repeat("\\text{a} ", "$$", "$$"),
    "text open": repeat("\\text{", "$$", "$$"),
    "text of dollars": repeat("\\text{$a$} ", "$$", "$$"),
    "labels": number("$$\\label{a{0}}a$$\n\n"),
    "references": number("$$\\eqref{a{0}}$$ "),
    "newcommands": number("$$\\newcommand{\\a{0}}{b}$$ "),
    "percent": repeat("%a\n", "$$", "b$$"),
    "backslashes": repeat("\\", "$$", "$$"),
    "commands": repeat("\\alpha", "$$", "$$"),
    "a command": repeat("a", "$$\\", "$$"),
    "bracketed": repeat("\\\\(a\\\\) "),
    "bracketed open": repeat("\\\\("),
    "bracketed displays": repeat("\\\\[a\\\\]\n\n"),
    "single dollars": repeat("$a$ "),
    "environments": repeat("\\begin{align}\na\n\\end{align}\n\n"),
    "environments open": repeat("\\begin{align}\na\n"),
    "in HTML": repeat("<center>$$a$$</center>\n\n"),
    "in HTML open": repeat("$$a ", "<center>"),
    "in code of HTML": repeat("<code>$$a$$</code> "),
    "in attributes": repeat('<img alt="$$a$$"> '),
    "in code": repeat("`$$a$$` "),
    "spaces": repeat(" ", "$$a", "b$$"),
    "unicode": repeat("é", "$$", "$$"),
    "angles": repeat("<", "$$", "$$"),
    "dollars and braces": repeat("$a}{ "),
    "dollars and braces open": repeat("$a{ "),
    "dollars deep": nest("{$a ", "$}", "b"),
    "dollars in a table": repeat("| $a|b$ | c |\n"),
    "dollars in HTML": repeat("<p>$a$</p>\n\n"),
    "brackets in HTML open": repeat("\\(a ", "<div>"),
    "display brackets open": repeat("\\[a\n\n"),
    "environments in a line": repeat("a \\begin{align} b\n"),
    "references in prose": number("\\eqref{a{0}} "),
    "references and labels": number("\\eqref{a{0}}\n\n\\[a\\label{a{0}}\\]\n\n"),
    "macros": number("$$\\def\\a{{0}}{b}$$ $$\\a$$ "),
    "a macro that names itself": repeat("$$\\def\\a{\\a\\a}\\a$$ "),
    "macros that double": repeat(
        "$$" + "".join(rf"\def\{b}{{\{a}\{a}}}" for a, b in pairwise("abcdefghijklmnop")) + r"\p$$ "
    ),
    "arguments": repeat("{#1}", "$$\\def\\a#1{", "}\\a{b}$$"),
    "a macro without its end": repeat("b", "$$\\def\\a#1!{} \\a ", "$$ "),
    "macros without their end": repeat("\\a ", "$$\\def\\a#1!{}", "$$"),
    "rows": repeat("a & b \\\\[6pt]\n", "$$\\begin{alignedat}{1}", "a\\end{alignedat}$$"),
    "tables in tables": nest("\\begin{smallmatrix}", "\\end{smallmatrix}", "a"),
    "columns": repeat("*{9}{c}", "$$\\begin{array}{", "}a\\end{array}$$"),
    "switches": repeat("\\large ", "$$", "a$$"),
    "words in words": lambda size: "$$" + nest("\\text{a", "}", "b")(size) + "$$",
    "formulas in words": lambda size: "$$" + nest("\\text{$", "$}", "b")(size) + "$$",
    "parts": repeat("\\mathop{a}", "$$", "$$"),
    "verbatim open": repeat("\\verb|a", "$$", "$$"),
    "unknown words": number("$$\\nope{0}$$ "),
    "prices": repeat("costs $5 and "),
}  # fmt: skip

ESCRIBA: Mapping[str, Make] = {
    "values": repeat(f"`escriba {MODEL}.parameters` "),
    "values, unknown": number("`escriba {0}.a` "),
    "values, a long key": repeat(".a", f"`escriba {MODEL}", "`"),
    "values, a long format": repeat("9", f"`escriba {MODEL}.layers:", "`"),
    "values shown in longer code": repeat(f"`` `escriba {MODEL}.layers` `` "),
    "values in code of growing marks": lengthen("`", f" `escriba {MODEL}.layers` ", 2),
    "values open": repeat("`escriba "),
    "values open, long": repeat("a", "`escriba "),
    "values with spaces": repeat(" ", "`escriba", "a.b`"),
    "values, equal and wrong": repeat("`escriba a.b`\n"),
    "samples": repeat(f"```escriba sample\nmodel: {MODEL}\nprompt: a\nlength: 20\n```\n\n"),
    "samples, unfrozen": number(f"```escriba sample\nmodel: {MODEL}\nseed: {{0}}\n```\n\n"),
    "blocks, unknown": repeat("```escriba nope\na: b\n```\n\n"),
    "blocks, empty": repeat("```escriba sample\n```\n"),
    "a block of options": number("k{0}: v\n", "```escriba sample\n", "```\n"),
    "a block of a prompt": repeat("a", f"```escriba sample\nmodel: {MODEL}\nprompt: ", "\n```\n"),
    "a block of a caption": repeat("a ", f"```escriba loss\nmodel: {MODEL}\ncaption: ", "\n```\n"),
    "a block of steps": number("{0}", f"```escriba timeline\nmodel: {MODEL}\nsteps: [", "]\n```\n", ", "),
    "figures": repeat(f"```escriba loss\nmodel: {MODEL}\n```\n\n"),
    "diagrams": repeat(f"```escriba diagram\nmodel: {MODEL}\ntext: abc\n```\n\n"),
    "blocks in lists": repeat("* ```escriba nope\n  a: b\n  ```\n"),
    "blocks in quotes": repeat("> ```escriba nope\n> a: b\n> ```\n"),
    "tokens of ours": number("escriba0123456789abcdefx{0}x "),
}  # fmt: skip

PAGES: Mapping[str, Make] = {
    "footnote marks": repeat('<sup id="fnref', "<div>\n"),
    "footnote marks, whole": repeat('<sup id="fnref:', "<div>\n"),
    "annotations": repeat("<annotation ", "<div>\n"),
    "paragraphs": repeat("<p ", "<div>\n"),
    "more": repeat("<!--more", "<div>\n"),
    "more with spaces": repeat(" ", "<!--", "<!--more-->"),
    "more, many": repeat("<!--more-->\n"),
    "ids": repeat(' id="a"', "<div>\n<p", ">a</p>"),
    "ids open": repeat("<p id=", "<div>\n"),
    "hrefs": repeat(' href="x"', "<div>\n<a", ">b</a>"),
    "hrefs of sources": repeat('<a href="2020-01-01-a.md">b</a> ', "<div>\n"),
    "a long href": repeat("../", '<div>\n<a href="', 'x">b</a>'),
    "spaces of an href": repeat(" ", "<div>\n<a href", '="x">b</a>'),
    "srcset": repeat("a.png 1x, ", '<div>\n<img srcset="', '">'),
    "srcsets": repeat('<img srcset="a 1x">', "<div>\n"),
    "urls of styles": repeat("url(", '<div>\n<p style="', '">'),
    "styles open": repeat("<style>a", "<div>\n"),
    "scripts open": repeat("<script a", "<div>\n"),
    "ends of scripts": repeat("</script ", "<div>\n<script>"),
    "titles": repeat("<h1>a</h1>\n", "<div>\n"),
    "maths": repeat("<math>", "<div>\n"),
    "maths in a paragraph": repeat("<math>", "<p>"),
    "stressed texts": repeat("<em>", "<p><img>"),
    "figures open": repeat("<figure>", "<div>\n"),
    "figures and paragraphs": repeat("<figure><p>a</p></figure><p></p>", "<div>\n"),
    "tables": repeat("<table>", "<div>\n"),
    "pres": repeat("<pre tabindex", "<div>\n"),
    "entities": repeat("&#x1F600;", "<div>\n"),
    "anchors": number('<a id="a{0}"></a><a href="#a{0}">b</a>\n', "<div>\n"),
    "links to nowhere": number("[a](/nowhere/{0}/)\n"),
    "links to other posts": number("[a](nowhere-{0}.md)\n"),
    "links to one that is nowhere": repeat("[a](/nowhere/)\n"),
    "links with parts in common": number("[a](/nowhere?a={0}=b={1})\n"),
    "links with one long part in common": number(f"[a](/{'nowhere' * 20}?{{0}})\n"),
    "links to anchors that are nowhere": number("[a](#b{0})\n"),
    "definitions that are nowhere": number("[a{0}]\n\n[a{0}]:/nowhere/{0}/\n\n"),
    "links to nowhere in code": number("`[a](/b/{0}/)` [a](/b/{0}/)\n"),
    "links out of the site": repeat("../", "[a](", "x)"),
    "links to files of the project": number("[a](/models/{0}.txt) [b](../escriba.yml?{0})\n"),
    "candidates of a srcset": number("a{0}.png {1}x, ", '<div>\n<img srcset="', '">'),
    "descriptors of a srcset": repeat("(", '<div>\n<img srcset="a ', '">'),
    "commas of a srcset": repeat(",", '<div>\n<img srcset="a', '">'),
    "urls of a style": number("a { b: url(c{0}.png) }\n", "<div>\n<style>", "</style>"),
    "strings of a style": repeat("\\'", "<div>\n<style>", "</style>"),
    "image sets": repeat("image-set(", "<div>\n<style>", "</style>"),
    "attributes": repeat("a ", "<div>\n<p ", ">b</p>"),
    "attributes without names": repeat("= ", "<div>\n<p ", ">b</p>"),
    "names of anchors": number('<a name="{0}">b</a>[c](#{0})\n', "<div>\n"),
    "code": repeat("<code>\n", "<div>\n"),
}  # fmt: skip

# Code that lexers of Pygments may take long to read.
CODE: Mapping[str, tuple[str, str, str]] = {
    "python strings": ("python", 'f"{', ""),
    "python docstring": ("python", '"""a ', ""),
    "ruby": ("ruby", "%w(", ""),
    "perl": ("perl", "s/a", ""),
    "bash": ("bash", "$((", ""),
    "html": ("html", "<a b=", ""),
    "javascript": ("javascript", "`${", ""),
    "c": ("c", "a(", ""),
    "c, blank lines": ("c", "\n\n", ""),
    "c, some blank lines": ("c", "\n" * 99 + "a", ""),
    "java, blank lines": ("java", "\n\n", ""),
    "rust in lines": ("rust", 'r#"\n', ""),
    "terraform": ("terraform", "<<E\n", ""),
    "gherkin": ("gherkin", "\t\n", ""),
    "zeek": ("zeek", "1", ""),
    "zeek, short numbers": ("zeek", "1" * 19 + "x\n", ""),
    "zeek, a number": ("zeek", "1" * 400 + "x\n", ""),
    "mcfunction": ("mcfunction", "0" * 19 + "x\n", ""),
    "autohotkey": ("autohotkey", "\t\n", ""),
    "crystal": ("cr", "<<E\n", ""),
    "maple": ("maple", "'", ""),
    "maple in lines": ("maple", "'" * 1999 + "\n", ""),
    "c++": ("cpp", "R\"a(", ""),
    "java": ("java", "a<b,", ""),
    "json": ("json", '{"a":', ""),
    "yaml": ("yaml", "- a: ", ""),
    "markdown": ("markdown", "**a", ""),
    "sql": ("sql", "'a", ""),
    "tex": ("tex", "$a{", ""),
    "haskell": ("haskell", "{- ", ""),
    "rust": ("rust", "r#\"", ""),
    "console": ("console", "$ a\\\n", ""),
    "diff": ("diff", "+a\n", ""),
    "lisp": ("common-lisp", "#|", ""),
}  # fmt: skip


def _fence(language: str, unit: str, after: str) -> Make:
    return repeat(unit, f"```{language}\n", f"{after}\n```\n")


OTHERS: Mapping[str, Mapping[str, Make]] = {
    "include": {
        "lines": repeat("a line\n"),
        "Liquid": repeat("{{ page.title }}\n"),
        "open": repeat("{% if a %}"),
        "HTML": repeat("<b>"),
    },
    "template": {
        "text": repeat("a line\n"),
        "expressions": repeat("{{ post.title }}"),
        "open": repeat("{{ "),
        "brackets": nest("(", ")", "1"),
        "brackets in an expression": lambda size: "{{ " + nest("(", ")", "1")(size) + " }}",
        "a sum": repeat("+1", "{{ 1", " }}"),
        "filters": repeat("|upper", "{{ 'a'", " }}"),
        "ifs": nest("{% if post %}", "{% endif %}", "a"),
        "blocks": number("{% block a{0} %}{% endblock %}"),
        "macros": number("{% macro a{0}() %}{% endmacro %}"),
        "comments": repeat("{# "),
        "loops": repeat("{% for i in range(9) %}{{ i }}{% endfor %}"),
        "assignments": number("{% set a{0} = 1 %}"),
        "assignments in ifs": number("{% if post %}{% set a{0} = 1 %}{% endif %}"),
        "assignments in loops": number("{% for i in post %}{% set a{0} = 1 %}{% endfor %}"),
        "assignments and loops": number("{% set a{0} = 1 %}{% for b in a{0} %}{% endfor %}"),
        "assignments of blocks": number("{% set a{0} %}{% endset %}"),
        "with": number("{% with a{0} = 1 %}{% endwith %}"),
        "with in with": nest("{% with %}", "{% endwith %}", "a"),
        "names": number("{{ a{0} is defined }}"),
        "names in loops": number("{% for i in post %}{{ a{0} is defined }}{% endfor %}"),
        "unknown filters": number("{{ 1 | a{0} }}"),
        "unknown tests": number("{{ 1 is a{0} }}"),
        "calls": number("{% call(a{0}) range() %}{% endcall %}"),
        "calls of loops": repeat("{% for i in [] recursive %}{{ loop() }}{% endfor %}"),
        "filter blocks": repeat("{% filter upper %}a{% endfilter %}"),
        "elifs": repeat("{% elif post %}", "{% if post %}", "{% endif %}"),
        "ors": repeat(" or post", "{% if post", "{% endif %}"),
        "a list": repeat("1, ", "{{ [", "] }}"),
        "a dict": number("'a{0}': 1, ", "{{ {", "} }}"),
        "imports": repeat("{% import 'base.html' as a %}"),
        "imports of names": number("b{0}, ", "{% from 'base.html' import ", "b %}"),
        "includes of nothing": repeat("{% include 'nope' ignore missing %}"),
        "super": repeat("{{ super() }}", "{% block a %}", "{% endblock %}"),
        "arguments": number("a{0}, ", "{% macro m(", "b) %}{% endmacro %}"),
        "defaults": number("a{0}=1, ", "{% macro m(", "b=1) %}{% endmacro %}"),
        "raw": repeat("{% raw %}{{{% endraw %}"),
        "raw open": repeat("{% raw %}"),
        "line ends": repeat("\r\n{% if post %}\r\n{% endif %}"),
        "autoescapes": repeat("{% autoescape true %}{{ post }}{% endautoescape %}"),
    },
    "style": {
        "urls": number("p { background: url(a{0}.png) }\n"),
        "urls open": repeat("url("),
        "urls that are nowhere": number("p { background: url(/nowhere/{0}.png) }\n"),
        "strings open": repeat("'\\\""),
        "comments open": repeat("/*"),
        "imports": number("@import 'a{0}.css';\n"),
        "escapes": repeat("\\", "p { background: url('", "') }"),
    },
    "strings": {
        "texts": number("  k{0}: v\n", "en:\n"),
        "languages": number("l{0}: {a: b}\n"),
        "depth": repeat("[", "en: "),
        "braces": repeat("{", "en: {archive: '", "'}"),
    },
    "settings": {
        "unknown keys": number("k{0}: v\n"),
        "a title": repeat("a ", "title: "),
        "an address": repeat("a/", "url: http://"),
        "documents": number("d{0}", "documents: [", "]", ", "),
        "static": number("d{0}", "static: [", "]", ", "),
        "static pattern": repeat("**/*a*/", "static: ['", "x']"),
        "static folders": repeat("a/", "static: [", "x]"),
        "nav": number("{t{0}: /n{0}/}", "nav: [", "]", ", "),
        "nav of pages": number("p{0}", "nav: [", "]", ", "),
        "permalink": repeat(":title", "permalink: /"),
        "depth": repeat("[", "title: "),
        "aliases": repeat("*a, ", "x: &a b\ny: [", "]"),
    },
    "recipe": {
        "sources": number("{file: a{0}.txt}", "corpus: {sources: [", "]}", ", "),
        "unknown keys": number("  k{0}: v\n", "corpus:\n"),
        "depth": repeat("{a: ", "corpus: "),
        "split": repeat("1, ", "corpus: {sources: [{file: a}], split: [", "]}"),
        "seed": repeat("9", "corpus: {sources: [{file: a}]}\ntraining: {seed: ", "}"),
    },
    "record": {
        "steps": number('{"step": {0}, "characters": {0}, "seconds": 1, "loss": 2, "gradient": 1, "largest": 2, "clipped": 0.5, "rate": 0.1}\n'),
        "validations": number('{"step": {0}, "characters": {0}, "seconds": 1, "validation": 2}\n'),
        "samples": number('{"step": {0}, "characters": {0}, "sample": "a", "prompt": "b"}\n'),
        "a long sample": repeat("a ", '{"step": 1, "characters": 1, "sample": "', '", "prompt": "b"}\n'),
        "a hostile sample": repeat("<*", '{"step": 1, "characters": 1, "sample": "', '", "prompt": "b"}\n'),
        "depth": repeat("[", '{"step": '),
        "digits": repeat("9", '{"step": 1, "characters": ', ', "validation": 2}\n{}'),
        "blank lines": repeat("\n"),
        "spaces": repeat(" ", '{"step": 1', ', "characters": 1, "validation": 2}\n'),
        "keys": number('"k{0}": 1, ', "{", '"step": 1, "characters": 1, "validation": 2}\n'),
    },
    "evaluation": {
        "depth": repeat("{a: "),
        "depth by lines": indent("a:", " "),
        "measures": number("  k{0}: 1.5\n", "test:\n"),
        "parts": number("p{0}: {nats: 1.5}\n"),
        "digits": repeat("9", "test: {nats: ", "}"),
        "decimals": repeat("9", "test: {nats: 0.", "}"),
    },
    "weights": {
        "depth": repeat("[", '{"__metadata__": '),
        "tensors": number('"t{0}": {}', "{", "}", ", "),
        "record": number('"k{0}": 1', '{"__metadata__": {"format": "escriba-charlm/1", "escriba": "', '"}}', ", "),
        "symbols": lambda size: json.dumps({"__metadata__": {"format": "escriba-charlm/1", "escriba": json.dumps({"network": {"cell": "lstm", "layers": 1, "hidden": 1, "residual": True}, "vocabulary": {"unit": "characters", "symbols": "".join(map(chr, range(32, min(0xd000, 32 + size // 6))))}, "record": {}})}}),
        "digits": repeat("9", '{"__metadata__": '),
    },
    "frozen": {
        "no end of the header": repeat("a: b\n"),
        "separators": repeat("\n---\n"),
        "a long prompt": repeat("a", "prompt: ", "\n---\nx"),
        "a prompt of escapes": repeat("\\n", 'prompt: "', '"\n---\nx'),
        "unknown keys": number("k{0}: v\n", "", "---\nx"),
        "a long text": repeat("x\n", "model: a\n---\n"),
        "depth": repeat("[", "model: ", "\n---\nx"),
    },
    "sample": {
        "stars": repeat("*a **b "),
        "paragraphs": repeat("a\n\n"),
        "line ends": repeat("\n"),
        "dollars": repeat("$a$ "),
        "dollars open": repeat("$a \\$ "),
        "displays": repeat("$$a$$ "),
        "displays open": repeat("$$ "),
        "brackets": repeat("\\[ a \\] "),
        "brackets open": repeat("\\[ a "),
        "environments": repeat("\\begin{align} a \\end{align} "),
        "environments open": repeat("\\begin{align} a "),
        "bad formulas": repeat("$\\nope$ "),
        "labels": repeat("\\label{a} $\\label{a}a$ "),
        "braces": repeat("$" + "{" * 400 + "$ "),
        "texts": repeat("$\\text{$a$}$ "),
        "controls": repeat("\x00\x1b"),
        "code": repeat('f"{'),
        "marks of ours": repeat("\ufdd0" + "1" + "\ufdd1"),
    },
    "expand": {
        "prose": repeat(LINE + "\n"),
        "one paragraph": repeat(LINE),
        "one line": repeat(WORDS),
        "front matter open": repeat("a: b\n", "---\n"),
        "front matter in TOML": repeat("a = 'b'\n", "+++\n"),
        "dashes": repeat("---\n"),
        "front matter of lang": repeat("lang: \n", "---\n", "---\n"),
        "backtick runs": lengthen("`", "a"),
        "backticks odd": repeat("`a ``b "),
        "values": repeat(f"`escriba {MODEL}.parameters` "),
        "values unknown": number("`escriba {0}.a`\n"),
        "samples": repeat(f"```escriba sample\nmodel: {MODEL}\nprompt: a\nlength: 20\n```\n\n"),
        "fences unclosed": repeat("```a\nx\n"),
        "escriba fences unclosed": repeat("```escriba sample\n"),
        "fences indented": repeat("    ```\n    x\n"),
        "fences under lists": repeat("\n      ```a\n", "* a\n"),
        "indented lines": repeat("    a\nb\n"),
        "indented lines alone": repeat("        a\n"),
        "comments": repeat("<!--\n"),
        "comments closed": repeat("<!-- a -->\n"),
        "line ends of old": repeat("a\r"),
    },
    "host": {
        "values": repeat(f"`escriba {MODEL}.parameters` "),
        "samples": repeat(f"```escriba sample\nmodel: {MODEL}\nprompt: a\nlength: 20\n```\n\n"),
        "blocks unknown": repeat("```escriba nope\n```\n\n"),
        "fences unclosed": repeat("```a\nx\n"),
    },
    "plan": {
        "depth": repeat("["),
        "names": number('"n{0}"', '{"write": [], "remove": [', '], "manifest": []}', ", "),
        "folders": repeat("a/", '{"write": ["', 'b"], "remove": [], "manifest": []}'),
        "digits": repeat("9"),
    },
    "manifest": {
        "names": number("n{0}\n"),
        "folders": repeat("a/", "", "b\n"),
        "names deep": number("a/b/c/d/e/f/{0}\n"),
        "dots": repeat("../"),
    },
    "until paragraph": {
        "words": repeat("word "),
        "line ends": repeat("a\n"),
        "line ends first": repeat("\n"),
    },
    "until sentence": {
        "words": repeat("word "),
        "dots": repeat("."),
        "quotes after a dot": repeat('"', "."),
        "dots and quotes": repeat('."'),
    },
    "until text": {
        "nearly": repeat("a"),
        "words": repeat("word "),
    },
    "site": {
        "posts": number("---\ntitle: T{0}\ntags: [a]\n---\n" + LINE * 12, joint="\n%%%\n"),
        "posts of one address": number("---\ntitle: T{0}\npermalink: /a/\n---\n" + LINE * 4, joint="\n%%%\n"),
        "posts of own tags": number("---\ntitle: T{0}\ntags: [t{0}]\n---\n" + LINE * 12, joint="\n%%%\n"),
        "posts of topics with signs": number("---\ntitle: T{0}\ntags: [a+, 'a#{0}', 'a{0}+']\n---\n" + LINE * 12, joint="\n%%%\n"),
        "posts that show all": number("---\ntitle: T{0}\n---\n{% for p in site.posts limit: 9 %}{{ p.excerpt }}{% endfor %}" + LINE * 12, joint="\n%%%\n"),
        "posts that are wrong": number("---\ntitle: T{0}\nlang: 9\n---\n" + LINE * 4, joint="\n%%%\n"),
        "translations": number("---\ntitle: T{0}\nslug: s{0}\ntranslates: s0\n---\n" + LINE * 4, joint="\n%%%\n"),
        "links among posts": number("---\ntitle: T{0}\n---\n" + "[a](2020-01-01-a0.md) [b][c] " * 20, joint="\n%%%\n"),
    },
}  # fmt: skip


def _collect() -> Iterator[tuple[str, Hostile]]:
    posts = {
        "fences": FENCES, "blocks": BLOCKS, "spans": SPANS, "liquid": LIQUID, "tex": TEX,
        "escriba": ESCRIBA, "pages": PAGES,
        "code": {name: _fence(*parts) for name, parts in CODE.items()},
    }  # fmt: skip
    for group, makes in posts.items():
        for name, make in makes.items():
            yield f"{group}: {name}", Hostile("post", make)
    for door, makes in {"front": FRONT, "page": PAGE, **OTHERS}.items():
        for name, make in makes.items():
            yield f"{door}: {name}", Hostile(door, make)


HOSTILE: Mapping[str, Hostile] = dict(_collect())
