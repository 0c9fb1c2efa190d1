#include "test/fuzz/session_steps.h"

#include <algorithm>

namespace sluice::session {

std::vector<Step> ReadSteps(ByteView input) {
  std::vector<Step> steps;
  while (!input.empty()) {
    Step step;
    step.kind = static_cast<Step::Kind>(input[0] % Step::kKinds);
    step.argument = input[0] / Step::kKinds;
    input.remove_prefix(1);
    if (step.has_bytes() && !input.empty()) {
      const size_t length = std::min<size_t>(input[0], input.size() - 1);
      step.bytes = std::string(AsString(input.subspan(1, length)));
      input.remove_prefix(1 + length);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string WriteSteps(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) {
    out += static_cast<char>(step.argument * Step::kKinds + step.kind);
    if (!step.has_bytes()) continue;
    const size_t length = std::min(step.bytes.size(), Step::kMaxBytes);
    out += static_cast<char>(length);
    out.append(step.bytes, 0, length);
  }
  return out;
}

}  // namespace sluice::session
