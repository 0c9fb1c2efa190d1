// CBOR, and tokens in it. What is parsed is written again and must parse to the
// same. What a token says must not depend on whether anybody vouches for it, so
// the same bytes are also signed, encrypted, and verified as claims.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/cbor.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/cose_sign.h"
#include "policy/ace/token_verifier.h"
#include "proxy/base/bytes.h"
#include "test/fuzz/check_token.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

void Write(const Cbor& value, CborWriter& writer) {
  switch (value.type) {
    case Cbor::Type::kUnsigned:
      Check(value.argument > INT64_MAX || *AsInteger(&value) >= 0);
      writer.Integer(static_cast<int64_t>(value.argument & INT64_MAX));
      break;
    case Cbor::Type::kNegative:
      writer.Integer(-1 - static_cast<int64_t>(value.argument & INT64_MAX));
      break;
    case Cbor::Type::kBytes:
      writer.Bytes(value.string);
      break;
    case Cbor::Type::kText:
      writer.Text(AsString(value.string));
      break;
    case Cbor::Type::kArray:
      writer.Array(value.items.size());
      break;
    case Cbor::Type::kMap:
      Check(value.items.size() % 2 == 0);
      Check(value.items.size() / 2 <= kMaxCborMapEntries);
      writer.Map(value.items.size() / 2);
      break;
    case Cbor::Type::kTag:
      Check(value.items.size() == 1);
      writer.Tag(value.argument);
      break;
    case Cbor::Type::kBoolean:
      writer.Boolean(value.argument != 0);
      break;
    case Cbor::Type::kNull:
    case Cbor::Type::kUndefined:
      writer.Null();
      break;
    case Cbor::Type::kFloat:
      writer.Float(value.number);
      break;
  }
  for (const Cbor& item : value.items) Write(item, writer);
}

// Integers beyond 64 bits with a sign are cut by Write, and may then clash as
// keys of a map.
bool IsCut(const Cbor& value) {
  if (value.type != Cbor::Type::kTag && value.argument > INT64_MAX) return true;
  for (const Cbor& item : value.items) {
    if (IsCut(item)) return true;
  }
  return false;
}

void CheckRoundTrip(ByteView input) {
  const absl::StatusOr<Cbor> value = ParseCbor(input);
  if (!value.ok() || IsCut(*value)) return;
  CborWriter once;
  Write(*value, once);
  const absl::StatusOr<Cbor> again = ParseCbor(AsBytes(once.bytes()));
  // Floats become longer, so the bound on the size may bite.
  if (!again.ok() && once.bytes().size() > kMaxCborBytes) return;
  Check(again.ok());
  CborWriter twice;
  Write(*again, twice);
  Check(once.bytes() == twice.bytes());
}

}  // namespace
}  // namespace sluice::ace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  static const auto& verifier = *new ace::TokenVerifier(ace::NewVerifier());
  static const auto& key =
      *new ace::SigningKey(ace::TestKey(ace::kEd25519PrivateJwk));
  static const auto& rs_key =
      *new ace::Jwk(ace::Jwk::Parse(ace::kRsKey).value());
  const ByteView input(data, size);
  ace::CheckRoundTrip(input);
  ace::CheckAnswer(verifier.Verify(input, ace::TestNow()));
  const std::string token = ace::SignCwt(key, AsString(input)).value();
  ace::CheckAnswer(verifier.Verify(AsBytes(token), ace::TestNow()));
  const std::string encrypted =
      ace::EncryptCose(input, rs_key, ace::ContentEncryption::kA256Gcm).value();
  ace::CheckAnswer(verifier.Verify(AsBytes(encrypted), ace::TestNow()));
  return 0;
}
