#ifndef PROXY_TRANSPORT_BACKPRESSURE_H_
#define PROXY_TRANSPORT_BACKPRESSURE_H_

#include <algorithm>
#include <cstddef>

namespace sluice::transport {

// Which sides of a connection are not to be read, by what is queued to them.
//
// From `limit` bytes in one side's queue until it has fallen to a quarter of
// that, the other side is not read. A client for whom twice that is queued of
// the proxy's own answers is not read either, until it is no more than `limit`.
// What the broker sends it does not count there: acknowledgements go on while a
// large packet waits (EDGE-19). The broker is never answered.
class Backpressure {
 public:
  explicit Backpressure(size_t limit) : limit_(limit) {}

  // So many bytes for the client are not the broker's.
  void AddAnswer(size_t size) { answers_ += size; }
  // What is queued now.
  void Update(size_t to_client, size_t to_broker) {
    answers_ = std::min(answers_, to_client);
    pauses_client_ = Pauses(pauses_client_, to_broker, answers_);
    pauses_broker_ = Pauses(pauses_broker_, to_client, 0);
  }

  bool pauses_client() const { return pauses_client_; }
  bool pauses_broker() const { return pauses_broker_; }

 private:
  bool Pauses(bool paused, size_t to_other, size_t answers) const {
    if (paused) return to_other > limit_ / 4 || answers > limit_;
    return to_other >= limit_ || answers >= 2 * limit_;
  }

  const size_t limit_;
  bool pauses_client_ = false;
  bool pauses_broker_ = false;
  size_t answers_ = 0;  // at most so much of the client's queue is
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_BACKPRESSURE_H_
