# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables: of figures that were measured, as text (Markdown) and as data for JSON."""

from statistics import median


class Figure:
    """The median of several runs.

    values  one for each run
    ratio   to the floor of the same column; None for the floor itself
    more    what else is known, for the JSON output
    """

    def __init__(self, values, ratio=None, **more):
        self.values = list(values)
        self.value = median(self.values)
        self.ratio = ratio
        self.more = more

    def text(self):
        text = number(self.value)
        return text if self.ratio is None else f'{text} ({self.ratio:.2f}x)'

    def data(self):
        return {'median': self.value, 'lowest': min(self.values), 'highest': max(self.values),
                'runs': len(self.values), 'ratio': self.ratio, **self.more}


def number(value):
    """A figure with three digits that mean something."""
    if isinstance(value, str):
        return value
    if value == 0:
        return '0'
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f'{value:.{digits}f}'


class Table:
    """A title, column names and rows; a cell is a Figure, a number, a text or None.

    notes  sentences below the table
    """

    def __init__(self, title, columns, notes=()):
        self.title = title
        self.columns = list(columns)
        self.notes = list(notes)
        self.rows = []

    def add(self, name, cells):
        self.rows.append((name, list(cells)))

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def text(self):
        lines = [['', *self.columns]]
        for name, cells in self.rows:
            lines.append([name, *map(_cell_text, cells)])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        lines.insert(1, ['-' * width for width in widths])
        rows = ['| ' + ' | '.join(_pad(cell, width, i) for i, (cell, width)
                                  in enumerate(zip(line, widths))) + ' |' for line in lines]
        notes = [f'- {note}' for note in self.notes]
        return '\n'.join([self.title, '', *rows] + ([''] + notes if notes else [])) + '\n'

    def data(self):
        return {'title': self.title, 'columns': self.columns, 'notes': self.notes,
                'rows': [{'name': name, 'cells': [_cell_data(cell) for cell in cells]}
                         for name, cells in self.rows]}


def _pad(cell, width, column):
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def _cell_text(cell):
    if cell is None:
        return ''
    return cell.text() if isinstance(cell, Figure) else number(cell)


def _cell_data(cell):
    return cell.data() if isinstance(cell, Figure) else cell
