#include "policy/ace/cose.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/key_choice.h"
#include "policy/ace/rejection.h"

namespace sluice::ace {
namespace {

constexpr size_t kEncrypt0Parts = 3;
constexpr size_t kSignedParts = 4;

const Cbor* Find(const Cbor& header, CoseHeader label) {
  return FindKey(header, static_cast<int64_t>(label));
}

// The structure that `tag` announces.
std::optional<CoseType> TypeOfTag(uint64_t tag) {
  for (const CoseType type :
       {CoseType::kEncrypt0, CoseType::kMac0, CoseType::kSign1}) {
    if (tag == static_cast<uint64_t>(type)) return type;
  }
  return std::nullopt;
}

// The structure that `algorithm_id` is for; nullopt where we do not know it.
std::optional<CoseType> TypeOfAlgorithm(int64_t algorithm_id) {
  if (ContentEncryptionFromCoseId(algorithm_id).has_value()) {
    return CoseType::kEncrypt0;
  }
  const std::optional<Algorithm> algorithm = AlgorithmFromCoseId(algorithm_id);
  if (!algorithm.has_value()) return std::nullopt;
  return *algorithm == Algorithm::kHs256 ? CoseType::kMac0 : CoseType::kSign1;
}

// The protected header as a map; `bytes` may be empty for an empty one.
absl::StatusOr<Cbor> ParseProtected(ByteView bytes) {
  Cbor empty;
  empty.type = Cbor::Type::kMap;
  if (bytes.empty()) return empty;
  absl::StatusOr<Cbor> header = ParseCbor(bytes);
  if (!header.ok() || header->type != Cbor::Type::kMap) {
    return InvalidTokenError("the protected header is not a CBOR map");
  }
  return header;
}

bool SharesALabel(const Cbor& a, const Cbor& b) {
  for (size_t i = 0; i < a.items.size(); i += 2) {
    for (size_t j = 0; j < b.items.size(); j += 2) {
      if (SameKey(a.items[i], b.items[j])) return true;
    }
  }
  return false;
}

// Whether we follow the parameter of that label.
bool IsUnderstood(int64_t label) {
  switch (static_cast<CoseHeader>(label)) {
    case CoseHeader::kAlg:
    case CoseHeader::kKid:
    case CoseHeader::kIv:
      return true;
    case CoseHeader::kCrit:
    case CoseHeader::kPartialIv:
      break;
  }
  return false;
}

// RFC 9052 section 3.1: every label in `crit` must be there and understood.
absl::Status CheckCritical(const Cbor& protected_header) {
  const Cbor* crit = Find(protected_header, CoseHeader::kCrit);
  if (crit == nullptr) return absl::OkStatus();
  if (crit->type != Cbor::Type::kArray || crit->items.empty()) {
    return InvalidTokenError("the header's crit is not a list of labels");
  }
  for (const Cbor& label : crit->items) {
    const std::optional<int64_t> number = AsInteger(&label);
    if (!number.has_value() || !IsUnderstood(*number)) {
      return InvalidTokenError("the header's crit names an unknown parameter");
    }
    if (FindKey(protected_header, *number) == nullptr) {
      return InvalidTokenError(
          "the header's crit names a parameter that is not there");
    }
  }
  return absl::OkStatus();
}

// A byte string that may stand in either header; nullopt where it is in none.
absl::StatusOr<std::optional<ByteView>> ReadBytes(
    const Cbor& protected_header, const Cbor& unprotected_header,
    CoseHeader label, absl::string_view name) {
  const Cbor* value = Find(protected_header, label);
  if (value == nullptr) value = Find(unprotected_header, label);
  if (value == nullptr) return std::optional<ByteView>();
  const std::optional<ByteView> bytes = AsByteString(value);
  if (!bytes.has_value()) {
    return InvalidTokenError(
        absl::StrCat("the header's ", name, " is not a byte string"));
  }
  return bytes;
}

absl::string_view ContextOf(CoseType type) {
  switch (type) {
    case CoseType::kEncrypt0:
      return "Encrypt0";
    case CoseType::kMac0:
      return "MAC0";
    case CoseType::kSign1:
      break;
  }
  return "Signature1";
}

}  // namespace

absl::StatusOr<CoseMessage> CoseMessage::Parse(ByteView bytes) {
  const absl::StatusOr<Cbor> message = ParseCbor(bytes);
  if (!message.ok()) return UnparsableTokenError(message.status().message());
  return FromCbor(*message);
}

absl::StatusOr<CoseMessage> CoseMessage::FromCbor(const Cbor& message) {
  const Cbor* inner = &message;
  const bool is_cwt =
      inner->type == Cbor::Type::kTag && inner->argument == kCwtTag;
  if (is_cwt) inner = &inner->items[0];
  std::optional<CoseType> tagged;
  if (inner->type == Cbor::Type::kTag) {
    tagged = TypeOfTag(inner->argument);
    if (!tagged.has_value()) {
      return UnparsableTokenError(
          "not the tag of COSE_Sign1, COSE_Mac0 or "
          "COSE_Encrypt0");
    }
    inner = &inner->items[0];
  } else if (is_cwt) {
    return UnparsableTokenError(
        "the tag of a CWT without that of its structure");
  }
  CoseMessage result;
  if (absl::Status status = result.ReadParts(*inner, tagged); !status.ok()) {
    return status;
  }
  return result;
}

absl::Status CoseMessage::ReadParts(const Cbor& message,
                                    std::optional<CoseType> tagged) {
  const std::vector<Cbor>& parts = message.items;
  const bool encrypted = parts.size() == kEncrypt0Parts;
  if (message.type != Cbor::Type::kArray ||
      (!encrypted && parts.size() != kSignedParts) ||
      (tagged.has_value() && (*tagged == CoseType::kEncrypt0) != encrypted)) {
    return UnparsableTokenError("not a COSE structure of three or four parts");
  }
  const std::optional<ByteView> protected_bytes = AsByteString(&parts[0]);
  if (!protected_bytes.has_value() || parts[1].type != Cbor::Type::kMap) {
    return UnparsableTokenError("not a COSE structure with two headers");
  }
  const absl::StatusOr<Cbor> protected_header =
      ParseProtected(*protected_bytes);
  if (!protected_header.ok()) return protected_header.status();
  if (!protected_header->items.empty()) protected_header_ = *protected_bytes;
  if (absl::Status status = ReadHeaders(*protected_header, parts[1]);
      !status.ok()) {
    return status;
  }
  const std::optional<CoseType> type = TypeOfAlgorithm(algorithm_id_);
  if (!type.has_value() || (*type == CoseType::kEncrypt0) != encrypted) {
    return InvalidTokenError("the header's alg is not supported");
  }
  if (tagged.has_value() && *tagged != *type) {
    return InvalidTokenError("the header's alg is not for this structure");
  }
  type_ = *type;
  if (!encrypted) {
    const std::optional<ByteView> signature = AsByteString(&parts[3]);
    if (!signature.has_value()) {
      return UnparsableTokenError("the signature is not a byte string");
    }
    signature_ = *signature;
  }
  const std::optional<ByteView> content = AsByteString(&parts[2]);
  if (!content.has_value()) {
    return InvalidTokenError("the content is not there");
  }
  content_ = *content;
  return absl::OkStatus();
}

absl::Status CoseMessage::ReadHeaders(const Cbor& protected_header,
                                      const Cbor& unprotected_header) {
  if (SharesALabel(protected_header, unprotected_header)) {
    return InvalidTokenError("a parameter is in both headers");
  }
  if (Find(unprotected_header, CoseHeader::kCrit) != nullptr) {
    return InvalidTokenError("the header's crit is not protected");
  }
  if (absl::Status status = CheckCritical(protected_header); !status.ok()) {
    return status;
  }
  if (Find(protected_header, CoseHeader::kPartialIv) != nullptr ||
      Find(unprotected_header, CoseHeader::kPartialIv) != nullptr) {
    return InvalidTokenError("the header has a partial IV");
  }
  const Cbor* alg = Find(protected_header, CoseHeader::kAlg);
  if (alg == nullptr) {
    return InvalidTokenError("the protected header has no alg");
  }
  const std::optional<int64_t> id = AsInteger(alg);
  if (!id.has_value()) {
    return InvalidTokenError("the header's alg is not supported");
  }
  algorithm_id_ = *id;
  absl::StatusOr<std::optional<ByteView>> kid =
      ReadBytes(protected_header, unprotected_header, CoseHeader::kKid, "kid");
  if (!kid.ok()) return kid.status();
  kid_ = *kid;
  absl::StatusOr<std::optional<ByteView>> iv =
      ReadBytes(protected_header, unprotected_header, CoseHeader::kIv, "IV");
  if (!iv.ok()) return iv.status();
  iv_ = *iv;
  return absl::OkStatus();
}

absl::Status CoseMessage::Verify(const JwkSet& keys) const {
  const std::optional<Algorithm> algorithm = AlgorithmFromCoseId(algorithm_id_);
  if (type_ == CoseType::kEncrypt0 || !algorithm.has_value()) {
    return InvalidTokenError("neither signed nor MACed");
  }
  std::optional<absl::string_view> kid;
  if (kid_.has_value()) kid = AsString(*kid_);
  absl::StatusOr<const Jwk*> jwk = ChooseVerificationKey(keys, *algorithm, kid);
  if (!jwk.ok()) return jwk.status();
  const std::string message =
      CoseAuthenticatedBytes(type_, protected_header_, content_);
  if (!(*jwk)->key().Verify(*algorithm, AsBytes(message), signature_)) {
    return InvalidTokenError("the signature is wrong");
  }
  return absl::OkStatus();
}

bool CoseMessage::Fits(const Jwk& key) const {
  const std::optional<ContentEncryption> encryption =
      ContentEncryptionFromCoseId(algorithm_id_);
  return type_ == CoseType::kEncrypt0 && encryption.has_value() &&
         (!kid_.has_value() || AsBytes(key.kid()) == *kid_) &&
         FitsDirectly(key, *encryption);
}

bool CoseMessage::IsEncryptedForOneOf(
    const std::vector<const Jwk*>& keys) const {
  return std::any_of(keys.begin(), keys.end(),
                     [this](const Jwk* key) { return Fits(*key); });
}

absl::StatusOr<SecretBytes> CoseMessage::Decrypt(
    const std::vector<const Jwk*>& keys, size_t* used) const {
  const std::optional<ContentEncryption> encryption =
      ContentEncryptionFromCoseId(algorithm_id_);
  if (type_ != CoseType::kEncrypt0 || !encryption.has_value()) {
    return InvalidTokenError("not encrypted");
  }
  if (!iv_.has_value()) return InvalidTokenError("the header has no IV");
  std::optional<size_t> chosen;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!Fits(*keys[i])) continue;
    if (chosen.has_value()) {
      return InvalidTokenError("several decryption keys fit");
    }
    chosen = i;
  }
  if (!chosen.has_value()) return InvalidTokenError("no decryption key fits");
  const size_t tag_size = ContentTagSize(*encryption);
  std::optional<SecretBytes> plaintext;
  if (content_.size() >= tag_size) {
    const size_t size = content_.size() - tag_size;
    const std::string authenticated =
        CoseAuthenticatedBytes(type_, protected_header_, ByteView());
    plaintext = OpenContent(*encryption, keys[*chosen]->key().secret(), *iv_,
                            content_.first(size), content_.subspan(size),
                            AsBytes(authenticated));
  }
  if (!plaintext.has_value()) return InvalidTokenError("cannot be decrypted");
  if (used != nullptr) *used = *chosen;
  return *std::move(plaintext);
}

std::string CoseAuthenticatedBytes(CoseType type, ByteView protected_header,
                                   ByteView payload) {
  const bool encrypted = type == CoseType::kEncrypt0;
  CborWriter writer;
  writer.Array(encrypted ? 3 : 4)
      .Text(ContextOf(type))
      .Bytes(protected_header)
      .Bytes(ByteView());  // external data
  if (!encrypted) writer.Bytes(payload);
  return writer.bytes();
}

}  // namespace sluice::ace
