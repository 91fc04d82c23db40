"""Points, badges, levels and leaderboards for Django sites, through one interface and two kinds of backend."""

__version__ = "0.1.0"
