#ifndef TEST_BENCH_LOAD_IDLE_H_
#define TEST_BENCH_LOAD_IDLE_H_

#include <memory>
#include <string>
#include <vector>

#include "test/bench/load/workload.h"

namespace sluice::load {

// Opens `connections`, and holds them for `duration` without sending more than
// keep-alives. What is measured begins before the first connection.
class Idle final : public Workload {
 public:
  Idle(const Options& options, ConnectionContext context,
       Measurement measurement);

  absl::StatusOr<std::string> Run() override;

 private:
  absl::Status Hold();

  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_IDLE_H_
