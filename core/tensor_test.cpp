#include "tapehead/core/tensor.h"

#include <doctest/doctest.h>

#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("a tensor tells its shape, type and elements") {
  const Tensor x = tensor_of({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(x.defined());
  CHECK(x.dtype() == f32);
  CHECK(x.dim() == 2);
  CHECK(x.numel() == 6);
  CHECK(x.size(-1) == 3);
  CHECK(x.strides() == Shape{3, 1});
  CHECK(x.is_contiguous());
  CHECK(x.data<float>()[4] == 5);
  const Tensor turned = core::view_of(x, {3, 2}, {1, 3}, 0);
  CHECK_FALSE(turned.is_contiguous());
  CHECK(values(turned) == Doubles{1, 4, 2, 5, 3, 6});
  CHECK(turned.to_vector<int64_t>() == std::vector<int64_t>{1, 4, 2, 5, 3, 6});
  CHECK(tensor_of({1}, {2.5}).item<int>() == 2);
}

TEST_CASE("copies of a tensor are the same tensor; what is computed is another") {
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the copy is what is tested
  const Tensor x = tensor_of({2}, {1, 2}), same = x, alike = x.detach();
  CHECK(same.is_same(x));
  CHECK_FALSE(alike.is_same(x));
  CHECK(alike.raw() == x.raw());
}

TEST_CASE("numbers become 0-d tensors") {
  CHECK(Tensor(2).dtype() == i64);
  CHECK(Tensor(2.5).dtype() == f64);
  CHECK(Tensor(true).dtype() == boolean);
  CHECK(Tensor(2.5f).dim() == 0);
  CHECK(Tensor(2.5).item() == 2.5);
}

TEST_CASE("a name goes with a tensor and what is detached from it") {
  Tensor x = tensor_of({2}, {1, 2});
  CHECK(x.name().empty());
  x.set_name("h");
  CHECK(x.name() == "h");
  CHECK(x.detach().name() == "h");
  CHECK(core::describe(x) == "'h' [2] f32");
  CHECK(core::describe(Tensor()) == "an undefined tensor");
}

TEST_CASE("tensors: errors") {
  const Tensor x = tensor_of({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(error_of<IndexError>([&] { x.size(2); }) ==
        "size: axis 2 is outside -2..1 of a tensor with 2 dimensions");
  CHECK(error_of<IndexError>([&] { Tensor(1).size(0); }) == "size: a 0-d tensor has no axes");
  CHECK(error_of<ShapeError>([&] { x.item(); }) ==
        "item: the tensor has shape [2, 3]; only one element converts to a number");
  CHECK(error_of<DTypeError>([&] { x.data<double>(); }) ==
        "data: the tensor is f32, not f64; use data<T>() with its element type or convert with "
        "to(f64)");
  CHECK(error_of<ShapeError>([&] {
          core::empty({2, -1});
        }) == "shape: [2, -1] has a negative size");
  CHECK(error_of<ShapeError>([&] {
          core::empty({1 << 30, 1 << 30, 1 << 30});
        }) == "shape: [1073741824, 1073741824, 1073741824] is too large to address");
  CHECK(error_of<ShapeError>([&] {
          core::empty({1, 1, 1, 1, 1, 1, 1, 1, 1});
        }) == "shape: 9 dimensions; a tensor has at most 8");
}

TEST_CASE("every method of an undefined tensor reports that it is undefined") {
  Tensor none;
  CHECK_FALSE(none.defined());
  CHECK_FALSE(none.requires_grad());
  CHECK(none.name().empty());
  const std::string text = "tensor: it is undefined; give it a value before it is used";
  const std::function<void()> questions[] = {
      [&] { none.shape(); },
      [&] { none.strides(); },
      [&] { none.dtype(); },
      [&] { none.dim(); },
      [&] { none.numel(); },
      [&] { none.size(0); },
      [&] { none.is_contiguous(); },
      [&] { none.data<float>(); },
      [&] { none.raw(); },
      [&] { none.item(); },
      [&] { none.to_vector<float>(); },
      [&] { none.detach(); },
      [&] { none.set_name("h"); },
      [&] { none.version(); },
      [&] { none.to(f64); },
      [&] { none.clone(); },
      [&] { none.reshape({1}); },
      [&] { none[0]; },
      [&] { none.transpose(0, 1); },
      [&] { none.add_(1); },
      [&] { none.fill_(1); },
  };
  for (const auto& ask : questions) CHECK(error_of<ValueError>(ask) == text);
}
