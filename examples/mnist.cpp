// A convolutional network for handwritten digits, where most frameworks begin.
//
//   mnist                     trains on generated digits
//   mnist --data DIR          trains on MNIST: DIR/train-images-idx3-ubyte[.gz] etc.
//   mnist --eval out/mnist    evaluates the model, and draws its mistakes
#include <tapehead/tapehead.h>

#include <algorithm>

using namespace tapehead;

namespace {

// Two blocks of convolutions on halved images, and a classifier with dropout.
nn::Sequential network(const nn::Scope& at, int64_t channels, double dropout) {
  const auto block = [](int64_t from, int64_t to) {
    return [=](const nn::Scope& here) {
      return nn::Sequential(here, {nn::Conv2d{from, to, 3, {.padding = 1, .bias = false}},
                                   nn::BatchNorm2d{to}, nn::ReLU{}, nn::MaxPool2d{2}});
    };
  };
  return nn::Sequential(at, {{"block1", block(1, channels)},
                             {"block2", block(channels, 2 * channels)},
                             {"block3", block(2 * channels, 2 * channels)},
                             nn::Flatten{},
                             {"hidden", nn::Linear{2 * channels * 3 * 3, 128}},
                             nn::ReLU{},
                             nn::Dropout{dropout},
                             {"logits", nn::Linear{128, 10}}});
}

// The predicted digits, i64 [N].
Tensor predict(const nn::Params& params, const nn::Sequential& net,
               const data::LabelledImages& digits) {
  const nn::EvalGuard eval(params);
  std::vector<Tensor> found;
  for (int64_t i = 0; i < digits.size(); i += 200)
    found.push_back(argmax(net(digits.batch(i, std::min(i + 200, digits.size())).images), 1));
  return cat(found);
}

double accuracy(const nn::Params& params, const nn::Sequential& net,
                const data::LabelledImages& digits) {
  return mean((predict(params, net, digits) == digits.labels).to(f64)).item();
}

void draw_mistakes(const nn::Params& params, const nn::Sequential& net,
                   const data::LabelledImages& digits, const std::string& path) {
  const Tensor wrong = nonzero(predict(params, net, digits) != digits.labels).flatten();
  if (wrong.numel() == 0) return;
  data::save_image(path, digits.batch(wrong.to_vector<int64_t>()).images,
                   {.nrow = 10, .pad_value = 0.3});
  fmt::print("the {} misclassified digits are in {}\n", wrong.numel(), path);
}

void run(train::Cli& cli) {
  int64_t channels = 32, batch = 64;
  double lr = 3e-3, weight_decay = 0.02, dropout = 0.3, smoothing = 0.05;
  data::RandomAffineOptions change{.rotate = 10, .shift = 0.08, .scale = 0.1, .shear = 5};
  cli.option("--channels", channels, train::kSize, "channels of the first convolution",
             train::Keep::fixed);
  cli.option("--batch", batch, train::kSize, "images per batch", train::Keep::fixed);
  cli.option("--lr", lr, train::kPositive, "highest learning rate");
  cli.option("--weight-decay", weight_decay, {0}, "weight decay");
  cli.option("--dropout", dropout, train::kPart, "dropout probability");
  cli.option("--smoothing", smoothing, train::kPart, "label smoothing");
  cli.option("--rotate", change.rotate, {0, 180}, "augmentation: maximum rotation in degrees");
  cli.option("--shift", change.shift, {0, 0.99},
             "augmentation: maximum shift as a fraction of the side");
  const train::Options o = cli.parse();

  const data::LabelledImages test =
      o.data ? data::mnist(*o.data, data::MnistPart::test) : data::glyphs(o.seed + 1, 1000);
  const nn::Params params(o.seed);
  const nn::Sequential net = network(params / "net", channels, dropout);
  if (o.eval) {
    params.load(*o.eval + "/model.safetensors");
    draw_mistakes(params, net, test, o.out + "/mistakes.png");
    return train::report(cli, "accuracy", accuracy(params, net, test));
  }

  const data::LabelledImages train =
      o.data ? data::mnist(*o.data, data::MnistPart::train) : data::glyphs(o.seed, 5000);
  data::Loader<data::ImageBatch> batches(
      train.size(),
      [&](std::span<const int64_t> which, const data::LoaderPosition& at) {
        data::ImageBatch made = train.batch(which);
        made.images = data::random_affine(made.images, change,
                                          data::example_seeds(which, at, train.size(), o.seed));
        return made;
      },
      {.batch = batch, .drop_last = true, .seed = o.seed});
  const int64_t steps = o.steps ? *o.steps : o.epochs.value_or(8) * batches.per_epoch();
  optim::AdamW opt(params, {.lr = lr, .weight_decay = weight_decay});
  optim::OneCycleLR schedule(opt, {.total_steps = steps});

  train::Run run(params, opt, batches, cli.run_options(o, {.steps = steps, .schedule = &schedule}));
  // The test set is used for the curve only; the result is that of the last weights.
  run.evaluate_every_epoch("test_accuracy", [&] { return accuracy(params, net, test); });
  for (const data::ImageBatch& images : run) {
    const Tensor loss =
        cross_entropy(net(images.images), images.labels, {.label_smoothing = smoothing});
    loss.backward();
    run.step(loss);
  }
  draw_mistakes(params, net, test, o.out + "/mistakes.png");
  run.finish("accuracy", accuracy(params, net, test));
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(
      argc, argv, "mnist",
      "Trains a convolutional network to classify digits, by default generated ones.", run);
}
