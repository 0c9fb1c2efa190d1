#include "policy/http/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice::http {
namespace {

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

// Once a process, before any other use of libcurl.
void InitializeLibrary() {
  static const CURLcode kOnce = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(kOnce);
}

// Returns false where memory is short; the list is then unchanged.
bool Append(absl::string_view name, absl::string_view value, List* list) {
  const std::string line = absl::StrCat(name, ": ", value);
  curl_slist* longer = curl_slist_append(list->get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(list->release());
  list->reset(longer);
  return true;
}

// Scheme, host and port of an https URL, as they stand there.
std::string OriginOf(absl::string_view url) {
  const size_t host = url.find("://");
  if (host == absl::string_view::npos) return std::string(url);
  return std::string(url.substr(0, url.find_first_of("/?#", host + 3)));
}

using Counts = std::unordered_map<std::string, size_t>;

size_t CountOf(const Counts& counts, const std::string& origin) {
  const auto found = counts.find(origin);
  return found == counts.end() ? 0 : found->second;
}

void TakeOne(const std::string& origin, Counts* counts) {
  const auto found = counts->find(origin);
  if (--found->second == 0) counts->erase(found);
}

}  // namespace

// A request on its way; libcurl holds pointers into it.
struct HttpClient::Transfer {
  HttpRequest request;
  std::string origin;
  Callback done;
  std::chrono::steady_clock::time_point deadline;  // waiting included
  size_t max_response_bytes;
  HttpResponse response;
  List headers;
  // Last: goes first.
  std::unique_ptr<CURL, EasyDeleter> easy;

  // `time_left`: in milliseconds, more than 0, which would be no limit.
  bool Prepare(const Options& options, long time_left);
  // Milliseconds, more than 0 before the deadline; 0 or less after it.
  long TimeLeft() const {
    return static_cast<long>(
        std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now())
            .count());
  }
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
};

size_t HttpClient::Transfer::OnBody(char* data, size_t size, size_t count,
                                    void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  std::string& body = transfer.response.body;
  if (bytes > transfer.max_response_bytes - body.size()) return 0;  // abort
  body.append(data, bytes);
  return bytes;
}

bool HttpClient::Transfer::Prepare(const Options& options, long time_left) {
  max_response_bytes = options.max_response_bytes;
  easy.reset(curl_easy_init());
  if (easy == nullptr) return false;
  CURL* const handle = easy.get();
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = curl_easy_setopt(handle, option, value) == CURLE_OK && good;
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "https");
  set(CURLOPT_PROXY, "");  // none, whatever the environment says
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  // A name server that does not answer keeps nobody else waiting: its thread is
  // left behind when the time is up.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
  set(CURLOPT_TIMEOUT_MS, time_left);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  const auto set_blob = [&set](CURLoption option, const std::string& bytes) {
    // Which curl reads only.
    curl_blob blob{const_cast<char*>(bytes.data()), bytes.size(),
                   CURL_BLOB_NOCOPY};
    set(option, &blob);
  };
  if (!request.certificate.empty()) {
    set(CURLOPT_SSLCERTTYPE, "PEM");
    set_blob(CURLOPT_SSLCERT_BLOB, request.certificate);
    set(CURLOPT_SSLKEYTYPE, "PEM");
    set_blob(CURLOPT_SSLKEY_BLOB, request.private_key.str());
  }
  if (!request.ca.empty()) {
    set_blob(CURLOPT_CAINFO_BLOB, request.ca);
    // The system's directory would be trusted besides.
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  set(CURLOPT_WRITEDATA, this);
  if (request.body.has_value()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(request.body->size()));
    set(CURLOPT_POSTFIELDS, request.body->c_str());
    good = Append("Content-Type", request.content_type, &headers) && good;
  }
  good = Append("Accept", request.accept, &headers) && good;
  if (!request.authorization.empty()) {
    good = Append("Authorization", request.authorization, &headers) && good;
  }
  set(CURLOPT_HTTPHEADER, headers.get());
  return good;
}

void HttpClient::MultiDeleter::operator()(void* multi) const {
  curl_multi_cleanup(multi);
}

HttpClient::HttpClient(Options options)
    : options_(options), multi_([] {
        InitializeLibrary();
        return curl_multi_init();
      }()) {
  thread_ = std::thread([this] { Run(); });
}

HttpClient::~HttpClient() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  thread_.join();
}

void HttpClient::Send(HttpRequest request, Callback done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->origin = OriginOf(request.url);
  transfer->request = std::move(request);
  transfer->done = std::move(done);
  transfer->deadline = std::chrono::steady_clock::now() +
                       absl::ToChronoMilliseconds(options_.timeout);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!stopping_ && queued_.size() < options_.max_queued &&
        CountOf(queued_of_, transfer->origin) <
            options_.max_queued_per_origin) {
      ++queued_of_[transfer->origin];
      queued_.push_back(std::move(transfer));
    }
  }
  if (transfer == nullptr) {
    curl_multi_wakeup(multi_.get());
    return;
  }
  transfer->done(absl::UnavailableError("too many requests are waiting"));
}

void HttpClient::Run() {
  constexpr int kMaxWaitMs = 1000;
  for (;;) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) break;
    }
    StartQueued();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    FinishDone();
    curl_multi_poll(multi_.get(), nullptr, 0, kMaxWaitMs, nullptr);
  }
  FailAll();
}

std::unique_ptr<HttpClient::Transfer> HttpClient::TakeQueued() {
  if (active_.size() >= options_.max_concurrent) return nullptr;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto next =
      std::find_if(queued_.begin(), queued_.end(),
                   [this](const std::unique_ptr<Transfer>& transfer) {
                     return CountOf(active_of_, transfer->origin) <
                            options_.max_concurrent_per_origin;
                   });
  if (next == queued_.end()) return nullptr;
  std::unique_ptr<Transfer> transfer = std::move(*next);
  queued_.erase(next);
  TakeOne(transfer->origin, &queued_of_);
  return transfer;
}

void HttpClient::StartQueued() {
  while (std::unique_ptr<Transfer> transfer = TakeQueued()) {
    const long time_left = transfer->TimeLeft();
    if (time_left <= 0) {
      transfer->done(absl::UnavailableError("the request waited for too long"));
      continue;
    }
    if (!transfer->Prepare(options_, time_left) ||
        curl_multi_add_handle(multi_.get(), transfer->easy.get()) != CURLM_OK) {
      transfer->done(absl::UnavailableError("the request cannot be made"));
      continue;
    }
    CURL* const easy = transfer->easy.get();
    ++active_of_[transfer->origin];
    active_[easy] = std::move(transfer);
  }
}

void HttpClient::FinishDone() {
  int left = 0;
  bool finished = false;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode result = message->data.result;
    const auto found = active_.find(easy);
    const std::unique_ptr<Transfer> transfer = std::move(found->second);
    active_.erase(found);
    TakeOne(transfer->origin, &active_of_);
    curl_multi_remove_handle(multi_.get(), easy);
    finished = true;
    if (result == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      transfer->response.status = static_cast<int>(status);
      transfer->done(std::move(transfer->response));
    } else {
      transfer->done(absl::UnavailableError(result == CURLE_WRITE_ERROR
                                                ? "the response is too long"
                                                : curl_easy_strerror(result)));
    }
  }
  // There is room for what waits.
  if (finished) curl_multi_wakeup(multi_.get());
}

void HttpClient::FailAll() {
  const auto fail = [](Transfer& transfer) {
    transfer.done(absl::UnavailableError("shutting down"));
  };
  for (auto& [easy, transfer] : active_) {
    curl_multi_remove_handle(multi_.get(), easy);
    fail(*transfer);
  }
  active_.clear();
  active_of_.clear();
  std::deque<std::unique_ptr<Transfer>> queued;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    queued.swap(queued_);
    queued_of_.clear();
  }
  for (auto& transfer : queued) fail(*transfer);
}

}  // namespace sluice::http
