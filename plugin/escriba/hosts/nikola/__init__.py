"""The Nikola plugin: a compiler, `blocks.py`, that Nikola finds in this folder."""

from pathlib import Path

FOLDER = str(Path(__file__).parent)  # for EXTRA_PLUGINS_DIRS in conf.py
