// Checks, N times, a MAC that is wrong in one byte, for run.py to count what
// that takes: how much must not tell which byte it is.
// covers: ACE-POP-1
#include <openssl/aes.h>
#include <openssl/hmac.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/key.h"
#include "policy/ace/signing_key.h"
#include "proxy/base/bytes.h"
#include "proxy/transport/client_nonces.h"

namespace sluice {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

template <typename T>
T Require(absl::StatusOr<T> value) {
  if (!value.ok()) std::abort();
  return *std::move(value);
}

// Something that ends in a MAC, and who checks it.
struct Case {
  std::string checked;
  size_t mac_size;
  std::function<bool(const std::string&)> accepts;
};

// What a comparison that stops early looks like: run.py must see it.
bool StopsEarly(const std::string& a, const std::string& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// Proofs, and the signatures of JWTs and CWTs.
Case Hs256() {
  const std::string secret(32, 's');
  const std::string message(32, 'm');
  const auto signer = Require(ace::SigningKey::Parse(
      R"({"kty":"oct","alg":"HS256",)"
      R"("k":"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M"})"));
  const auto key = std::make_shared<const ace::Key>(
      Require(ace::Key::Symmetric(AsBytes(secret))));
  return {Require(signer.Sign(AsBytes(message))), 32,
          [key, message](const std::string& mac) {
            return key->Verify(AsBytes(message), AsBytes(mac));
          }};
}

// Encrypted tokens and keys: `sealed` ends in the tag.
Case Opening(ace::ContentEncryption encryption, const std::string& key,
             const std::string& iv, const std::string& sealed) {
  const size_t tag = ace::ContentTagSize(encryption);
  return {sealed, tag, [=](const std::string& content) {
            const ByteView bytes = AsBytes(content);
            return ace::OpenContent(encryption, AsBytes(key), AsBytes(iv),
                                    bytes.subspan(0, bytes.size() - tag),
                                    bytes.subspan(bytes.size() - tag),
                                    ByteView())
                .has_value();
          }};
}

Case Encrypted(ace::ContentEncryption encryption) {
  const std::string key(ace::ContentKeySize(encryption), 'k');
  const std::string iv(ace::ContentIvSize(encryption), 'i');
  const auto sealed = ace::SealContent(encryption, AsBytes(key), AsBytes(iv),
                                       AsBytes("plain"), ByteView());
  if (!sealed.has_value()) std::abort();
  return Opening(encryption, key, iv, *sealed);
}

// Sluice opens it, and does not seal it: RFC 7518 section 5.2.2.1, with one
// block of text and no additional data. The tag is half of the MAC.
Case A128CbcHs256() {
  constexpr size_t kBlock = 16;
  const std::string mac_key(kBlock, 'm'), key(kBlock, 'k'), iv(kBlock, 'i');
  std::string padded = "plain";
  padded.resize(kBlock, static_cast<char>(kBlock - padded.size()));
  std::string sealed(kBlock, '\0'), chain = iv;
  AES_KEY schedule;
  if (AES_set_encrypt_key(AsBytes(key).data(), 128, &schedule) != 0) {
    std::abort();
  }
  AES_cbc_encrypt(AsBytes(padded).data(),
                  reinterpret_cast<uint8_t*>(sealed.data()), kBlock, &schedule,
                  reinterpret_cast<uint8_t*>(chain.data()), AES_ENCRYPT);
  const std::string input = iv + sealed + std::string(sizeof(uint64_t), '\0');
  uint8_t mac[EVP_MAX_MD_SIZE];
  if (HMAC(EVP_sha256(), mac_key.data(), mac_key.size(), AsBytes(input).data(),
           input.size(), mac, nullptr) == nullptr) {
    std::abort();
  }
  sealed.append(reinterpret_cast<const char*>(mac), kBlock);
  return Opening(ace::ContentEncryption::kA128CbcHs256, mac_key + key, iv,
                 sealed);
}

// `cnonce` of hints.
Case ClientNonce() {
  const auto nonces = std::make_shared<const transport::ClientNonces>(
      SecretString(std::string(32, 'n')));
  return {nonces->Make(kNow), 16, [nonces](const std::string& nonce) {
            return nonces->IsFresh(AsBytes(nonce), kNow);
          }};
}

std::map<std::string, std::function<Case()>> Cases() {
  using ace::ContentEncryption;
  return {
      {"control-that-stops-early",
       [] {
         const std::string right(32, 'r');
         return Case{right, 32, [right](const std::string& mac) {
                       return StopsEarly(right, mac);
                     }};
       }},
      {"hs256", &Hs256},
      {"a128gcm", [] { return Encrypted(ContentEncryption::kA128Gcm); }},
      {"a128cbc-hs256", &A128CbcHs256},
      {"aes-ccm-16-64-128",
       [] { return Encrypted(ContentEncryption::kAesCcm16_64_128); }},
      {"client-nonce", &ClientNonce},
  };
}

// Exit status 0 where the case accepts what is right and refuses what is not.
int Run(const Case& run, uint64_t position, uint64_t times) {
  std::string wrong = run.checked;
  wrong[wrong.size() - run.mac_size + position % run.mac_size] ^= 1;
  if (!run.accepts(run.checked)) return 1;
  for (uint64_t i = 0; i < times; ++i) {
    if (run.accepts(wrong)) return 1;
  }
  return 0;
}

int Main(int argc, char** argv) {
  const auto cases = Cases();
  if (argc == 1) {
    for (const auto& [name, make] : cases) std::cout << name << "\n";
    return 0;
  }
  const auto chosen = cases.find(argv[1]);
  uint64_t position;
  uint64_t times;
  if (argc != 4 || chosen == cases.end() ||
      !absl::SimpleAtoi(argv[2], &position) ||
      !absl::SimpleAtoi(argv[3], &times)) {
    std::cerr << "usage: compare [CASE BYTE TIMES]\n"
                 "Without arguments, prints the cases.\n";
    return 2;
  }
  return Run(chosen->second(), position, times);
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) { return sluice::Main(argc, argv); }
