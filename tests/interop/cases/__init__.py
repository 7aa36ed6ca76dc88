# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interop cases, a file for each peer."""
