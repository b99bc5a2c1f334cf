// A Vision Transformer for digits: an image is split into patches, which attend to each other like
// the words of a sentence (Dosovitskiy et al. 2021).
//
//   vit                            trains on generated digits
//   vit --data DIR                 trains on MNIST: DIR/train-images-idx3-ubyte[.gz] etc.
//   vit --eval out/vit             evaluates the model, and draws its attention
#include <tapehead/tapehead.h>

#include <algorithm>

using namespace tapehead;

namespace {

struct Options {
  int64_t embed_dim = 0, num_heads = 4, num_layers = 0, ffn_dim = 0, patch = 7, batch = 0;
  double dropout = 0, lr = 0, weight_decay = 0.05, smoothing = 0.1;
  double rotate = 10, shift = 0.08, scale = 0.1, shear = 10;
  int64_t pictures = 12;
};

// The defaults that differ between generated digits and MNIST.
void set_defaults(Options& t, train::Options& o) {
  const auto unless_given = [](auto& value, auto preset) {
    if (value == 0) value = preset;
  };
  const bool real = o.data.has_value();
  unless_given(t.embed_dim, int64_t{real ? 96 : 48});
  unless_given(t.num_layers, int64_t{real ? 6 : 3});
  unless_given(t.batch, int64_t{real ? 64 : 50});
  unless_given(t.lr, real ? 1.5e-3 : 3e-3);
  if (!o.epochs && !o.steps) o.epochs = real ? 18 : 8;
}

// The predicted digits, i64 [N].
Tensor read_digits(const nn::Params& params, const nn::Vit& vit,
                   const data::LabelledImages& split) {
  const nn::EvalGuard eval(params);
  std::vector<Tensor> found;
  for (int64_t i = 0; i < split.size(); i += 200)
    found.push_back(argmax(vit(split.batch(i, std::min(i + 200, split.size())).images), 1));
  return cat(found);
}

double accuracy(const nn::Params& params, const nn::Vit& vit, const data::LabelledImages& split) {
  return mean((read_digits(params, vit, split) == split.labels).to(f64)).item();
}

// Draws the attention rollout of some images, including misclassified ones.
void draw(const nn::Params& params, const nn::Vit& vit, const data::LabelledImages& split,
          int64_t count, const std::string& path) {
  if (count <= 0) return;
  const std::vector<int64_t> read = read_digits(params, vit, split).to_vector<int64_t>();
  const std::vector<int64_t> labels = split.labels.to_vector<int64_t>();
  std::vector<int64_t> chosen;
  for (const bool right : {false, true})
    for (size_t i = 0, n = 0; i < read.size() && n < (static_cast<size_t>(count) + 1) / 2; ++i)
      if ((read[i] == labels[i]) == right) {
        chosen.push_back(static_cast<int64_t>(i));
        ++n;
      }
  const nn::EvalGuard eval(params);
  const Tensor images = split.batch(chosen).images, seen = vit.rollout(images).to(f32).contiguous();
  std::vector<train::ImageAttention> maps;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const auto at = static_cast<size_t>(chosen[i]);
    const auto row = static_cast<int64_t>(i);
    maps.push_back({.pixels = {&images.data<float>()[row * images.size(2) * images.size(3)],
                               static_cast<size_t>(images.size(2) * images.size(3))},
                    .height = images.size(2),
                    .width = images.size(3),
                    .weights = {&seen.data<float>()[row * seen.size(1) * seen.size(2)],
                                static_cast<size_t>(seen.size(1) * seen.size(2))},
                    .rows = seen.size(1),
                    .columns = seen.size(2),
                    .title = fmt::format("{} read as {}", labels[at], read[at])});
  }
  train::save_image_attention(path, maps, {.title = "Attention rollout"});
}

void add_options(train::Cli& cli, Options& t) {
  using train::Keep;
  cli.option("--embed-dim,--width", t.embed_dim, train::kSize,
             "embedding dimension (96; generated digits 48)", Keep::fixed);
  cli.option("--num-heads,--heads", t.num_heads, train::kSize, "number of attention heads",
             Keep::fixed);
  cli.option("--num-layers,--layers", t.num_layers, train::kSize,
             "number of layers (6; generated digits 3)", Keep::fixed);
  cli.option("--ffn-dim,--hidden", t.ffn_dim, {0, 65536},
             "hidden size of the feed-forward blocks; 0: 4 embed_dim", Keep::fixed);
  cli.option("--patch", t.patch, train::kSize, "size of a patch in pixels", Keep::fixed);
  cli.option("--batch", t.batch, train::kSize, "images per batch (64; generated digits 50)",
             Keep::fixed);
  cli.option("--dropout", t.dropout, train::kPart, "dropout probability");
  cli.option("--lr", t.lr, train::kPositive, "learning rate (1.5e-3; generated digits 3e-3)");
  cli.option("--weight-decay", t.weight_decay, {0}, "weight decay of matrices");
  cli.option("--smoothing", t.smoothing, train::kPart, "label smoothing");
  cli.option("--rotate", t.rotate, {0, 180}, "augmentation: maximum rotation in degrees");
  cli.option("--shift", t.shift, {0, 0.99},
             "augmentation: maximum shift as a fraction of the side");
  cli.option("--scale", t.scale, {0, 0.99}, "augmentation: maximum relative change of scale");
  cli.option("--shear", t.shear, {0, 80}, "augmentation: maximum shear in degrees");
  cli.option("--pictures", t.pictures, {0, 1000}, "number of images to draw attention for",
             Keep::no);
}

void run(train::Cli& cli) {
  Options t;
  add_options(cli, t);
  train::Options o = cli.parse();
  set_defaults(t, o);

  const data::LabelledImages test =
      o.data ? data::mnist(*o.data, data::MnistPart::test) : data::glyphs(o.seed + 1, 1000);
  nn::Params params(o.seed);
  const nn::Vit vit(params / "vit", {.image_size = {test.images.size(1), test.images.size(2)},
                                     .patch_size = {t.patch, t.patch},
                                     .num_channels = 1,
                                     .num_classes = 10,
                                     .transformer = {.embed_dim = t.embed_dim,
                                                     .num_heads = t.num_heads,
                                                     .ffn_dim = t.ffn_dim,
                                                     .num_layers = t.num_layers,
                                                     .dropout = t.dropout},
                                     .position_init = nn::init::normal(0.5)});
  if (o.eval) {
    params.load(*o.eval + "/model.safetensors");
    draw(params, vit, test, t.pictures, o.out + "/rollout.svg");
    return train::report(cli, "accuracy", accuracy(params, vit, test));
  }

  const data::LabelledImages train =
      o.data ? data::mnist(*o.data, data::MnistPart::train) : data::glyphs(o.seed, 5000);
  const data::RandomAffineOptions change{
      .rotate = t.rotate, .shift = t.shift, .scale = t.scale, .shear = t.shear};
  data::Loader<data::ImageBatch> batches(
      train.size(),
      [&](std::span<const int64_t> which, const data::LoaderPosition& at) {
        data::ImageBatch batch = train.batch(which);
        batch.images = data::random_affine(batch.images, change,
                                           data::example_seeds(which, at, train.size(), o.seed));
        return batch;
      },
      {.batch = t.batch, .drop_last = true, .seed = o.seed});
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  optim::AdamW opt(params, {.lr = t.lr, .betas = {0.9, 0.98}, .weight_decay = t.weight_decay},
                   {{"*norm*", {.weight_decay = 0}}, {"*bias", {.weight_decay = 0}}});
  optim::WarmupCosineLR schedule(opt, {.warmup_steps = steps / 20, .total_steps = steps});

  train::Run run(params, opt, batches,
                 cli.run_options(o, {.steps = steps, .max_grad_norm = 1.0, .schedule = &schedule}));
  // The test set is used for the curve only; the result is that of the last weights.
  run.evaluate_every_epoch("test_accuracy", [&] { return accuracy(params, vit, test); });
  for (const data::ImageBatch& batch : run) {
    const Tensor loss = vit.loss(batch.images, batch.labels, t.smoothing);
    loss.backward();
    run.step(loss);
  }
  draw(params, vit, test, t.pictures, o.out + "/rollout.svg");
  run.finish("accuracy", accuracy(params, vit, test));
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(
      argc, argv, "vit",
      "Trains a Vision Transformer to classify digits, by default generated ones.", run);
}
