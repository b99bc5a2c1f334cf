// Everything tapehead offers, in one include: #include <tapehead/tapehead.h>
#pragma once

#if __cplusplus < 202002L
#error "tapehead needs C++20: compile with -std=c++20 or later"
#endif

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/node.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/dtype.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/ref.h"
#include "tapehead/core/shape.h"
#include "tapehead/core/small_vector.h"
#include "tapehead/core/storage.h"
#include "tapehead/core/suggest.h"
#include "tapehead/core/tensor.h"
#include "tapehead/data/bleu.h"
#include "tapehead/data/bpe.h"
#include "tapehead/data/dates.h"
#include "tapehead/data/files.h"
#include "tapehead/data/gzip.h"
#include "tapehead/data/parallel_text.h"
#include "tapehead/data/text.h"
#include "tapehead/data/vocab.h"
#include "tapehead/train/plot.h"
