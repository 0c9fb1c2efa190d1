#ifndef TEST_TESTING_ETCD_SERVER_H_
#define TEST_TESTING_ETCD_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "test/testing/child_program.h"
#include "test/testing/test_certificates.h"

namespace sluice::testing {

// An etcd of one member on the loopback, with its data in a directory of its
// own; killed at the end of its life.
class EtcdServer {
 public:
  // Starts, on ports that are free.
  EtcdServer();
  EtcdServer(const EtcdServer&) = delete;
  EtcdServer& operator=(const EtcdServer&) = delete;

  // "127.0.0.1:PORT".
  const std::string& endpoint() const { return endpoint_; }
  // One that nobody serves.
  static std::string FreeEndpoint();

  // Kills it, so that the data are what they are.
  void Kill();
  // Starts again with the same data, at the same endpoint or at another.
  // Whether it is ready its clients find out.
  void Start();
  void StartAt(const std::string& endpoint);
  // The same, with no room for more data.
  void StartFull();
  // Between these it holds its connections and answers nobody.
  void Suspend();
  void Resume();
  // While killed: the next start is that of a new, empty cluster.
  void ForgetAll();
  // While killed: keeps a copy of the data; puts it back.
  void KeepCopy();
  void PutBack();

 private:
  void StartWith(std::vector<std::string> arguments);

  const TempDir dir_;
  std::string endpoint_;
  const std::string peer_url_;
  int data_ = 0;
  std::unique_ptr<ChildProgram> process_;
};

}  // namespace sluice::testing

#endif  // TEST_TESTING_ETCD_SERVER_H_
