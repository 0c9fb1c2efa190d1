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

// Labels of parameters.
enum Label : int64_t {
  kKty = 1,
  kKid = 2,
  kAlg = 3,
  kKeyOps = 4,
  kCrv = -1,
  kX = -2,
  kY = -3,
  kD = -4,
  kK = -1,
};

// Values of `kty` and `crv`.
constexpr int64_t kOkp = 1;
constexpr int64_t kEc2 = 2;
constexpr int64_t kSymmetric = 4;
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
  const Cbor* value = FindKey(key, label);
  if (value == nullptr) return KeyError(name, "missing");
  const std::optional<ByteView> bytes = AsByteString(value);
  if (!bytes.has_value()) return KeyError(name, "not a byte string");
  return *bytes;
}

absl::StatusOr<Key> ReadOkp(const Cbor& key) {
  if (AsInteger(FindKey(key, kCrv)) != kEd25519) return Unsupported("crv");
  absl::StatusOr<ByteView> x = RequiredBytes(key, kX, "x");
  if (!x.ok()) return x.status();
  return KeyFrom("x", Key::Ed25519(*x));
}

absl::StatusOr<Key> ReadEc2(const Cbor& key) {
  if (AsInteger(FindKey(key, kCrv)) != kP256) return Unsupported("crv");
  absl::StatusOr<ByteView> x = RequiredBytes(key, kX, "x");
  if (!x.ok()) return x.status();
  const Cbor* sign = FindKey(key, kY);
  if (sign != nullptr && sign->type == Cbor::Type::kBoolean) {
    return KeyFrom("x, y", Key::P256Compressed(*x, sign->argument != 0));
  }
  absl::StatusOr<ByteView> y = RequiredBytes(key, kY, "y");
  if (!y.ok()) return y.status();
  return KeyFrom("x, y", Key::P256(*x, *y));
}

absl::StatusOr<Key> ReadSymmetric(const Cbor& key) {
  absl::StatusOr<ByteView> k = RequiredBytes(key, kK, "k");
  if (!k.ok()) return k.status();
  return KeyFrom("k", Key::Symmetric(*k));
}

absl::StatusOr<Key> ReadKey(const Cbor& key) {
  const Cbor* kty = FindKey(key, kKty);
  if (kty == nullptr) return KeyError("kty", "missing");
  const std::optional<int64_t> type = AsInteger(kty);
  if (type == kSymmetric) return ReadSymmetric(key);
  const bool is_okp = type == kOkp;
  if (!is_okp && type != kEc2) return Unsupported("kty");
  if (FindKey(key, kD) != nullptr) {
    return KeyError("d", "a private key where a public one belongs");
  }
  return is_okp ? ReadOkp(key) : ReadEc2(key);
}

// The JOSE name of `alg`, so that it is compared like a JWK's; empty where the
// key has none.
absl::StatusOr<std::string> ReadAlg(const Cbor& key) {
  const Cbor* alg = FindKey(key, kAlg);
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
  if (FindKey(key, kKid) != nullptr) {
    absl::StatusOr<ByteView> kid = RequiredBytes(key, kKid, "kid");
    if (!kid.ok()) return kid.status();
    jwk.kid_ = std::string(AsString(*kid));
  }
  absl::StatusOr<std::string> alg = ReadAlg(key);
  if (!alg.ok()) return alg.status();
  jwk.alg_ = *std::move(alg);
  if (const Cbor* operations = FindKey(key, kKeyOps)) {
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
  size_t count = 1;
  switch (key.type()) {
    case KeyType::kEd25519:
      parameters.Integer(kKty).Integer(kOkp).Integer(kCrv).Integer(kEd25519);
      parameters.Integer(kX).Bytes(key.key().x());
      count += 2;
      break;
    case KeyType::kP256:
      parameters.Integer(kKty).Integer(kEc2).Integer(kCrv).Integer(kP256);
      parameters.Integer(kX).Bytes(key.key().x());
      parameters.Integer(kY).Bytes(key.key().y());
      count += 3;
      break;
    case KeyType::kSymmetric:
      parameters.Integer(kKty).Integer(kSymmetric);
      parameters.Integer(kK).Bytes(key.key().secret());
      count += 1;
      break;
    case KeyType::kRsa:
    case KeyType::kX25519:
      return std::string();
  }
  if (!key.kid().empty()) {
    parameters.Integer(kKid).Bytes(AsBytes(key.kid()));
    ++count;
  }
  const std::optional<Algorithm> algorithm = AlgorithmFromName(key.alg());
  if (algorithm.has_value() && CoseAlgorithmId(*algorithm).has_value()) {
    parameters.Integer(kAlg).Integer(*CoseAlgorithmId(*algorithm));
    ++count;
  }
  CborWriter map;
  map.Map(count).Encoded(parameters.bytes());
  return map.bytes();
}

}  // namespace sluice::ace
