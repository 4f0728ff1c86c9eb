"""CSS for the classes in formulas."""

from __future__ import annotations

_SHEET = """\
math .tex-right { text-align: right; justify-items: end; }
math .tex-left { text-align: left; justify-items: start; }
math .tex-flush-right { padding-right: 0; }
math .tex-flush-left { padding-left: 0; }
math .tex-flush-top { padding-top: 0; }
math .tex-flush-bottom { padding-bottom: 0; }
math .tex-left-near { padding-left: 0.1em; }
math .tex-right-near { padding-right: 0.1em; }
math .tex-left-thin { padding-left: 0.1667em; }
math .tex-right-thin { padding-right: 0.1667em; }
math .tex-left-medium { padding-left: 0.2222em; }
math .tex-right-medium { padding-right: 0.2222em; }
math .tex-left-thick { padding-left: 0.2778em; }
math .tex-right-thick { padding-right: 0.2778em; }
math .tex-apart { padding-left: 1em; }
math .tex-closer { margin-left: -0.16666667em; }
math .tex-below { padding-top: 0.1667em; }
math .tex-wide { width: 100%; }
math .tex-half { width: 50%; }
math .tex-margin { width: 7.5%; }
math .tex-small-caps { font-variant-caps: small-caps; }
math .tex-left-solid { border-left: 0.05em solid currentcolor; }
math .tex-left-dashed { border-left: 0.05em dashed currentcolor; }
math .tex-right-solid { border-right: 0.05em solid currentcolor; }
math .tex-right-dashed { border-right: 0.05em dashed currentcolor; }
math .tex-top-solid { border-top: 0.05em solid currentcolor; }
math .tex-top-dashed { border-top: 0.05em dashed currentcolor; }
math .tex-bottom-solid { border-bottom: 0.05em solid currentcolor; }
math .tex-bottom-dashed { border-bottom: 0.05em dashed currentcolor; }
code.tex-display { display: block; text-align: center; white-space: pre-wrap; }
math .tex-gap { padding-top: 0; padding-bottom: 0; }
math .tex-left-double { border-left: 0.2em double currentcolor; }
math .tex-right-double { border-right: 0.2em double currentcolor; }
math .tex-top-double { border-top: 0.2em double currentcolor; }
math .tex-bottom-double { border-bottom: 0.2em double currentcolor; }
math .tex-llap { direction: rtl; }
math .tex-llap > * { direction: ltr; }
math menclose[notation="box"] { border: 0.0625em solid; padding: 0.2em; }
math menclose[notation~="updiagonalstrike"],
math menclose[notation~="downdiagonalstrike"] {
  border: 0; padding: 0; position: relative; display: inline-block;
}
math menclose[notation~="horizontalstrike"] {
  border: 0; padding: 0; position: relative; display: inline-block;
}
math .menclose-horizontalstrike {
  position: absolute; inset: 0; display: inline-block;
  background: linear-gradient(transparent calc(55% - 0.03em),
    currentcolor calc(55% - 0.03em) calc(55% + 0.03em), transparent calc(55% + 0.03em));
}
math .menclose-updiagonalstrike, math .menclose-downdiagonalstrike {
  position: absolute; inset: 0; display: inline-block;
}
math .menclose-updiagonalstrike {
  background: linear-gradient(to top left, transparent calc(50% - 0.03em),
    currentcolor calc(50% - 0.03em) calc(50% + 0.03em), transparent calc(50% + 0.03em));
}
math .menclose-downdiagonalstrike {
  background: linear-gradient(to top right, transparent calc(50% - 0.03em),
    currentcolor calc(50% - 0.03em) calc(50% + 0.03em), transparent calc(50% + 0.03em));
}
"""


def stylesheet() -> str:
    """CSS for the classes in rendered formulas."""
    return _SHEET
