#!/usr/bin/env python3
"""Writes what scikit-learn and scipy compute for head fits and evaluations, for the Swift tests to compare with.

usage: head_reference.py OUTPUT_DIR

OUTPUT_DIR/head.json: `fit`, examples and names of Gaussian classes with the minimum of
sum(weight * cross-entropy) + penalty / 2 * (|V|^2 + |b|^2), where logits = V x / sqrt(spread) + b, by scikit-learn, and the
same minimum with the penalty on the distance from a head of the model's own, by scipy; weights are given as V / sqrt(spread).
`evaluation`, answers with their metrics by scikit-learn, and their expected calibration error over 15 bins.
needs: pip install numpy scipy scikit-learn
"""
import json
import sys

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

SIZE, CLASSES, COUNT = 6, 4, 60
PENALTY, SPREAD, NAME_WEIGHT = 0.2, 2.5, 0.5


def single(values):
    """Rounds to what a float holds, so that both sides have the same numbers."""
    return np.asarray(values, np.float32).astype(float)


def pulled(x, y, weight, target):
    hot = np.eye(CLASSES)[y]

    def objective(flat):
        theta = flat.reshape(CLASSES, SIZE + 1)
        logits = x @ theta.T
        loss = -(weight * log_softmax(logits, 1)[np.arange(len(y)), y]).sum()
        gradient = ((softmax(logits, 1) - hot) * weight[:, None]).T @ x + PENALTY * (theta - target)
        return loss + PENALTY / 2 * ((theta - target) ** 2).sum(), gradient.ravel()

    result = minimize(objective, target.ravel(), jac=True, method="L-BFGS-B",
                      options=dict(maxiter=10000, maxfun=100000, gtol=1e-10, ftol=1e-16))
    return result.x.reshape(CLASSES, SIZE + 1)


def head(theta):
    return {"weight": (theta[:, :SIZE] / np.sqrt(SPREAD)).ravel().tolist(), "bias": theta[:, SIZE].tolist()}


def fit(random):
    centers = random.normal(size=(CLASSES, SIZE))
    y = random.integers(0, CLASSES, COUNT)
    features = single(centers[y] + random.normal(size=(COUNT, SIZE)) + 1.5)
    weight = single(random.choice([0.5, 1, 2], COUNT))
    # The last label has no name.
    names = single(centers[:-1] + 0.5 * random.normal(size=(CLASSES - 1, SIZE)) + 1.5)
    all_y = np.concatenate([y, np.arange(CLASSES - 1)])
    all_weight = np.concatenate([weight, np.full(CLASSES - 1, NAME_WEIGHT)])

    def scaled(x):
        return np.hstack([x / np.sqrt(SPREAD), np.ones((len(x), 1))])

    x = scaled(np.vstack([features, names]))
    model = LogisticRegression(C=1 / PENALTY, fit_intercept=False, tol=1e-12, max_iter=100000)
    model.fit(x, all_y, sample_weight=all_weight)
    base = single(random.normal(size=(CLASSES, SIZE + 1)))
    # The base does not know the last label; names count for that one alone, and it has none.
    base[-1] = 0
    target = base * np.append(np.full(SIZE, np.sqrt(SPREAD)), 1)
    return {
        "features": features.tolist(), "labels": y.tolist(), "weights": weight.tolist(), "names": names.tolist(),
        "penalty": PENALTY, "spread": SPREAD, "nameWeight": NAME_WEIGHT,
        "plain": head(model.coef_),
        "base": {"weight": base[:-1, :SIZE].ravel().tolist(), "bias": base[:-1, SIZE].tolist()},
        "pulled": head(pulled(scaled(features), y, weight, target)),
    }


def evaluation(random):
    labels = np.array(["a", "b", "c", "d", "e"])
    # "d" is never answered, "e" never true.
    truth = labels[random.choice(4, 200, p=[0.5, 0.3, 0.15, 0.05])]
    answer = np.where(random.random(200) < 0.7, truth, labels[random.choice([0, 1, 2, 4], 200)])
    answer = np.where(answer == "d", "a", answer)
    score = single(np.clip(random.beta(4, 2, 200), 0, 1))
    score[:3] = [1, 0, single(1 / 3)]
    names = sorted(set(truth) | set(answer))
    precision, recall, f1, support = precision_recall_fscore_support(truth, answer, labels=names, zero_division=0)
    # Bins (lower, upper] of equal width; 0 is in the first.
    bins = np.clip(np.ceil(score * 15) - 1, 0, 14)
    error = sum(abs((truth == answer)[bins == b].mean() - score[bins == b].mean()) * (bins == b).mean()
                for b in range(15) if (bins == b).any())
    return {
        "truth": truth.tolist(), "answers": answer.tolist(), "scores": score.tolist(),
        "accuracy": accuracy_score(truth, answer), "macroF1": f1_score(truth, answer, average="macro"),
        "error": error, "labels": names, "support": support.tolist(), "precision": precision.tolist(),
        "recall": recall.tolist(), "f1": f1.tolist(),
    }


def main():
    random = np.random.default_rng(7)
    with open(f"{sys.argv[1]}/head.json", "w") as file:
        json.dump({"fit": fit(random), "evaluation": evaluation(random)}, file)


main()
