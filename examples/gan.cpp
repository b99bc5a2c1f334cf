// A generative adversarial network that draws digits (DCGAN; Radford, Metz and Chintala 2016): a
// generator makes images from noise, a discriminator tells them from real ones, and each learns
// from the other.
//
//   gan                   learns to draw generated digits
//   gan --data DIR        learns to draw MNIST's: DIR/train-images-idx3-ubyte[.gz]
//   gan --eval out/gan    draws with a trained model
#include <tapehead/tapehead.h>

#include <algorithm>

using namespace tapehead;

namespace {

// Images of 28 x 28 pixels, from -1 to 1, of noise [B, size].
nn::Sequential generator(const nn::Scope& at, int64_t size, int64_t channels) {
  const nn::Init init = nn::init::normal(0.02);
  const int64_t c = channels;
  return nn::Sequential(
      at, {{"linear", nn::Linear{size, 2 * c * 7 * 7}},
           nn::Unflatten{1, {2 * c, 7, 7}},
           {"norm1", nn::BatchNorm2d{2 * c}},
           nn::ReLU{},
           {"up1", nn::ConvTranspose2d{2 * c, c, 4, {.stride = 2, .padding = 1, .init = init}}},
           {"norm2", nn::BatchNorm2d{c}},
           nn::ReLU{},
           {"up2", nn::ConvTranspose2d{c, 1, 4, {.stride = 2, .padding = 1, .init = init}}},
           nn::Tanh{}});
}

// A logit for each image: whether it is real.
nn::Sequential discriminator(const nn::Scope& at, int64_t channels) {
  const nn::Init init = nn::init::normal(0.02);
  const int64_t c = channels;
  return nn::Sequential(
      at, {{"down1", nn::Conv2d{1, c, 4, {.stride = 2, .padding = 1, .init = init}}},
           nn::LeakyReLU{0.2},
           {"down2", nn::Conv2d{c, 2 * c, 4, {.stride = 2, .padding = 1, .init = init}}},
           {"norm", nn::BatchNorm2d{2 * c}},
           nn::LeakyReLU{0.2},
           nn::Flatten{},
           {"logit", nn::Linear{2 * c * 7 * 7, 1}}});
}

// The mean and covariance of images, of which only the averages of 4 x 4 pixels count.
struct Statistics {
  Tensor mean, covariance;
};
Statistics statistics(const Tensor& images) {
  const Tensor x = avg_pool2d(images, 4).flatten(1).to(f64), mean = tapehead::mean(x, 0);
  const Tensor centred = x - mean;
  return {mean, matmul(centred.transpose(0, 1), centred) / (x.size(0) - 1)};
}

// The Fréchet distance of two normal distributions (Dowson and Landau 1982), by which images of
// generators are compared (Heusel et al. 2017, there of features of an image classifier).
double frechet_distance(const Statistics& a, const Statistics& b) {
  const auto root = [](const Tensor& x) {
    const auto [values, vectors] = linalg_eigh(x);
    return matmul(vectors * sqrt(clamp_min(values, 0)), vectors.transpose(0, 1));
  };
  const Tensor half = root(a.covariance), between = matmul(matmul(half, b.covariance), half);
  return (sum(square(a.mean - b.mean)) +
          trace(a.covariance + b.covariance - 2 * root((between + between.transpose(0, 1)) / 2)))
      .item();
}

struct Gan {
  Gan(const nn::Params& params, int64_t noise_size, int64_t channels)
      : noise(noise_size),
        draw(generator(params / "generator", noise, channels)),
        judge(discriminator(params / "discriminator", channels)) {}

  // Samples of a trained generator, the same for the same seed.
  Tensor samples(const nn::Params& params, uint64_t seed, int64_t count) const {
    const nn::EvalGuard eval(params);
    Generator random{seed};
    return draw(randn({count, noise}, f32, random));
  }

  int64_t noise;
  nn::Sequential draw, judge;
};

void save(const std::string& path, const Tensor& images) {
  data::save_image(path, images, {.nrow = 8, .value_range = {-1, 1}});
}

void run(train::Cli& cli) {
  int64_t noise = 64, channels = 0, batch = 64;
  double lr = 0, smoothing = 0.1;
  cli.option("--noise", noise, train::kSize, "size of the noise", train::Keep::fixed);
  cli.option("--channels", channels, train::kSize,
             "channels of the widest images (64; generated digits 32)", train::Keep::fixed);
  cli.option("--batch", batch, train::kSize, "images per batch", train::Keep::fixed);
  cli.option("--lr", lr, train::kPositive, "learning rate (2e-4; generated digits 5e-4)");
  cli.option("--smoothing", smoothing, train::kPart,
             "the discriminator's target for real images is 1 minus this");
  const train::Options o = cli.parse();
  if (channels == 0) channels = o.data ? 64 : 32;
  if (lr == 0) lr = o.data ? 2e-4 : 5e-4;

  const nn::Params params(o.seed);
  const Gan gan(params, noise, channels);
  const data::LabelledImages digits =
      o.data ? data::mnist(*o.data, data::MnistPart::train) : data::glyphs(o.seed, 5000);
  const auto real_images = [&](const auto&... which) {
    return digits.batch(which...).images * 2 - 1;
  };
  const int64_t compared = std::min<int64_t>(digits.size(), 2000);
  const Statistics wanted = statistics(real_images(int64_t{0}, compared));
  const auto distance = [&] {
    return frechet_distance(statistics(gan.samples(params, o.seed + 1, compared)), wanted);
  };
  if (o.eval) {
    params.load(*o.eval + "/model.safetensors");
    save(o.out + "/digits.png", gan.samples(params, o.seed, 64));
    return train::report(cli, "frechet_distance", distance());
  }

  data::Loader<Tensor> batches(digits.size(),
                               [&](std::span<const int64_t> which) { return real_images(which); },
                               {.batch = batch, .drop_last = true, .seed = o.seed});
  const int64_t steps =
      o.steps ? *o.steps : o.epochs.value_or(o.data ? 10 : 20) * batches.per_epoch();
  optim::Adam opt(params, {.lr = lr, .betas = {0.5, 0.999}});
  train::Run run(params, opt, batches, cli.run_options(o, {.steps = steps}));
  run.evaluate_every_epoch(
      "frechet_distance",
      [&] {
        const int64_t epoch = run.steps_taken() / batches.per_epoch();
        save(fmt::format("{}/digits-{:03}.png", o.out, epoch), gan.samples(params, o.seed, 64));
        return distance();
      },
      train::Best::lowest);
  for (const Tensor& real : run) {
    const Tensor fake = gan.draw(randn({real.size(0), noise}));
    const auto loss = [](const Tensor& logits, double target) {
      return binary_cross_entropy_with_logits(logits, full_like(logits, target));
    };
    // Each network learns from its own loss: the generator's goes through the discriminator, but
    // leaves its parameters alone.
    const Tensor drawing = loss(gan.judge(fake), 1);
    drawing.backward({.inputs = params.parameters("generator.*")});
    const Tensor judging = loss(gan.judge(real), 1 - smoothing) + loss(gan.judge(fake.detach()), 0);
    judging.backward({.inputs = params.parameters("discriminator.*")});
    run.step(drawing + judging);
  }
  run.load_best();
  save(o.out + "/digits.png", gan.samples(params, o.seed, 64));
  fmt::print("what it draws is in {0}/digits.png, what it drew on the way in {0}/digits-*.png\n",
             o.out);
  run.finish("frechet_distance", distance());
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "gan",
                        "Trains a generative adversarial network to draw digits.", run);
}
