#pragma once

struct Tensor {
  int value;
};
