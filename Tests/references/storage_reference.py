#!/usr/bin/env python3
"""Prints the digests that SequenceSetTests.swift expects, computed with hashlib and Python's own integers."""

import hashlib
import struct


def field(text):
    if text is None:
        return b"\0"
    data = text.encode()
    return b"\1" + struct.pack("<Q", len(data)) + data


def content(task, text, pair, label, weight):
    data = b"attuned correction 1" + field(task) + field(text) + field(pair) + field(label) + struct.pack("<d", weight)
    return hashlib.sha256(data).hexdigest()


def input_digest(task, text, pair):
    return hashlib.sha256(b"attuned input 1" + field(task) + field(text) + field(pair)).hexdigest()


digests = [
    content("classification", "my card", None, "card_arrival", 1.0),
    content("classification", "\u00e9", "", "x", 0.25),
    content("classification", "e\u0301", None, "x", 0.25),
]
print(*digests, sep="\n")
print("sum  ", format(sum(int(digest, 16) for digest in digests) % 2**256, "064x"))
print("input", input_digest("classification", "my card", None))
