#!/usr/bin/env python3
"""Records PyTorch's type promotion: tests/oracles/promotion.py > tests/oracles/promotion_cases.h"""
import torch

TYPES = {"f32": torch.float32, "f64": torch.float64, "bf16": torch.bfloat16, "i64": torch.int64,
         "i32": torch.int32, "u8": torch.uint8, "bool": torch.bool, "f16": torch.float16,
         "i16": torch.int16, "i8": torch.int8}
NAMES = {dtype: name for name, dtype in TYPES.items()}

operands = [("[2] " + name, torch.ones(2, dtype=d)) for name, d in TYPES.items()]
operands += [("[] " + name, torch.ones((), dtype=d)) for name, d in TYPES.items()]
operands += [("double", 1.5), ("int", 1), ("true", True)]


def result(a, b):
    tensors = isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor)
    return NAMES[torch.result_type(a, b)] if tensors else "-"


print(f"// Written by tests/oracles/promotion.py with PyTorch {torch.__version__.split('+')[0]}: "
      "not for editing by hand.")
print("// clang-format off")
print("#pragma once\n\nnamespace tapehead::test {\n")
print("/// A tensor or C++ number, and the types of its results with each of the operands in their order;")
print("/// - where both are numbers.")
print("struct PromotionRow { const char* operand; const char* results; };")
print("inline constexpr PromotionRow kPromotion[] = {")
for name, a in operands:
    print(f'  {{"{name}", "{" ".join(result(a, b) for _, b in operands)}"}},')
print("};\n\n}  // namespace tapehead::test")
