#!/usr/bin/env python3
"""Does with transformers and peft what the Swift tests ask for, so that they can compare.

usage: interop.py JOBS.json

JOBS.json is a list of jobs, done in this order. A job has `kind`, `input` (a list of texts, or of lists of token ids)
and `output`, the safetensors file to write, whose tensor `features` gets a row for each of the inputs:
- "transformers": by the model directory `model`;
- "peft": by the model directory `model` with the PEFT directory `adapter` on it;
- "train": the same, after training the adapter there by a few seeded steps; `adapter` is written, and `lora` are the
  arguments of its LoraConfig.
The features are what attuned makes: the normalised mean of the last layer or, for a model with a classifier, what its
pooler says.
needs: pip install torch transformers peft safetensors
"""
import json
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

torch.set_num_threads(1)


def load(directory):
    """The model in a directory, which transformers must find complete: nothing missing, nothing left over."""
    architecture = AutoConfig.from_pretrained(directory).architectures[0]
    kind = AutoModelForSequenceClassification if "Classification" in architecture else AutoModel
    model, info = kind.from_pretrained(directory, output_loading_info=True)
    # Adapters are loaded after the model, and not part of its accounts.
    faults = {name: [key for key in keys if "lora_" not in str(key)] for name, keys in info.items()
              if name in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    assert not any(faults.values()), f"{directory}: {faults}"
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters()), f"{directory}: not in float32"
    return model


def tokens(job):
    if isinstance(job["input"][0], str):
        tokenizer = AutoTokenizer.from_pretrained(job["model"])
        return [tokenizer(text, truncation=True, max_length=128)["input_ids"] for text in job["input"]]
    return job["input"]


def features(model, ids):
    ids = torch.tensor([ids])
    model = getattr(getattr(model, "base_model", model), "model", model) if isinstance(model, PeftModel) else model
    if hasattr(model, "classifier"):
        return model.bert(ids).pooler_output[0]
    return torch.nn.functional.normalize(model(ids).last_hidden_state[0].mean(0), dim=0)


def train(model, job):
    """A few steps that draw the features of the inputs apart."""
    torch.manual_seed(0)
    model = get_peft_model(model, LoraConfig(**job["lora"]))
    model.eval()  # No dropout, so that little can differ from run to run.
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-2)
    for _ in range(4):
        rows = torch.stack([features(model, ids) for ids in tokens(job)])
        loss = (rows @ rows.T - torch.eye(len(rows))).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(job["adapter"])
    return model


def main(path):
    with open(path, encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        model = load(job["model"])
        if job["kind"] == "train":
            model = train(model, job)
        elif job["kind"] == "peft":
            model = PeftModel.from_pretrained(model, job["adapter"])
        model.eval()
        with torch.no_grad():
            rows = torch.stack([features(model, ids) for ids in tokens(job)])
        save_file({"features": rows.contiguous()}, job["output"])


if __name__ == "__main__":
    main(*sys.argv[1:])
