"""The rules of RFC 4180, checked over a whole file: DuckDB takes stray quotes and surplus fields in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any, NoReturn

import numpy as np

from clvmodels.errors import InvalidTransactions, shown

DELIMITERS = ",;\t|"
LONGEST_LINE = 2_000_000
BLOCK = 1 << 20
QUOTE, FEED, RETURN = 34, 10, 13


@dataclass(frozen=True)
class Layout:
    """The header of a file that obeys the rules, and how it may be read.

    Attributes
    ----------
    names : tuple of str
        As in the header, without spaces around; a column without a name is "".
    delimiter : str
    in_parts : bool
        Whether a reader may begin in the middle: no line ends within quotes, and all lines end alike.
    """

    names: tuple[str, ...]
    delimiter: str
    in_parts: bool


def check_grammar(stream: IO[bytes], path: str) -> Layout:
    r"""Read a CSV file from beginning to end, and return its layout.

    The quote is the double quote, doubled within quotes; a quoted field begins and ends with it. The delimiter is the
    mark among comma, semicolon, tab and | that the header has most of. Every line has as many fields as the header;
    blank lines below it are skipped. Lines end with a line feed, perhaps after a carriage return.

    Parameters
    ----------
    stream : file of bytes
    path : str
        What messages call it.

    Raises
    ------
    InvalidTransactions
        If it breaks a rule; the message names the line, counted as in an editor.

    Examples
    --------
    >>> import io
    >>> check_grammar(io.BytesIO(b'who;"paid, EUR"\n7;2.5\n'), "log.csv")
    Layout(names=('who', 'paid, EUR'), delimiter=';', in_parts=True)
    >>> check_grammar(io.BytesIO(b'who,paid\n7,2.5\n8\n'), "log.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidTransactions: log.csv, line 3: 1 of 2 fields, '8'; every line must have the same number ...
    """
    delimiter, names, line, in_parts, returns, lines = "", (), 1, True, 0, 0
    for data in _whole_records(stream):
        records = _Records(path, line, data)
        records.check_zeros()
        delimiter = delimiter or records.delimiter()
        records.check_quotes(delimiter)
        records.check_lines()
        records.check_encoding()
        names = names or records.names(delimiter)
        records.check_width(delimiter, len(names))
        returns += len(records.returns)
        lines += len(records.ends)
        line += data.count(b"\n")
        in_parts &= line == lines + 1 and records.all_returns_end_lines
    if not names:
        raise InvalidTransactions(f"{path} is empty, and has no rows; hand in a file with a header and at least one")
    return Layout(names, delimiter, in_parts and returns in (0, lines))


def _whole_records(stream: IO[bytes]) -> Iterator[bytes]:
    """Blocks of a file that end with a record; one that does not is longer than a line may be, or has an open quote."""
    rest, block = b"", stream.read(BLOCK).removeprefix(b"\xef\xbb\xbf")
    while block:
        following = stream.read(BLOCK)
        data = rest + block
        if not following and not data.endswith(b"\n"):
            data += b"\r\n" if b"\r\n" in data else b"\n"
        end = _last_end(data) if following else len(data)
        if not end and len(data) > LONGEST_LINE:
            end = len(data)
        if end:
            yield data[:end]
        rest, block = data[end:], following


def _last_end(data: bytes) -> int:
    """Where the last record ends that does so before the end of the data."""
    quotes, end = data.count(b'"'), len(data)
    while (feed := data.rfind(b"\n", 0, end)) >= 0:
        quotes -= data.count(b'"', feed, end)
        if quotes % 2 == 0:
            return feed + 1
        end = feed
    return 0


@dataclass(frozen=True)
class _Records:
    """Some records of a file, of which the first begins at `line`."""

    path: str
    line: int
    data: bytes

    @cached_property
    def marks(self) -> np.ndarray:
        return np.frombuffer(self.data, np.uint8)

    @cached_property
    def quotes(self) -> np.ndarray:
        return np.flatnonzero(self.marks == QUOTE) if b'"' in self.data else np.empty(0, int)

    @cached_property
    def outside(self) -> Any:
        """Where no quote is open."""
        return ~np.bitwise_xor.accumulate(self.marks == QUOTE) if len(self.quotes) else True

    def where(self, *marks: int) -> np.ndarray:
        """The places of some marks outside of quotes."""
        found = self.marks == marks[0]
        for mark in marks[1:]:
            found |= self.marks == mark
        return np.flatnonzero(found & self.outside)

    @cached_property
    def ends(self) -> np.ndarray:
        return self.where(FEED)

    @cached_property
    def returns(self) -> np.ndarray:
        return self.where(RETURN) if b"\r" in self.data else np.empty(0, int)

    @property
    def all_returns_end_lines(self) -> bool:
        return self.data.count(b"\r") == len(self.returns)

    def refuse(self, place: int, said: str) -> NoReturn:
        raise InvalidTransactions(f"{self.path}, line {self.line_of(place)}: {said}")

    def line_of(self, place: int) -> int:
        return self.line + self.data.count(b"\n", 0, place)

    def text(self, start: int, end: int) -> str:
        """A part of the data, as a message quotes it."""
        return shown(self.data[start : min(end, start + 1000)].rstrip(b"\r\n").decode(errors="replace"))

    def delimiter(self) -> str:
        """The mark between the names in the header."""
        end = int(self.ends[0]) if len(self.ends) else len(self.data)
        head = self.marks[:end][self.outside if self.outside is True else self.outside[:end]]
        counts = {mark: int(np.count_nonzero(head == ord(mark))) for mark in DELIMITERS}
        first, second = sorted(counts, key=lambda mark: -counts[mark])[:2]
        if not counts[first]:
            self.refuse(
                0,
                f"one column only, {self.text(0, end)}; the first line must hold the column names, parted by a comma,"
                " semicolon, tab or |",
            )
        if counts[first] == counts[second]:
            self.refuse(
                0,
                f"the column names are parted by {shown(first)} or by {shown(second)}, as often, {self.text(0, end)};"
                " put names that hold one of them into double quotes",
            )
        return first

    def names(self, delimiter: str) -> tuple[str, ...]:
        """The column names in the header."""
        end = int(self.ends[0])
        parts = [-1, *(int(place) for place in self.where(ord(delimiter)) if place < end), end]
        fields = [self.data[start + 1 : stop] for start, stop in zip(parts, parts[1:], strict=False)]
        names = tuple(_unquoted(field.removesuffix(b"\r")).decode().strip() for field in fields)
        twice = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
        if twice:
            self.refuse(0, f"more than one column is called {shown(twice[0])}; rename or drop the others")
        return names

    def check_zeros(self) -> None:
        """Refuse what is no text."""
        zero = self.data.find(b"\0")
        if zero >= 0:
            self.refuse(zero, "a zero byte, as UTF-16 and files that are no text have; save it as CSV in UTF-8")

    def check_quotes(self, delimiter: str) -> None:
        """Refuse quotes that do not begin or end a field, and one that stays open."""
        if not len(self.quotes):
            return
        around = np.zeros(256, bool)
        around[[ord(delimiter), FEED, QUOTE]] = True
        opening, closing = self.quotes[::2], self.quotes[1::2]
        inner = opening[~around[np.where(opening > 0, self.marks[opening - 1], FEED)]]
        around[RETURN] = True
        followed = closing[~around[self.marks[np.minimum(closing + 1, len(self.marks) - 1)]]]
        first = min([*inner[:1], *followed[:1]], default=None)
        if first is None and len(self.quotes) % 2 == 0:
            return
        if first is None:
            self.refuse(
                opening[-1], f"a quote that is never closed, {self.text(opening[-1], len(self.data))}; close it"
            )
        if len(followed) and first == followed[0]:
            opened = int(opening[np.searchsorted(opening, first) - 1])
            self.refuse(
                first,
                f"text after a closing quote, {self.text(opened, first + 20)}, opened on line {self.line_of(opened)};"
                " within quotes, write a quote twice",
            )
        self.refuse(
            first,
            f"a quote within a field that does not begin with one, {self.text(max(first - 20, 0), first + 20)};"
            " put the whole field into double quotes, and write this one twice",
        )

    def check_lines(self) -> None:
        """Refuse lines that are too long or end otherwise."""
        lengths = np.diff(self.ends, prepend=-1)
        if not len(lengths) or lengths.max() > LONGEST_LINE:
            start = int(self.ends[lengths.argmax() - 1]) + 1 if len(lengths) and lengths.argmax() else 0
            self.refuse(start, f"longer than {LONGEST_LINE:,} bytes, {self.text(start, len(self.data))}; shorten it")
        stray = self.returns[self.marks[np.minimum(self.returns + 1, len(self.marks) - 1)] != FEED]
        if len(stray):
            self.refuse(stray[0], "a carriage return without a line feed; end lines with a line feed, or with both")

    def check_encoding(self) -> None:
        """Refuse what is not UTF-8."""
        try:
            _ = self.data.isascii() or self.data.decode()
        except UnicodeDecodeError as error:
            begin = max(error.start - 20, self.data.rfind(b"\n", 0, error.start) + 1)
            around = self.data[begin : error.start + 20].partition(b"\n")[0].decode("latin-1")
            self.refuse(error.start, f"not utf-8, {shown(around)}; save the file in UTF-8, or hand in a DataFrame")

    def check_width(self, delimiter: str, width: int) -> None:
        """Refuse lines that have more or fewer fields than the header."""
        places = self.where(ord(delimiter), FEED)
        ending = self.marks[places] == FEED
        whole, rest = divmod(len(places), width)
        if not rest and whole == len(self.ends) and ending[width - 1 :: width].all():
            return
        starts = np.concatenate([[0], self.ends[:-1] + 1])
        blank = (self.ends == starts) | ((self.ends == starts + 1) & (self.marks[starts] == RETURN))
        fields = np.diff(np.flatnonzero(ending), prepend=-1)
        wrong = np.flatnonzero((fields != width) & ~blank)
        if len(wrong):
            start, end = int(starts[wrong[0]]), int(self.ends[wrong[0]])
            self.refuse(
                start,
                f"{fields[wrong[0]]} of {width} fields, {self.text(start, end)}; every line must have the same number"
                " of fields as the header: put one that holds the delimiter or a line end into double quotes",
            )


def _unquoted(field: bytes) -> bytes:
    return field[1:-1].replace(b'""', b'"') if field.startswith(b'"') else field
