#include "policy/ace/client_certificate.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace sluice::ace {
namespace {

// Certificates that OpenSSL made, in DER and base64. Thumbprints and hashes
// were computed apart from this code.
constexpr absl::string_view kEd25519 =
    "MIHDMHegAwIBAgIBATAFBgMrZXAwDDEKMAgGA1UEAwwBYzAeFw0yMDAxMDEwMDAwMDBaFw"
    "00MDAxMDEwMDAwMDBaMAwxCjAIBgNVBAMMAWMwKjAFBgMrZXADIQCjhwN2pyRlh16fKKk4"
    "n5Z4BLNdjRhj9LN9zlP3xqaN6DAFBgMrZXADQQBYZeh9jwBltCkhkekh96GHuMjGB4PlqU"
    "QglArogvnbWGWJQfupwqWALN23hk9OFdZRQe0qaz2BmU/AwqnRmdYK";
constexpr absl::string_view kP256 =
    "MIIBBDCBq6ADAgECAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAWMwHhcNMjAwMTAxMD"
    "AwMDAwWhcNNDAwMTAxMDAwMDAwWjAMMQowCAYDVQQDDAFjMFkwEwYHKoZIzj0CAQYIKoZI"
    "zj0DAQcDQgAEjQBCWvX3Oxh3mglgTiFno0c6vDW0fbjesqwALHfCX2RryDJNuicsDiOxRl"
    "mQrSAzUSoXxwIJ5ULKQwwjjW/WlDAKBggqhkjOPQQDAgNIADBFAiAfLNiGL1UormkLVS4Z"
    "1Q55xQvdtooIEQF4ptlKmGy8GgIhAO8SpSl1vApf6APg4AMO6tXtfvBLGq23VoMo53CIHb"
    "Kd";
constexpr absl::string_view kP384 =
    "MIIBQjCByKADAgECAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAWMwHhcNMjAwMTAxMD"
    "AwMDAwWhcNNDAwMTAxMDAwMDAwWjAMMQowCAYDVQQDDAFjMHYwEAYHKoZIzj0CAQYFK4EE"
    "ACIDYgAEkbtoaqn8NkofHk4CDIJr/RVNnwLcd/KNFpE5EKJMQWZ1QJKC6+4Ln59oXxIUJp"
    "Py38jkzFHdZAId/nDM9Ueg8Pf7P/xsX+fs80niC9bv17GgetWA1J3pA86KWlWCHcI2MAoG"
    "CCqGSM49BAMCA2kAMGYCMQDMhF+cKmJ7LxIatInxFE8rPPD6SZHhV7tkSySSWasHB8JQOW"
    "SgvDvxIDkhyKKlH+kCMQDFusozv5Zs61rxwXc3GlUU5zceY9Hfb9i7w4bjBPA58hkNSmDJ"
    "vDfX5c+OAUD1iwo=";
constexpr absl::string_view kRsa =
    "MIICkTCCAXmgAwIBAgIBATANBgkqhkiG9w0BAQsFADAMMQowCAYDVQQDDAFjMB4XDTIwMD"
    "EwMTAwMDAwMFoXDTQwMDEwMTAwMDAwMFowDDEKMAgGA1UEAwwBYzCCASIwDQYJKoZIhvcN"
    "AQEBBQADggEPADCCAQoCggEBAOEC/Y78XTmqS1EVrje0mS+3DlWLpE3bSFcdKTRteLhpC0"
    "Wa3ZkoI8ZPCaXO8V98YB15dCtZdAFvdzXC2nzMtBWUOWINZC+MLlZX8fAVOxzcuj8n9/32"
    "mZMzWF6zR8OmYziiSDtT+o4sVveIXz6h7k1W29XKHUYSLjWeARQbckPOQ1r9izjzfxV4Qx"
    "eSOSNgVIqTJ1WJkkSu4nYjrfMzaicHsgTU/AZShh7lYI/AdvO6uj0KJaqNu3s/YbI/nrf7"
    "lS/h3fgoEsUrB718EMGlDyo3Yb+haCC5G4WdhEvgg6Po3C1w8iqSAdeafTw8QajRgBumws"
    "zdH4VNxXmbOPZURSMCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEAyji38w/hfE58z46tk4wG"
    "rzOQky3H+7dxsjJFb02rq+qdx48hKyvw7XOuE13TRsKf+nLA9PseNmT4GcNAa6PlqzMG+W"
    "pbp00HLTuuZkmNwqHS14aBnHmETf61uBMsQ3syHpEVSdOE2RGzJ4bo0r+CtQfoBFHhznZN"
    "lAGDezai6/6uZvR9/hOK/YOhe0upXy1ugdAF9DOqO3Ucffk8EblT+f7dJ/BWeMHP+FvR/4"
    "Z/96/RztVVYccFnB7VTUJY6naHUy2hBWa7Xg1jJJ8u3e4dC52zfvFeqZ4UwWuS5HIbj3u5"
    "UqE9jdSgkrrJEeFFayesHiuD4LtQFMtQWWhL+b+lyg==";

std::string Decode(absl::string_view base64) {
  std::string der;
  EXPECT_TRUE(absl::Base64Unescape(base64, &der));
  return der;
}

// covers: ACE-AUTH-3
TEST(ClientCertificateTest, TellsKeyAndHashOfACertificate) {
  const struct {
    absl::string_view certificate;
    std::optional<std::string> key_thumbprint;
    const char* hash;
  } kCases[] = {
      {kEd25519, "VAYnjT8iT3ejp7geK0q8_HaELF6TAQmaTmMVCg7yuh4",
       "pMEhwHeZz6ChSJN_3cq-9NpvFCIgOHZo1fzmueBIJG8"},
      {kP256, "a8YrtRbtgYVMDrz-PEJL4JwgL0xT1BH4-wK1OC0CAyo",
       "9uvzUqpxqBnj0l1QS4kfMYxkzGGa4DHs67nmGeARwpw"},
      {kP384, std::nullopt, "krdQOBsQRu4acezfUanoe-A7JlGAuarf0Jg4CKEhrlA"},
      {kRsa, std::nullopt, "gsIOYukwXwBa52vhsc3F1ybtGvrIsmLTGNqsfT33E_4"},
  };
  for (const auto& c : kCases) {
    const ClientCertificate read =
        ReadClientCertificate(AsBytes(Decode(c.certificate)));
    EXPECT_EQ(read.key_thumbprint, c.key_thumbprint) << c.hash;
    EXPECT_EQ(read.identity, std::string("x5t#S256:") + c.hash);
  }
}

TEST(ClientCertificateTest, FindsNoKeyInWhatIsCutShort) {
  // The signature behind the key does not count.
  constexpr size_t kSignatureBytes = 72;
  const std::string der = Decode(kEd25519);
  for (size_t length = 0; length + kSignatureBytes < der.size(); ++length) {
    const ClientCertificate read =
        ReadClientCertificate(AsBytes(der.substr(0, length)));
    EXPECT_EQ(read.key_thumbprint, std::nullopt) << length;
    EXPECT_NE(read.identity, "");
  }
}

TEST(ClientCertificateTest, APointThatIsNotOnTheCurveIsNoKey) {
  std::string der = Decode(kP256);
  const size_t point = der.find(std::string("\x03\x42\x00\x04", 4));
  ASSERT_NE(point, std::string::npos);
  der[point + 10] ^= 1;
  EXPECT_EQ(ReadClientCertificate(AsBytes(der)).key_thumbprint, std::nullopt);
}

}  // namespace
}  // namespace sluice::ace
