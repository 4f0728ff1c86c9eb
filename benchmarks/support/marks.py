"""The words of strange.py: what means something to some reader of a blog's files."""

from __future__ import annotations

from support.yard import MODEL


def _cut(text: str, mark: str | None = None) -> list[str]:
    return text.split(mark)


SHORT_NUMBERS = _cut(
    "0 -1 1 7 1e999999999 1e-999999999 -1e400 inf -inf nan .nan .inf 1_000 0x10 0o17 0b1 1:30 ½ ٣ ² "
    "9223372036854775807 9223372036854775808 18446744073709551616 0.1 .5 5. +1 --1 1e5 1E+2 00 1/2 "
    "1,5 4294967296 65536 1000000 1000001 0.0000001 true null ~ -0 1e-7 2020-02-30 2020-10-01"
)
LONG_NUMBERS = ["9" * 300, "9" * 5000, "0." + "0" * 500 + "1", "1e" + "9" * 30]
NUMBERS = [*SHORT_NUMBERS, *LONG_NUMBERS]
CHARACTERS = [
    "\x00", "\x01", "\x02", "\x03", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\xa0", "\xad", "\u0301",
    "\u200b", "\u202e", "\u2028", "\u2029", "\ufdd0", "\ufdd1", "\ufdd0" + "0" + "\ufdd1", "\ufeff",
    "\ufffd", "\uffff", "\U0001f600", "\U0010ffff", "é", "e\u0301", "ß", "İ", "ﬁ", "中", "א", "\r",
    "\r\n", "\t", "\x02klzzwxh:0000\x03", "\x02wzxhzdk:0\x03", "\x02amp\x03",
]  # fmt: skip
MARKS = _cut(
    "* ** *** _ __ ` `` ``` ~~~ ~~ ~ $ $$ $$$ [ ] ( ) ![ ]( ][ ]: [^ [^1] [^1]: *[ { } {: {:: {:/ {:/} {:a: "
    "{:.a} {:toc} {{ }} {% %} {%- -%} {# #} < > </ /> <!-- --> <!--more--> <? ?> <![CDATA[ ]]> <! <a <b> "
    "</b> <div> </div> <p> </p> <pre> </pre> <code> </code> <script> </script> <style> </style> <br> <br/> "
    "<table> <tr> <td> <ul> <li> <math> <svg> <textarea> <title> <html> <body> & &amp; &# &#x &#0; "
    "&#x110000; &nosuch; \\ \\\\ \\( \\) \\[ \\] | |- |= |--- ||| : :- ^ # ## ###### === --- - + 1. 1) > >> "
    '" \' \'\' -- ... << >> = ! ? % @ ; , . .a #a a="b" a=\'b\' href=" src=\' id="a" markdown="1" '
    'markdown="span" style="url(" srcset="a 1x, b" http:// https://[ //[::1 mailto: javascript: '
    "data:, /../ %00 %2e%2e ?a#b {::comment} {:/comment} {::nomarkdown} {::options {:.no_toc}"
)
LIQUID = _cut(
    "{{|}}|{%|%}|{% if a %}|{% else %}|{% endif %}|{% for i in (1..3) %}|{% for a in site.posts limit:2 %}|"
    "{% endfor %}|{% raw %}|{% endraw %}|{% comment %}|{% endcomment %}|{% highlight python linenos %}|"
    "{% endhighlight %}|{% assign a = 'b' %}|{% assign a = page.tags %}|{% capture a %}|{% endcapture %}|"
    "{% include a.html %}|{% include {{ a }} %}|{% include ../a %}|{% post_url 2020-01-01-a %}|"
    "{% link posts/2020-01-01-a.md %}|{{ page.title }}|{{ a[0] }}|{{ page.tags | first }}|{% break %}|"
    "{{ 'a' | markdownify }}|{{ 1 | divided_by: 0 }}|{{ 'inf' | floor }}|{{ 1 | times: 1e400 }}|"
    "{{ 'x' | date: '%Y' }}|{{ page.date | date: '%Q %' }}|{{ '2020' | date_to_string }}|"
    "{{ page | jsonify }}|{{ 'a' | slice: -9, 99 }}|{{ 'a' | truncate: -1 }}|{{ nil | sort }}|"
    "{{ page.tags | where: 'a', 1 }}|{{ page.tags | map: 'a' | join }}|{{ 1 | round: 400 }}|{% cycle %}|"
    "{% tablerow i in (1..2) %}|{% endtablerow %}|{% case a %}|{% when 1 %}|{% endcase %}|{% unless a %}|"
    "{% endunless %}|{% increment a %}|{% liquid echo 1 %}|{% render 'a' %}|{% extends 'a' %}|{% block a %}|"
    "{% endblock %}|{{ a | upcase: 1, b: 2 }}|{{ \"a }}|{{ 'a' | replace: '', 'b' }}|{{ a.b.c['d'] }}|"
    "{{ (1..3) | join }}|{{ 'a' | times: 'b' }}|{{ -1 | sqrt }}|{% if a contains %}|{{ 'a' | url_decode }}|"
    "{{ '%ff' | url_decode }}|{{ 'é' | base64_decode }}|{{ 'a' | base64_url_safe_decode }}|{{ 1 | modulo: 0 }}|"
    "{{ 'a' | array_to_sentence_string }}|{{ nil | date_to_xmlschema }}|{{ 'a' | append }}|{{ empty }}|{{ blank.size }}|"
    "{{ site.posts | jsonify }}|{% for p in site.posts %}|{{ p.excerpt }}|{{ p.next.title }}|{{ page.content }}|"
    "{{ page.previous.previous | upcase }}|{{ site.tags.a.first.title }}|{% for t in site.tags %}|{{ t[1] | size }}|"
    "{{ site.data.a | sort | first }}|{{ site.time | date: '%Y' }}|{{ page | size }}|{{ site }}|{{ page.tags[9].a }}|"
    "{{ nope | default: page.nope }}|{{ site.posts | where: 'title', 'A' | uniq | concat: site.posts }}",
    "|{",
)
LIQUID_TOKENS = [LIQUID[0], *("{" + piece for piece in LIQUID[1:])]
TEX = _cut(
    "\\frac \\sqrt { } ^ _ & \\\\ \\left( \\right) \\left. \\right| \\begin{matrix} \\end{matrix} "
    "\\begin{aligned}[t] \\end{aligned} \\begin{align} \\end{align} \\begin{cases} \\end{cases} \\text{ "
    "\\mathrm{ \\label{a} \\eqref{a} \\ref{b} \\tag{1} \\newcommand{\\a}{b} \\newcommand{\\a}[1]{#1} \\def\\a{b} "
    "\\a \\operatorname{a} \\mathbb R \\sum_{i=1}^n \\int \\lim \\hat \\overline{ \\color{red} \\href{a}{b} "
    "\\\\[6pt] \\\\* \\limits \\nolimits ' '' % # ~ \\, \\; \\! \\quad \\LaTeX \\not \\mbox{ \\hbox \\array "
    "\\begin{array}{c|c} \\hline \\multicolumn \\big \\Bigg| \\middle| \\dfrac \\binom \\over \\choose \\prime "
    "\\unicode{x41} \\char`a \\require{a} \\DeclareMathOperator{\\b}{c} \\let\\a\\b \\mathchoice \\phantom{ \\cancel{x} "
    "\\boxed{ \\underbrace{a}_b \\stackrel \\overset \\xrightarrow[a]{b} \\substack{ \\bmod \\pmod{3} \\nope < > \\< é ½"
)
JINJA = _cut(
    "{{ post.title }}~{{ nope }}~{{ 1 / 0 }}~{{ post }}~{{ date(1) }}~{{ link(3) }}~{{ asset('nope') }}~"
    "{{ absolute(none) }}~{{ language(1) }}~{{ t.archive }}~{{ t['nope'] }}~{{ article.content }}~{% extends 'base.html' %}~"
    "{% extends 'post.html' %}~{% include 'post.html' %}~{% include 'nope.html' %}~{% include '../a' %}~"
    "{% import 'post.html' as a %}~{% block content %}~{% endblock %}~{% for i in range(3) %}~{% endfor %}~"
    "{% if post %}~{% endif %}~{% set a = 1 %}~{% macro a(b) %}~{% endmacro %}~{{ a() }}~{{ ''.__class__ }}~"
    "{{ post.front.__class__.__mro__ }}~{{ 'a' | show }}~{{ 'a' | number }}~{{ none | compact('es') }}~"
    "{{ 1 | figures(1, 'en') }}~{{ 'a' | share }}~{{ 'a'.format(1) }}~{{ '%s' % 1 }}~{{ '%d' % 'a' }}~{{ 9 ** 9 ** 9 }}~"
    "{{ range(10 ** 9) | list }}~{{ 'a' * 10 ** 9 }}~{{ ''.join(catalogue.posts) }}~{{ site.title.x }}~{% raw %}~"
    "{% endraw %}~{# ~ #}~{% call a() %}~{% endcall %}~{% filter upper %}~{% endfilter %}~{{ self.content() }}~"
    "{{ loop.index }}~{{ caller() }}~{{ super() }}~{{ namespace(a=1) }}~{{ lipsum() }}~{{ cycler() }}~{{ dict(a=1) | tojson }}~"
    "{{ '{:>999999999}'.format(1) }}~{{ 'x' | center(10 ** 10) }}~{{ [1, 'a'] | sort }}~{{ (1).__class__ }}~{% do 1 %}~{% break %}",
    "~",
)
OPTIONS = _cut(
    "model models prompt length until temperature top-k top-p min-p seed show language caption labels x x-scale y "
    "y-scale baselines steps text top_k"
)
KINDS = _cut("sample loss gradients timeline diagram playground nope")
KEYS = _cut(
    "title date last_modified_at categories category tags tag published lang translates slug permalink description "
    "author layout toc extra titel <<"
)
SETTING = _cut(
    "title description author email url baseurl lang permalink posts documents templates models output corpora latest "
    "outside nope"
)
RECIPE = _cut(
    "corpus sources file url sha256 ready origin licence name language exclude unit unwrap split stretches network cell "
    "layers hidden residual dropout training budget minutes epochs steps batch window optimiser learning-rate warmup "
    "weight-decay clip precision patience log-every seed"
)
WORDS = _cut(
    f"a b the {MODEL} mini escriba sample post page é ñ C++ C# ... .. . / /a/ a/b CON nul .escriba plan es en pt-BR ar "
    "xx-Latn-001 date pretty none :title :year :nope prose code math verbatim python nope linear log characters minutes "
    "unigram ngram-20 paragraph sentence true false null lstm rnn gru 1d ISO"
)
