#ifndef TEST_FUZZ_POLICY_MODEL_H_
#define TEST_FUZZ_POLICY_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/session/settings.h"
#include "test/fuzz/session_model.h"
#include "test/fuzz/session_set_up.h"

namespace sluice::session {

// What the session asks the policy service, which takes its word for much:
//  - what the client has shown of a key in TLS, as it is, and nothing of it
//    when the client is in as one without a token;
//  - an exporter proof, or that of a User Name, only of a CONNECT, and what was
//    exported only where the TLS session is no resumed one;
//  - a nonce of a challenge for one proof;
//  - a token whole only after its client-nonce, where these are given out;
//  - again about what was granted, and nothing else.
class PolicyModel {
 public:
  struct Asked {
    policy::v1::AuthenticateRequest::CredentialCase credential;
    bool has_tls_key = false;
    bool asks_nonce = false;
    bool has_user_name = false;
    // By an exporter proof of which there is nothing to compare it with.
    bool is_unprovable = false;
    size_t token = 0;  // see GrantModel
  };

  // They outlive it.
  PolicyModel(const SetUp* set_up, const Settings* settings)
      : set_up_(*set_up), settings_(*settings) {}

  // `grant` is the one in force, null before the first.
  void Ask(uint64_t id, const policy::v1::AuthenticateRequest& request,
           const GrantModel* grant);
  // Of other questions.
  void CheckConnection(const policy::v1::ConnectionInfo& info) const;
  // `answer` is the first to this question.
  void Answer(uint64_t id, const policy::v1::AuthenticateResponse& answer);

  // Only of what has been asked.
  const Asked& asked(uint64_t id) const { return asked_.at(id); }

 private:
  void CheckKey(const policy::v1::ConnectionInfo& info, bool is_hidden) const;
  void AskWithToken(const policy::v1::TokenCredential& token,
                    const GrantModel* grant, Asked* asked);
  void CheckExporter(const policy::v1::ExporterProof& proof) const;
  void CheckChallenge(const policy::v1::ChallengeProof& proof, bool asks_nonce);

  const SetUp& set_up_;
  const Settings& settings_;
  std::map<uint64_t, Asked> asked_;
  bool wants_user_name_ = false;
  size_t fresh_token_ = 0;  // of which the next question may be
  // Nonces of challenges that questions were about, and whether those asked for
  // the token's nonce only.
  std::set<std::pair<std::string, bool>> challenges_;
};

}  // namespace sluice::session

#endif  // TEST_FUZZ_POLICY_MODEL_H_
