// Written by tests/oracles/resnet.py with torchvision 0.28.0+cu130: not for editing by hand.
// clang-format off
#pragma once

#include <vector>

namespace tapehead::test {

inline const std::vector<double> kResNetBasicTrain = {0.525756501674536, -0.126371293312628, -0.506852542497952, 0.506094489642115, -0.126424970463945, -0.492474954609888};
inline const std::vector<double> kResNetBasicEval = {0.516568622469365, -0.264198266499831, -0.448055988964844, 0.516089463487085, -0.263299771574791, -0.447739073348164};
inline const std::vector<double> kResNetBottleneckTrain = {0.167874215528844, -0.289689761851238, 0.605939336298085, 0.137401463513161, -0.311127346717641, 0.745712541211547};
inline const std::vector<double> kResNetBottleneckEval = {0.107962805424736, -0.219193850779258, 0.548242309657825, 0.107449889893542, -0.219596797709361, 0.55176456943398};

}  // namespace tapehead::test
