#!/usr/bin/env python3
"""Writes UnicodeTables.swift and UnicodeTables+Mappings.swift from what Hugging Face tokenizers does with every scalar.

usage: unicode_tables.py Sources/Tokenization

BERT's tokenizer depends on the Unicode versions that its implementation was built with, which are several at once and
neither Python's nor Swift's. So the tables are read off the implementation itself. Combining classes are found by
looking which of two marks comes first after NFD; the numbers that the classes go by, which only order them, are
unicodedata's, and the two must not disagree about any scalar that the implementation reorders at all.
needs: pip install tokenizers
"""
import sys
import unicodedata
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

plain = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
clean = normalizers.BertNormalizer(**(plain | dict(clean_text=True)))
marks = normalizers.BertNormalizer(**(plain | dict(strip_accents=True)))
ideographs = normalizers.BertNormalizer(**(plain | dict(handle_chinese_chars=True)))
lower = normalizers.BertNormalizer(**(plain | dict(lowercase=True)))
nfd, split = normalizers.NFD(), pre_tokenizers.BertPreTokenizer()
added = Tokenizer(models.WordLevel({"?": 0}, "?"))
added.add_tokens([AddedToken("q", single_word=True, normalized=False), AddedToken("r", rstrip=True, normalized=False)])
SINGLE_WORD, RIGHT_STRIP = added.token_to_id("q"), added.token_to_id("r")

sets = {name: [] for name in ("removed", "cleanedSpaces", "spaces", "punctuation", "ideographs", "marks", "words")}
decompositions, lowercase, classes = {}, {}, {}
LOWEST, HIGHEST = "\u0334", "\u0345"  # combining classes 1 and 240


def swaps(first, second):
    """Whether NFD puts `second` before `first`."""
    return first != second and nfd.normalize_str(first + second) == second + first


for value in range(0x110000):
    if 0xD800 <= value < 0xE000:
        continue
    c = chr(value)
    cleaned = clean.normalize_str(c)
    if cleaned == "":
        sets["removed"].append(value)
    elif cleaned == " ":
        sets["cleanedSpaces"].append(value)
    else:
        assert cleaned == c
    if marks.normalize_str(c) == "":
        sets["marks"].append(value)
    if len(ideographs.normalize_str(c)) > 1:
        sets["ideographs"].append(value)
    pieces = len(split.pre_tokenize_str(f"a{c}b"))
    if pieces == 3:
        sets["punctuation"].append(value)
    elif pieces == 2:
        sets["spaces"].append(value)
    if value not in (0x71, 0x72):
        before, after = SINGLE_WORD in added.encode(c + "q").ids, SINGLE_WORD in added.encode("q" + c).ids
        assert before == after
        if not before:
            sets["words"].append(value)
        stripped = added.encode("r" + c).offsets[0] == (0, 2)
        assert stripped == (pieces == 2), f"U+{value:04X}: what is stripped is not what separates words"
    else:
        sets["words"].append(value)
    parts = nfd.normalize_str(c)
    if 0xAC00 <= value < 0xD7A4:
        s = value - 0xAC00
        jamo = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
        assert [ord(p) for p in parts] == jamo
    elif parts != c:
        decompositions[value] = [ord(p) for p in parts]
    small = lower.normalize_str(c)
    if small != c:
        lowercase[value] = [ord(p) for p in small]

# İ is the only letter that becomes two, which the code knows.
assert {c: m for c, m in lowercase.items() if len(m) > 1} == {0x130: [0x69, 0x307]}

# What NFD ever moves, and of it one a class, in the order that the implementation gives them.
moving = [c for c in map(chr, [*range(0x300, 0xD800), *range(0xF900, 0xF0000)])
          if ord(c) not in decompositions and (c in (LOWEST, HIGHEST) or swaps(c, LOWEST) or swaps(HIGHEST, c))]
names = {unicodedata.combining(c): c for c in moving}
order = sorted(names)
for one, other in zip(order, order[1:]):
    assert swaps(names[other], names[one]) and not swaps(names[one], names[other])
for c in moving:
    matching = [n for n in order if not swaps(c, names[n]) and not swaps(names[n], c)]
    assert matching == [unicodedata.combining(c)], f"U+{ord(c):04X}: unicodedata has it in another class"
    classes[ord(c)] = matching[0]


def digits(number):
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
        if not number:
            return text


def runs(values, step=lambda value: 1):
    """First and last of each run of values whose neighbours are `step` apart."""
    found = []
    for value in values:
        if found and found[-1][1] == value - step(value):
            found[-1][1] = value
        else:
            found.append([value, value])
    return found


def ranges(values):
    numbers, end = [], 0
    for first, last in runs(values):
        numbers += [first - end, last - first]
        end = last
    return numbers


def literal(file, name, comment, numbers):
    print(f"    /// {comment}\n    static let {name} = \"\"\"", file=file)
    line = "       "
    for number in numbers:
        word = " " + digits(number)
        if len(line) + len(word) > 118:
            print(line, file=file)
            line = "       "
        line += word
    print(line + "\n        \"\"\"", file=file)


def zigzag(number):
    return number * 2 if number >= 0 else -number * 2 - 1


HEADER = "// Made by Tests/references/unicode_tables.py; not edited by hand.\n"
folder = sys.argv[1]
with open(f"{folder}/UnicodeTables.swift", "w") as file:
    print(HEADER, file=file)
    print("/// Character classes as BERT's tokenizer has them, for `CharacterTable` to read.\n///", file=file)
    print("/// Numbers are in base 36. A range is two: from the end of the range before to its first scalar (from 0",
          file=file)
    print("/// for the first one), and from its first to its last.\nenum UnicodeTables {", file=file)
    for name, comment in (
            ("removed", "What cleaning removes."), ("cleanedSpaces", "What cleaning turns into a space."),
            ("spaces", "What separates words, and what a token's `lstrip` and `rstrip` take in."),
            ("punctuation", "What is a word of its own."), ("ideographs", "What gets a space on either side."),
            ("marks", "The accents that are stripped."),
            ("words", "What may not touch a token that is `single_word`.")):
        literal(file, name, comment, ranges(sets[name]))
        print("" if name != "words" else "}", file=file)

with open(f"{folder}/UnicodeTables+Mappings.swift", "w") as file:
    print(HEADER, file=file)
    print("extension UnicodeTables {", file=file)
    numbers, end = [], 0
    for value, parts in decompositions.items():
        numbers += [value - end, len(parts)] + parts
        end = value
    literal(file, "decompositions",
            "Canonical decompositions, Hangul apart: the distance from the scalar before, the length, the scalars.",
            numbers)
    print("", file=file)
    numbers, end = [], 0
    for first, last in runs(classes, lambda v: 1 if classes[v] == classes.get(v - 1) else -1):
        numbers += [first - end, last - first, classes[first]]
        end = last
    literal(file, "combiningClasses", "Ranges, each with its canonical combining class.", numbers)
    print("", file=file)
    # Capitals come in rows (each one of them) and in pairs with their small letters (every second).
    numbers, end, row = [], 0, []
    entries = [(value, parts[0] - value) for value, parts in lowercase.items()]
    while entries:
        value, shift = entries[0]
        best = (1, 1)
        for step in (1, 2):
            length = 1
            while length < len(entries) and entries[length] == (value + step * length, shift):
                length += 1
            best = max(best, (length, step), key=lambda pair: pair[0])
        length, step = best
        numbers += [value - end, length, step, zigzag(shift)]
        end, entries = value + step * (length - 1), entries[length:]
    literal(file, "lowercase",
            "Small letters: distance from the last capital before, number of capitals, their step, the shift (zigzag).",
            numbers)
    print("}", file=file)
