#!/usr/bin/env python3
"""Writes what PyTorch and peft compute in training, for the Swift tests to compare with.

usage: training_reference.py OUTPUT_DIR

OUTPUT_DIR/training.safetensors, for the tiny BERT of transformer_reference.py and one fixed batch (`batch.ids`,
`batch.types`, `batch.lengths`, `batch.labels`, `batch.weights`), all computed in double precision:
- `gradient.CASE.loss` and `gradient.CASE.TENSOR`: the loss and every gradient, for each of CASES;
- `steps.METHOD.losses` and `steps.METHOD.TENSOR`: the losses of ten steps of AdamW, and how far every trained tensor
  is from where it started, for each of METHODS; `features.METHOD`: the features of the batch after them.
Weights are not stored: both sides make them by a formula.
needs: pip install torch transformers peft safetensors
"""
import random
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from transformer_reference import TINY, tiny_value

torch.set_default_dtype(torch.float64)
TARGETS = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
           "intermediate.dense", "output.dense"]
RANK, ALPHA = 4, 8
TEMPERATURE = 0.2
# activation, pooling, normalise, features' scale, contrastive share, low-rank
CASES = {
    "gelu-mean": ("gelu", "mean", True, 20, 0.0, False),
    "gelu-contrastive": ("gelu", "mean", True, 20, 0.4, False),
    "gelu_new-pooler": ("gelu_new", "pooler", False, 1, 0.0, False),
    "relu-max": ("relu", "max", False, 1, 0.3, False),
    "gelu-cls": ("gelu", "cls", True, 4, 0.0, False),
    "gelu-lora": ("gelu", "mean", True, 20, 0.4, True),
}
STEPS, LEARNING_RATE, HEAD_LEARNING_RATE, LAYER_DECAY, DECAY, WARM_UP = 10, 3e-3, 1e-2, 0.8, 0.1, 3
# clipping norm, pull to the start, schedule
METHODS = {
    "head": (1e9, 0.0, "linear"), "bias": (1.0, 0.0, "linear"), "lora": (0.5, 0.2, "linear"),
    "top-layers": (2.0, 0.0, "cosine"), "full": (1.0, 0.3, "linear"), "embeddings": (1.0, 0.0, "linear"),
}


def tiny(name, shape):
    count = torch.Size(shape).numel()
    return torch.tensor([tiny_value(name, i) for i in range(count)]).float().double().reshape(shape)


def checkpoint_name(name):
    return name.replace("base_model.model.", "").replace(".base_layer", "").replace(".default", "")


class Classifier(torch.nn.Module):
    """The tiny BERT, a pooling and a head. Weights by `tiny_value` of the name in a BertForSequenceClassification."""

    def __init__(self, activation, pooling, normalize, scale, low_rank, zero_b):
        super().__init__()
        config = BertConfig(hidden_act=activation, hidden_dropout_prob=0, attention_probs_dropout_prob=0,
                            attn_implementation="eager", **TINY)
        self.pooling, self.normalize, self.scale = pooling, normalize, scale
        self.bert = BertModel(config, add_pooling_layer=pooling == "pooler")
        if low_rank:
            self.bert = get_peft_model(self.bert, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=TARGETS))
        self.head = torch.nn.Linear(TINY["hidden_size"], TINY["num_labels"])
        self.double()
        with torch.no_grad():
            for name, parameter in self.bert.named_parameters():
                value = tiny("bert." + checkpoint_name(name), parameter.shape)
                parameter.copy_(value * 0 if zero_b and "lora_B" in name else value)
            self.head.weight.copy_(tiny("classifier.weight", self.head.weight.shape))
            self.head.bias.copy_(tiny("classifier.bias", self.head.bias.shape))
        self.start = {name: p.detach().clone() for name, p in self.named_parameters()}

    def features(self, batch):
        result = self.bert(input_ids=batch["ids"], token_type_ids=batch["types"], attention_mask=batch["mask"])
        hidden, mask = result.last_hidden_state, batch["mask"].unsqueeze(-1).double()
        if self.pooling == "mean":
            pooled = (hidden * mask).sum(1) / mask.sum(1)
        elif self.pooling == "max":
            pooled = hidden.masked_fill(mask == 0, -torch.inf).max(1)[0]
        else:
            pooled = hidden[:, 0] if self.pooling == "cls" else result.pooler_output
        return torch.nn.functional.normalize(pooled, dim=1) if self.normalize else pooled

    def loss(self, batch, share):
        features, labels, weights = self.features(batch), batch["labels"], batch["weights"]
        logits = self.head(self.scale * features)
        entropy = (weights * torch.nn.functional.cross_entropy(logits, labels, reduction="none")).sum() / weights.sum()
        return (1 - share) * entropy + share * contrastive(features, labels, weights) if share else entropy

    def tensors(self):
        """Parameters by the names that attuned gives them."""
        for name, parameter in self.named_parameters():
            yield checkpoint_name(name).replace("bert.", "", 1).replace("head.", "classifier."), name, parameter


def contrastive(features, labels, weights):
    z = torch.nn.functional.normalize(features, dim=1)
    logits = z @ z.T / TEMPERATURE
    total, loss = 0.0, 0.0
    for i in range(len(labels)):
        others = [a for a in range(len(labels)) if a != i]
        positives = [p for p in others if labels[p] == labels[i]]
        if positives:
            rest = torch.logsumexp(logits[i, others], 0)
            loss = loss + weights[i] * (rest - logits[i, positives]).mean()
            total += weights[i]
    return loss / total


def make_batch():
    rng = random.Random(11)
    lengths = [5, 1, 9, 16, 3, 12, 17, 2]
    # Word 0 is padding to PyTorch, which gives it no gradient.
    ids = [[rng.randrange(1, TINY["vocab_size"]) for _ in range(n)] for n in lengths]
    types = [[0 if i * 2 < n else 1 for i in range(n)] for n in lengths]
    width = max(lengths)  # The shorter ones are padded with word 0, which is masked out.
    pad = lambda rows: torch.tensor([row + [0] * (width - len(row)) for row in rows])
    batch = dict(ids=pad(ids), types=pad(types), mask=pad([[1] * n for n in lengths]),
                 words={word for row in ids for word in row}, labels=torch.tensor([0, 1, 2, 0, 1, 2, 1, 0]),
                 weights=torch.tensor([1, 1, 0.5, 2, 1, 0.25, 1, 1.5]))
    flat = lambda rows: torch.tensor([x for row in rows for x in row]).float()
    stored = {"batch.ids": flat(ids), "batch.types": flat(types), "batch.lengths": torch.tensor(lengths).float(),
              "batch.labels": batch["labels"].float(), "batch.weights": batch["weights"].float()}
    return batch, stored


def trains(method, name):
    if name.startswith("classifier."):
        return True
    if "lora_" in name:
        return method == "lora"
    if method == "bias":
        return name.startswith("encoder.") and name.endswith(".bias")
    if method == "top-layers":
        return name.startswith("encoder.layer.1.")
    return method == "embeddings" or (method == "full" and name.startswith("encoder."))


def rate(name):
    if name.startswith("classifier."):
        return HEAD_LEARNING_RATE
    depth = TINY["num_hidden_layers"]
    if name.startswith("encoder.layer."):
        depth = depth - 1 - int(name.split(".")[2])
    return LEARNING_RATE * LAYER_DECAY ** depth


def factor(step, shape):
    if step <= WARM_UP:
        return step / (WARM_UP + 1)
    done = (step - WARM_UP - 1) / (STEPS - WARM_UP)
    return 1 - done if shape == "linear" else 0.5 * (1 + torch.cos(torch.tensor(torch.pi * done)).item())


def run(method, batch, out):
    clip, pull, shape = METHODS[method]
    model = Classifier("gelu", "mean", True, 20, method == "lora", True)
    groups, trained = [], []
    for name, full, parameter in model.tensors():
        parameter.requires_grad_(trains(method, name))
        if parameter.requires_grad:
            decays = parameter.ndim > 1
            groups.append(dict(params=[parameter], lr=rate(name), weight_decay=DECAY if decays else 0, base=rate(name)))
            trained.append((name, full, parameter))
    optimizer = torch.optim.AdamW(groups)
    losses = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss = model.loss(batch, 0.3 if method == "full" else 0)
        losses.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, _, p in trained], clip)
        pulls = []
        for group, (name, full, parameter) in zip(optimizer.param_groups, trained):
            group["lr"] = group["base"] * factor(step, shape)
            pulled = not name.startswith("classifier.") and "lora_A" not in name
            pulls.append(group["lr"] * pull * (parameter.detach() - model.start[full]) if pulled else 0)
        optimizer.step()
        with torch.no_grad():
            for (_, _, parameter), distance in zip(trained, pulls):
                parameter.sub_(distance)
    out[f"steps.{method}.losses"] = torch.tensor(losses)
    with torch.no_grad():
        out[f"features.{method}"] = model.features(batch)
    for name, full, parameter in trained:
        moved = parameter.detach() - model.start[full]
        if name == "embeddings.word_embeddings.weight":
            # attuned leaves the words alone that no batch has; dense AdamW decays them too.
            moved[[word for word in range(len(moved)) if word not in batch["words"]]] = 0
        out[f"steps.{method}.{name}"] = moved


def main(output):
    batch, out = make_batch()
    for case, (activation, pooling, normalize, scale, share, low_rank) in CASES.items():
        model = Classifier(activation, pooling, normalize, scale, low_rank, False)
        loss = model.loss(batch, share)
        loss.backward()
        out[f"gradient.{case}.loss"] = loss.detach().reshape(1)
        for name, _, parameter in model.tensors():
            if parameter.grad is not None:
                out[f"gradient.{case}.{name}"] = parameter.grad.clone()
    for method in METHODS:
        run(method, batch, out)
    save_file({name: tensor.float().contiguous() for name, tensor in out.items()}, f"{output}/training.safetensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
