"""A BERT of a few thousand weights with a tokenizer of thirty words, in the layout of the Hub: it starts in milliseconds."""

import json
import math
import struct

HIDDEN, HEADS, LAYERS, INNER, POSITIONS, TYPES = 24, 3, 2, 40, 40, 2
WORDS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + WORDS


def write(folder):
    """Writes the model directory `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "vocab_size": len(TOKENS), "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": INNER, "max_position_embeddings": POSITIONS,
        "type_vocab_size": TYPES}))
    added = [{"id": number, "content": TOKENS[number], "special": True, "single_word": False, "lstrip": False,
              "rstrip": False, "normalized": False} for number in range(4)]
    (folder / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]},
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {token: number for number, token in enumerate(TOKENS)}}}))
    (folder / "model.safetensors").write_bytes(weights())


def weights():
    """The bytes of model.safetensors."""
    header, body, offset = {}, [], 0
    for name, shape in sorted(shapes().items()):
        count = math.prod(shape)
        start = sum(name.encode()) * 31 % 65521
        values = [0.25 * math.sin(start * 0.37 + index * 1.7) for index in range(count)]
        if name.endswith("LayerNorm.weight"):
            values = [1 + 0.4 * value for value in values]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * count]}
        body.append(struct.pack(f"<{count}f", *values))
        offset += 4 * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(body)


def shapes():
    """The tensors of the checkpoint."""
    result = {
        "embeddings.word_embeddings.weight": [len(TOKENS), HIDDEN],
        "embeddings.position_embeddings.weight": [POSITIONS, HIDDEN],
        "embeddings.token_type_embeddings.weight": [TYPES, HIDDEN],
        "embeddings.LayerNorm.weight": [HIDDEN], "embeddings.LayerNorm.bias": [HIDDEN]}
    for layer in range(LAYERS):
        block = f"encoder.layer.{layer}"
        for part, sizes in {
                "attention.self.query": (HIDDEN, HIDDEN), "attention.self.key": (HIDDEN, HIDDEN),
                "attention.self.value": (HIDDEN, HIDDEN), "attention.output.dense": (HIDDEN, HIDDEN),
                "intermediate.dense": (INNER, HIDDEN), "output.dense": (HIDDEN, INNER)}.items():
            result[f"{block}.{part}.weight"] = list(sizes)
            result[f"{block}.{part}.bias"] = [sizes[0]]
        for norm in ["attention.output.LayerNorm", "output.LayerNorm"]:
            result[f"{block}.{norm}.weight"] = [HIDDEN]
            result[f"{block}.{norm}.bias"] = [HIDDEN]
    return result
