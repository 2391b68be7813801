#!/usr/bin/env python3
"""Writes Sources/Tokenization/UnicodeTables.swift from what Hugging Face tokenizers does with every Unicode scalar.

usage: unicode_tables.py > Sources/Tokenization/UnicodeTables.swift

BERT's tokenizer depends on character classes of the Unicode version that its implementation was built with, which is
neither Python's nor Swift's. So the tables are read off the implementation itself.
needs: pip install tokenizers
"""
from tokenizers import normalizers, pre_tokenizers

plain = dict(handle_chinese_chars=False, strip_accents=False, lowercase=False)
clean = normalizers.BertNormalizer(clean_text=True, **plain)
marks = normalizers.BertNormalizer(clean_text=False, **(plain | dict(strip_accents=True)))
ideographs = normalizers.BertNormalizer(clean_text=False, **(plain | dict(handle_chinese_chars=True)))
nfd, split = normalizers.NFD(), pre_tokenizers.BertPreTokenizer()

sets = {name: [] for name in ("removed", "marks", "punctuation", "ideographs", "cleanedSpaces", "spaces")}
decompositions = []
for value in range(0x110000):
    if 0xD800 <= value < 0xE000:
        continue
    c = chr(value)
    if clean.normalize_str(c) == "":
        sets["removed"].append(value)
    elif clean.normalize_str(c) == " ":
        sets["cleanedSpaces"].append(value)
    if marks.normalize_str(c) == "":
        sets["marks"].append(value)
    if len(ideographs.normalize_str(c)) > 1:
        sets["ideographs"].append(value)
    pieces = len(split.pre_tokenize_str(f"a{c}b"))
    if pieces == 3:
        sets["punctuation"].append(value)
    elif pieces == 2:
        sets["spaces"].append(value)
    parts = nfd.normalize_str(c)
    if parts != c and not 0xAC00 <= value < 0xD7A4:
        decompositions.append([value | len(parts) << 24] + [ord(p) for p in parts])


def ranges(values):
    found = []
    for value in values:
        if found and found[-1][1] == value - 1:
            found[-1][1] = value
        else:
            found.append([value, value])
    return [x for pair in found for x in pair]


def literal(name, comment, numbers):
    print(f"    /// {comment}\n    static let {name}: [UInt32] = [")
    line = "       "
    for number in numbers:
        word = f" 0x{number:x},"
        if len(line) + len(word) > 118:
            print(line)
            line = "       "
        line += word
    print(line + "\n    ]\n" if line.strip() else "    ]\n")


print("// Made by Tests/references/unicode_tables.py; not edited by hand.\n")
print("/// Character classes as BERT's tokenizer has them: pairs of first and last scalar.")
print("enum UnicodeTables {")
literal("removed", "What cleaning removes.", ranges(sets["removed"]))
literal("cleanedSpaces", "What cleaning turns into a space.", ranges(sets["cleanedSpaces"]))
literal("spaces", "What separates words.", ranges(sets["spaces"]))
literal("punctuation", "What is a word of its own.", ranges(sets["punctuation"]))
literal("ideographs", "What gets a space on either side.", ranges(sets["ideographs"]))
literal("marks", "The accents that are stripped.", ranges(sets["marks"]))
print("}")
print("\n/// Canonical decompositions, Hangul apart.\nenum DecompositionTable {")
literal("entries", "For each scalar: itself with the length in the top byte, then its decomposition.",
        [x for entry in decompositions for x in entry])
print("}")
