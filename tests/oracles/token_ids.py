#!/usr/bin/env python3
"""Compares the ids of build/tools/tokenize with those of the tokenizers package, line by line.

  tests/oracles/token_ids.py build/tools/tokenize [--gpt2 FOLDER] [--lines 100000] [--only NAME]

Tokenizers of each kind are trained or composed with the package, saved to a temporary folder and loaded by both.
The lines contain all scripts, emoji with joiners, marks, control characters, odd white space,
digits, contractions, special tokens, and runs of 100 kB.
"""
import argparse
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
POSSESSIVE = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"
              r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
QWEN35 = QWEN2.replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"[^\s\p{L}\p{N}]+", r"[^\s\p{L}\p{M}\p{N}]+")
UPPER, LOWER, SHORT = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{SHORT}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{SHORT}"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")

WORDS = """the of and Hello world don't we'll It's I'M YOU'RE they'Ve 'd 'S 's 'ſ naïve café CamelCaseWord HTTPServer iPhone
    3.14159 1,000,000 12345678901 ½ Ⅳ ² x86_64 e-mail https://example.org/a?b=c#d C++ <b> </b> {} [] () -- --- ... .... !?
    Straße ÄÖÜ İstanbul ΟΔΟΣ ς ﬁn ﬀ ﬆ '\ufb06 日本語テキスト 中文字符 漢字かな交じり文 한국어 각 ไทยภาษา हिन्दी தமிழ் العربية עִבְרִית Ελληνικά
    Русский ქართული አማርኛ ខ្មែរ မြန်မာ 😀 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 ☺️ e\u0301 a\u0308\u0301 \u0301x q\u0323\u0307 \u1e9b\u0323 Å ﷺ ㎏ ① ｶﾞ
    \u200b \u200d \u2060 \ufeff \ufffd \ue000 \U000f0000 \u0378 \U0001fbf5 \u1c89 \ua7cb \U00010d50 \u32ff \U00011938
    \U00011935\U00011930 \u1b4e \u0897 \U0002ebf0 \x00 \x01 \x1b \x7f \x80 \x85 \xad ▁ Ġ Ċ ## [ ] \\u0041 %s \\""".split(" ")
WORDS = [w for part in WORDS for w in part.split("\n")] + ["\x1c", "\x0b", "\x0c", "\r", "\t", "\u00a0", "\u3000", "\u2028"]
SPACES = ["", " ", " ", " ", " ", "  ", "   ", "\t", "\r", "\u00a0", "\u3000", " \u2003", "\x85", "\x1f", "\u200a ", "\r\r "]
SPECIALS = ["<|endoftext|>", "<|begin_of_text|>", "[MASK]", "[CLS]", "[SEP]", "<s>", "</s>", "<mask>", "<|end", "[MASK", "[unused1]",
            "NEWWORD", "newword", "Ünïcödé", "  spacey", "<0x41>"]


def assigned():
    return [chr(c) for c in range(1, 0x110000) if not 0xD800 <= c <= 0xDFFF and chr(c) != "\n"]


def script_run(rng, points):
    """A word of characters that are neighbours in Unicode."""
    at = rng.randrange(0x20, 0x3000) if rng.random() < 0.6 else rng.randrange(0x20, 0x20000)
    return "".join(points[min(len(points) - 1, at + rng.randrange(0, 60))] for _ in range(rng.randrange(1, 9)))


def make_line(rng, points, text):
    parts = []
    for _ in range(rng.randrange(0, 12)):
        draw = rng.random()
        if draw < 0.45:
            parts.append(rng.choice(WORDS))
        elif draw < 0.6:
            parts.append(rng.choice(text))
        elif draw < 0.7:
            parts.append(script_run(rng, points))
        elif draw < 0.78:
            parts.append("".join(rng.choice(points) for _ in range(rng.randrange(1, 5))))
        elif draw < 0.86:
            parts.append("".join(rng.choice("0123456789.,:") for _ in range(rng.randrange(1, 12))))
        elif draw < 0.94:
            parts.append(rng.choice(SPECIALS))
        else:
            parts.append(rng.choice("a ,.é0-漢 \t\u0301😀'AI") * rng.randrange(1, 40))
        parts.append(rng.choice(SPACES))
    return "".join(parts)


def make_lines(count, text):
    rng, points = random.Random(7), assigned()
    words = text.split()
    lines = [c for c in points if unicodedata.category(c) not in ("Cn", "Co")]
    rng.shuffle(lines)
    lines = [f"{c}a{c} {c}{c}1{c} b'{c}" for c in lines[: count // 3]]
    lines += [text_line for text_line in text.split("\n")[: count // 10]]
    while len(lines) < count - 40:
        lines.append(make_line(rng, points, words))
    for c in "a\u00e9 0'.\t\u3000漢😀\u0301\u0000-A\u200d\u0e01":  # 100 kB of one character, and of two
        lines.append(c * (100_000 // len(c.encode())))
        lines.append("x" + (c + "b") * (50_000 // len(c.encode())))
    return [line.replace("\n", " ") for line in lines]


def byte_level(cut=None, prefix=False, merges="pairs", special=("<|endoftext|>",), **model):
    tokenizer = Tokenizer(models.BPE(**model))
    plain = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=cut is None)
    parts = [pre_tokenizers.Split(Regex(cut), "isolated"), plain] if cut else [plain]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts) if cut else plain
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer, trainers.BpeTrainer(vocab_size=3000, special_tokens=list(special), show_progress=False,
                                          initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def save(tokenizer, folder, merges="pairs"):
    folder.mkdir()
    text = json.loads(tokenizer.to_str())
    if merges == "strings":
        text["model"]["merges"] = [" ".join(pair) for pair in text["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(text, ensure_ascii=merges == "strings"))
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def bert(lower, accents=None, **normalizer):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower, strip_accents=accents, **normalizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer, trainers.WordPieceTrainer(vocab_size=4000, show_progress=False, special_tokens=[
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])


def make_all(root, text, gpt2):
    """Yields the name, folder and package's tokenizer of each case."""
    sample = text.split("\n") + WORDS * 20

    def trained(pair):
        tokenizer, trainer = pair
        tokenizer.train_from_iterator(sample, trainer)
        return tokenizer

    if gpt2:
        real = Tokenizer(models.BPE.from_file(f"{gpt2}/vocab.json", f"{gpt2}/merges.txt"))
        real.pre_tokenizer, real.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        real.add_special_tokens(["<|endoftext|>"])
        yield "gpt2", pathlib.Path(gpt2), real
        big = Tokenizer.from_str(real.to_str())
        big.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                                     pre_tokenizers.ByteLevel(False, use_regex=False)])
        yield "gpt2-merges-llama3-cut", root / "big", save(big, root / "big")
    for merges in ("pairs", "strings"):
        tokenizer = trained(byte_level())
        yield f"byte-level-{merges}", root / merges, save(tokenizer, root / merges, merges)
    for name, cut in (("llama3", LLAMA3), ("possessive", POSSESSIVE), ("qwen2", QWEN2), ("qwen35", QWEN35), ("gpt4o", GPT4O)):
        tokenizer = trained(byte_level(cut, special=["<|begin_of_text|>", "<|endoftext|>"], ignore_merges=name == "llama3"))
        if name == "llama3":
            tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), processors.TemplateProcessing(
                single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B",
                special_tokens=[("<|begin_of_text|>", 0)])])
        if name == "qwen2":
            tokenizer.normalizer = normalizers.NFC()
        yield name, root / name, save(tokenizer, root / name)
    roberta = trained(byte_level(prefix=True, special=["<s>", "<pad>", "</s>", "<unk>"]))
    roberta.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    roberta.add_tokens([AddedToken("NEWWORD", single_word=True), AddedToken("Ünïcödé", rstrip=True), "  spacey"])
    roberta.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    yield "roberta", root / "roberta", save(roberta, root / "roberta")

    for name, kind in (("bert-uncased", bert(True)), ("bert-cased", bert(False)), ("bert-cased-no-accents", bert(False, True)),
                       ("bert-unclean", bert(True, False, clean_text=False, handle_chinese_chars=False))):
        tokenizer = trained(kind)
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
        tokenizer.add_tokens(["newword", AddedToken("Ünïcödé", normalized=True)])
        yield name, root / name, save(tokenizer, root / name)
    vocab = root / "vocab-txt"
    vocab.mkdir()
    tokenizer = trained(bert(True))
    tokenizer.model.save(str(vocab))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    yield "vocab-txt", vocab, tokenizer

    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        tokenizer = trained(byte_level())
        parts = [getattr(normalizers, form)(), normalizers.StripAccents(), normalizers.Lowercase()]
        tokenizer.normalizer = normalizers.Sequence(parts if form == "NFKD" else parts[:1])
        yield form, root / form, save(tokenizer, root / form)
    llama2 = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    llama2.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    alphabet = [f"<0x{byte:02X}>" for byte in range(256)]
    llama2.train_from_iterator(sample[:2000], trainers.BpeTrainer(
        vocab_size=2000, show_progress=False, limit_alphabet=400, special_tokens=["<unk>", "<s>", "</s>"] + alphabet))
    text_form = json.loads(llama2.to_str())
    text_form["added_tokens"] = text_form["added_tokens"][:3]
    llama2 = Tokenizer.from_str(json.dumps(text_form))
    llama2.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    yield "llama2", root / "llama2", save(llama2, root / "llama2", "strings")
    for scheme in ("always", "first", "never"):
        other = Tokenizer.from_str(llama2.to_str())
        other.normalizer = None
        other.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=scheme != "first")
        yield f"metaspace-{scheme}", root / scheme, save(other, root / scheme)
    for name, parts in (("digits", [pre_tokenizers.Digits(True), pre_tokenizers.Punctuation("merged_with_previous")]),
                        ("digits-runs", [pre_tokenizers.Digits(False), pre_tokenizers.Punctuation("contiguous")]),
                        ("splits", [pre_tokenizers.Split(" ", "merged_with_next"), pre_tokenizers.Split("a", "merged_with_previous"),
                                    pre_tokenizers.Split("e", "removed"), pre_tokenizers.Split("th", "contiguous", invert=True)]),
                        ("whitespace", [pre_tokenizers.Whitespace()]), ("whitespace-split", [pre_tokenizers.WhitespaceSplit()])):
        tokenizer = trained(byte_level())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts + [pre_tokenizers.ByteLevel(False, use_regex=False)])
        yield name, root / name, save(tokenizer, root / name)
    words = Tokenizer(models.WordLevel(unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.train_from_iterator(sample, trainers.WordLevelTrainer(vocab_size=2000, show_progress=False, special_tokens=["<unk>"]))
    yield "word-level", root / "word-level", save(words, root / "word-level")
    unknown = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    unknown.normalizer = normalizers.Sequence([normalizers.Strip(), normalizers.Replace("..", "…"), normalizers.Lowercase()])
    unknown.pre_tokenizer = pre_tokenizers.Whitespace()
    unknown.train_from_iterator(sample[:3000], trainers.BpeTrainer(
        vocab_size=1500, show_progress=False, limit_alphabet=100, special_tokens=["<unk>"], continuing_subword_prefix="##",
        end_of_word_suffix="</w>"))
    yield "unknown", root / "unknown", save(unknown, root / "unknown")


def make_trained(root, text_file, trainer):
    """The tokenizers that the project trains; its BPE must equal the package's."""
    for kind in ("bpe", "word-piece"):
        folder = root / f"trained-{kind}"
        folder.mkdir()
        subprocess.run([trainer, f"train-{kind}", "3000", text_file, str(folder)], check=True)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        if kind == "bpe":
            theirs, learner = byte_level()
            learner.min_frequency = 2
            theirs.train_from_iterator(pathlib.Path(text_file).read_text(encoding="utf-8").split("\n"), learner)
            ours = json.loads(tokenizer.to_str())["model"]
            same = ours["merges"] == json.loads(theirs.to_str())["model"]["merges"]
            print(f"trained-bpe: {len(ours['merges'])} merges, {'the same as' if same else 'not all as'} the package's")
        yield f"trained-{kind}", folder, tokenizer


def compare(program, name, folder, tokenizer, lines):
    started = time.time()
    data = "".join(line + "\n" for line in lines).encode()
    run = subprocess.run([program, str(folder)], input=data, stdout=subprocess.PIPE, check=True)
    ours = [json.loads(line) for line in run.stdout.splitlines()]
    took = time.time() - started
    wrong = 0
    for line, encoding, got in zip(lines, tokenizer.encode_batch(lines), ours, strict=True):
        if encoding.ids != got:
            wrong += 1
            if wrong <= 3:
                at = next((i for i, (a, b) in enumerate(zip(encoding.ids, got)) if a != b), min(len(got), len(encoding.ids)))
                print(f"  {line[:200]!r}\n    expected {encoding.tokens[max(0, at - 2):at + 5]}\n"
                      f"    got      {[tokenizer.id_to_token(i) for i in got[max(0, at - 2):at + 5]]}")
    print(f"{name}: {len(lines)} lines, {sum(map(len, ours))} ids in {took:.1f} s, {wrong} lines differ", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--gpt2", help="GPT-2's vocab.json and merges.txt")
    parser.add_argument("--text", default="README.md", help="English text to train on and to encode")
    parser.add_argument("--trainer", help="build/tests/text_cli, to check training as well")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--only", help="the tokenizers whose name begins like this")
    args = parser.parse_args()
    text = pathlib.Path(args.text).read_text(encoding="utf-8")
    lines = make_lines(args.lines, text)
    with tempfile.TemporaryDirectory(prefix="tapehead-oracle-") as scratch:
        root = pathlib.Path(scratch)
        trained = make_trained(root, args.text, args.trainer) if args.trainer else ()
        wrong = sum(compare(args.program, name, folder, tokenizer, lines)
                    for name, folder, tokenizer in itertools.chain(trained, make_all(root, text, args.gpt2))
                    if name.startswith(args.only or ""))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
