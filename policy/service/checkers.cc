#include "policy/service/checkers.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/digest.h"
#include "policy/tls/channel_credentials.h"
#include "policy/tls/direct_channel.h"
#include "proto/timestamp.h"
#include "proxy/base/bytes.h"
#include "proxy/base/utf8.h"

namespace sluice::policy {
namespace {

// An answer has a few hundred bytes.
constexpr int kMaxAnswerBytes = 64 * 1024;
// Of a reason, which is kept as long as its answer.
constexpr size_t kMaxReasonBytes = 256;

// For what is no checker's answer.
constexpr absl::Duration kRefusalTtl = absl::Seconds(1);

v1::CheckResponse Denial(absl::string_view reason, absl::Duration ttl) {
  v1::CheckResponse response;
  response.set_reason(std::string(reason));
  *response.mutable_ttl() = ToProtoDuration(ttl);
  return response;
}

// The beginning of what a checker says, valid UTF-8.
std::string Shortened(absl::string_view reason) {
  std::string shortened;
  while (!reason.empty()) {
    const size_t length = DecodeUtf8(reason).length;
    const absl::string_view next =
        length == 0 ? "\xEF\xBF\xBD" : reason.substr(0, length);  // U+FFFD
    if (shortened.size() + next.size() > kMaxReasonBytes) break;
    shortened.append(next.data(), next.size());
    reason.remove_prefix(std::max<size_t>(length, 1));
  }
  return shortened;
}

// A client has another port each time.
absl::string_view WithoutPort(absl::string_view address) {
  return address.substr(0, address.rfind(':'));
}

// What is asked, in a few bytes.
std::string KeyOf(v1::CheckRequest request) {
  std::string* address = request.mutable_connection()->mutable_client_address();
  address->resize(WithoutPort(*address).size());
  return ace::Sha256(AsBytes(request.SerializeAsString()));
}

// On whose behalf it is asked. A token without a subject stands for its key, as
// when Client Identifiers are bound.
std::string AskerOf(const v1::CheckRequest& request) {
  v1::CheckRequest who;
  who.set_issuer(request.issuer());
  if (!request.subject().empty()) {
    who.set_subject(request.subject());
  } else if (!request.key_id().empty()) {
    who.set_key_id(request.key_id());
  } else {
    // Without a token, or of a proxy that is too old to tell the key.
    who.mutable_connection()->set_client_address(
        std::string(WithoutPort(request.connection().client_address())));
  }
  return who.SerializeAsString();
}

std::shared_ptr<grpc::Channel> NewChannel(const CheckerOptions& options) {
  grpc::ChannelArguments arguments;
  // One that comes back is used at once.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // One whose host vanished is noticed when a question stays unacknowledged for
  // so long, and, behind a balancer, by the next ping. More of these than one
  // in five minutes a server of gRPC takes for abuse.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 6 * 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  return NewDirectChannel(options.address, ChannelCredentialsFor(options.tls),
                          arguments);
}

// How long an answer counts: as the checker says, within bounds.
absl::Duration TtlOf(const v1::CheckResponse& answer, absl::Duration longest) {
  if (!answer.has_ttl()) return longest;
  return std::clamp(FromProtoDuration(answer.ttl()), absl::ZeroDuration(),
                    longest);
}

}  // namespace

Checkers::Checkers(const std::vector<CheckerOptions>& options, Clock clock,
                   const Limits& limits)
    : clock_(std::move(clock)), limits_(limits), answers_(limits.max_answers) {
  for (const CheckerOptions& checker : options) {
    checkers_[checker.name] = {checker,
                               v1::CheckService::NewStub(NewChannel(checker))};
  }
}

Checkers::~Checkers() {
  std::unique_lock<std::mutex> lock(mutex_);
  stopping_ = true;
  for (const auto& [key, question] : under_way_) question->context->TryCancel();
  idle_.wait(lock, [this] { return running_ == 0; });
}

void Checkers::Check(const v1::CheckRequest& request, Callback done) {
  const auto checker = checkers_.find(request.checker());
  if (checker == checkers_.end()) {
    done(Denial(absl::StrCat("there is no checker \"", request.checker(), "\""),
                kRefusalTtl));
    return;
  }
  std::string key = KeyOf(request);
  std::optional<v1::CheckResponse> answer;
  std::shared_ptr<Question> question;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const absl::Time now = clock_();
    const auto* const known = answers_.Find(key, now);
    const auto asked = under_way_.find(key);
    if (known != nullptr) {
      answer = known->answer;
      *answer->mutable_ttl() = ToProtoDuration(known->good_until - now);
    } else if (asked != under_way_.end()) {
      asked->second->waiting.push_back(std::move(done));
    } else if (std::string asker = AskerOf(request); !HasRoomFor(asker)) {
      answer = Denial("too much is being asked", kRefusalTtl);
    } else {
      question = std::make_shared<Question>();
      ++under_way_of_[asker];
      question->key = key;
      question->asker = std::move(asker);
      question->request = request;
      question->checker = &checker->second;
      question->waiting.push_back(std::move(done));
      under_way_.emplace(std::move(key), question);
      ++running_;
    }
  }
  if (answer.has_value()) done(*answer);
  if (question != nullptr) Ask(question);
}

bool Checkers::HasRoomFor(absl::string_view asker) const {
  if (stopping_ || under_way_.size() >= limits_.max_questions) return false;
  const auto its = under_way_of_.find(asker);
  return its == under_way_of_.end() || its->second < limits_.max_questions_each;
}

void Checkers::Ask(const std::shared_ptr<Question>& question) {
  const Checker& checker = *question->checker;
  question->context->set_deadline(
      std::chrono::system_clock::now() +
      absl::ToChronoNanoseconds(checker.options.timeout));
  checker.stub->async()->Check(
      question->context.get(), &question->request, &question->response,
      [this, question](grpc::Status status) { OnAnswer(question, status); });
}

void Checkers::OnAnswer(const std::shared_ptr<Question>& question,
                        const grpc::Status& status) {
  const CheckerOptions& options = question->checker->options;
  absl::Duration ttl = TtlOf(question->response, options.healthy_ttl);
  std::string reason = Shortened(question->response.reason());
  if (!status.ok()) {
    ttl = options.unhealthy_ttl;
    reason = absl::StrCat("checker ", options.name, ": ",
                          Shortened(status.error_message()));
  }
  // Nothing else of what it sent is kept.
  v1::CheckResponse answer = Denial(reason, ttl);
  answer.set_allowed(status.ok() && question->response.allowed());
  question->response = std::move(answer);
  std::vector<Callback> waiting;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    under_way_.erase(question->key);
    const auto its = under_way_of_.find(question->asker);
    if (--its->second == 0) under_way_of_.erase(its);
    waiting.swap(question->waiting);
    const absl::Time now = clock_();
    answers_.Put(question->key, question->response, now, now + ttl);
  }
  for (const Callback& done : waiting) done(question->response);
  const std::lock_guard<std::mutex> lock(mutex_);
  // It refers to the channel, whose last reference must not be dropped on this
  // thread, which is the channel's: it goes before the destructor does.
  question->context.reset();
  --running_;
  idle_.notify_all();
}

}  // namespace sluice::policy
