"""In which direction a language is written, by its tag.

A table of our own, since what a library knows changes with its version, and pages must not.
"""

from __future__ import annotations

from typing import Literal

# ISO 15924, scripts that are written from right to left; and the languages (ISO 639, CLDR's
# likely subtags) that are written in one of them where their tag names no script.
_SCRIPTS = (
    "adlm arab aran armi avst chrs cprt elym garf hatr hebr hung khar lydi mand mani mend merc "
    "mero narb nbat nkoo orkh ougr palm phli phlp phnx prti rohg samr sarb sogd sogo syrc thaa "
    "todr yezi"
)
_LANGUAGES = (
    "aeb aii ajp apc apd ar arc arq ars ary arz azb bal bgn bqi ckb dv fa fas glk haz he heb iw ks "
    "lki lrc luz mzn nqo pes pnb prs ps pus rhg sd sdh skr smp syc syr ug ur urd yi yid"
)


def find_direction(lang: str) -> Literal["ltr", "rtl"]:
    """`rtl` for `ar`, `he-IL` and `az-Arab`, `ltr` for all others."""
    language, *others = lang.lower().split("-")
    script = next((part for part in others if len(part) == 4 and part.isalpha()), None)
    right = script in _SCRIPTS.split() if script else language in _LANGUAGES.split()
    return "rtl" if right else "ltr"
