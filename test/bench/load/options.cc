#include "test/bench/load/options.h"

#include <array>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "test/bench/load/packets.h"

namespace sluice::load {
namespace {

struct Flag {
  absl::string_view name;
  absl::string_view value;  // empty: the flag takes none
  absl::string_view help;
  // Takes the value; false when it is out of range or no such thing.
  bool (*set)(const std::string& value, Options* options);
};

template <typename Integer>
bool ReadInteger(const std::string& text, int64_t low, int64_t high,
                 Integer* out) {
  int64_t value;
  if (!absl::SimpleAtoi(text, &value) || value < low || value > high) {
    return false;
  }
  *out = static_cast<Integer>(value);
  return true;
}

bool ReadNumber(const std::string& text, double low, double high, double* out) {
  double value;
  // Written so that NaN fails as well.
  if (!absl::SimpleAtod(text, &value) || !(value >= low && value <= high)) {
    return false;
  }
  *out = value;
  return true;
}

template <typename Value>
struct Choice {
  absl::string_view name;
  Value value;
};

template <typename Value, size_t kSize>
bool ReadChoice(absl::string_view text, const Choice<Value> (&choices)[kSize],
                Value* out) {
  for (const Choice<Value>& choice : choices) {
    if (choice.name != text) continue;
    *out = choice.value;
    return true;
  }
  return false;
}

constexpr Choice<Mode> kModes[] = {{"pubsub", Mode::kPubSub},
                                   {"connect", Mode::kConnect},
                                   {"idle", Mode::kIdle}};
constexpr Choice<TlsVersion> kTlsVersions[] = {{"1.2", TlsVersion::k12},
                                               {"1.3", TlsVersion::k13}};
constexpr Choice<mqtt::ProtocolVersion> kVersions[] = {
    {"3.1.1", mqtt::ProtocolVersion::kV311}, {"5", mqtt::ProtocolVersion::kV5}};
constexpr Choice<Proof> kProofs[] = {{"exporter", Proof::kExporter},
                                     {"challenge", Proof::kChallenge}};

constexpr int64_t kMaxClients = 100'000;
constexpr int64_t kMaxPayload = 1 << 20;
constexpr double kMaxSeconds = 3600;
constexpr double kMaxRate = 1e7;

using Text = const std::string&;

constexpr Flag kFlags[] = {
    {"--mode", "MODE",
     "pubsub: messages; connect: connections until CONNACK, one after another;"
     " idle: connections that do nothing (pubsub)",
     [](Text v, Options* o) { return ReadChoice(v, kModes, &o->mode); }},
    {"--label", "TEXT", "copied into the result",
     [](Text v, Options* o) { return o->label = v, true; }},
    {"--host", "ADDRESS", "of broker or proxy, IPv4 (127.0.0.1)",
     [](Text v, Options* o) { return o->host = v, true; }},
    {"--port", "PORT", "(1883)",
     [](Text v, Options* o) { return ReadInteger(v, 1, 65535, &o->port); }},
    {"--tls", "", "TLS without session resumption",
     [](Text, Options* o) { return o->tls = true; }},
    {"--tls-version", "VERSION", "exactly 1.2 or 1.3 (the higher)",
     [](Text v, Options* o) {
       return ReadChoice(v, kTlsVersions, &o->tls_version);
     }},
    {"--cafile", "FILE", "check the server's certificate against these (no)",
     [](Text v, Options* o) { return o->ca_file = v, true; }},
    {"--server-name", "NAME", "SNI, and the name to check (the address)",
     [](Text v, Options* o) { return o->server_name = v, true; }},
    {"--mqtt", "VERSION", "3.1.1 or 5 (3.1.1)",
     [](Text v, Options* o) { return ReadChoice(v, kVersions, &o->version); }},
    {"--keep-alive", "SECONDS", "0: none (60)",
     [](Text v, Options* o) {
       return ReadInteger(v, 0, 65535, &o->keep_alive);
     }},
    {"--connections", "N", "connect: at a time; idle: in all (32)",
     [](Text v, Options* o) {
       return ReadInteger(v, 1, kMaxClients, &o->connections);
     }},
    {"--filter", "FILTER", "idle: subscribe each to it (no subscription)",
     [](Text v, Options* o) { return o->filter = v, true; }},
    {"--publishers", "N", "(10)",
     [](Text v, Options* o) {
       return ReadInteger(v, 1, kMaxClients, &o->publishers);
     }},
    {"--subscribers", "N", "no fewer; the J-th hears publisher J modulo N (10)",
     [](Text v, Options* o) {
       return ReadInteger(v, 1, kMaxClients, &o->subscribers);
     }},
    {"--topic", "PREFIX", "publisher I publishes to PREFIX/I (bench)",
     [](Text v, Options* o) { return o->topic = v, true; }},
    {"--qos", "0|1", "of publishing and subscribing (0)",
     [](Text v, Options* o) { return ReadInteger(v, 0, 1, &o->qos); }},
    {"--size", "BYTES", "of a payload, at least 24 (64)",
     [](Text v, Options* o) {
       return ReadInteger(v, Stamp::kSize, kMaxPayload, &o->payload_size);
     }},
    {"--window", "N",
     "closed loop: undelivered messages a publisher may have (64)",
     [](Text v, Options* o) { return ReadInteger(v, 1, 65535, &o->window); }},
    {"--rate", "N",
     "open loop: messages a second in all; latency counts from the time a"
     " message was due",
     [](Text v, Options* o) {
       return ReadNumber(v, 1e-3, kMaxRate, &o->rate);
     }},
    {"--coalesce", "",
     "closed loop: many PUBLISH packets a TLS record and system call, not one",
     [](Text, Options* o) { return o->coalesce = true; }},
    {"--warmup", "SECONDS", "before measuring (1)",
     [](Text v, Options* o) {
       return ReadNumber(v, 0, kMaxSeconds, &o->warmup);
     }},
    {"--duration", "SECONDS", "of measuring (5)",
     [](Text v, Options* o) {
       return ReadNumber(v, 0.01, kMaxSeconds, &o->duration);
     }},
    {"--ace", "",
     "authenticate by RFC 9431: enhanced authentication with MQTT 5, user name"
     " and password with 3.1.1; needs --tls, --token, --key",
     [](Text, Options* o) { return o->ace = true; }},
    {"--token", "FILE", "the access token",
     [](Text v, Options* o) { return o->token_file = v, true; }},
    {"--key", "FILE", "the private JWK that the token is bound to",
     [](Text v, Options* o) { return o->key_file = v, true; }},
    {"--issuer-key", "FILE",
     "the private JWK that --token, a JWT, is signed with: each connection has"
     " that token with a jti of its own",
     [](Text v, Options* o) { return o->issuer_key_file = v, true; }},
    {"--pop", "HOW", "exporter, or (MQTT 5) challenge (exporter)",
     [](Text v, Options* o) { return ReadChoice(v, kProofs, &o->proof); }},
    {"--pid", "PID",
     "report this process's CPU and memory as well; may be repeated",
     [](Text v, Options* o) {
       return ReadInteger(v, 1, INT32_MAX, &o->pids.emplace_back());
     }},
};

const Flag* FindFlag(absl::string_view name) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

absl::Status CheckTogether(const Options& options) {
  if (options.mode == Mode::kPubSub &&
      options.subscribers < options.publishers) {
    return absl::InvalidArgumentError(
        "--subscribers must not be less than --publishers");
  }
  if (!options.ace) return absl::OkStatus();
  if (!options.tls || options.token_file.empty() || options.key_file.empty()) {
    return absl::InvalidArgumentError("--ace needs --tls, --token and --key");
  }
  if (options.proof == Proof::kChallenge &&
      options.version != mqtt::ProtocolVersion::kV5) {
    return absl::InvalidArgumentError("--pop challenge needs --mqtt 5");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& args) {
  Options options;
  for (auto arg = args.begin(); arg != args.end(); ++arg) {
    const Flag* flag = FindFlag(*arg);
    if (flag == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("unknown flag ", *arg));
    }
    std::string value;
    if (!flag->value.empty()) {
      if (arg + 1 == args.end()) {
        return absl::InvalidArgumentError(
            absl::StrCat(flag->name, " needs a value"));
      }
      value = *++arg;
    }
    if (!flag->set(value, &options)) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag->name, ": bad value ", value));
    }
  }
  absl::Status status = CheckTogether(options);
  if (!status.ok()) return status;
  return options;
}

std::string Usage() {
  std::string text =
      "usage: mqtt_load [FLAG]...\n"
      "Puts load on an MQTT broker or proxy and prints what it measured as one"
      " line of\nJSON. Ends with status 1 when a connection is refused or"
      " lost.\n";
  for (const Flag& flag : kFlags) {
    absl::StrAppendFormat(&text, "  %-22s %s\n",
                          absl::StrCat(flag.name, " ", flag.value), flag.help);
  }
  return text;
}

}  // namespace sluice::load
