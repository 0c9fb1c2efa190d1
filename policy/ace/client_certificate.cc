#include "policy/ace/client_certificate.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "policy/ace/digest.h"
#include "policy/ace/key.h"
#include "policy/ace/openssl_guard.h"
#include "policy/ace/pop_key.h"

namespace sluice::ace {
namespace {

// Contents of the object identifiers id-Ed25519 (RFC 8410), id-ecPublicKey and
// secp256r1 (RFC 5480).
constexpr uint8_t kEd25519[] = {0x2B, 0x65, 0x70};
constexpr uint8_t kEcPublicKey[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
constexpr uint8_t kP256[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

constexpr size_t kCoordinateBytes = 32;
constexpr uint8_t kUncompressed = 4;

constexpr unsigned kVersion =
    CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;

template <size_t kSize>
bool Is(const CBS& contents, const uint8_t (&expected)[kSize]) {
  return CBS_mem_equal(&contents, expected, kSize);
}

// The SubjectPublicKeyInfo of a Certificate (RFC 5280 section 4.1).
bool FindPublicKey(ByteView der, CBS* algorithm, CBS* bits) {
  CBS input, certificate, body, public_key;
  CBS_init(&input, der.data(), der.size());
  uint8_t unused_bits;
  return CBS_get_asn1(&input, &certificate, CBS_ASN1_SEQUENCE) &&
         CBS_get_asn1(&certificate, &body, CBS_ASN1_SEQUENCE) &&
         CBS_get_optional_asn1(&body, nullptr, nullptr, kVersion) &&
         CBS_get_asn1(&body, nullptr, CBS_ASN1_INTEGER) &&   // serialNumber
         CBS_get_asn1(&body, nullptr, CBS_ASN1_SEQUENCE) &&  // signature
         CBS_get_asn1(&body, nullptr, CBS_ASN1_SEQUENCE) &&  // issuer
         CBS_get_asn1(&body, nullptr, CBS_ASN1_SEQUENCE) &&  // validity
         CBS_get_asn1(&body, nullptr, CBS_ASN1_SEQUENCE) &&  // subject
         CBS_get_asn1(&body, &public_key, CBS_ASN1_SEQUENCE) &&
         CBS_get_asn1(&public_key, algorithm, CBS_ASN1_SEQUENCE) &&
         CBS_get_asn1(&public_key, bits, CBS_ASN1_BITSTRING) &&
         CBS_len(&public_key) == 0 && CBS_get_u8(bits, &unused_bits) &&
         unused_bits == 0;
}

std::optional<Key> ReadKey(CBS algorithm, const CBS& bits) {
  CBS name, curve;
  const ByteView key(CBS_data(&bits), CBS_len(&bits));
  if (!CBS_get_asn1(&algorithm, &name, CBS_ASN1_OBJECT)) return std::nullopt;
  absl::StatusOr<Key> read = absl::UnimplementedError("another algorithm");
  if (Is(name, kEd25519)) {
    read = Key::Ed25519(key);
  } else if (Is(name, kEcPublicKey) &&
             CBS_get_asn1(&algorithm, &curve, CBS_ASN1_OBJECT) &&
             Is(curve, kP256) && key.size() == 1 + 2 * kCoordinateBytes &&
             key[0] == kUncompressed) {
    read = Key::P256(key.subspan(1, kCoordinateBytes),
                     key.subspan(1 + kCoordinateBytes));
  }
  if (!read.ok()) return std::nullopt;
  return *read;
}

}  // namespace

ClientCertificate ReadClientCertificate(ByteView der) {
  ClientCertificate certificate;
  certificate.identity = PopKey::CertificateIdentity(AsBytes(Sha256(der)));
  CBS algorithm, bits;
  if (!FindPublicKey(der, &algorithm, &bits)) return certificate;
  const std::optional<Key> key = ReadKey(algorithm, bits);
  if (key.has_value()) certificate.key_thumbprint = key->Thumbprint();
  return certificate;
}

}  // namespace sluice::ace
