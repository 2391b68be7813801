#!/usr/bin/env python3
"""How long PyTorch takes to fine-tune all weights on the corrections of a stream, and what comes of it.

usage: finetune_peer.py MODEL TRAIN.csv TEST.csv --k 256 --seed 0 [--epochs 5] [--threads 2]

A linear probe first (logistic regression on the frozen model's mean-pooled, normalised features), then all weights but the
embeddings: AdamW, learning rate 1e-4 and 1e-3 for the head, batches of 32, warm-up of ten steps, linear decay, clipping at
1, no dropout. Prints JSON: accuracy in percent, and the seconds that the probe and the training took.
needs: pip install torch transformers
"""

import argparse
import json
import pathlib
import sys
import time

import torch
from transformers import AutoModel, AutoTokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True
from daemon import first, rows  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--k", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train, test = first(rows(options.train), options.k, options.seed), rows(options.test)
    labels = sorted({label for _, label in train})
    targets = torch.tensor([labels.index(label) for _, label in train])
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModel.from_pretrained(options.model).eval()

    def features(texts):
        batch = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
        mask = batch["attention_mask"][..., None].float()
        hidden = model(**batch).last_hidden_state
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)

    def all_features(texts):
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        result = [None] * len(texts)
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                piece = order[start:start + 64]
                for index, row in zip(piece, features([texts[index] for index in piece])):
                    result[index] = row
        return torch.stack(result)

    start = time.monotonic()
    texts = [text for text, _ in train]
    weight, bias = probe(all_features(texts).clone(), targets, len(labels))
    body = [value for name, value in model.named_parameters() if "embeddings" not in name]
    groups = [{"params": body, "lr": 1e-4}, {"params": [weight, bias], "lr": 1e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    rates = [group["lr"] for group in groups]
    steps = options.epochs * len(texts) // 32
    queue = []
    for step in range(steps):
        if len(queue) < 32:
            queue += torch.randperm(len(texts)).tolist()
        piece, queue = queue[:32], queue[32:]
        loss = torch.nn.functional.cross_entropy(
            20 * features([texts[index] for index in piece]) @ weight.T + bias, targets[piece])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * min(1, (step + 1) / 10) * (1 - step / steps)
        optimizer.step()
    seconds = time.monotonic() - start
    answers = (20 * all_features([text for text, _ in test]) @ weight.T + bias).argmax(1)
    right = sum(labels[answer] == label for answer, (_, label) in zip(answers.tolist(), test))
    print(json.dumps({"accuracy": 100 * right / len(test), "seconds": seconds}))


def probe(features, targets, count):
    """Logistic regression with a small penalty, by LBFGS."""
    weight = torch.zeros(count, features.shape[1], requires_grad=True)
    bias = torch.zeros(count, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(20 * features @ weight.T + bias, targets, reduction="sum")
        loss = loss + 20 * (weight ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach().requires_grad_(), bias.detach().requires_grad_()


if __name__ == "__main__":
    main()
