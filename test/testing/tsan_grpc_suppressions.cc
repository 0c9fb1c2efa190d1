// Linked into tests that make gRPC calls. The system's gRPC is not instrumented
// for the thread sanitizer, which so does not see what orders the accesses of
// the parts that gRPC inlines into our code.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:grpc::internal::CallbackWithStatusTag\n"
         "race:grpc::internal::CallbackUnaryCallImpl\n";
}
