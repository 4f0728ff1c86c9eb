"""What holds for every test: messages in English, whatever the terminal speaks, and no time limits."""

import os

from hypothesis import settings

os.environ["LANGUAGE"] = "en"
settings.register_profile("escriba", deadline=None)
settings.load_profile("escriba")
