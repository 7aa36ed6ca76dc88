# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a measurement may end other than with a figure."""


class Failure(Exception):
    """A program did not do what it was to do: there is no figure, and the run has failed."""


class Skip(Exception):
    """A peer is not installed: the table lacks its row."""
