#ifndef TEST_BENCH_LOAD_OPTIONS_H_
#define TEST_BENCH_LOAD_OPTIONS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/packet_type.h"

namespace sluice::load {

enum class Mode {
  kPubSub,   // messages from publishers to subscribers
  kConnect,  // connections, one after another, up to CONNACK
  kIdle,     // connections that do nothing
};

enum class TlsVersion { kAny, k12, k13 };

// How an ACE client proves possession of its key (RFC 9431 section 2.2.4.2).
enum class Proof { kExporter, kChallenge };

// The command line. The defaults are what Usage() says.
struct Options {
  Mode mode = Mode::kPubSub;
  std::string label;

  std::string host = "127.0.0.1";
  uint16_t port = 1883;
  bool tls = false;
  TlsVersion tls_version = TlsVersion::kAny;
  std::string ca_file;      // empty: the server's certificate is not checked
  std::string server_name;  // SNI, and the name that is checked

  mqtt::ProtocolVersion version = mqtt::ProtocolVersion::kV311;
  uint16_t keep_alive = 60;  // seconds
  int connections = 32;
  std::string filter;  // of idle connections; empty: they do not subscribe
  int publishers = 10;
  int subscribers = 10;
  std::string topic = "bench";  // publisher i: TOPIC/i
  int qos = 0;
  size_t payload_size = 64;
  int window = 64;
  double rate = 0;  // messages a second in all; 0: closed loop
  bool coalesce = false;
  double warmup = 1;    // seconds
  double duration = 5;  // seconds

  bool ace = false;
  Proof proof = Proof::kExporter;
  std::string token_file;
  std::string key_file;
  std::string issuer_key_file;  // empty: one token for all connections

  std::vector<pid_t> pids;
};

// Reads the command line without the program's name. InvalidArgument names the
// flag.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& args);

// What `--help` prints.
std::string Usage();

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_OPTIONS_H_
