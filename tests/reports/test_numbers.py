"""Every number that a reader sees is one of the JSON's, rounded."""

import re
from itertools import chain

NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
HUNDREDFOLD = ("share", "change")


def text(element):
    return "".join(element.itertext()).replace("\N{NO-BREAK SPACE}", " ")


def parts(plain):
    return [part for section in plain["sections"] for part in section["parts"]]


def parsed(shown):
    """Numbers with half a unit of their last digit; of a whole number ending in zeros, half of what these stand for."""
    for found in NUMBER.findall(shown):
        digits = found.replace(",", "").lstrip("+-")
        zeros = len(digits) - len(digits.rstrip("0")) if "." not in digits and float(digits) else 0
        decimals = len(digits.partition(".")[2])
        yield float(found.replace(",", "")), 0.5 * 10 ** (zeros - decimals) * (1 + 1e-9)


def numbers_of(value):
    """All numbers in plain values, however deep."""
    if isinstance(value, dict):
        return chain.from_iterable(map(numbers_of, value.values()))
    if isinstance(value, list):
        return chain.from_iterable(map(numbers_of, value))
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def rounded(raw, shown, *, factor=1.0):
    """Whether the text shows the numbers, each within half a unit of its last digit."""
    found = list(parsed(shown))
    # Zero has as many digits as what stands beside it.
    beside = min((half for number, half in found if number), default=0.5)
    return len(raw) == len(found) and all(
        abs(factor * value - number) <= (half if number else max(half, beside))
        for value, (number, half) in zip(raw, found, strict=True)
    )


def test_the_page_shows_the_tables_of_the_json(page, plain):
    tables = [table for part in parts(plain) for table in part["tables"]]
    drawn = [[[text(cell).strip() for cell in row] for row in each.find("tbody")] for each in page.iter("table")]
    assert len(drawn) == len(tables)
    for rows, table in zip(drawn, tables, strict=True):
        assert rows == [[cell.strip() for cell in row] for row in table["shown"]]


def test_the_page_shows_the_estimates_of_the_json(page, plain):
    drawn = [
        [text(each) for each in group] for each in page.iter("dl") if each.get("class") == "estimates" for group in each
    ]
    estimates = [each for part in parts(plain) for each in part["estimates"]]
    # Of forty customers too few leave to tell churn and lifespan.
    assert len(estimates) == 5
    assert drawn == [
        [each["name"], each["shown"], f"{each['shown_interval']}, {each['kind']}", each["meaning"]]
        for each in estimates
    ]


def test_estimates_are_their_values_rounded_to_what_the_interval_supports(plain):
    for each in chain.from_iterable(part["estimates"] for part in parts(plain)):
        factor = 100 if each["unit"] == "share" else 1
        assert rounded([each["mean"]], each["shown"], factor=factor)
        assert rounded([each["lower"], each["upper"]], each["shown_interval"], factor=factor)
        width = factor * (each["upper"] - each["lower"])
        shown = [number for number, _ in parsed(each["shown_interval"])]
        # Of customers and purchases there are no parts.
        assert abs(shown[1] - shown[0] - width) <= max(0.1 * width, 1.0 if each["unit"] in ("", "purchases") else 0.0)


def test_every_cell_is_its_value_rounded(plain):
    seen = set()
    for table in chain.from_iterable(part["tables"] for part in parts(plain)):
        for row, shown in zip(table["rows"], table["shown"], strict=True):
            for column, value, cell in zip(table["columns"], row, shown, strict=True):
                kind = column["kind"]
                seen.add(kind)
                if value is None or (isinstance(value, list) and None in value):
                    assert cell == "-" or "infinite" in cell
                elif kind == "text":
                    assert cell == str(value)
                else:
                    raw = value if isinstance(value, list) else [value]
                    assert rounded(raw, cell, factor=100 if kind in HUNDREDFOLD else 1), (table["caption"], row, shown)
    assert seen == {"text", "count", "number", "interval", "share", "change", "correlation", "figure", "error"}


def test_the_headline_is_made_of_the_facts(plain, report):
    facts, headline = plain["facts"], plain["headline"]
    found = re.fullmatch(
        r"The ([\d,]+) customers known on 31 March 2021 are expected to bring (\S+) EUR of margin \((\S+) % of spend\) "
        r"within (\S+) weeks \((\S+) % interval (\S+) EUR to (\S+) EUR, widened by the model's past errors\)\.",
        headline,
    )
    values = facts["customers"], facts["mean"], 100 * facts["margin"], facts["horizon"], 100 * facts["interval"]
    for raw, shown in zip((*values, facts["lower"], facts["upper"]), found.groups(), strict=True):
        assert rounded([raw], shown)
    assert facts["observation_end"] == "2021-03-31"


def test_the_page_shows_the_headline_and_the_summary_of_the_json(page, plain):
    shown = [text(each) for each in page.find(".//main").findall("p")]
    assert shown == [plain["headline"], *plain["summary"]]


def test_every_number_of_the_summary_is_one_of_the_json(plain):
    checks = next(table for part in parts(plain) for table in part["tables"] if table["caption"] == "Checks")
    verdicts = [row[1] for row in checks["rows"]]
    alive, *_, held = plain["summary"]
    (estimate,) = [each for part in parts(plain) for each in part["estimates"] if each["name"] == "alive"]
    count, share, level, lower, upper, once = (number for number, _ in parsed(alive))
    assert once == plain["facts"]["customers"] - plain["facts"]["repeat_customers"]
    assert rounded([estimate["mean"]], estimate["shown"])
    assert [count] == [number for number, _ in parsed(estimate["shown"])]
    assert [lower, upper] == [number for number, _ in parsed(estimate["shown_interval"])]
    assert share == round(100 * estimate["mean"] / plain["facts"]["customers"])
    assert level == 100 * plain["facts"]["interval"]
    counted = [number for number, _ in parsed(held)]
    failed = verdicts.count("failed")
    assert counted[:2] == ([len(verdicts) - failed, len(verdicts)] if failed else [len(verdicts)])


def test_every_number_in_the_words_of_a_check_is_one_of_the_json(plain):
    known = [factor * value for value in numbers_of(plain) for factor in (1, 100)]
    for check in chain.from_iterable(
        table["rows"] for part in parts(plain) for table in part["tables"] if table["caption"] == "Checks"
    ):
        for number, half in parsed(check[4]):
            assert any(abs(abs(value) - abs(number)) <= half for value in known), check
