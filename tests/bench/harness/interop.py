# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the interoperability tests have already: real servers, and programs that run beside."""

import importlib
import importlib.util
import sys
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2] / 'interop' / 'harness'


def _load(name):
    """Their package, which is called as this one is, under another name."""
    spec = importlib.util.spec_from_file_location(
        name, _FOLDER / '__init__.py', submodule_search_locations=[str(_FOLDER)])
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


_load('interop_harness')
nginx = importlib.import_module('interop_harness.nginx')
outcome = importlib.import_module('interop_harness.outcome')
process = importlib.import_module('interop_harness.process')
