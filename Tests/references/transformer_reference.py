#!/usr/bin/env python3
"""Writes what PyTorch computes, for TransformerTests to compare with.

usage: transformer_reference.py MODEL_DIR OUTPUT_DIR

OUTPUT_DIR/minilm.safetensors: for texts of 1 to 256 tokens, `ids.N`, `hidden.N` (every eighth column of the last
hidden state) and `features.N` (mean-pooled, normalised) of the model in MODEL_DIR.
OUTPUT_DIR/tiny-ACTIVATION.safetensors: the same, all columns, for a tiny BERT classifier whose weights both sides make
by the formula in `tiny_value`, with `pooled.N` and `logits.N` besides.
needs: pip install torch transformers safetensors
"""
import math
import random
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModel, BertConfig, BertForSequenceClassification

TINY = dict(vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
            max_position_embeddings=40, type_vocab_size=2, num_labels=3, layer_norm_eps=1e-12)


def tiny_value(name, index):
    """Element `index` of tensor `name`: both this and the Swift tests compute it, so no weights are committed."""
    seed = 0
    for byte in name.encode():
        seed = (seed * 31 + byte) % 65521
    wave = math.sin(seed * 0.37 + index * 1.7)
    return 1 + 0.1 * wave if name.endswith("LayerNorm.weight") else 0.25 * wave


def tiny_model(activation):
    config = BertConfig(hidden_act=activation, hidden_dropout_prob=0, attention_probs_dropout_prob=0, **TINY)
    model = BertForSequenceClassification(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = [tiny_value(name, i) for i in range(parameter.numel())]
            parameter.copy_(torch.tensor(values, dtype=torch.float64).float().reshape(parameter.shape))
    return model


def main(directory, output):
    rng = random.Random(7)
    out = {}
    model = AutoModel.from_pretrained(directory, attn_implementation="eager").eval()
    with torch.inference_mode():
        for number, length in enumerate([1, 2, 3, 8, 15, 16, 17, 33, 64, 128, 256]):
            ids = torch.tensor([[101] + [rng.randrange(1000, 30000) for _ in range(length - 2)] + [102]])[:, :length]
            hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
            out[f"ids.{number}"] = ids[0].float()
            out[f"hidden.{number}"] = hidden[:, ::8].contiguous()
            out[f"features.{number}"] = torch.nn.functional.normalize(hidden.mean(0), dim=0)
    save_file(out, f"{output}/minilm.safetensors")

    for activation in ["gelu", "gelu_new", "relu"]:
        model, out = tiny_model(activation), {}
        with torch.inference_mode():
            for number, length in enumerate([1, 2, 5, 16, 31, 40]):
                ids = torch.tensor([[rng.randrange(TINY["vocab_size"]) for _ in range(length)]])
                types = torch.tensor([[0 if i * 2 < length else 1 for i in range(length)]])
                result = model.bert(input_ids=ids, token_type_ids=types, attention_mask=torch.ones_like(ids))
                out[f"ids.{number}"] = ids[0].float()
                out[f"types.{number}"] = types[0].float()
                out[f"hidden.{number}"] = result.last_hidden_state[0].clone()
                out[f"pooled.{number}"] = result.pooler_output[0].clone()
                out[f"logits.{number}"] = model.classifier(result.pooler_output)[0].clone()
        save_file(out, f"{output}/tiny-{activation}.safetensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
