"""The version of pvbench."""

VERSION = "0.1.0"
