#include "test/testing/etcd_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sluice::testing {

EtcdServer::EtcdServer()
    : endpoint_(FreeEndpoint()),
      peer_url_(absl::StrCat("http://", FreeEndpoint())) {
  Start();
}

std::string EtcdServer::FreeEndpoint() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

void EtcdServer::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait();
}

void EtcdServer::Start() { StartWith({}); }

void EtcdServer::StartWith(std::vector<std::string> arguments) {
  const std::string url = absl::StrCat("http://", endpoint_);
  for (std::string argument :
       {std::string("--name=test"),
        absl::StrCat("--data-dir=", dir_.path(), "/", data_),
        absl::StrCat("--listen-client-urls=", url),
        absl::StrCat("--advertise-client-urls=", url),
        absl::StrCat("--listen-peer-urls=", peer_url_),
        absl::StrCat("--initial-advertise-peer-urls=", peer_url_),
        absl::StrCat("--initial-cluster=test=", peer_url_),
        std::string("--heartbeat-interval=50"),
        std::string("--election-timeout=250"), std::string("--logger=zap"),
        // Nobody reads the pipe.
        absl::StrCat("--log-outputs=", dir_.path(), "/log")}) {
    arguments.push_back(std::move(argument));
  }
  process_ =
      std::make_unique<ChildProgram>("/usr/bin/etcd", std::move(arguments));
}

void EtcdServer::StartAt(const std::string& endpoint) {
  endpoint_ = endpoint;
  Start();
}

void EtcdServer::StartFull() { StartWith({"--quota-backend-bytes=1"}); }

void EtcdServer::Suspend() { process_->Signal(SIGSTOP); }

void EtcdServer::Resume() { process_->Signal(SIGCONT); }

void EtcdServer::ForgetAll() { ++data_; }

void EtcdServer::KeepCopy() {
  std::filesystem::copy(absl::StrCat(dir_.path(), "/", data_),
                        absl::StrCat(dir_.path(), "/copy"),
                        std::filesystem::copy_options::recursive);
}

void EtcdServer::PutBack() {
  ForgetAll();
  std::filesystem::rename(absl::StrCat(dir_.path(), "/copy"),
                          absl::StrCat(dir_.path(), "/", data_));
}

}  // namespace sluice::testing
