#!/usr/bin/env python3
"""Records caption scores of the pycocoevalcap package for the unit test.

  tests/oracles/captions.py tests/oracles/caption_cases.h

pycocoevalcap's Cider is CIDEr-D. CIDEr is computed here from the paper's formula, times 10.
"""
import collections
import importlib.metadata
import math
import pathlib
import random
import sys

from pycocoevalcap.bleu.bleu_scorer import BleuScorer
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from cpp import literal, numbers

SHAPES = ["circle", "square", "triangle"]
COLOURS = ["red", "blue", "green"]
RELATIONS = ["left of", "above", "next to"]


def caption(rng):
    thing = lambda: f"{rng.choice(['a', 'a', 'the'])} {rng.choice(['small ', '', ''])}{rng.choice(COLOURS)} {rng.choice(SHAPES)}"
    return " ".join([thing()] + [f"{rng.choice(RELATIONS)} {thing()}" for _ in range(rng.randrange(3))])


def disturb(rng, text):
    words = [w if rng.random() < 0.85 else rng.choice(COLOURS + SHAPES) for w in text.split(" ") if rng.random() < 0.9]
    return " ".join(words)


def corpus(rng, pictures):
    references = []
    for _ in range(pictures):
        first = caption(rng)
        references.append([first] + [disturb(rng, first) or "a" for _ in range(rng.randrange(5))])
    hypotheses = [disturb(rng, rng.choice(r)) if rng.random() < 0.8 else caption(rng) for r in references]
    return hypotheses, references


def cider(hypotheses, references):
    grams = lambda text, n: collections.Counter(zip(*[text.split()[k:] for k in range(n)]))
    frequency = collections.Counter(g for refs in references for g in {g for r in refs for n in range(1, 5) for g in grams(r, n)})
    weigh = lambda text, n: {g: c * math.log(len(references) / max(1, frequency[g])) for g, c in grams(text, n).items()}
    norm = lambda v: math.sqrt(sum(x * x for x in v.values()))

    def cosine(a, b):
        norms = norm(a) * norm(b)
        return sum(x * b.get(g, 0) for g, x in a.items()) / norms if norms else 0

    each = [10 * sum(cosine(weigh(h, n), weigh(r, n)) for r in refs for n in range(1, 5)) / (4 * len(refs))
            for h, refs in zip(hypotheses, references)]
    return sum(each) / len(each), each


def record(hypotheses, references):
    """Rows of the corpus score and the score of each caption: BLEU-1 to 4, ROUGE-L, CIDEr, CIDEr-D."""
    scorer = BleuScorer(n=4)
    for hypothesis, refs in zip(hypotheses, references):
        scorer += (hypothesis, refs)
    bleu, of_each = scorer.compute_score(option="closest")
    rows = [[b] + list(each) for b, each in zip(bleu, of_each)]
    truth, result = dict(enumerate(references)), {i: [h] for i, h in enumerate(hypotheses)}
    score, each = Rouge().compute_score(truth, result)
    rows.append([score, *each])
    score, each = cider(hypotheses, references)
    rows.append([score, *each])
    score, each = Cider().compute_score(truth, result)
    rows.append([score, *each])
    return rows


def main(path):
    rng = random.Random(3)
    corpora = [corpus(rng, n) for n in (1, 5, 12)]
    corpora.append((["", "a", "a red cat on a red mat near a red cat", "x y z"],
                    [["a red square"], ["a"], ["a red cat on a mat", "the cat", "a red cat near a red mat"], ["u v w"]]))
    version = importlib.metadata.version("pycocoevalcap")
    out = [f"// Written by tests/oracles/captions.py with pycocoevalcap {version}: not for editing by hand.",
           "// clang-format off", "#pragma once", "", "#include <string>", "#include <vector>", "",
           "namespace tapehead::test {", "",
           "// Scores of the corpus and of each caption: BLEU-1 to BLEU-4, ROUGE-L, CIDEr, CIDEr-D.",
           "struct CaptionCase {", "  std::vector<std::string> hypotheses;", "  std::vector<std::vector<std::string>> references;",
           "  std::vector<std::vector<double>> scores;", "};", "inline const std::vector<CaptionCase> kCaptionCases = {"]
    braced = lambda texts: "{" + ", ".join(map(literal, texts)) + "}"
    for hypotheses, references in corpora:
        out.append(f"  {{{braced(hypotheses)},\n   {{" + ",\n    ".join(map(braced, references)) + "},\n   {"
                   + ",\n    ".join(map(numbers, record(hypotheses, references))) + "}},")
    out += ["};", "", "}  // namespace tapehead::test", ""]
    pathlib.Path(path).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1])
