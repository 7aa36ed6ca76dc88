# SPDX-License-Identifier: LGPL-2.1-or-later
"""The benchmarks, a module each. tests/bench/run takes every module here; meson.build names them.

    NAME = 'publish'            for --only and as the key in the JSON output

    def run(bench):             bench: harness.bench.Bench
        return [table, ...]     harness.table.Table

Modules are run in the order of ORDER (0 if there is none), then of their names.
"""
