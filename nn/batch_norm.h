// Normalization of channels.
//
// B batch, C channels.
#pragma once

#include <optional>
#include <utility>

#include "tapehead/autograd/ops/channel_norm.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct BatchNormOptions {
  double eps = 1e-5;
  /// Of the running statistics; std::nullopt: their averages over all batches so far.
  std::optional<double> momentum = 0.1;
  bool affine = true;               ///< whether there are a weight and a bias
  bool track_running_stats = true;  ///< else evaluation uses the statistics of its input, too
};

/// Batch normalization (Ioffe and Szegedy 2015); see batch_norm(). Parameters: `weight`,
/// initialized with 1, and `bias`, with 0; buffers: `running_mean`, `running_var` and
/// `num_batches_tracked`, an i64.
class BatchNorm {
 public:
  /// Maps x [B, C, ...] to the same shape. In training, updates the running statistics.
  Tensor operator()(const Tensor& x) const;

  Tensor weight, bias;               ///< [C], or undefined
  Tensor running_mean, running_var;  ///< [C], or undefined
  Tensor num_batches_tracked;        ///< i64, or undefined
  const Scope& scope() const { return at_; }

 protected:
  BatchNorm(Scope at, int64_t channels, const BatchNormOptions& options, const char* layer,
            int least_axes, int most_axes);

 private:
  Scope at_;
  BatchNormOptions options_;
  const char* layer_;
  int least_axes_, most_axes_;
};

/// Of x [B, C] or [B, C, L].
/// Example: nn::BatchNorm1d(at, 16)(randn({8, 16, 100}))  // shape [8, 16, 100]
class BatchNorm1d : public BatchNorm {
 public:
  BatchNorm1d(Scope at, int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm(std::move(at), channels, options, "batch_norm1d", 2, 3) {}
  explicit BatchNorm1d(int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm1d(Scope(), channels, options) {}
};
/// Of x [B, C, H, W].
/// Example: nn::BatchNorm2d(at, 16)(randn({8, 16, 28, 28}))  // shape [8, 16, 28, 28]
class BatchNorm2d : public BatchNorm {
 public:
  BatchNorm2d(Scope at, int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm(std::move(at), channels, options, "batch_norm2d", 4, 4) {}
  explicit BatchNorm2d(int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm2d(Scope(), channels, options) {}
};
/// Of x [B, C, D, H, W].
/// Example: nn::BatchNorm3d(at, 16)(randn({2, 16, 4, 8, 8}))  // shape [2, 16, 4, 8, 8]
class BatchNorm3d : public BatchNorm {
 public:
  BatchNorm3d(Scope at, int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm(std::move(at), channels, options, "batch_norm3d", 5, 5) {}
  explicit BatchNorm3d(int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm3d(Scope(), channels, options) {}
};

struct InstanceNormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
  bool affine = false;               ///< whether there are a weight and a bias
  bool track_running_stats = false;  ///< whether evaluation uses running statistics
};

/// Instance normalization (Ulyanov et al. 2016) over N axes; see instance_norm(). Parameters and
/// buffers have the names of BatchNorm's.
template <int N>
class InstanceNorm {
 public:
  InstanceNorm(Scope at, int64_t channels, const InstanceNormOptions& options = {});
  explicit InstanceNorm(int64_t channels, const InstanceNormOptions& options = {})
      : InstanceNorm(Scope(), channels, options) {}
  /// Maps x [B, C, sizes...] or [C, sizes...] to the same shape.
  Tensor operator()(const Tensor& x) const;

  Tensor weight, bias;               ///< [C], or undefined
  Tensor running_mean, running_var;  ///< [C], or undefined
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  InstanceNormOptions options_;
};
/// Of x [B, C, L] or [C, L].
/// Example: nn::InstanceNorm1d(at, 16)(randn({8, 16, 100}))  // shape [8, 16, 100]
using InstanceNorm1d = InstanceNorm<1>;
/// Of x [B, C, H, W] or [C, H, W].
/// Example: nn::InstanceNorm2d(at, 16, {.affine = true})(randn({8, 16, 28, 28}))
///     // shape [8, 16, 28, 28]
using InstanceNorm2d = InstanceNorm<2>;
/// Of x [B, C, D, H, W] or [C, D, H, W].
/// Example: nn::InstanceNorm3d(at, 16)(randn({2, 16, 4, 8, 8}))  // shape [2, 16, 4, 8, 8]
using InstanceNorm3d = InstanceNorm<3>;

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;  ///< whether there are a weight and a bias
};

/// Group normalization (Wu and He 2018); see group_norm(). Parameters: `weight`, initialized with
/// 1, and `bias`, with 0.
/// Example: nn::GroupNorm(at, 4, 16)(randn({8, 16, 28, 28}))  // shape [8, 16, 28, 28]
class GroupNorm {
 public:
  /// Throws ValueError if the channels are not a multiple of num_groups.
  GroupNorm(Scope at, int64_t num_groups, int64_t channels, const GroupNormOptions& options = {});
  GroupNorm(int64_t num_groups, int64_t channels, const GroupNormOptions& options = {})
      : GroupNorm(Scope(), num_groups, channels, options) {}
  /// Maps x [B, C, ...] to the same shape.
  Tensor operator()(const Tensor& x) const;

  Tensor weight, bias;  ///< [C], or undefined
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  int64_t num_groups_;
  double eps_;
};

/// Local response normalization (Krizhevsky et al. 2012); see local_response_norm(). It has no
/// parameters.
/// Example: nn::LocalResponseNorm(5)(randn({8, 16, 28, 28}))  // shape [8, 16, 28, 28]
class LocalResponseNorm {
 public:
  LocalResponseNorm(int64_t size, const LocalResponseNormFuncOptions& options = {})
      : size_(size), options_(options) {}
  /// Maps x [B, C, ...] to the same shape.
  Tensor operator()(const Tensor& x) const { return local_response_norm(x, size_, options_); }

 private:
  int64_t size_;
  LocalResponseNormFuncOptions options_;
};

}  // namespace tapehead::nn
