#ifndef TEST_BENCH_LOAD_TLS_CLIENT_H_
#define TEST_BENCH_LOAD_TLS_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proxy/base/bytes.h"
#include "test/bench/load/boringssl.h"
#include "test/bench/load/options.h"

namespace sluice::load {

// The client's end of one TLS connection, without the socket: the owner hands
// in what it received and sends what has been appended to its output.
class TlsStream {
 public:
  TlsStream(bssl::UniquePtr<SSL> ssl, std::string* output);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // The next bytes off the wire. Handshake() and Read() have used all of them
  // up when they ask for more; till then the bytes must stay.
  void SetInput(ByteView bytes) { input_ = bytes; }

  // Goes on with the handshake. True when it is done, false when it needs more
  // input.
  absl::StatusOr<bool> Handshake();

  // Appends `plaintext` to the output, in as few records as there can be.
  absl::Status Write(absl::string_view plaintext);

  // Reads at most one record into `buffer`. 0: needs more input. Unavailable
  // when the server said that it closes.
  absl::StatusOr<size_t> Read(absl::Span<uint8_t> buffer);

  // Appends close_notify.
  void Close();

  // RFC 5705 and RFC 8446 section 7.5, with an empty context.
  absl::StatusOr<std::string> Export(absl::string_view label, size_t size);

  // As in "TLSv1.3 TLS_AES_128_GCM_SHA256".
  std::string Describe() const;

 private:
  static const BIO_METHOD* WireMethod();
  static int WireRead(BIO* bio, char* out, int size);
  static int WireWrite(BIO* bio, const char* data, int size);

  // The error of the call that returned `result`; OK when it wants more input.
  absl::Status ErrorOf(int result, absl::string_view doing);

  bssl::UniquePtr<SSL> ssl_;
  ByteView input_;
  std::string* output_;
};

// What all TLS connections of a run have in common. No session is resumed.
class TlsClient {
 public:
  // Uses host, server_name, ca_file and tls_version.
  static absl::StatusOr<TlsClient> Create(const Options& options);

  // `output` must outlive the stream.
  absl::StatusOr<std::unique_ptr<TlsStream>> NewStream(
      std::string* output) const;

 private:
  TlsClient(bssl::UniquePtr<SSL_CTX> context, std::string host,
            std::string server_name);

  bssl::UniquePtr<SSL_CTX> context_;
  std::string host_;
  std::string server_name_;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_TLS_CLIENT_H_
