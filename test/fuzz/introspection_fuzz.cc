// An authorization server's answer, in JSON or CBOR: what is accepted is of the
// issuer that was asked, and ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "policy/ace/introspection.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/topic.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

void CheckAnswer(IntrospectionFormat format, ByteView body) {
  static const auto* const kIssuers =
      new std::vector<Issuer>{Issuer{kTestIssuer, Profile::kRfc9431, JwkSet()}};
  static const auto* const kDecryptionKeys = new DecryptionKeySet;
  const TokenContext context{*kIssuers, *kDecryptionKeys, nullptr, TestNow()};
  const auto answer = ReadIntrospectionAnswer(format, body, kIssuers->front(),
                                              context, absl::Seconds(60));
  if (!answer.ok()) {
    Check(RejectionOf(answer.status()).has_value() ||
          absl::IsUnavailable(answer.status()));
    return;
  }
  const TokenContents& contents = answer->contents;
  Check(contents.issuer == &kIssuers->front());
  Check(contents.claims.expires_at.has_value() ||
        contents.claims.exi.has_value());
  Check(answer->has_expiry ||
        contents.claims.expires_at == TestNow() + absl::Seconds(60));
  for (const Permission& permission : contents.scope.permissions) {
    Check(mqtt::IsValidTopicFilter(permission.topic_filter));
  }
}

}  // namespace
}  // namespace sluice::ace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  if (size == 0) return 0;
  ace::CheckAnswer((data[0] & 1) != 0 ? ace::IntrospectionFormat::kAceCbor
                                      : ace::IntrospectionFormat::kForm,
                   ByteView(data + 1, size - 1));
  return 0;
}
