#include "policy/tls/pem.h"

#include <openssl/digest.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/pem.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/tls/dns_names.h"
#include "policy/tls/pem_reader.h"

namespace sluice::policy {
namespace {

// Of an EC key that BoringSSL may not know the curve of: by the size of its
// point (SEC 1 section 2.3.3), to whole bytes.
size_t FieldBits(const ASN1_BIT_STRING* point) {
  const int length = ASN1_STRING_length(point);
  if (length < 1) return 0;
  const size_t coordinates = static_cast<size_t>(length) - 1;
  const bool is_compressed = ASN1_STRING_get0_data(point)[0] != 4;
  return 8 * (is_compressed ? coordinates : coordinates / 2);
}

// Why the key is below security level 2; empty where it is not, or is of a kind
// that this does not know.
std::string WeaknessOfKey(X509* certificate) {
  const ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(const_cast<ASN1_OBJECT**>(&algorithm), nullptr,
                         nullptr, nullptr, X509_get_X509_PUBKEY(certificate));
  if (OBJ_obj2nid(algorithm) == NID_X9_62_id_ecPublicKey) {
    const size_t bits = FieldBits(X509_get0_pubkey_bitstr(certificate));
    return bits >= 224 ? ""
                       : absl::StrCat("its EC key has ", bits,
                                      " bits, and needs 224 or more");
  }
  const bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(certificate));
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_id(key.get()) != EVP_PKEY_RSA) return "";
  const int bits = EVP_PKEY_bits(key.get());
  return bits >= 2048 ? ""
                      : absl::StrCat("its RSA key has ", bits,
                                     " bits, and needs 2048 or more");
}

// The same of the issuer's signature, which does not count on a certificate
// that signed itself.
std::string WeaknessOfSignature(X509* certificate) {
  if (X509_NAME_cmp(X509_get_subject_name(certificate),
                    X509_get_issuer_name(certificate)) == 0) {
    return "";
  }
  int digest = NID_undef;
  int key = NID_undef;
  if (!OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest,
                           &key)) {
    return "";
  }
  if (digest != NID_md5 && digest != NID_sha1) return "";
  return absl::StrCat("its issuer signed it with ",
                      digest == NID_md5 ? "MD5" : "SHA-1",
                      ", and should with SHA-256 or better");
}

absl::Status TooWeak(size_t index, const std::string& weakness) {
  return absl::InvalidArgumentError(
      absl::StrCat("certificate ", index + 1,
                   " is too weak for OpenSSL (security level 2), so that no "
                   "TLS handshake would succeed: ",
                   weakness, "; replace it"));
}

absl::Status CheckStrength(const std::vector<bssl::UniquePtr<X509>>& chain,
                           CertificateUse use) {
  absl::Status first;
  size_t weak = 0;
  for (size_t i = 0; i < chain.size(); ++i) {
    std::string weakness = WeaknessOfKey(chain[i].get());
    if (weakness.empty() && use == CertificateUse::kShown) {
      weakness = WeaknessOfSignature(chain[i].get());
    }
    if (weakness.empty()) continue;
    ++weak;
    if (first.ok()) first = TooWeak(i, weakness);
  }
  const bool is_usable =
      use == CertificateUse::kTrusted ? weak < chain.size() : weak == 0;
  return is_usable ? absl::OkStatus() : first;
}

// Nobody is there to be asked for a pass phrase.
int NoPassPhrase(char*, int, int, void*) { return 0; }

// What OpenSSL's error queue says about the reading of a private key. Clears
// it.
std::string WhyNoKey() {
  // The reader forgets what it thinks of an "EC PRIVATE KEY".
  std::string why =
      "the private key is malformed, or of an unsupported kind; expected RSA, "
      "EC on P-256, P-384 or P-521, or Ed25519";
  while (const uint32_t error = ERR_get_error()) {
    const int library = ERR_GET_LIB(error);
    const int reason = ERR_GET_REASON(error);
    if (library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) {
      why = "no PEM private key";
    } else if (library == ERR_LIB_PEM &&
               (reason == PEM_R_BAD_PASSWORD_READ ||
                reason == PEM_R_UNSUPPORTED_ENCRYPTION)) {
      why =
          "the private key is encrypted, and nobody can be asked for its pass "
          "phrase; store it without one";
    } else if ((library == ERR_LIB_EVP &&
                reason == EVP_R_UNSUPPORTED_ALGORITHM) ||
               (library == ERR_LIB_EC && reason == EC_R_UNKNOWN_GROUP)) {
      why =
          "a private key of an unsupported kind; expected RSA, EC on P-256, "
          "P-384 or P-521, or Ed25519";
    }
  }
  return why;
}

}  // namespace

absl::Status CheckCertificates(absl::string_view pem, CertificateUse use) {
  const bssl::UniquePtr<BIO> reader = PemReader(pem);
  std::vector<bssl::UniquePtr<X509>> certificates;
  while (auto certificate = NextCertificate(reader.get())) {
    certificates.push_back(std::move(certificate));
  }
  const uint32_t error = ERR_peek_last_error();
  ERR_clear_error();
  // The reader ends with "no start line", at the end or at the first fault.
  if (certificates.empty()) {
    return absl::InvalidArgumentError("no PEM certificate");
  }
  if (ERR_GET_LIB(error) != ERR_LIB_PEM ||
      ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError("a certificate is malformed");
  }
  if (use == CertificateUse::kMqttListener) return absl::OkStatus();
  return CheckStrength(certificates, use);
}

absl::Status CheckPrivateKey(absl::string_view private_key,
                             absl::string_view certificates) {
  const bssl::UniquePtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(
      PemReader(private_key).get(), nullptr, NoPassPhrase, nullptr));
  const bssl::UniquePtr<X509> certificate =
      NextCertificate(PemReader(certificates).get());
  if (key == nullptr) return absl::InvalidArgumentError(WhyNoKey());
  const bool fits = certificate != nullptr &&
                    X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return absl::InvalidArgumentError("does not belong to the certificate");
  }
  return absl::OkStatus();
}

bool HasDnsName(absl::string_view certificates) {
  const bssl::UniquePtr<X509> certificate =
      NextCertificate(PemReader(certificates).get());
  return certificate != nullptr && !DnsNames(certificate.get()).empty();
}

}  // namespace sluice::policy
