#!/usr/bin/env python3
"""Writes what Hugging Face tokenizers makes of many texts, for TokenizationTests to compare with.

usage: tokenizer_reference.py MODEL_DIR OUTPUT [--csv FILE...] [--random COUNT]

The texts are COUNT (20,000) seeded random strings that reach into every Unicode block, and the column `text` of the CSV
files, with the tokenizer.json of MODEL_DIR; then more random strings with changed copies of it, which are written
beside OUTPUT: every setting of the normalizer, added tokens with all flags, other templates. Pairs and truncation are
among them. Each record has the ids, type ids and origins of the tokens.

The file is binary, little-endian; a string is its length in bytes (u32) and its UTF-8:
"tokenizer-reference 1\n"; u32 count of tokenizers, for each a string (the name of its file, beside OUTPUT); then
records to the end of the file: u32 tokenizer, u8 kind (0 random, 1 CSV), string text, u8 whether there is a pair,
string pair, u32 maximum length, u8 truncated, u32 count of tokens, and for each token i32 id, i32 type id,
i32 text (-1: template), u32 first scalar, u32 scalar after the last.
needs: pip install tokenizers
"""
import argparse
import copy
import csv
import json
import os
import random
import struct
import unicodedata
from tokenizers import Tokenizer

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("output")
parser.add_argument("--csv", nargs="*", default=[])
parser.add_argument("--random", type=int, default=20000)
options = parser.parse_args()
rng = random.Random(20240229)
with open(f"{options.model}/tokenizer.json", encoding="utf-8") as file:
    base = json.load(file)
NO_LIMIT = 0x7FFFFFFF

# What random strings are made of. -------------------------------------------------------------------------------------

scalars = [chr(v) for v in range(0x110000) if not 0xD800 <= v < 0xE000]
# Stretches of 128 scalars in which anything is assigned; of the private planes only their ends.
windows = [list(map(chr, range(start, start + 128))) for start in range(0, 0x110000, 128)
           if not 0xD800 <= start < 0xE000 and not 0xF0100 <= start < 0xFFF00 and not 0x100100 <= start < 0x10FF00
           and any(unicodedata.category(chr(v)) != "Cn" for v in range(start, start + 128))]
marks = [c for c in scalars if unicodedata.combining(c)]
nonspacing = [c for c in scalars if unicodedata.category(c) in ("Mn", "Mc", "Me")]
composed = [c for c in scalars if unicodedata.normalize("NFD", c) != c]
capitals = [c for c in scalars if c.lower() != c]
spaces = [c for c in scalars if c.isspace()] + ["\u200b", "\ufeff", "\u180e"]
controls = [c for c in scalars if unicodedata.category(c) in ("Cc", "Cf")]
punctuation = [c for c in scalars if unicodedata.category(c)[0] in "PS"]
ideographs = [chr(v) for first, last in ((0x3400, 0x4DC0), (0x4DF0, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6F0),
                                         (0x2A700, 0x2B830), (0x2B918, 0x2CEB8), (0x2F800, 0x2FA20), (0x30000, 0x313D0))
              for v in range(first, last)]
hangul = [chr(v) for first, last in ((0x1100, 0x1200), (0xA960, 0xA980), (0xAC00, 0xD7A4), (0xD7B0, 0xD800))
          for v in range(first, last)]
rightToLeft = [chr(v) for first, last in ((0x590, 0x900), (0xFB1D, 0xFE00), (0xFE70, 0xFF00), (0x10800, 0x10900))
               for v in range(first, last)]
special = ["\0", "\ufffd", "\x7f", "\x80", "\x85", "\xa0", "\xad", "\u0130", "\u0131", "\u017f", "\u1e9e", "\ufb01",
           "\u212a", "\u212b", "\u0344", "\u0f73", "\u0f75", "\u0f81", "\u0345", "\u3099", "\u2126", "\u037e", "\u0387",
           "\u1fef", "\u2000", "\u2028", "\u2029", "\ue000", "\uf8ff", "\ufffe", "\uffff", "\U000f0000", "\U0010ffff",
           "\U000e0001", "\U000e0100", "\u200c", "\u200d", "\u200e", "\u202e", "\ufe0f", "_", "\u203f", "\x0b", "\x1c"]
emoji = ["\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f1e9\U0001f1ea", "1\ufe0f\u20e3",
         "\U0001f44d\U0001f3fd", "\u2764\ufe0f\u200d\U0001f525",
         "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
         "\U0001f9d1\U0001f3ff\u200d\U0001f680", "\u263a\ufe0f"]
tokens = sorted(base["model"]["vocab"])
pieces = [t[2:] for t in tokens if t.startswith("##") and len(t) > 2]
addedTexts = ["[MASK]", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[mask]", "[MASK", "MASK]", "[ MASK ]", "[[MASK]]",
              "[MA\u0301SK]",
              "[UNK][SEP]", " [MASK] ", "a[MASK]b"]
# Contents of the tokens that the changed copies add.
contents = ["<l>", "<r>", "<lr>", "<s>", "ing", "YES", "Yes", "\u00c9t\u00e9", "foo bar", "  x", "in", "ingX",
            "the", "The", "\u4e2d", "a\u4e2d", "e\u0301", "E", "s", "-", "[X]", "[XY]", "_q_", "\u03a3\u03a3", "\u0130",
            "\u1112\u1161", "\ud55c\uae00", "\t", "New York", "\U0001f600", "x\u0323\u0301"]


def word():
    return "".join([rng.choice(tokens)] + [rng.choice(pieces) for _ in range(rng.randrange(4))])


def some(source, most):
    return "".join(rng.choice(source) for _ in range(rng.randint(1, most)))


def cased(text):
    return rng.choice((text.upper(), text.title(), text, "".join(rng.choice((c, c.upper())) for c in text)))


def long_word():
    """A word about as long as a word may be."""
    length = rng.choice((9, 10, 11, 98, 99, 100, 101, 102, 300))
    source = rng.choice((["a"], pieces, composed, hangul, ["e\u0301"], marks, rng.choice(windows), ["\u03a3"],
                         ["\U0001f600"]))
    text = ""
    while len(text) < length:
        text += rng.choice(source)
    return text[:length]


def random_text(window, added=()):
    makers = [
        lambda: some(window, 12), lambda: some(window, 3), lambda: cased(word()), word,
        lambda: some(marks, 6), lambda: some(nonspacing, 4), lambda: rng.choice("aeonx") + some(marks, 4),
        lambda: some(composed, 4) + some(marks, 3), lambda: some(capitals, 6), lambda: some(spaces, 4),
        lambda: some(controls, 3), lambda: some(punctuation, 4), lambda: some(ideographs, 5), lambda: some(hangul, 4),
        lambda: some(rightToLeft, 8), lambda: some(special, 3), lambda: rng.choice(emoji), lambda: some(scalars, 4),
        lambda: rng.choice(addedTexts), lambda: rng.choice("\u03a3\u03c3\u03c2 \u0391\u03a3".split()) + some(window, 2),
        lambda: str(rng.randrange(10 ** rng.randint(1, 9))),
        lambda: long_word() if rng.random() < 0.2 else word(),
    ]
    if added:
        makers += [lambda: rng.choice(added), lambda: cased(rng.choice(added)), lambda: some(added, 3),
                   lambda: " " + rng.choice(added) + some(spaces, 2)] * 3
    return "".join(rng.choice(makers)() + rng.choice(("", "", " ", " ", "  ")) for _ in range(rng.randint(0, 9)))


def long_text(added=()):
    """A text of several stretches, with few places to cut it."""
    size = rng.randint(3000, 15000)
    source = rng.choice((
        lambda: word() + " ", word, lambda: some(ideographs, 3), lambda: some(marks, 9), lambda: some(composed, 5),
        lambda: some(spaces, 9), lambda: random_text(rng.choice(windows), added), lambda: "[MASK] ",
        lambda: some(punctuation, 3), lambda: "[MAS" + some(controls, 2),
        lambda: "x" * rng.randint(1, 5000) + rng.choice((" ", ".", "\u4e00", "[MASK]", ""))))
    text = ""
    while len(text) < size:
        text += source()
    return text


# The tokenizers. ------------------------------------------------------------------------------------------------------

folder, stem = os.path.dirname(os.path.abspath(options.output)), os.path.basename(options.output)
names, loaded = [], []


def add(file, change=None):
    """Writes a changed copy of the tokenizer.json and loads it; returns its number."""
    file = copy.deepcopy(file)
    if change:
        change(file)
    name = f"{stem}.{len(names)}.json"
    with open(f"{folder}/{name}", "w", encoding="utf-8") as output:
        json.dump(file, output, ensure_ascii=len(names) % 2 == 1)
    tokenizer = Tokenizer.from_file(f"{folder}/{name}")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for token in file["added_tokens"]:
        assert tokenizer.token_to_id(token["content"]) == token["id"], token
    names.append(name)
    loaded.append(tokenizer)
    return len(names) - 1


def add_tokens(file):
    """Adds random tokens with random flags; returns their contents.

    No two that are looked for in their normal form have the same one: Hugging Face takes either by chance.
    """
    vocabulary, chosen = file["model"]["vocab"], rng.sample(contents, rng.randint(3, 12))
    normalizer = Tokenizer.from_str(json.dumps(file)).normalizer
    next_id, forms = len(vocabulary), set()
    for content in chosen:
        token = {flag: rng.random() < chance for flag, chance in
                 (("single_word", 0.4), ("lstrip", 0.4), ("rstrip", 0.4), ("normalized", 0.5), ("special", 0.3))}
        form = content if normalizer is None else normalizer.normalize_str(content)
        if not form or token["normalized"] and form in forms:
            continue
        if token["normalized"]:
            forms.add(form)
        known = content in vocabulary
        file["added_tokens"].append(dict(token, content=content, id=vocabulary[content] if known else next_id))
        next_id += not known
    return [t["content"] for t in file["added_tokens"]]


# The records. ---------------------------------------------------------------------------------------------------------

records = open(options.output + ".records", "wb")
counts = [0, 0]


def string(text):
    data = text.encode("utf-8")
    return struct.pack("<I", len(data)) + data


def record(tokenizer, text, pair=None, limit=NO_LIMIT, kind=0):
    hf = loaded[tokenizer]
    arguments = (text,) if pair is None else (text, pair)
    if limit < NO_LIMIT:
        hf.enable_truncation(limit)
    encoding = hf.encode(*arguments)
    truncated = False
    if limit < NO_LIMIT:
        hf.no_truncation()
        truncated = len(hf.encode(*arguments).ids) > limit
    records.write(struct.pack("<IB", tokenizer, kind) + string(text) + struct.pack("<B", pair is not None))
    records.write(string(pair or "") + struct.pack("<IBI", limit, truncated, len(encoding.ids)))
    for id, type_id, sequence, (start, end) in zip(
            encoding.ids, encoding.type_ids, encoding.sequence_ids, encoding.offsets):
        records.write(struct.pack("<iiiII", id, type_id, -1 if sequence is None else sequence, start, end))
    counts[kind] += 1


def limit_for(tokenizer, pair):
    """A random maximum length; below what the template adds, Hugging Face does not truncate at all."""
    return loaded[tokenizer].num_special_tokens_to_add(pair) + rng.choice((0, 1, 2, 3, 4, 5, 7, 8, 13, 14, 30))


def random_records(tokenizer, count, added=()):
    for index in range(count):
        text = random_text(windows[index % len(windows)] if count > len(windows) else rng.choice(windows), added)
        choice = rng.random()
        if choice < 0.75:
            record(tokenizer, text)
        elif choice < 0.85:
            record(tokenizer, text, limit=max(1, limit_for(tokenizer, False)))
        else:
            pair = random_text(rng.choice(windows), added)
            record(tokenizer, text, pair, NO_LIMIT if choice < 0.9 else max(1, limit_for(tokenizer, True)))


original = add(base)
random_records(original, options.random)
for path in options.csv:
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            record(original, row["text"], kind=1)
for _ in range(60):
    record(original, long_text(), limit=rng.choice((NO_LIMIT, 5, 256, 512)))
    # No small limits here: Hugging Face also makes all the pairs of what it cut off.
    record(original, long_text(), long_text(), limit=rng.choice((NO_LIMIT, 255, 256, 512)))

for clean in (True, False):
    for chinese in (True, False):
        for lowercase in (True, False):
            for strip in (None, True, False):
                for extra in (False, True):
                    changed = copy.deepcopy(base)
                    changed["normalizer"].update(
                        clean_text=clean, handle_chinese_chars=chinese, lowercase=lowercase, strip_accents=strip)
                    added = add_tokens(changed) if extra else ()
                    number = add(changed)
                    random_records(number, 400, added)
                    for _ in range(4):
                        record(number, long_text(added), limit=rng.choice((NO_LIMIT, 4, 256)))


def template(file, **changes):
    file["post_processor"].update(changes)


def pieces_of(text):
    """A template from the short form that Hugging Face's builder takes."""
    found = []
    for piece in text.split():
        name, type_id = piece.split(":")
        kind, name = ("Sequence", name[1:]) if name[0] == "$" else ("SpecialToken", name)
        found.append({kind: {"id": name, "type_id": int(type_id)}})
    return found


many = {"id": "many", "ids": [103, 100, 103], "tokens": ["[MASK]", "[UNK]", "[MASK]"]}
for change in (
        lambda f: f.update(post_processor=None),
        lambda f: f.update(normalizer=None),
        lambda f: f.update(decoder=None),
        lambda f: f.update(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}),
        lambda f: f["model"].update(max_input_chars_per_word=10, type="WordPiece"),
        lambda f: f["model"].update(continuing_subword_prefix="un"),
        lambda f: f["model"].update(continuing_subword_prefix=""),
        lambda f: f["model"].update(unk_token="[MASK]"),
        lambda f: template(f, single=pieces_of("$A:3 [SEP]:2"), pair=pieces_of("$B:1 [SEP]:0 [CLS]:7 $A:0")),
        lambda f: template(f, single=pieces_of("many:1 $A:0 many:2"), pair=pieces_of("$A:0 many:4 $B:2 [SEP]:1"),
                           special_tokens=f["post_processor"]["special_tokens"] | {"many": many})):
    random_records(add(base, change), 400)

records.close()
with open(options.output, "wb") as output, open(options.output + ".records", "rb") as body:
    output.write(b"tokenizer-reference 1\n" + struct.pack("<I", len(names)) + b"".join(map(string, names)))
    while data := body.read(1 << 20):
        output.write(data)
os.remove(options.output + ".records")
print(f"{counts[0]} random strings and {counts[1]} texts from CSV files, {len(names)} tokenizers")
