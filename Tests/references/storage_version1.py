#!/usr/bin/env python3
"""Makes storage-version1/, a state directory as version 1 of its format left it; MigrationTests.swift opens a copy.

Corrections: 1 learnt, 2 superseded by 3, 3 queued, 4 retracted, with a key. Revision 1 serves: its head has learnt 1, its
body was judged by 4. The base model is that of the tests ("tiny", "aa11").
"""

import hashlib
import json
import os
import shutil
import sqlite3
import struct

SCHEMA = """
CREATE TABLE service (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    base_name TEXT NOT NULL,
    base_digest TEXT NOT NULL,
    serving INTEGER NOT NULL,          -- 0: the base model, without a revision
    last_revision INTEGER NOT NULL     -- the highest number ever given
) STRICT;

CREATE TABLE correction (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    uid INTEGER NOT NULL,
    task TEXT NOT NULL,
    text TEXT NOT NULL,
    text_pair TEXT,
    label TEXT NOT NULL,
    weight REAL NOT NULL,
    slice TEXT,
    idempotency_key TEXT,
    predicted TEXT,
    predicted_revision INTEGER,
    created INTEGER NOT NULL,          -- milliseconds since 1970
    digest BLOB NOT NULL,              -- SHA-256 of what is learnt
    input_digest BLOB NOT NULL,        -- SHA-256 of what it is an answer to
    state TEXT NOT NULL,
    reason TEXT,
    revision INTEGER,                  -- the first that learnt it
    change INTEGER NOT NULL            -- grows with every change of any row
) STRICT;
CREATE UNIQUE INDEX correction_key ON correction (uid, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX correction_input ON correction (input_digest, state, sequence);
CREATE INDEX correction_state ON correction (state, sequence);
CREATE UNIQUE INDEX correction_change ON correction (change);

CREATE TABLE revision (
    number INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    body INTEGER NOT NULL,             -- the revision that brought the body; 0: the base model's
    base_digest TEXT NOT NULL,
    created INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    manifest TEXT                      -- the text of revision.json; NULL once it is no longer kept
) STRICT;
CREATE INDEX revision_kept ON revision (number) WHERE manifest IS NOT NULL;
"""


def field(text):
    if text is None:
        return b"\0"
    data = text.encode()
    return b"\1" + struct.pack("<Q", len(data)) + data


def digest(text, label):
    data = b"attuned correction 1" + field("classification") + field(text) + field(None) + field(label)
    return hashlib.sha256(data + struct.pack("<d", 1.0)).digest()


def input_digest(text):
    return hashlib.sha256(b"attuned input 1" + field("classification") + field(text) + field(None)).digest()


def correction_set(members):
    total = sum(int.from_bytes(digest(text, label)) for _, text, label in members) % 2**256
    return {
        "sequences": ",".join(str(sequence) for sequence, _, _ in members),
        "count": len(members),
        "digestSum": format(total, "064x"),
    }


directory = os.path.join(os.path.dirname(os.path.abspath(__file__)), "storage-version1")
shutil.rmtree(directory, ignore_errors=True)
os.makedirs(directory + "/revisions/000001")

head = b"a head of version 1"
manifest = {
    "format": 1,
    "revision": 1,
    "parent": 0,
    "body": 0,
    "baseModel": {"name": "tiny", "digest": "aa11"},
    "method": "head",
    "hyperparameters": {},
    "corrections": {
        "head": correction_set([(1, "the first text", "yes")]),
        "body": correction_set([]),
        "holdout": correction_set([(4, "the last text", "no")]),
    },
    "labels": ["yes", "no"],
    "kernelPath": "plain",
    "created": "2023-11-14T22:13:20.000Z",
    "files": {
        "head.safetensors": {"size": len(head), "sha256": hashlib.sha256(head).hexdigest(), "isBody": False}
    },
}
text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
for name, data in [("head.safetensors", head), ("revision.json", text.encode())]:
    with open(f"{directory}/revisions/000001/{name}", "wb") as file:
        file.write(data)

database = sqlite3.connect(directory + "/state.sqlite")
database.execute("PRAGMA journal_mode = WAL")
database.executescript(SCHEMA)
database.execute("INSERT INTO service VALUES (1, 'tiny', 'aa11', 1, 1)")
rows = [
    (1, "the first text", "yes", None, "learnt", None, 1, 3),
    (2, "an unmistakable text", "yes", None, "superseded", "by correction 3", None, 5),
    (3, "an unmistakable text", "no", None, "queued", None, None, 4),
    (4, "the last text", "no", "a key", "retracted", None, None, 7),
]
for sequence, content, label, key, state, reason, revision, change in rows:
    database.execute(
        """INSERT INTO correction (sequence, uid, task, text, label, weight, idempotency_key, created, digest,
               input_digest, state, reason, revision, change)
           VALUES (?, 1000, 'classification', ?, ?, 1.0, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            sequence, content, label, key, 1_700_000_000_000 + sequence, digest(content, label),
            input_digest(content), state, reason, revision, change,
        ),
    )  # fmt: skip
database.execute("INSERT INTO revision VALUES (1, 0, 0, 'aa11', 1700000000000, 0, ?)", (text,))
database.execute(f"PRAGMA application_id = {0x6174_746E}")
database.execute("PRAGMA user_version = 1")
database.commit()
database.close()
