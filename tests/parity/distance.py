#!/usr/bin/env python3
"""Norms of vectors, and distances."""
from recorder import *

INF = float("inf")
for p in (-INF, -1.5, 0, 0.5, 1, 1.5, 2, 3, INF):
    case(f"vector_norm/{p}", torch.linalg.vector_norm, normal(3, 4, 2), p, (0, -1), p == 3)
    if p >= 0:
        case(f"normalize/{p}", F.normalize, normal(3, 4), p, 0)
        case(f"cdist/{p}", torch.cdist, normal(2, 3, 4), normal(4, 4), p, second=False)
        case(f"pdist/{p}", F.pdist, normal(5, 3), p, second=False)
    case(f"pairwise_distance/{p}", F.pairwise_distance, normal(3, 4), normal(4), p, keepdim=p == 2)
case("vector_norm/zero", torch.linalg.vector_norm, given([[0.0, 0.0], [0.0, 2.0]]), 3.0, 1, second=False)
case("normalize/short", F.normalize, given([[0.0, 0.25], [0.5, 2.0]]), dim=1, eps=0.5)
case("cdist/products", torch.cdist, normal(26, 3), normal(2, 3), second=False)
case("cdist/equal rows", torch.cdist, given([[1.0, 2.0], [3.0, 4.0]]), given([[1.0, 2.0]]), second=False)
case("cdist/no columns", torch.cdist, normal(2, 0), normal(3, 0), second=False)
layer("PairwiseDistance", nn.PairwiseDistance(1.0, keepdim=True), normal(3, 4), normal(3, 4))
layer("CosineSimilarity", nn.CosineSimilarity(dim=0), normal(3, 4), normal(3, 4))
save()
