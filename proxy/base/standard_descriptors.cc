// Part of a program: fills its standard descriptors before anything else runs.
// main() is too late, as libraries that are loaded open files before it.

#include <unistd.h>

#include "proxy/base/process.h"

namespace sluice {
namespace {

void FillOrExit(int /*argc*/, char** /*argv*/, char** /*environment*/) {
  if (!FillStandardDescriptors()) _exit(1);
}

__attribute__((section(".preinit_array"),
               used)) void (*const kFirst)(int, char**, char**) = FillOrExit;

}  // namespace
}  // namespace sluice
