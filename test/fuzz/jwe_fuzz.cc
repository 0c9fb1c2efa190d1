// A JWE, decrypted. Since a random text rarely has a header that leads
// anywhere, the same bytes also stand as the header of one that does.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "policy/ace/jwe.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

constexpr char kKey16[] = R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OTw"})";
constexpr char kKey32[] =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";
constexpr char kX25519Key[] =
    R"({"kty":"OKP","crv":"X25519",
        "x":"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8",
        "d":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";

constexpr absl::string_view kTails[] = {
    // With an encrypted key, and without one.
    ".gffiKCc2towlIHWb3JgaWmA2s2cJnk5S.AAECAwQFBgcICQoL.AAAA."
    "AAECAwQFBgcICQoLDA0ODw",
    "..AAECAwQFBgcICQoL.AAAA.AAECAwQFBgcICQoLDA0ODw",
    "..AAECAwQFBgcICQoLDA0ODw.AAECAwQFBgcICQoLDA0ODw.AAECAwQFBgcICQoLDA0ODw"};

}  // namespace
}  // namespace sluice::ace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  static const auto& keys = *new ace::DecryptionKeySet(
      ace::TestDecryptionKeys({ace::kKey16, ace::kKey32, ace::kX25519Key,
                               std::string(ace::kP256PrivateJwk)}));
  const ByteView input(data, size);
  (void)ace::DecryptJwe(AsString(input), keys);
  const std::string header = ace::Base64UrlEncode(input);
  for (const absl::string_view tail : ace::kTails) {
    (void)ace::DecryptJwe(absl::StrCat(header, tail), keys);
  }
  return 0;
}
