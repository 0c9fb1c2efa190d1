#include "proxy/transport/tls_io.h"

#include <algorithm>
#include <cstring>

namespace sluice::transport {
namespace {

constexpr size_t kMaxKeptOutput = 256 * 1024;

}  // namespace

TlsIo::TlsIo() : bio_(BIO_new(Method())) {
  BIO_set_data(bio_.get(), this);
  BIO_set_init(bio_.get(), 1);
}

void TlsIo::ClearOutput() {
  output_.clear();
  if (output_.capacity() > kMaxKeptOutput) output_.shrink_to_fit();
}

const BIO_METHOD* TlsIo::Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index(), "loop memory");
    BIO_meth_set_read(made, Read);
    BIO_meth_set_write(made, Write);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

int TlsIo::Read(BIO* bio, char* out, int size) {
  auto* self = static_cast<TlsIo*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self->input_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t count = std::min(static_cast<size_t>(size), self->input_.size());
  std::memcpy(out, self->input_.data(), count);
  self->input_.remove_prefix(count);
  return static_cast<int>(count);
}

int TlsIo::Write(BIO* bio, const char* in, int size) {
  auto* self = static_cast<TlsIo*>(BIO_get_data(bio));
  self->output_.append(in, static_cast<size_t>(size));
  return size;
}

// NOLINTNEXTLINE(google-runtime-int): BoringSSL's signature.
long TlsIo::Control(BIO* /*bio*/, int command, long /*number*/,
                    void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace sluice::transport
