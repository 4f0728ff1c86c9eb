"""Where Pelican looks for plugins: escriba's, under its short name."""

from escriba.hosts.pelican import register

__all__ = ["register"]
