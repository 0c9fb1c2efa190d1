#ifndef PROXY_TRANSPORT_TLS_IO_H_
#define PROXY_TRANSPORT_TLS_IO_H_

#include <string>
#include <utility>

#include "proxy/base/bytes.h"
#include "proxy/transport/boringssl.h"

namespace sluice::transport {

// The memory that all TLS connections of a loop read records from and write
// records to, one connection at a time: its turn begins with its input set, and
// ends with the input read up and the output taken away. On the loop's thread.
class TlsIo {
 public:
  TlsIo();
  TlsIo(const TlsIo&) = delete;
  TlsIo& operator=(const TlsIo&) = delete;

  void set_input(ByteView input) { input_ = input; }
  // All that is left of the input, which is then used up.
  ByteView TakeInput() { return std::exchange(input_, {}); }
  bool has_input() const { return !input_.empty(); }

  // Records to be sent. Grows as needed: writing never blocks.
  const std::string& output() const { return output_; }
  // Keeps the memory, unless there was uncommonly much.
  void ClearOutput();

  // Reads from the input, and writes to the output, of this object, which
  // outlives whoever takes a reference.
  BIO* bio() const { return bio_.get(); }

 private:
  static const BIO_METHOD* Method();
  static int Read(BIO* bio, char* out, int size);
  static int Write(BIO* bio, const char* in, int size);
  static long Control(BIO* bio, int command, long number, void* pointer);

  ByteView input_;
  std::string output_;
  bssl::UniquePtr<BIO> bio_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_TLS_IO_H_
