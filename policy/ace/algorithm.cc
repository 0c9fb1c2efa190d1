#include "policy/ace/algorithm.h"

namespace sluice::ace {
namespace {

constexpr Algorithm kAll[] = {Algorithm::kEdDsa, Algorithm::kEs256,
                              Algorithm::kHs256, Algorithm::kRs256,
                              Algorithm::kPs256};

}  // namespace

absl::string_view AlgorithmName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEdDsa:
      return "EdDSA";
    case Algorithm::kEs256:
      return "ES256";
    case Algorithm::kHs256:
      return "HS256";
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kPs256:
      return "PS256";
  }
  return "";
}

std::optional<Algorithm> AlgorithmFromName(absl::string_view name) {
  for (const Algorithm algorithm : kAll) {
    if (name == AlgorithmName(algorithm)) return algorithm;
  }
  return std::nullopt;
}

std::optional<int64_t> CoseAlgorithmId(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEdDsa:
      return -8;
    case Algorithm::kEs256:
      return -7;
    case Algorithm::kHs256:
      return 5;
    case Algorithm::kRs256:
    case Algorithm::kPs256:
      break;
  }
  return std::nullopt;
}

std::optional<Algorithm> AlgorithmFromCoseId(int64_t id) {
  for (const Algorithm algorithm : kAll) {
    if (CoseAlgorithmId(algorithm) == id) return algorithm;
  }
  return std::nullopt;
}

}  // namespace sluice::ace
