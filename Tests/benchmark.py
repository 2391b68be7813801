#!/usr/bin/env python3
"""The parts of Tests/benchmark that are not shell: made-up texts, and the ratios.

Usage: Tests/benchmark.py texts FILE.csv                     writes 1,000 questions, always the same
       Tests/benchmark.py ratios LINES [--json FILE]         reads what attuned-bench and peers.py wrote
"""

import argparse
import csv
import json
import pathlib
import random

# Of each precision of attuned, the peers that it is compared with: the best of them counts.
FULL = ["onnxruntime", "onnxruntime-optimized", "torch", "tokenizers"]
PEERS = {"fp32": FULL, "bf16": FULL, "int8": ["onnxruntime-int8"]}
# What makes two results the same measurement, besides who was measured.
KEY = ["what", "method", "order", "batch", "tokens", "threads"]
COMPARED = ["infer", "texts", "tokenize", "step"]

OPENINGS = ["why", "how", "when", "where", "what", "can you tell me why", "please explain how", "i want to know when"]
WORDS = """
    my the a your this that is was has not can could i you it they we card account bank payment transfer money cash machine
    top up balance fee charge rate exchange refund merchant transaction limit pin code phone app identity document address
    number name country currency dollar pound euro week day today yesterday morning still yet again already never always
    pending declined blocked lost stolen wrong missing late new old second extra different same more less arrive change get
    use see make send receive pay order activate cancel check verify open close work need want think know help wait because
    if and but or so after before from to in on at for with without about there here out back online twice soon
""".split()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("texts")
    make.add_argument("file", type=pathlib.Path)
    compare = commands.add_parser("ratios")
    compare.add_argument("lines", type=pathlib.Path)
    compare.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if options.command == "texts":
        write_texts(options.file)
    else:
        write_ratios([json.loads(line) for line in options.lines.read_text().splitlines()], options.json)


def write_texts(path):
    """Questions as long as those that customers ask a bank: 15 tokens on average, half of them at most 13, few above 50."""
    source = random.Random(15)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        for _ in range(1000):
            count = max(2, min(75, round(source.lognormvariate(2.13, 0.58))))
            text = " ".join([source.choice(OPENINGS), *source.choices(WORDS, k=count)])
            writer.writerow([text[0].upper() + text[1:] + source.choice("??.")])


def best(lines):
    """The best result of each measurement: {key: {(peer, precision): (value, is it a time)}}."""
    found = {}
    for line in lines:
        if line["what"] not in COMPARED:
            continue
        key = tuple(line.get(field) for field in KEY)
        # Of a batch it is how soon it is done, of texts how many.
        is_time = line["what"] in ("infer", "step")
        value = line["ms" if is_time else "texts_per_s"]
        who = (line["peer"], line.get("precision", "fp32") if line["peer"] == "attuned" else None)
        results = found.setdefault(key, {})
        if who not in results or (value < results[who][0]) == is_time:
            results[who] = (value, is_time)
    return found


def compare(key, results):
    """What a measurement comes to, or None where there is nobody to compare with."""
    row = {field: value for field, value in zip(KEY, key) if value is not None}
    is_compared = False
    for precision, peers in PEERS.items():
        own = results.get(("attuned", precision))
        rivals = [(results[peer, None][0], peer) for peer in peers if (peer, None) in results]
        if not own or not rivals:
            continue
        is_compared = True
        value, is_time = own
        rival, name = min(rivals) if is_time else max(rivals)
        row["unit"] = "ms" if is_time else "texts/s"
        row[precision] = value
        row[f"{precision}_peer"] = name
        row[f"{precision}_peer_value"] = rival
        row[f"{precision}_ratio"] = round(rival / value if is_time else value / rival, 2)
    return row if is_compared else None


def write_ratios(lines, path):
    rows = [row for key, results in best(lines).items() if (row := compare(key, results))]
    header = ["", "", "peer", "fp32", "times", "bf16", "times", "int8 peer", "int8", "times"]
    table = [header]
    for row in rows:
        name = row["what"] + "".join(f" {row[field]}" for field in ["method", "order"] if field in row)
        if "batch" in row:
            name += f" {row['batch']}x{row['tokens']}"
        cells = [name, row["unit"], cell(row, "fp32_peer_value", "bf16_peer_value")]
        for precision in PEERS:
            if precision == "int8":
                cells.append(cell(row, "int8_peer_value"))
            cells += [cell(row, precision), cell(row, f"{precision}_ratio")]
        peer = row.get("fp32_peer") or row.get("bf16_peer")
        table.append([*cells, peer or ""])
    header.append("(the peer)")
    print("attuned against the better of its peers; 'times' is how many times as fast it is\n")
    print_table(table)
    others = {}
    for line in lines:
        if line["peer"] == "attuned" and (line["what"] not in COMPARED or "share" in line):
            others.setdefault(tuple(line), []).append(line)
    for fields, group in others.items():
        fields = [field for field in fields if field != "peer"]
        print()
        print_table([fields, *[[cell(line, field) for field in fields] for line in group]])
    if path:
        everything = [*lines, *[{"peer": "attuned", **row, "what": f"ratio-{row['what']}"} for row in rows]]
        path.write_text("".join(json.dumps(line) + "\n" for line in everything))


def cell(row, *fields):
    """The first of the fields that is there, as text."""
    value = next((row[field] for field in fields if row.get(field) is not None), "")
    return str(value)


def print_table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [text.ljust(width) if column == 0 else text.rjust(width)
                 for column, (text, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    main()
