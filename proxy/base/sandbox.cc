#include "proxy/base/sandbox.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "absl/base/config.h"

namespace sluice {
namespace {

constexpr int kForbidden[] = {
    // Other programs, other processes.
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
    // Another view of the file system, and ways around its permissions.
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(move_mount), SCMP_SYS(fsopen),
    SCMP_SYS(fsmount), SCMP_SYS(fsconfig), SCMP_SYS(open_tree),
    SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(setns), SCMP_SYS(unshare),
    // The kernel.
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(add_key),
    SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(syslog),
    SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct),
    SCMP_SYS(quotactl), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(personality),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime), SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
    // Another user.
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid),
    SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups),
    SCMP_SYS(setfsuid), SCMP_SYS(setfsgid)};

constexpr uint64_t kKept = (uint64_t{1} << CAP_NET_BIND_SERVICE) |
                           (uint64_t{1} << CAP_DAC_OVERRIDE) |
                           (uint64_t{1} << CAP_DAC_READ_SEARCH);

absl::Status Failed(const char* what, int error) {
  return absl::ErrnoToStatus(error, what);
}

absl::Status ForbidSystemCalls() {
  struct Release {
    void operator()(scmp_filter_ctx filter) { seccomp_release(filter); }
  };
  const std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Release> filter(
      seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) return Failed("seccomp_init", ENOMEM);
  // What every packet costs is not to grow: a tree instead of a list, and none
  // of the mitigations that older kernels couple with filters and that are for
  // programs which run somebody else's code. Where they are not known, all is
  // a little slower.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_SSB, 1);
  for (const int call : kForbidden) {
    const int status =
        seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
    // EDOM: this machine has no such call.
    if (status != 0 && status != -EDOM) {
      return Failed("seccomp_rule_add", -status);
    }
  }
  // A clone that is not a thread is a process. What clone3 makes is in memory
  // and cannot be looked at; without it, clone is used.
  int status =
      seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  if (status == 0) {
    status = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS),
                              SCMP_SYS(clone3), 0);
  }
  if (status == 0) status = seccomp_load(filter.get());  // and no_new_privs
  return status == 0 ? absl::OkStatus() : Failed("seccomp_load", -status);
}

absl::Status DropCapabilities() {
  for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    if ((kKept >> capability & 1) != 0) continue;
    // Fails where it may not be dropped, and then it is not there to be had.
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return Failed("capget", errno);
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) {
    const uint32_t kept = static_cast<uint32_t>(kKept >> (32 * i));
    data[i].permitted &= kept;
    data[i].effective &= kept;
    data[i].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, data) != 0) return Failed("capset", errno);
  return absl::OkStatus();
}

}  // namespace

absl::Status EnterSandbox() {
#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
  // They start another program to name what they have found, and a process that
  // looks at this one to find what has leaked.
  return absl::UnimplementedError("built with a sanitizer");
#endif
  const absl::Status dropped = DropCapabilities();
  const absl::Status forbidden = ForbidSystemCalls();
  return dropped.ok() ? forbidden : dropped;
}

}  // namespace sluice
