#!/usr/bin/env python3
"""Records results of the components of the tokenizers package, for the unit tests.

  tests/oracles/tokenizer_cases.py > tests/oracles/tokenizer_cases.h
"""
import json

import token_ids
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = ["", " ", "Hello world", "I'll say 'TIS THEY'RE, it's: WE'D 'ſo", "  two   spaces\tand\u00a0tabs  \n\n  end ", "a\r\n\r\nb \n c",
         "price 12345.67 for 1½ ٣٤٥٦", "naïve café e\u0301 ﬁne Å ㎏", "日本語と한국어 ไทย हिन्दी 👩‍👩‍👧 ☺️", "x=(a+b)//c; // http://a.b/c",
         "HTTPServer iPhone McDonald ǅungla A\u0301B", "\u0301\u0301AB \u0301ab", "İSTANBUL ΟΔΟΣ ß", "a'ſo ?\n/x", "tab\x00\x1f\x85\u200b\ufffd\x7f.",
         "a\u2028b\u3000c\u1680d", "\u1c89\ua7cb \U00010d50 \u32ff \U00011935\U00011930 \u061d \U00016ed0"]


def component(part, field):
    tokenizer = Tokenizer(models.BPE())
    setattr(tokenizer, field, part)
    return json.loads(tokenizer.to_str())[field]


def normalizer_cases():
    N = normalizers
    parts = [N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Lowercase(), N.StripAccents(), N.Strip(), N.Strip(True, False), N.Prepend("▁"),
             N.Replace(" ", "▁▁"), N.BertNormalizer(), N.BertNormalizer(lowercase=False), N.BertNormalizer(strip_accents=False),
             N.BertNormalizer(clean_text=False, handle_chinese_chars=False, lowercase=False, strip_accents=True),
             N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()])]
    return [[component(part, "normalizer"), [[text, part.normalize_str(text)] for text in TEXTS]] for part in parts]


def pre_tokenizer_cases():
    P = pre_tokenizers
    parts = [P.ByteLevel(False), P.ByteLevel(True), P.BertPreTokenizer(), P.Whitespace(), P.WhitespaceSplit(), P.Digits(True), P.Digits(False),
             P.Punctuation(), P.Metaspace(), P.Metaspace(split=False), P.Metaspace(prepend_scheme="never"),
             P.Sequence([P.WhitespaceSplit(), P.Metaspace(prepend_scheme="first"), P.Punctuation("removed")])]
    parts += [P.Split(" ", behavior) for behavior in ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")]
    parts += [P.Split("a", "merged_with_next", invert=True)]
    parts += [P.Split(Regex(cut), "isolated") for cut in
              (token_ids.LLAMA3, token_ids.POSSESSIVE, token_ids.QWEN2, token_ids.QWEN35, token_ids.GPT4O)]
    return [[component(part, "pre_tokenizer"), [[text, [piece for piece, _ in part.pre_tokenize_str(text)]] for text in TEXTS]]
            for part in parts]


def decoder_cases():
    D = decoders
    lists = [[], ["Hello", "Ġwor", "ld"], ["ä", "¸", "Ń", "æ"], ["▁▁a", "▁b", "<0xE4>", "<0xB8>", "<0xAD>", "<0xE4>", "c"],
             ["do", "not", "##ing", ".", "'", "s", "n't", "##", "a"], ["low</w>", "er</w>", "x"], [" ", "  a", "b  "], ["é", "日"]]
    parts = [D.ByteLevel(), D.WordPiece(), D.WordPiece(prefix="a", cleanup=False), D.Metaspace(), D.Metaspace(prepend_scheme="never"),
             D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0), D.Strip(" ", 0, 1), D.BPEDecoder(), D.Replace("▁", " "),
             D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])]
    return [[component(part, "decoder"), [[tokens, part.decode(tokens)] for tokens in lists]] for part in parts]


def tokenizer_cases():
    """Complete tokenizers with few tokens."""
    letters = {c: i for i, c in enumerate(["<unk>", "a", "b", "c", "▁", "é", "X", "<0xC3>", "<0xB6>", "ab", "bc", "abc", "aa", "▁a", "aaa", "cab"])}
    merges = [("b", "c"), ("a", "b"), ("a", "bc"), ("ab", "c"), ("a", "a"), ("▁", "a"), ("aa", "a"), ("a", "aa")]
    texts = ["abcabc", "cab", "aaaaaaa", "zabzzc", "aöb", "ａ ab a", "abé<x>X <x>  <sp>  b", "X<word>X <word> <WORD>a", "aab▁a", "<sp><sp> <x"]
    out = []
    for options in (dict(), dict(unk_token="<unk>"), dict(unk_token="<unk>", fuse_unk=True), dict(unk_token="<unk>", byte_fallback=True),
                    dict(unk_token="<unk>", ignore_merges=True)):
        tokenizer = Tokenizer(models.BPE(letters, merges, **options))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" ", "▁")])
        tokenizer.add_special_tokens(["<x>", AddedToken("<sp>", lstrip=True, rstrip=True)])
        tokenizer.add_tokens([AddedToken("<word>", single_word=True), AddedToken("<ＷＯＲＤ>", normalized=True), "<x"])
        tokenizer.post_processor = processors.Sequence([
            processors.BertProcessing(("c", 3), ("b", 2)),
            processors.TemplateProcessing(single="<x> $A X X", special_tokens=[("<x>", 16), ("X", 6)])])
        out.append([json.loads(tokenizer.to_str()), [[text, tokenizer.encode(text).ids] for text in texts]])
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, "ab": 2, "é,": 3}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    out.append([json.loads(tokenizer.to_str()), [[text, tokenizer.encode(text).ids] for text in ("a ab  é, abc a", "")]])
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "##a", "##b", "##le", "a", "é", "##é", ",", "中", "aa"]
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]", max_input_chars_per_word=8))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(strip_accents=False), pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    texts = ["unaffable", "UNABLE aé,ééé", "a中中a [MASK]a", "aab unq aaaaaaaa aaaaaaaaa", "[mask] éé", "a, a,un"]
    out.append([json.loads(tokenizer.to_str()), [[text, tokenizer.encode(text).ids] for text in texts]])
    return out


def training_case():
    lines = ["low lower lowest", "new newer newest, the newest", "wide wider widest 1234 1235", "Ünïcödé ünïcödé 日本 日本語"] * 3
    tokenizer, trainer = token_ids.byte_level()
    trainer.vocab_size, trainer.min_frequency = 290, 2
    tokenizer.train_from_iterator(lines, trainer)
    texts = ["lowest newer wides", "日本語 ünïcödé", "12345 <|endoftext|>x"]
    return {"lines": lines, "merges": json.loads(tokenizer.to_str())["model"]["merges"],
            "encoded": [[text, tokenizer.encode(text).ids] for text in texts]}


def main():
    print("// Recorded from the tokenizers package by tests/oracles/tokenizer_cases.py: not to be edited.\n// clang-format off\n#pragma once\n\nnamespace tapehead::data {\n")
    for name, cases in (("Normalizer", normalizer_cases()), ("PreTokenizer", pre_tokenizer_cases()), ("Decoder", decoder_cases()),
                        ("Tokenizer", tokenizer_cases()), ("Training", training_case())):
        print(f"/// JSON.\ninline constexpr const char* k{name}Cases[] = {{")
        for case in cases if isinstance(cases, list) else [cases]:
            print(f'    R"json({json.dumps(case)})json",')
        print("};\n")
    print("}  // namespace tapehead::data")


if __name__ == "__main__":
    main()
