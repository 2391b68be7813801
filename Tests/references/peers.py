#!/usr/bin/env python3
"""Times what would be run instead of attuned: PyTorch, ONNX Runtime and Hugging Face's tokenizers, on the same model.

Usage: Tests/references/peers.py MODEL [--texts FILE.csv] [--threads N] [--peers torch,onnxruntime,tokenizers] [--quick]

Needs torch, transformers, peft, onnx and onnxruntime. Writes a JSON object a line, with the fields that attuned-bench
writes:

infer     the encoder on random token ids: by PyTorch in inference mode, by ONNX Runtime on the graph as exported, on the one
          that its own optimizer for transformers makes of it, and on the one that its dynamic quantization makes (int8 weights
          by channel). Median milliseconds of a batch.
texts     the first 1024 texts of the file tokenized and embedded in padded batches of 32, in file order and sorted by length.
step      forward, backward and AdamW with a head of 77 labels: of all weights (full-embeddings), of all but the embeddings
          (full), and of peft's LoRA of rank 8 on all linear layers (lora).
tokenize  one text a call.
"""

import argparse
import csv
import functools
import json
import os
import pathlib
import statistics
import tempfile
import time

SHAPES = [(1, 8), (1, 16), (1, 32), (1, 64), (1, 128), (8, 16), (32, 16), (32, 64)]
QUICK_SHAPES = [(1, 16), (1, 64), (32, 16)]
STEPS = [(8, 16), (32, 16), (32, 64)]
QUICK_STEPS = [(32, 16)]
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
LABELS = 77
LONGEST = 128


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--texts", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peers", type=lambda text: text.split(","), default=["torch", "onnxruntime", "tokenizers"])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    # Before the libraries are loaded, which read them then.
    for variable in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]:
        os.environ[variable] = str(options.threads)
    os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1", HF_HUB_OFFLINE="1")
    options.rows = []
    if options.texts:
        with open(options.texts, newline="", encoding="utf-8-sig") as file:
            options.rows = [row["text"] for row in csv.DictReader(file)][:1024]
    for name, peer in [("tokenizers", tokenizers), ("torch", pytorch), ("onnxruntime", onnx)]:
        if name in options.peers:
            peer(options)


def median_ms(work, least=7, seconds=1.5):
    """Median milliseconds of `work` after three runs that do not count: the rule by which attuned-bench goes too."""
    for _ in range(3):
        work()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < least or (len(times) < 200 and time.perf_counter() < end):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def write(options, peer, what, **fields):
    print(json.dumps({"peer": peer, "what": what, "threads": options.threads} | fields), flush=True)


def shapes(options):
    return QUICK_SHAPES if options.quick else SHAPES


def texts(options, peer, embed):
    """Times `embed`, which takes a list of texts, on all of them."""
    if not options.rows:
        return
    for order, rows in [("file", options.rows), ("sorted", sorted(options.rows, key=len))]:
        embed(rows[:64])
        start = time.perf_counter()
        for first in range(0, len(rows), 32):
            embed(rows[first:first + 32])
        rate = len(rows) / (time.perf_counter() - start)
        write(options, peer, "texts", order=order, texts=len(rows), texts_per_s=round(rate, 1))


def tokenizers(options):
    if not options.rows:
        return
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(pathlib.Path(options.model) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    milliseconds = median_ms(lambda: [tokenizer.encode(text) for text in options.rows])
    write(options, "tokenizers", "tokenize", threads=1, texts=len(options.rows),
          texts_per_s=round(1000 * len(options.rows) / milliseconds))


def padded(options):
    """A function from texts to padded tensors."""
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    return functools.partial(tokenizer, padding=True, truncation=True, max_length=LONGEST)


def pytorch(options):
    import torch
    from transformers import AutoModel
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = AutoModel.from_pretrained(options.model).eval()
    with torch.inference_mode():
        for batch, tokens in shapes(options):
            ids = torch.randint(1000, 20000, (batch, tokens))
            mask = torch.ones_like(ids)
            milliseconds = median_ms(lambda: model(input_ids=ids, attention_mask=mask))
            write(options, "torch", "infer", batch=batch, tokens=tokens, ms=round(milliseconds, 3))
        encode = padded(options)
        texts(options, "torch", lambda rows: model(**encode(rows, return_tensors="pt")))

    for parameter in model.embeddings.parameters():
        parameter.requires_grad_(False)
    steps(options, "full", model)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    steps(options, "full-embeddings", model)
    from peft import LoraConfig, get_peft_model
    plan = LoraConfig(r=8, lora_alpha=16, target_modules=["query", "key", "value", "dense"])
    steps(options, "lora", get_peft_model(AutoModel.from_pretrained(options.model).eval(), plan))


def steps(options, method, model):
    """Times training steps of what of `model` needs gradients, and of a head."""
    import torch
    head = torch.nn.Linear(model.config.hidden_size, LABELS)
    trained = [parameter for part in (model, head) for parameter in part.parameters() if parameter.requires_grad]
    for batch, tokens in QUICK_STEPS if options.quick else STEPS:
        ids = torch.randint(1000, 20000, (batch, tokens))
        mask = torch.ones_like(ids)
        labels = torch.randint(0, LABELS, (batch,))
        optimizer = torch.optim.AdamW(trained, lr=1e-5)

        def step():
            features = model(input_ids=ids, attention_mask=mask).last_hidden_state.mean(1)
            loss = torch.nn.functional.cross_entropy(head(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        milliseconds = median_ms(step, least=5, seconds=1)
        write(options, "torch", "step", method=method, batch=batch, tokens=tokens, ms=round(milliseconds, 1))


def graphs(options, folder):
    """Makes the three graphs in `folder`; their names and files."""
    import onnxruntime.quantization as quantization
    import torch
    from onnxruntime.transformers import optimizer
    from transformers import AutoModel
    # Written out in plain operations, which exporter and optimizer know.
    model = AutoModel.from_pretrained(options.model, attn_implementation="eager").eval()

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(input_ids=input_ids, attention_mask=attention_mask,
                              token_type_ids=token_type_ids).last_hidden_state

    exported, optimized, quantized = (str(folder / name) for name in ["exported", "optimized", "quantized"])
    ones = torch.ones(2, 16, dtype=torch.long)
    torch.onnx.export(Encoder(), (ones, ones, 0 * ones), exported, dynamo=False, opset_version=14, input_names=INPUTS,
                      output_names=["hidden"],
                      dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*INPUTS, "hidden"]})
    optimizer.optimize_model(exported, model_type="bert", opt_level=1, num_heads=model.config.num_attention_heads,
                             hidden_size=model.config.hidden_size).save_model_to_file(optimized)
    quantization.quantize_dynamic(exported, quantized, per_channel=True, weight_type=quantization.QuantType.QInt8)
    return [("onnxruntime", exported), ("onnxruntime-optimized", optimized), ("onnxruntime-int8", quantized)]


def onnx(options):
    import numpy
    import onnxruntime
    random = numpy.random.default_rng(0)
    encode = padded(options)
    with tempfile.TemporaryDirectory() as folder:
        for peer, file in graphs(options, pathlib.Path(folder)):
            settings = onnxruntime.SessionOptions()
            settings.intra_op_num_threads = options.threads
            settings.inter_op_num_threads = 1
            session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
            for batch, tokens in shapes(options):
                ids = random.integers(1000, 20000, (batch, tokens))
                inputs = dict(zip(INPUTS, [ids, numpy.ones_like(ids), numpy.zeros_like(ids)]))
                milliseconds = median_ms(lambda: session.run(None, inputs))
                write(options, peer, "infer", batch=batch, tokens=tokens, ms=round(milliseconds, 3))

            def embed(rows):
                inputs = encode(rows, return_tensors="np")
                session.run(None, {name: inputs[name].astype(numpy.int64) for name in INPUTS})

            texts(options, peer, embed)


if __name__ == "__main__":
    main()
