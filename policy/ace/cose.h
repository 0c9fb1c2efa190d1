#ifndef POLICY_ACE_COSE_H_
#define POLICY_ACE_COSE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/cbor.h"
#include "policy/ace/jwk.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// The COSE structures that we know, by their tags (RFC 9052 section 2).
enum class CoseType { kEncrypt0 = 16, kMac0 = 17, kSign1 = 18 };

// The tag of a CWT (RFC 8392 section 6), around that of its COSE structure.
inline constexpr uint64_t kCwtTag = 61;

// Labels of header parameters (RFC 9052 section 3.1).
enum class CoseHeader : int64_t {
  kAlg = 1,
  kCrit = 2,
  kKid = 4,
  kIv = 5,
  kPartialIv = 6,
};

// A COSE_Sign1, COSE_Mac0 or COSE_Encrypt0 (RFC 9052 sections 4.2, 6.2, 5.2),
// taken apart. Nothing in it is to be believed before Verify or Decrypt says
// so.
class CoseMessage {
 public:
  // Takes a message apart, tagged (also with the tag of a CWT) or not, and
  // checks its headers. Without a tag, the number of parts tells COSE_Encrypt0,
  // and `alg` tells COSE_Sign1 from COSE_Mac0. Failures carry a Rejection:
  //  - kUnparsable: not well-formed CBOR (see ParseCbor), or not one of the
  //    three structures;
  //  - kInvalid: a protected header that is not an encoded map (an empty string
  //    stands for the empty one); a parameter that is in both headers; `alg`
  //    that is not in the protected one, unknown, or not for the structure;
  //    `crit` that is not in the protected one or names what is not there or
  //    what we do not know; a `kid` or IV that is no byte string; a partial IV;
  //    content that is not in the message.
  // Other parameters are ignored, those that bring a key (`x5chain`, `x5u`)
  // among them: keys come from the configuration alone.
  // The result aliases `bytes`.
  static absl::StatusOr<CoseMessage> Parse(ByteView bytes);
  // The same for a message inside another item, already parsed.
  static absl::StatusOr<CoseMessage> FromCbor(const Cbor& message);

  CoseType type() const { return type_; }

  // The payload before anybody has vouched for it; of COSE_Encrypt0, the
  // ciphertext.
  ByteView unverified_content() const { return content_; }

  // Of COSE_Sign1 and COSE_Mac0: checks the signature or MAC with the key of
  // `keys` that ChooseVerificationKey finds; a JWK's `kid` is compared with the
  // header's byte for byte. No such key or a wrong signature: kInvalid.
  absl::Status Verify(const JwkSet& keys) const;

  // Of COSE_Encrypt0: whether at least one of `keys` fits its `kid` and `alg`.
  bool IsEncryptedForOneOf(const std::vector<const Jwk*>& keys) const;

  // Of COSE_Encrypt0: decrypts it directly with the one of `keys` that `kid`
  // names, or, without `kid`, the only one that fits `alg`. `used`, where not
  // null, is set to its index. No such key, several, or a wrong one: kInvalid.
  absl::StatusOr<SecretBytes> Decrypt(const std::vector<const Jwk*>& keys,
                                      size_t* used = nullptr) const;

 private:
  CoseMessage() = default;

  absl::Status ReadParts(const Cbor& message, std::optional<CoseType> tagged);
  absl::Status ReadHeaders(const Cbor& protected_header,
                           const Cbor& unprotected_header);
  bool Fits(const Jwk& key) const;

  CoseType type_ = CoseType::kSign1;
  // As sent, but for an empty map, which is an empty string here.
  ByteView protected_header_;
  // From the headers.
  int64_t algorithm_id_ = 0;
  std::optional<ByteView> kid_;
  std::optional<ByteView> iv_;

  ByteView content_;
  ByteView signature_;  // or MAC
};

// What is signed, MACed or authenticated (RFC 9052 sections 4.4, 6.3, 5.3),
// without external data. `protected_header` is an encoded map, or empty for an
// empty one; `payload` is not a part of it for COSE_Encrypt0.
std::string CoseAuthenticatedBytes(CoseType type, ByteView protected_header,
                                   ByteView payload);

}  // namespace sluice::ace

#endif  // POLICY_ACE_COSE_H_
