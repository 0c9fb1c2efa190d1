#include "policy/ctl/dev_keygen.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/signing_key.h"
#include "policy/ctl/files.h"

namespace sluice::ctl {
namespace {

absl::Status Run(const Options& options, const Environment&) {
  const std::optional<ace::Algorithm> algorithm =
      ace::AlgorithmFromName(options.Get("alg"));
  if (!algorithm.has_value() || *algorithm == ace::Algorithm::kRs256 ||
      *algorithm == ace::Algorithm::kPs256) {
    return absl::InvalidArgumentError("--alg is not EdDSA, ES256 or HS256");
  }
  const absl::StatusOr<ace::SigningKey> key =
      ace::SigningKey::Generate(*algorithm);
  if (!key.ok()) return key.status();

  const std::string path = options.Get("out");
  NewFile private_file{path, absl::StrCat(key->ToPrivateJson(), "\n"), 0600};
  NewFile public_file{absl::StrCat(path, ".pub"),
                      absl::StrCat(R"({"keys":[)", key->jwk().ToJson(), "]}\n"),
                      0644};
  if (*algorithm == ace::Algorithm::kHs256) public_file.mode = 0600;
  return CreateFiles({private_file, public_file});
}

}  // namespace

Command DevKeygen() {
  return {
      "dev",
      "keygen",
      "Make a key and write it to FILE (a private JWK) and FILE.pub (a JWKS)",
      "Neither file may exist. FILE.pub is what an issuer's jwks_file holds; "
      "of an HS256 key\nit holds the secret itself, and is readable by its "
      "owner only, as FILE always is.\n",
      {
          {"alg", "ALG", true, "EdDSA, ES256 or HS256"},
          {"out", "FILE", true, "where the key goes"},
      },
      &Run,
  };
}

}  // namespace sluice::ctl
