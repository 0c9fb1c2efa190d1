// Identities of pre-shared keys, and where they stand in a handshake: whoever
// wraps an identity into a ClientKeyExchange gets it back, however the records
// are cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/ace/psk_identity.h"
#include "proxy/base/bytes.h"
#include "proxy/transport/psk_identity_finder.h"

namespace sluice {
namespace {

using transport::PskIdentityFinder;

void AppendU16(size_t value, std::string* out) {
  *out += static_cast<char>(value >> 8);
  *out += static_cast<char>(value);
}

// In records of `size` bytes, the last one maybe shorter.
std::string Records(const std::string& message, size_t size) {
  std::string records;
  for (size_t at = 0; at < message.size(); at += size) {
    const std::string fragment = message.substr(at, size);
    records += "\x16\x03\x03";
    AppendU16(fragment.size(), &records);
    records += fragment;
  }
  return records;
}

PskIdentityFinder::Progress Add(ByteView bytes, size_t step,
                                PskIdentityFinder* finder) {
  auto progress = PskIdentityFinder::Progress::kNeedsInput;
  for (size_t at = 0; at < bytes.size(); at += step) {
    progress = finder->Add(bytes.subspan(at, step));
  }
  return progress;
}

void CheckWrapped(ByteView identity) {
  std::string message("\x10\0", 2);
  AppendU16(identity.size() + 3, &message);
  AppendU16(identity.size(), &message);
  message.append(reinterpret_cast<const char*>(identity.data()),
                 identity.size());
  message += '\0';  // an empty ecdh_Yc
  for (const size_t size : {1, 7, 1000}) {
    PskIdentityFinder finder;
    const auto progress = Add(AsBytes(Records(message, size)), 3, &finder);
    if (progress != PskIdentityFinder::Progress::kFound ||
        finder.identity() != AsString(identity)) {
      std::abort();
    }
  }
}

// What is found does not depend on how the bytes are cut, and stands in them.
void CheckRaw(ByteView bytes) {
  PskIdentityFinder whole, single;
  if (Add(bytes, bytes.size() + 1, &whole) != Add(bytes, 1, &single) ||
      whole.identity() != single.identity() ||
      AsString(whole.records()) != AsString(bytes)) {
    std::abort();
  }
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const sluice::ByteView bytes(data, size);
  const auto names = sluice::ace::ReadPskIdentity(bytes);
  if (names.ok()) {
    if (names->empty()) std::abort();
    for (const std::string& name : *names) {
      if (name.empty() || name.size() > size) std::abort();
    }
  }
  sluice::CheckRaw(bytes);
  if (size > 0 && size <= sluice::transport::PskIdentityFinder::kMaxIdentity) {
    sluice::CheckWrapped(bytes);
  }
  return 0;
}
