# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the interop cases stand on: processes, peers, FLV comparison, TAP and the table."""
