"""Prose by chance: sentences of English words, each about as frequent as it is in English.

A `Random` decides everything, so the same seed gives the same text.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random

# The most frequent first; a word is drawn as often as its place in this list says (Zipf).
_LIST = """
the of and to a in is it that was he for on with as his be at by this had not are but from or
have an they which one you were all her she there would their we him been has when who will no
more if out so up said what its about than into them can only other time new some could these
two may first then do any like my now over such our man me even most made after also did many
off before must well back through years where much your way down should because long each just
state those people too little how good make world still see own work men day get here between
both life being under three never know same last another while us might great year come since
against go right came take used himself few house use place during without again home around
small found part thought went say general once high upon school every got united left number
course war until always away something fact water less public put almost hand enough far took
head yet government system better set told nothing night end why called eyes find going look
asked later knew point next city business group give days young let room word side social given
present several order rate possible face interest door become church large light letter memory
network river sentence station question language winter reason machine captain century morning
garden shadow window mountain village silence evening journey pattern surface
"""
WORDS = _LIST.split()
_SUMS = list(accumulate(1 / place for place in range(2, len(WORDS) + 2)))
_ENDS = (".", ".", ".", ".", ".", ".", ".", ".", "?", "!", "…")


def draw_words(random: Random, number: int) -> list[str]:
    return random.choices(WORDS, cum_weights=_SUMS, k=number)


def draw_title(random: Random) -> str:
    """Some of the rarer words, as a heading has them."""
    words = random.sample(WORDS[40:], random.randint(2, 5))
    return " ".join(words).capitalize()


def draw_sentence(random: Random, number: int) -> str:
    """So many words, with what prose has of marks: commas, dashes, quotes, emphasis, code."""
    words = draw_words(random, number)
    words[0] = words[0].capitalize()
    for at in range(3, number - 2):
        chance = random.random()
        if chance < 0.07:
            words[at] += ","
        elif chance < 0.09:
            words[at] = f"*{words[at]}*"
        elif chance < 0.10:
            words[at] = f"**{words[at]}**"
        elif chance < 0.11:
            words[at] = f'"{words[at]}"'
        elif chance < 0.12:
            words[at] = f"`{words[at]}`"
        elif chance < 0.13:
            words[at] = f"{words[at]} --"
        elif chance < 0.14:
            words[at] = f"{words[at]}'s"
    return " ".join(words) + random.choice(_ENDS)


def draw_sentences(random: Random, number: int) -> list[str]:
    """Sentences of so many words together."""
    sentences = []
    while number > 0:
        length = min(number, random.randint(6, 24))
        sentences.append(draw_sentence(random, length))
        number -= length
    return sentences


def draw_paragraph(random: Random, number: int) -> str:
    return " ".join(draw_sentences(random, number))
