#include "policy/ace/cose_key.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/key_error.h"

namespace sluice::ace {
namespace {

using Label = CoseKeyLabel;

// Values of `crv`.
constexpr int64_t kP256 = 1;
constexpr int64_t kEd25519 = 6;

// Values of `key_ops`: sign 1, verify 2, MAC create 9, MAC verify 10 permit
// signatures; encrypt 3, decrypt 4, wrap key 5, unwrap key 6 encryption.
bool IsForSignatures(int64_t op) {
  return op == 1 || op == 2 || op == 9 || op == 10;
}
bool IsForEncryption(int64_t op) { return op >= 3 && op <= 6; }

absl::Status Unsupported(absl::string_view parameter) {
  return absl::UnimplementedError(absl::StrCat(parameter, ": not supported"));
}

absl::StatusOr<ByteView> RequiredBytes(const Cbor& key, Label label,
                                       absl::string_view name) {
  const Cbor* value = FindParameter(key, label);
  if (value == nullptr) return KeyError(name, "missing");
  const std::optional<ByteView> bytes = AsByteString(value);
  if (!bytes.has_value()) return KeyError(name, "not a byte string");
  return *bytes;
}

absl::StatusOr<Key> ReadOkp(const Cbor& key) {
  if (AsInteger(FindParameter(key, Label::kCrv)) != kEd25519) {
    return Unsupported("crv");
  }
  absl::StatusOr<ByteView> x = RequiredBytes(key, Label::kX, "x");
  if (!x.ok()) return x.status();
  return KeyFrom("x", Key::Ed25519(*x));
}

absl::StatusOr<Key> ReadEc2(const Cbor& key) {
  if (AsInteger(FindParameter(key, Label::kCrv)) != kP256) {
    return Unsupported("crv");
  }
  absl::StatusOr<ByteView> x = RequiredBytes(key, Label::kX, "x");
  if (!x.ok()) return x.status();
  const Cbor* sign = FindParameter(key, Label::kY);
  if (sign != nullptr && sign->type == Cbor::Type::kBoolean) {
    return KeyFrom("x, y", Key::P256Compressed(*x, sign->argument != 0));
  }
  absl::StatusOr<ByteView> y = RequiredBytes(key, Label::kY, "y");
  if (!y.ok()) return y.status();
  return KeyFrom("x, y", Key::P256(*x, *y));
}

absl::StatusOr<Key> ReadSymmetric(const Cbor& key) {
  absl::StatusOr<ByteView> k = RequiredBytes(key, Label::kK, "k");
  if (!k.ok()) return k.status();
  return KeyFrom("k", Key::Symmetric(*k));
}

absl::StatusOr<Key> ReadKey(const Cbor& key) {
  if (FindParameter(key, Label::kKty) == nullptr) {
    return KeyError("kty", "missing");
  }
  if (IsOfType(key, CoseKeyType::kSymmetric)) return ReadSymmetric(key);
  const bool is_okp = IsOfType(key, CoseKeyType::kOkp);
  if (!is_okp && !IsOfType(key, CoseKeyType::kEc2)) return Unsupported("kty");
  if (FindParameter(key, Label::kD) != nullptr) {
    return KeyError("d", "a private key where a public one belongs");
  }
  return is_okp ? ReadOkp(key) : ReadEc2(key);
}

// The JOSE name of `alg`, so that it is compared like a JWK's; empty where the
// key has none.
absl::StatusOr<std::string> ReadAlg(const Cbor& key) {
  const Cbor* alg = FindParameter(key, Label::kAlg);
  if (alg == nullptr) return std::string();
  const std::optional<int64_t> id = AsInteger(alg);
  if (!id.has_value()) return KeyError("alg", "not an integer");
  if (const auto algorithm = AlgorithmFromCoseId(*id)) {
    return std::string(AlgorithmName(*algorithm));
  }
  if (const auto encryption = ContentEncryptionFromCoseId(*id)) {
    return std::string(ContentEncryptionName(*encryption));
  }
  // The name of nothing that we do.
  return absl::StrCat(*id);
}

}  // namespace

absl::StatusOr<Jwk> CoseKeyReader::Read(const Cbor& key) {
  if (key.type != Cbor::Type::kMap) {
    return absl::InvalidArgumentError("not a CBOR map");
  }
  absl::StatusOr<Key> material = ReadKey(key);
  if (!material.ok()) return material.status();
  Jwk jwk(*std::move(material));
  if (FindParameter(key, Label::kKid) != nullptr) {
    absl::StatusOr<ByteView> kid = RequiredBytes(key, Label::kKid, "kid");
    if (!kid.ok()) return kid.status();
    jwk.kid_ = std::string(AsString(*kid));
  }
  absl::StatusOr<std::string> alg = ReadAlg(key);
  if (!alg.ok()) return alg.status();
  jwk.alg_ = *std::move(alg);
  if (const Cbor* operations = FindParameter(key, Label::kKeyOps)) {
    if (operations->type != Cbor::Type::kArray) {
      return KeyError("key_ops", "not an array");
    }
    jwk.permits_signature_ = false;
    jwk.permits_encryption_ = false;
    for (const Cbor& operation : operations->items) {
      const std::optional<int64_t> op = AsInteger(&operation);
      if (!op.has_value()) return KeyError("key_ops", "holds no integer");
      if (IsForSignatures(*op)) jwk.permits_signature_ = true;
      if (IsForEncryption(*op)) jwk.permits_encryption_ = true;
    }
  }
  return jwk;
}

std::string EncodeCoseKey(const Jwk& key) {
  CborWriter parameters;
  size_t count = 0;
  const auto add = [&](Label label) -> CborWriter& {
    ++count;
    return parameters.Integer(static_cast<int64_t>(label));
  };
  const auto add_type = [&](CoseKeyType type) {
    add(Label::kKty).Integer(static_cast<int64_t>(type));
  };
  switch (key.type()) {
    case KeyType::kEd25519:
      add_type(CoseKeyType::kOkp);
      add(Label::kCrv).Integer(kEd25519);
      add(Label::kX).Bytes(key.key().x());
      break;
    case KeyType::kP256:
      add_type(CoseKeyType::kEc2);
      add(Label::kCrv).Integer(kP256);
      add(Label::kX).Bytes(key.key().x());
      add(Label::kY).Bytes(key.key().y());
      break;
    case KeyType::kSymmetric:
      add_type(CoseKeyType::kSymmetric);
      add(Label::kK).Bytes(key.key().secret());
      break;
    case KeyType::kRsa:
    case KeyType::kX25519:
      return std::string();
  }
  if (!key.kid().empty()) add(Label::kKid).Bytes(AsBytes(key.kid()));
  const std::optional<Algorithm> algorithm = AlgorithmFromName(key.alg());
  if (algorithm.has_value() && CoseAlgorithmId(*algorithm).has_value()) {
    add(Label::kAlg).Integer(*CoseAlgorithmId(*algorithm));
  }
  CborWriter map;
  map.Map(count).Encoded(parameters.bytes());
  return map.bytes();
}

}  // namespace sluice::ace
