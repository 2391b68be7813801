"""Writes a small random BERT beside a real one, whose tokenizer it takes: a model that differs, and loads at once."""

import array
import json
import pathlib
import random
import shutil
import struct

HIDDEN, LAYERS, HEADS, BETWEEN = 32, 2, 2, 64


def write(source, target):
    source, target = pathlib.Path(source), pathlib.Path(target)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.safetensors"))
    configuration = json.loads((source / "config.json").read_text())
    configuration.update(
        hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=BETWEEN)
    (target / "config.json").write_text(json.dumps(configuration))
    for pooling in target.glob("*_Pooling/config.json"):
        words = json.loads(pooling.read_text())
        words["word_embedding_dimension"] = HIDDEN
        pooling.write_text(json.dumps(words))
    chance = random.Random(1)
    header, data = {}, bytearray()

    def add(name, *shape, value=None):
        count = 1
        for size in shape:
            count *= size
        values = [chance.gauss(0, 0.1) for _ in range(count)] if value is None else [value] * count
        begin = len(data)
        data.extend(array.array("f", values).tobytes())
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, len(data)]}

    def linear(name, outputs, inputs):
        add(f"{name}.weight", outputs, inputs)
        add(f"{name}.bias", outputs, value=0.0)

    def norm(name):
        add(f"{name}.weight", HIDDEN, value=1.0)
        add(f"{name}.bias", HIDDEN, value=0.0)

    add("embeddings.word_embeddings.weight", configuration["vocab_size"], HIDDEN)
    add("embeddings.position_embeddings.weight", configuration["max_position_embeddings"], HIDDEN)
    add("embeddings.token_type_embeddings.weight", configuration["type_vocab_size"], HIDDEN)
    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            linear(f"{prefix}.attention.self.{part}", HIDDEN, HIDDEN)
        linear(f"{prefix}.attention.output.dense", HIDDEN, HIDDEN)
        norm(f"{prefix}.attention.output.LayerNorm")
        linear(f"{prefix}.intermediate.dense", BETWEEN, HIDDEN)
        linear(f"{prefix}.output.dense", HIDDEN, BETWEEN)
        norm(f"{prefix}.output.LayerNorm")
    linear("pooler.dense", HIDDEN, HIDDEN)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (target / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
