# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a case ends when it does not simply return."""


class Failure(Exception):
    """What was checked did not hold."""


class Skip(Exception):
    """The case cannot run here; the text is the reason."""
