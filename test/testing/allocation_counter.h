#ifndef TEST_TESTING_ALLOCATION_COUNTER_H_
#define TEST_TESTING_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace sluice::testing {

// Calls of operator new so far in this process. Linking this library replaces
// the global operator new and delete by counting ones.
uint64_t Allocations();

}  // namespace sluice::testing

#endif  // TEST_TESTING_ALLOCATION_COUNTER_H_
